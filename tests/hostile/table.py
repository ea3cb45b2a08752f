"""What strangers send, and what each gets. Read it as a table; the tests beside it walk it.

Texts go through every door that takes some (`doors.py`): as a subject and message of a new request,
a reply, a work note, an agent's answer, a custom field, the name of a person, of an organisation
and of a file. Nothing of them may come alive on any page, in any mail or export.

Files are attached to a request and opened again.
"""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image


@dataclass(frozen=True, slots=True)
class Text:
    """`gets` is what its readers see of it in a message; empty where only life matters."""

    name: str
    sent: str
    gets: str = ""


# fmt: off
TEXTS = [
    #    what it is                 what is sent                                             what is read
    Text("script",                  "<script>alert(1)</script>",                             "<script>alert(1)</script>"),
    Text("script in an attribute",  '" onmouseover=alert(1) x="',                            "onmouseover=alert(1)"),
    Text("end of an attribute",     "'><img src=x onerror=alert(1)>",                        "<img src=x onerror=alert(1)>"),
    Text("end of a title",          "</title></textarea></style><script>alert(1)</script>",  "</title></textarea>"),
    Text("picture that runs",       "<svg/onload=alert(1)>",                                 "<svg/onload=alert(1)>"),
    Text("frame",                   "<iframe srcdoc='<script>alert(1)</script>'></iframe>",  "<iframe"),
    Text("style",                   "<style>*{background:url(//evil.example)}</style>",      "<style>"),
    Text("refresh",                 "<meta http-equiv=refresh content='0;url=//evil.example'>", "<meta"),
    Text("mutation",                "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>", "<math>"),
    Text("link that runs",          "[click](javascript:alert(1))",                          "click"),
    Text("link that runs, hidden",  "[click](java\tscript&colon;alert(1))",                  "click"),
    Text("link with data",          "[click](data:text/html;base64,PHNjcmlwdD4=)",           "click"),
    Text("link that reaches out",   '[x](http://a.example/"onmouseover=alert(1))',           "x"),
    Text("picture from elsewhere",  "![seen](https://evil.example/pixel.gif)",               "seen"),
    Text("reference",               "[a]\n\n[a]: javascript:alert(1) 'x'",                   "a"),
    Text("template",                "{{ 7 * 7 }} {% debug %} ${7*7} #{7*7}",                 "{{ 7 * 7 }} {% debug %} ${7*7}"),
    Text("alpine",                  "<b x-data x-init=alert(1) @click=alert(1)>b</b>",       "x-init"),
    Text("htmx",                    "<b hx-get=/admin/ hx-trigger=load>b</b>",               "hx-get"),
    Text("sql",                     "'; DROP TABLE tickets_ticket; --",                      "DROP TABLE tickets_ticket"),
    Text("format",                  "%s %(name)s %d {0} {x.__class__}",                      "%s %(name)s %d {0}"),
    Text("mail header",             "Hello\r\nBcc: everybody@example.com\r\n\r\nText",       "Bcc: everybody@example.com"),
    Text("turned round",            "invoice \u202egpj.exe",                                 "gpj.exe"),
    Text("isolated",                "a \u2066\u2067 b \u2069\u2069 c",                       "c"),
    Text("heap of accents",         "Z\u0335\u0301\u0302\u0303\u0304\u0305\u0306\u0307\u0308\u0309\u030a\u030b\u030c algo", "algo"),
    Text("look-alikes",             "p\u0430yp\u0430l.example",                              "p\u0430yp\u0430l.example"),
    Text("family",                  "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U0001f44d\U0001f3fd", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
    Text("right to left",           "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643",           "\u0645\u0631\u062d\u0628\u0627 \u0628\u0643"),
    Text("joined",                  "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",      "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
    Text("outside the plane",       "\U00010348 \U000e0001 \ufffe \uffff",                   "\U00010348"),
    Text("one long word",           "w" * 190,                                               "w" * 190),
]

# A line: a name or a subject. What is kept of it; None: it is refused.
LINES: list[tuple[str, str, str | None]] = [
    ("plain",                 "  Two   words ",                     "Two words"),
    ("line breaks",           "a\r\nb\u2028c\u0085d\te",            "a b c d e"),
    ("NUL",                   "a\0b",                               "a b"),
    ("half a character",      "a\ud800b",                           "a b"),
    ("turned round",          "\u202eabc\u202c",                    "abc"),
    ("isolates",              "\u2066abc\u2069",                    "abc"),
    ("marks of direction",    "abc\u200f!",                         "abc\u200f!"),
    ("joiners",               "\u0645\u06cc\u200c\u062e",           "\u0645\u06cc\u200c\u062e"),
    ("accents",               "Vie\u0302\u0323t",                   "Vi\u1ec7t"),
    ("heap of accents",       "a" + "\u0334" * 500 + "b",           "a" + "\u0334" * 8 + "b"),
    ("nothing",               "",                                   None),
    ("white space",           " \u00a0\u3000\t ",                   None),
    ("nothing to see",        "\u200b\u2060\ufeff\u00ad\u200d",     None),
    ("blank letters",         "\u3164\u115f\uffa0\u2800",           None),
    ("accents alone",         "\u0301\u0301",                       None),
]
# fmt: on

DOWNLOAD = "application/octet-stream"
HELD = ""  # served as nothing: the scanner knows it


@dataclass(frozen=True, slots=True)
class Sent:
    """`gets` is the type that it is served as: DOWNLOAD, HELD, or a picture's, which a page shows."""

    name: str
    file_name: str
    content: Callable[[], bytes]
    gets: str
    shown: str = ""  # the name, where it isn't shown as it was sent


def picture(kind: str = "PNG", size: tuple[int, int] = (2, 2)) -> bytes:
    data = io.BytesIO()
    Image.new("RGB", size, "red").save(data, kind)
    return data.getvalue()


def _chunk(kind: bytes, data: bytes) -> bytes:
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A few bytes that claim so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", pixels)
        + _chunk(b"IEND", b"")
    )


def _png_with_text(text: bytes) -> bytes:
    whole = picture()
    return whole[:33] + _chunk(b"tEXt", b"Comment\0" + text) + whole[33:]


def _huge_gif() -> bytes:
    return b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + picture("GIF")[10:]


def _huge_jpeg() -> bytes:
    whole = picture("JPEG")
    at = whole.index(b"\xff\xc0") + 5
    return whole[:at] + struct.pack(">HH", 65_500, 65_500) + whole[at + 4 :]


def zip_of(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def nested_bomb() -> bytes:
    """Some kilobytes that unpack to a gigabyte: ten in each of three, around a megabyte of zeros."""
    packed = zip_of({"zeros": b"\0" * 1_000_000})
    for level in range(3):
        packed = zip_of({f"{level}-{n}.zip": packed for n in range(10)})
    return packed


HTML = b"<!DOCTYPE html><script>alert(document.domain)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'
EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"

# fmt: off
FILES = [
    #    what it is               its name           its content                              served as
    Sent("honest picture",        "card.png",        picture,                                 "image/png"),
    Sent("honest photograph",     "card.jpg",        lambda: picture("JPEG", (400, 300)),     "image/jpeg"),
    Sent("honest WebP",           "card.webp",       lambda: picture("WEBP", (40, 30)),       "image/webp"),
    Sent("HTML",                  "page.html",       lambda: HTML,                            DOWNLOAD),
    Sent("HTML as a picture",     "page.png",        lambda: HTML,                            DOWNLOAD),
    Sent("HTML behind spaces",    "page.txt",        lambda: b" " * 3000 + HTML,              DOWNLOAD),
    Sent("HTML in UTF-16",        "page.txt",        lambda: HTML.decode().encode("utf-16"),  DOWNLOAD),
    Sent("SVG that runs",         "logo.svg",        lambda: SVG,                             DOWNLOAD),
    Sent("SVG as a picture",      "logo.png",        lambda: SVG,                             DOWNLOAD),
    Sent("XML of a browser",      "x.xhtml",         lambda: b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'/>", DOWNLOAD),
    Sent("picture and page",      "both.png",        lambda: _png_with_text(HTML),            DOWNLOAD),
    Sent("page far behind",       "both.png",        lambda: picture() + b"\0" * 5000 + HTML, "image/png"),
    Sent("picture and archive",   "gifar.gif",       lambda: picture("GIF") + zip_of({"a.class": b"x"}), "image/gif"),
    Sent("picture and script",    "both.gif",        lambda: b"GIF89a/*" + HTML + b"*/=1;",   DOWNLOAD),
    Sent("script",                "run.js",          lambda: b"alert(1)//",                   DOWNLOAD),
    Sent("PDF that runs",         "form.pdf",        lambda: PDF,                             DOWNLOAD),
    Sent("zip bomb",              "bomb.zip",        nested_bomb,                             DOWNLOAD),
    Sent("picture bomb",          "bomb.png",        huge_png,                                DOWNLOAD),
    Sent("picture bomb, GIF",     "bomb.gif",        _huge_gif,                               DOWNLOAD),
    Sent("picture bomb, JPEG",    "bomb.jpg",        _huge_jpeg,                              DOWNLOAD),
    Sent("half a picture",        "half.png",        lambda: picture()[:20],                  DOWNLOAD),
    Sent("test of scanners",      "eicar.com",       lambda: EICAR,                           HELD),
    Sent("program",               "setup.png",       lambda: b"MZ\x90\0" + b"\0" * 200,       DOWNLOAD),
    Sent("shortcut",              "open.url",        lambda: b"[InternetShortcut]\r\nURL=file:///c:/", DOWNLOAD),
    # Names
    Sent("way up",                "../../etc/passwd",                picture, "image/png", "passwd"),
    Sent("way up, Windows",       "..\\..\\boot.ini",                picture, "image/png", "boot.ini"),
    Sent("device",                "CON.txt",                         picture, "image/png"),
    Sent("hidden ending",         "gpj.exe\u202egnp.txt",            picture, "image/png", "gpj.exegnp.txt"),
    Sent("header",                "a\r\nSet-Cookie: x=1\r\n.png",    picture, "image/png", "aSet-Cookie: x=1.png"),
    Sent("end of the header",     'a"; filename=evil.exe; x=".png',  picture, "image/png"),
    Sent("script in the name",    "<img src=x onerror=alert(1)>.png", picture, "image/png"),
    Sent("four kilobytes",        "n" * 4096 + ".png",               picture, "image/png", "n" * 115 + "….png"),
    Sent("family",                "\U0001f468\u200d\U0001f469 grüße.png", picture, "image/png"),
    Sent("nothing to see",        "\u200b\u2060",                    picture, "image/png", "file"),
    Sent("dots",                  "...",                             picture, "image/png", "file"),
]
# fmt: on
