"""An image file, opened safely: what every other module of vision starts from."""

from __future__ import annotations

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps, UnidentifiedImageError

from workcell.kernel.errors import BadInput

Pixels = npt.NDArray[np.uint8]
"""An image: height x width x 3 in BGR order, or height x width in grey."""

MAX_PIXELS = 100_000_000
"""No camera of a workcell has more; a file that claims more is a decompression bomb."""

_REMEDY = "Take the photograph again, or leave this file out."


@dataclass(frozen=True)
class Photo:
    """An opened image with the digest of its file."""

    path: Path
    sha256: str
    pixels: Pixels


def load(path: Path) -> Pixels:
    """The picture in ``path`` as BGR, turned as its EXIF orientation says.

    Raises BadInput naming the file when it is missing, empty, cut off, not an image, or larger than
    MAX_PIXELS.
    """
    return open_photo(path).pixels


def open_photo(path: Path) -> Photo:
    """The picture together with the SHA-256 of the file; raises as ``load`` does."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"the image can't be read: {error.strerror}", subject=str(path)) from error
    if not content:
        raise BadInput("the file is empty", subject=str(path), remedy=_REMEDY)
    return Photo(path, hashlib.sha256(content).hexdigest(), _decode(path))


def _decode(path: Path) -> Pixels:
    try:
        with warnings.catch_warnings():
            # Pillow warns of bombs below our own limit and of harmless metadata.
            warnings.simplefilter("ignore")
            with Image.open(path) as image:
                _refuse_bomb(path, image.size)
                upright = ImageOps.exif_transpose(image)
                return np.ascontiguousarray(np.asarray(_on_white(upright))[:, :, ::-1])
    except UnidentifiedImageError as error:
        raise BadInput("this is not an image", subject=str(path), remedy=_REMEDY) from error
    except Image.DecompressionBombError as error:
        raise _bomb(path) from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise BadInput(f"the image is damaged ({error})", subject=str(path), remedy=_REMEDY) from error


def _refuse_bomb(path: Path, size: tuple[int, int]) -> None:
    if size[0] * size[1] > MAX_PIXELS:
        raise _bomb(path)


def _bomb(path: Path) -> BadInput:
    return BadInput(
        f"the image has more than {MAX_PIXELS // 1_000_000} megapixels", subject=str(path), remedy=_REMEDY
    )


def _on_white(image: Image.Image) -> Image.Image:
    """RGB without transparency: a transparent background counts as white paper."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layers = image.convert("RGBA")
        paper = Image.new("RGBA", layers.size, "white")
        return Image.alpha_composite(paper, layers).convert("RGB")
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        return _eight_bit(image)
    return image.convert("RGB")


def _eight_bit(image: Image.Image) -> Image.Image:
    """A 16-bit or float picture scaled to its own range (``convert`` would clip it)."""
    values = np.asarray(image, dtype=np.float32)
    low, high = float(values.min()), float(values.max())
    scaled = (values - low) * (255.0 / max(high - low, 1.0))
    return Image.fromarray(scaled.astype(np.uint8)).convert("RGB")
