"""Scanners: what holds for the rules and for clamd alike, and what each of them knows."""

from __future__ import annotations

import io
import socket
import struct
import threading
import tracemalloc
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.kernel import scanning
from apps.kernel.scanning import (
    CLEAN,
    HELD,
    WAITING,
    Scanner,
    ScannerAwayError,
    Verdict,
    archives,
    scanner,
)
from apps.kernel.scanning import clamd as clamd_adapter
from tests.clamd import clamd

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


@pytest.fixture(params=["rules", "clamd", "clamd by socket"])
def adapter(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Scanner]:
    if request.param == "rules":
        yield scanner.build("rules:")
        return
    with clamd(tmp_path / "c" if "socket" in request.param else None) as url:
        yield scanner.build(url)


def said(adapter: Scanner, content: bytes) -> Verdict:
    with scanner.override(adapter):
        return scanning.look(io.BytesIO(content))


def archive(**files: bytes) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name.replace("__", "/").replace("_", "."), content)
    return data.getvalue()


@pytest.mark.parametrize(
    "content", [b"plain words", b"x" * 3_000_000, b"\0", b"stream: X FOUND", archive(a_txt=b"a")]
)
def test_a_harmless_file_is_clean(adapter: Scanner, content: bytes) -> None:
    assert said(adapter, content) == Verdict(scan=CLEAN)


def test_a_harmful_one_is_held_and_named(adapter: Scanner) -> None:
    assert said(adapter, EICAR) == Verdict(scan=HELD, finding="Eicar-Test-Signature")


def test_is_asked_twice_over_the_same_file(adapter: Scanner) -> None:
    file = io.BytesIO(EICAR)
    with scanner.override(adapter):
        assert scanning.look(file) == scanning.look(file)
    assert file.read() == EICAR


WINDOWS = b"MZ".ljust(0x3C, b"\0") + struct.pack("<I", 0x80) + b"\0" * 0x40 + b"PE\0\0"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2_000_000
MACROS = "_VBA_PROJECT".encode("utf-16-le")
ZEROS = b"\0" * (40 << 20)


def overlapping() -> bytes:
    """A list that claims more packed bytes than there are: many files out of one kernel."""
    made = bytearray(archive(a_txt=b"a" * 100, b_txt=b"b" * 100))
    for at in (i for i in range(len(made)) if made[i : i + 4] == b"PK\x01\x02"):
        struct.pack_into("<I", made, at + 20, 10_000)
    return bytes(made)


def far() -> bytes:
    """An archive whose end says that its list stands elsewhere, in the format of huge ones."""
    made = archive(a_txt=b"a")
    at = made.rindex(b"PK\x05\x06")
    return made[:at] + b"PK\x06\x07" + b"\0" * 16 + made[at:]


def odd(kind: int, version: int = 20) -> bytes:
    """An archive that says that its one file is packed in another way than it is."""
    made = bytearray(archive(a_txt=b"abc" * 100))
    for sign, at_version, at_kind in ((b"PK\x03\x04", 4, 8), (b"PK\x01\x02", 6, 10)):
        at = made.index(sign)
        struct.pack_into("<H", made, at + at_version, version)
        struct.pack_into("<H", made, at + at_kind, kind)
    return bytes(made)


def swelling(kind: int) -> bytes:
    """Few bytes that become many, and an archive that says that they are few."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind) as made:
        made.writestr("a.txt", b"\0" * 60_000_000)
    content = bytearray(buffer.getvalue())
    for sign, at_size in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", content, content.index(sign) + at_size, 1000)
    return bytes(content)


class TestTheRules:
    @pytest.mark.parametrize(
        ("content", "finding"),
        [
            (WINDOWS, "Program.Windows"),
            (b"\x7fELF\x02\x01\x01", "Program.Linux"),
            (b"\xcf\xfa\xed\xfe\x07", "Program.macOS"),
            (b"\xca\xfe\xba\xbe\0\0\0\x34", "Program.JavaOrMacOS"),
            (b"\x4c\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0\x46" + b"x", "Shortcut.Windows"),
            (OLE[:1_048_570] + MACROS + OLE, "Macros.Office"),  # across two readings
            (archive(word__vbaProject_bin=b"x"), "Macros.Office"),
            (archive(xl__macrosheets__sheet1_xml=b"x"), "Macros.Office"),
            (archive(letter_txt=b"a", setup_exe=WINDOWS), "Program.Windows"),
            (archive(a_txt=EICAR), "Eicar-Test-Signature"),
            (archive(zeros=ZEROS), "Archive.Bomb"),
            (overlapping(), "Archive.Bomb"),
            (far(), "Archive.TooManyFiles"),
        ],
    )
    def test_hold_what_runs_when_it_is_opened(self, content: bytes, finding: str) -> None:
        assert said(scanner.build("rules:"), content) == Verdict(scan=HELD, finding=finding)

    @pytest.mark.parametrize(
        "content",
        [
            b"MZ Wallace wrote: where is my card?",
            b"#!/bin/sh\necho hello\n",
            OLE,
            b"PK\x03\x04 and then nothing of an archive",
            archive(zeros=b"\0" * 1_000_000),
            archive(word__document_xml=b"<x/>")[:-10],
            *(odd(kind) for kind in (1, 6, 9, 12, 14, 93, 98)),  # bzip2 and LZMA among them
            odd(8, version=100),
        ],
    )
    def test_let_pass_what_does_not(self, content: bytes) -> None:
        assert said(scanner.build("rules:"), content) == Verdict(scan=CLEAN)

    @pytest.mark.parametrize("kind", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
    def test_unpack_no_more_than_they_look_at(self, kind: int) -> None:
        scanned = io.BytesIO(swelling(kind))
        adapter = scanner.build("rules:")

        tracemalloc.start()
        adapter.find(scanned)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()

        assert most < 5_000_000  # bytes

    def test_hold_an_archive_of_endless_files(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archives, "_MOST_ENTRIES", 2)

        found = said(scanner.build("rules:"), archive(a=b"", b=b"", c=b""))

        assert found.finding == "Archive.TooManyFiles"


def hang_up(server: socket.socket) -> None:
    server.accept()[0].close()


class TestClamd:
    def test_that_is_away_leaves_the_file_waiting(self) -> None:
        with clamd() as url:
            adapter = scanner.build(url)

        assert said(adapter, b"words") == Verdict(scan=WAITING)

    def test_that_takes_no_more_leaves_it_waiting(self) -> None:
        with clamd() as url:
            assert said(scanner.build(url), b"x" * 6_000_000) == Verdict(scan=WAITING)

    def test_that_never_answers_leaves_it_waiting(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clamd_adapter, "WHOLE", 0.1)
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"clamd://127.0.0.1:{silent.getsockname()[1]}"
            assert said(scanner.build(url), b"words") == Verdict(scan=WAITING)

    def test_that_drips_is_left(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each byte in time, and never an end."""
        monkeypatch.setattr(clamd_adapter, "WHOLE", 0.3)
        over = threading.Event()

        def drip(server: socket.socket) -> None:
            connection = server.accept()[0]
            with connection, suppress(OSError):
                while not over.wait(0.005):
                    connection.sendall(b"s")

        with socket.create_server(("127.0.0.1", 0)) as server:
            dripping = threading.Thread(target=drip, args=[server])
            dripping.start()
            adapter = scanner.build(f"clamd://127.0.0.1:{server.getsockname()[1]}")
            with pytest.raises(ScannerAwayError, match=r"longer than|timed out"):
                adapter.find(io.BytesIO(b"words"))
            over.set()
            dripping.join()

    def test_that_was_away_is_not_asked_by_everybody(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            url = f"clamd://127.0.0.1:{server.getsockname()[1]}"
        adapter = scanner.build(url)

        with socket.create_server(("127.0.0.1", int(url.rpartition(":")[2]))) as server:
            server.close()
            first = said(adapter, b"words")
        with pytest.raises(ScannerAwayError, match="a moment ago"):
            adapter.find(io.BytesIO(b"words"))
        assert first == Verdict(scan=WAITING)

    def test_that_hangs_up_leaves_it_waiting(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as server:
            closing = threading.Thread(target=lambda: hang_up(server))
            closing.start()
            url = f"clamd://127.0.0.1:{server.getsockname()[1]}"
            assert said(scanner.build(url), b"words") == Verdict(scan=WAITING)
            closing.join()

    @pytest.mark.parametrize("url", ["clamd:", "clamd://", "clamd://host:lots"])
    def test_is_refused_without_an_address(self, url: str) -> None:
        with pytest.raises(ImproperlyConfigured, match="SCANNER_URL"):
            scanner.build(url)


def test_an_unknown_scanner_names_the_choices() -> None:
    with pytest.raises(ImproperlyConfigured, match="use one of clamd:, rules:"):
        scanner.build("norton:")
