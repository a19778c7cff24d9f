"""Fonts for the pictures, found once through fontconfig."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache

from PIL import ImageFont

from workcell.kernel.errors import ConfigError

_WANTED = {
    "serif": ("DejaVu Serif:bold=0", "fonts-dejavu-core"),
    "sans": ("DejaVu Sans:style=Book", "fonts-dejavu-core"),
    "bold": ("DejaVu Sans:style=Bold", "fonts-dejavu-core"),
    "mono": ("DejaVu Sans Mono:style=Book", "fonts-dejavu-core"),
    "cjk": ("WenQuanYi Micro Hei:lang=zh-cn", "fonts-wqy-microhei"),
}
# Any font will do that has the letters.
_LETTERS = {"cjk": "书目藏", "serif": "Aé©", "sans": "Aé©", "bold": "Aé©", "mono": "0"}
# CJK symbols, kana, Han and full-width forms.
_CJK_RANGES = ((0x2E80, 0x9FFF), (0xF900, 0xFAFF), (0xFE30, 0xFE4F), (0xFF00, 0xFFEF), (0x20000, 0x3FFFF))
_CJK_EXTRA = "①②③④⑤⑥⑦⑧⑨⑩ⅠⅡⅢⅣⅤⅥⅦⅧⅨⅩ"


def is_cjk(text: str) -> bool:
    """Whether the text has characters that only a CJK font draws."""
    return any(
        letter in _CJK_EXTRA or any(low <= ord(letter) <= high for low, high in _CJK_RANGES)
        for letter in text
    )


@cache
def font(style: str, size_px: int, cjk: bool) -> ImageFont.FreeTypeFont:
    """A font of ``style`` (serif, sans, bold, mono) at ``size_px``, or its CJK stand-in.

    Raises ConfigError naming the package to install.
    """
    path, index = _font_file("cjk" if cjk else style)
    return ImageFont.truetype(path, size_px, index=index)


def font_for(style: str, size_px: int, text: str) -> ImageFont.FreeTypeFont:
    """The font of ``style`` that can draw ``text``."""
    return font(style, size_px, is_cjk(text))


@cache
def _font_file(style: str) -> tuple[str, int]:
    pattern, package = _WANTED[style]
    remedy = f"Install it: apt-get install fontconfig {package}"
    program = shutil.which("fc-match")
    if program is None:
        raise ConfigError(
            "fontconfig is not installed, so no font can be found", subject=style, remedy=remedy
        )
    found = subprocess.run(
        [program, "--format", "%{file}\n%{index}", pattern], capture_output=True, text=True, check=False
    )
    path, _, index = found.stdout.partition("\n")
    if found.returncode or not path or not _draws(path, int(index or 0), _LETTERS[style]):
        raise ConfigError(f"no font has the letters {_LETTERS[style]}", subject=style, remedy=remedy)
    return path, int(index or 0)


def _draws(path: str, index: int, letters: str) -> bool:
    try:
        face = ImageFont.truetype(path, 24, index=index)
    except OSError:
        return False
    missing = bytes(face.getmask("\U000fffff"))
    return all(bytes(face.getmask(letter)) != missing for letter in letters)
