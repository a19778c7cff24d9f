"""Pictures drawn for these tests: covers with bars, printed pages, labels, all without stored files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import pytest
import zxingcpp
from PIL import Image, ImageDraw, ImageFont

from vision.reading import PageLine

DATA = Path(__file__).parents[3].parent / "shared" / "data" / "vision"
_CJK_FONTS = ("wqy-microhei.ttc", "NotoSansCJK-Regular.ttc", "NotoSerifCJK-Regular.ttc", "uming.ttc")

# ISO/IEC 15420: set A as bars (1) and spaces (0); the parity of a five-digit add-on by its check digit.
_SET_A = [
    "0001101",
    "0011001",
    "0010011",
    "0111101",
    "0100011",
    "0110001",
    "0101111",
    "0111011",
    "0110111",
    "0001011",
]
_PARITY = ["BBAAA", "BABAA", "BAABA", "BAAAB", "ABBAA", "AABBA", "AAABB", "ABABA", "ABAAB", "AABAB"]


def addon_modules(digits: str) -> str:
    check = sum(w * int(d) for w, d in zip((3, 9, 3, 9, 3), digits, strict=True)) % 10
    codes = [_SET_A[int(d)] for d in digits]
    swap = str.maketrans("01", "10")
    shown = [c if p == "A" else c.translate(swap)[::-1] for c, p in zip(codes, _PARITY[check], strict=True)]
    return "1011" + "01".join(shown)


@pytest.fixture(scope="session")
def draw_symbol() -> Callable[..., np.ndarray]:
    """An EAN-13 with quiet zones, ``module`` pixels a module, with an add-on where digits are given."""

    def draw(text: str, module: int = 3, addon: str = "") -> np.ndarray:
        kind = zxingcpp.create_barcode(text, zxingcpp.EAN13)
        row = np.array(zxingcpp.write_barcode_to_image(kind, scale=1))[2]
        bits = (row < 128).astype(np.uint8)
        bits = bits[bits.nonzero()[0][0] : bits.nonzero()[0][-1] + 1]
        parts = [np.zeros(11, np.uint8), bits]
        if addon:
            parts += [np.zeros(9, np.uint8), np.array([int(b) for b in addon_modules(addon)], np.uint8)]
        line = np.concatenate([*parts, np.zeros(9, np.uint8)])
        return np.repeat(np.repeat(255 - 255 * line[np.newaxis], module, axis=1), 60 * module, axis=0)

    return draw


@pytest.fixture(scope="session")
def draw_cover(draw_symbol: Callable[..., np.ndarray]) -> Callable[..., np.ndarray]:
    """A dark back cover (BGR) with a symbol in a white box, ISBN above and price below it."""

    def draw(text: str, *, addon: str = "", isbn: str = "", price: str = "", module: int = 3) -> np.ndarray:
        symbol = draw_symbol(text, module, addon)
        h, w = symbol.shape
        cover = Image.new("RGB", (w + 500, h + 900), (60, 80, 120))
        page = ImageDraw.Draw(cover)
        page.rectangle((240, 640, 260 + w, 780 + h), fill="white")
        cover.paste(Image.fromarray(symbol).convert("RGB"), (250, 710))
        page.text((260, 660), isbn, fill="black", font=ImageFont.load_default(34))
        page.text((260, 725 + h), price, fill="black", font=ImageFont.load_default(34))
        return np.ascontiguousarray(np.asarray(cover)[:, :, ::-1])

    return draw


@pytest.fixture(scope="session")
def draw_page() -> Callable[..., np.ndarray]:
    """A printed page (BGR): lines of ``(text, size, y, x)``; x None centres.  On a dark tray when asked."""

    def draw(lines: Sequence[tuple[str, int, int, int | None]], *, tray: bool = True) -> np.ndarray:
        sheet = Image.new("RGB", (1000, 1500), (245, 242, 233))
        page = ImageDraw.Draw(sheet)
        for text, size, y, x in lines:
            face = font(size, text)
            left = (1000 - page.textlength(text, face)) / 2 if x is None else x
            page.text((left, y), text, fill=(25, 25, 25), font=face)
        image = np.ascontiguousarray(np.asarray(sheet)[:, :, ::-1])
        if tray:
            image = cv2.copyMakeBorder(image, 70, 70, 90, 90, cv2.BORDER_CONSTANT, value=(46, 44, 42))
        return image

    return draw


def font(size: int, text: str) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own face, or an installed Chinese one where the text needs it."""
    if not any("\u3400" <= c <= "\u9fff" for c in text):
        return ImageFont.load_default(size)
    for name in _CJK_FONTS:
        try:
            return ImageFont.truetype(name, size)
        except OSError:
            continue
    pytest.skip("no Chinese font is installed")


@pytest.fixture(scope="session")
def page_lines() -> Callable[..., list[PageLine]]:
    """Lines as the recogniser gives them: left-aligned text, or ``(text, height, top)`` on a page of 1000."""

    def build(*lines: str | tuple[str, float, float]) -> list[PageLine]:
        built = []
        for number, line in enumerate(lines):
            text, height, top = line if isinstance(line, tuple) else (line, 20.0, 80.0 + 30 * number)
            width = len(text) * height * 0.5
            frame = (350 - width / 2, top, width, height)
            built.append(PageLine(text, 0.98, frame, frame, "rapidocr"))
        return built

    return build


@pytest.fixture
def save(tmp_path: Path) -> Callable[..., Path]:
    """Write a picture as JPEG and give its path."""

    def write(image: np.ndarray, name: str = "picture.jpg") -> Path:
        path = tmp_path / name
        cv2.imwrite(str(path), image)
        return path

    return write


def turned(image: np.ndarray, degrees: float, ground: tuple[int, int, int] = (46, 44, 42)) -> np.ndarray:
    """The picture turned clockwise about its middle, nothing cut off."""
    h, w = image.shape[:2]
    matrix = cv2.getRotationMatrix2D((w / 2, h / 2), -degrees, 1)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(h * sin + w * cos), int(h * cos + w * sin))
    matrix[:, 2] += np.array(size) / 2 - np.array([w, h]) / 2
    fill = ground if image.ndim == 3 else 255
    return cv2.warpAffine(image, matrix, size, flags=cv2.INTER_CUBIC, borderValue=fill)


@pytest.fixture(scope="session")
def turn() -> Callable[..., np.ndarray]:
    return turned


@pytest.fixture(scope="session")
def photographs() -> Path:
    """Folder of real photographs, shared beside the checkout."""
    if not DATA.is_dir():
        pytest.skip(f"no test photographs in {DATA}")
    return DATA
