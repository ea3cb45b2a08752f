"""Draws what the demo's customers attach: python -m demo.pictures.make. Needs Pillow.

Everything on them is made up. The files are kept beside this script, so that nobody has to run it.
"""

from __future__ import annotations

import random
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

HERE = Path(__file__).parent

Colour = tuple[int, int, int]

INK: Colour = (34, 38, 46)
GREY: Colour = (120, 126, 138)
PAPER: Colour = (250, 248, 242)
SCREEN: Colour = (246, 247, 250)
WHITE: Colour = (255, 255, 255)
LARK: Colour = (28, 92, 104)
RED: Colour = (196, 52, 52)
AMBER: Colour = (214, 138, 20)

RECEIPT = [
    ("COPPER KETTLE CAFE", ""),
    ("14 Tanner's Row", ""),
    ("", ""),
    ("2 x Flat white", "7.20"),
    ("1 x Mushroom toast", "9.50"),
    ("1 x Soup of the day", "6.80"),
    ("-", ""),
    ("TOTAL GBP", "23.50"),
    ("", ""),
    ("CONTACTLESS  **** 4821", "23.50"),
    ("AUTH CODE 038817", "12:41"),
    ("CONTACTLESS  **** 4821", "23.50"),
    ("AUTH CODE 038818", "12:42"),
    ("", ""),
    ("Thank you, see you soon!", ""),
]

STATEMENT = [
    ("02 Nov", "Salary, Tidewater Outdoor", "", "1,984.20", "2,310.55"),
    ("04 Nov", "Ridgeway Lettings, rent", "875.00", "", "1,435.55"),
    ("06 Nov", "Greenfinch Grocers", "42.18", "", "1,393.37"),
    ("09 Nov", "Kestrel Mobile, Direct Debit", "18.00", "", "1,375.37"),
    ("11 Nov", "Copper Kettle Café", "23.50", "", "1,351.87"),
    ("11 Nov", "Copper Kettle Café", "23.50", "", "1,328.37"),
    ("12 Nov", "Cash machine, Market Square", "100.00", "", "1,228.37"),
    ("12 Nov", "Charge for withdrawal", "2.00", "", "1,226.37"),
    ("14 Nov", "Hotel Miramonte, EUR 212.00", "184.61", "", "1,041.76"),
    ("14 Nov", "Exchange at the weekend, 0.5 %", "0.92", "", "1,040.84"),
    ("16 Nov", "Card check, PHOTO-SUB", "1.00", "", "1,039.84"),
]

REFUND_MAIL = """\
From: Tidewater Outdoor <orders@tidewater.example>
To: me
Subject: Your refund for order TW-20418

Hello,

thank you for sending back the rain jacket. We have refunded 64.00 GBP to the card with which you
paid. Refunds usually show within five to ten working days.

Order:      TW-20418
Amount:     64.00 GBP
Card:       ending in 4821
Reference:  RF-77120-38

If you can't see it after ten working days, please give this reference to your bank.

Tidewater Outdoor, customer care
"""


def main() -> None:
    photo(receipt(), tilt=-3.5, desk=(116, 84, 60)).save(HERE / "receipt.jpg", quality=72)
    photo(cash_machine(), tilt=2.0, desk=(52, 56, 62)).save(
        HERE / "atm-card-retained.jpg", quality=72
    )
    save_screen(
        "payment-declined.png",
        phone(
            "Payment declined", "86.40 GBP", "Blue Heron Airways", "Declined, contact support", RED
        ),
    )
    save_screen(
        "top-up-pending.png",
        phone("Top-up", "250.00 GBP", "Debit card **** 7730", "Pending since 08:14", AMBER),
    )
    (HERE / "statement-extract.pdf").write_bytes(statement())
    (HERE / "shop-refund-mail.txt").write_text(REFUND_MAIL, encoding="utf-8")


def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def receipt() -> Image.Image:
    image = Image.new("RGB", (420, 640), PAPER)
    draw = ImageDraw.Draw(image)
    top = 44
    for left, right in RECEIPT:
        if left == "-":
            draw.line((34, top + 10, 386, top + 10), fill=GREY, width=2)
        elif right:
            draw.text((34, top), left, INK, font(22))
            draw.text((386, top), right, INK, font(22), anchor="ra")
        else:
            draw.text((210, top), left, INK, font(24 if top < 60 else 20), anchor="ma")
        top += 37
    return image


def cash_machine() -> Image.Image:
    image = Image.new("RGB", (640, 480), (38, 42, 48))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((50, 36, 590, 444), 10, fill=(12, 44, 92))
    draw.rectangle((50, 84, 590, 88), fill=(220, 190, 80))
    draw.text((320, 62), "CASH SERVICE", WHITE, font(24), anchor="mm")
    draw.text((320, 176), "CARD RETAINED", (255, 214, 90), font(52), anchor="mm")
    for line, text in enumerate(
        ("Your card has been kept by this machine.", "Please contact your card issuer.")
    ):
        draw.text((320, 250 + 38 * line), text, WHITE, font(27), anchor="mm")
    draw.text((320, 396), "Terminal 0417-22   Error 31   19:06", (150, 172, 208), font(19), "mm")
    for left in (6, 602):
        for top in (150, 230, 310):
            draw.rounded_rectangle((left, top, left + 32, top + 44), 6, fill=(150, 154, 160))
    return image


def phone(title: str, amount: str, detail: str, state: str, colour: Colour) -> Image.Image:
    """A screen of the bank's app, drawn at twice its size."""
    image = Image.new("RGB", (780, 1400), SCREEN)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, 780, 208), fill=LARK)
    draw.text((44, 28), "08:31", WHITE, font(34))
    draw.text((736, 28), "62 %", WHITE, font(34), anchor="ra")
    draw.text((390, 144), title, WHITE, font(50), anchor="mm")
    draw.rounded_rectangle((40, 260, 740, 816), 36, fill=WHITE, outline=(224, 227, 233), width=4)
    draw.ellipse((322, 304, 458, 440), fill=colour)
    draw.text((390, 374), "!", WHITE, font(88), anchor="mm")
    draw.text((390, 524), amount, INK, font(92), anchor="mm")
    draw.text((390, 632), detail, GREY, font(42), anchor="mm")
    draw.text((390, 728), state, colour, font(42), anchor="mm")
    for row, (label, value) in enumerate(
        (("Account", "Everyday, GBP"), ("Balance", "1,226.37 GBP"), ("Reference", "LM-5520-1183"))
    ):
        top = 880 + 112 * row
        draw.text((60, top), label, GREY, font(40))
        draw.text((720, top), value, INK, font(40), anchor="ra")
        draw.line((60, top + 76, 720, top + 76), fill=(224, 227, 233), width=4)
    draw.rounded_rectangle((40, 1244, 740, 1352), 54, fill=LARK)
    draw.text((390, 1298), "Get help", WHITE, font(44), anchor="mm")
    return image.resize((390, 700), Image.Resampling.LANCZOS)  # smooth edges


def photo(subject: Image.Image, *, tilt: float, desk: Colour) -> Image.Image:
    """As somebody in a hurry takes it: askew, uneven light, not quite sharp."""
    grain = random.Random(7)  # noqa: S311 - only specks
    margin = 46
    size = subject.width + 2 * margin, subject.height + 2 * margin
    image = Image.new("RGB", size, desk)
    mask = Image.new("L", subject.size, 255).rotate(
        tilt, expand=True, resample=Image.Resampling.BICUBIC
    )
    turned = subject.rotate(tilt, expand=True, resample=Image.Resampling.BICUBIC)
    corner = (size[0] - turned.width) // 2, (size[1] - turned.height) // 2
    shadow = Image.new("RGB", turned.size, (20, 18, 16))
    image.paste(shadow, (corner[0] + 9, corner[1] + 11), mask)
    image = image.filter(ImageFilter.GaussianBlur(7))
    image.paste(turned, corner, mask)
    light = Image.linear_gradient("L").resize(size).rotate(18)
    image = Image.composite(Image.eval(image, lambda value: int(value * 0.72)), image, light)
    specks = Image.new("L", (size[0] // 3, size[1] // 3))
    specks.putdata([128 + int(grain.gauss(0, 9)) for _ in range(specks.width * specks.height)])
    grainy = Image.merge("RGB", [specks.resize(size)] * 3)
    return Image.blend(image, grainy, 0.06).filter(ImageFilter.GaussianBlur(0.6))


def save_screen(name: str, image: Image.Image) -> None:
    image.quantize(48).save(HERE / name, optimize=True)


def statement() -> bytes:
    """A page of PDF by hand: text, lines, and the table of where its objects begin."""
    content = _page_content().encode("cp1252")
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R /F2 6 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    pdf = b"%PDF-1.4\n"
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(pdf))
        pdf += b"%d 0 obj\n%b\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return pdf + (
        b"xref\n0 %d\n0000000000 65535 f \n%btrailer\n<< /Size %d /Root 1 0 R >>\n"
        b"startxref\n%d\n%%%%EOF\n" % (size, table, size, len(pdf))
    )


def _page_content() -> str:
    parts = [
        _text(50, 780, "Larkmere Bank", size=20, bold=True),
        _text(50, 756, "Extract of your statement, 1 to 16 November", size=11),
        _text(50, 740, "Everyday account in GBP, ending in 5520", size=11),
    ]
    columns = (50, 110, 370, 440, 510)
    heads = ("Date", "What", "Out", "In", "Balance")
    parts += [_text(x, 700, head, bold=True) for x, head in zip(columns, heads, strict=True)]
    for row, cells in enumerate(STATEMENT):
        y = 676 - 22 * row
        parts.append(f"0.85 G 0.5 w 50 {y + 15} m 545 {y + 15} l S")
        parts += [_text(x, y, cell) for x, cell in zip(columns, cells, strict=True) if cell]
    parts.append(
        _text(50, 400, "A specimen for the demo of a help desk. Nobody's account.", size=8)
    )
    return "\n".join(parts)


def _text(x: int, y: int, text: str, *, size: int = 10, bold: bool = False) -> str:
    escaped = text.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
    return f"BT /{'F2' if bold else 'F1'} {size} Tf {x} {y} Td ({escaped}) Tj ET"


if __name__ == "__main__":
    main()
