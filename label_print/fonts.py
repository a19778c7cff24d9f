"""Fonts for labels, found by fontconfig.

Latin, Greek and Cyrillic text stands in DejaVu Sans Condensed Bold; a text with Chinese, Japanese or Korean
characters in a CJK font.  A character that the font can't draw is an error: a label with an empty box in
place of a character is a wrong label.
"""

from __future__ import annotations

import shutil
import subprocess  # fc-list is asked with fixed arguments
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from PIL import ImageFont

from workcell.kernel.errors import BadInput, ConfigError

_SECONDS: Final = 20.0
_NOT_A_CHARACTER: Final = "\uffff"


@dataclass(frozen=True)
class _Script:
    """Where a script's fonts are found: fontconfig patterns in order of preference, and what brings one."""

    name: str
    patterns: tuple[str, ...]
    remedy: str


_LATIN: Final = _Script(
    "Latin",
    ("DejaVu Sans:style=Condensed Bold", "DejaVu Sans:style=Bold", "Liberation Sans Narrow:bold"),
    "Run: sudo apt-get install fonts-dejavu-core",
)
_CJK: Final = _Script(
    "Chinese",
    ("WenQuanYi Micro Hei", "Noto Sans CJK SC:bold", "Noto Sans CJK SC", "WenQuanYi Zen Hei", ":lang=zh-cn"),
    "Run: sudo apt-get install fonts-wqy-microhei",
)


def font_for(text: str, size: int, pattern: str = "") -> ImageFont.FreeTypeFont:
    """The font for ``text`` at ``size`` pixels; ``pattern`` (fontconfig) is taken for scripts but Chinese.

    Raises ConfigError naming the apt package when no font of the script is installed, BadInput when the
    font lacks a character.
    """
    script = _CJK if any(is_cjk(character) for character in text) else _named(pattern)
    font = _load(script, size)
    for character in text:
        if not character.isspace() and not _draws(script, character):
            raise BadInput(
                f"the label font has no character {character!r} (U+{ord(character):04X})",
                subject=text,
                remedy="Install a font that has it, or write it otherwise.",
            )
    return font


def _named(pattern: str) -> _Script:
    """The library's own choice of a font, or the usual one."""
    remedy = "See `fc-list` for the fonts that are there; install that one, or name another in the template."
    return _Script(f'"{pattern}"', (pattern,), remedy) if pattern else _LATIN


def is_cjk(character: str) -> bool:
    """Whether a Chinese, Japanese or Korean font draws it."""
    point = ord(character)
    return (
        0x2E80 <= point <= 0xD7FF
        or 0xF900 <= point <= 0xFAFF
        or 0xFE30 <= point <= 0xFFEF
        or point >= 0x20000
    )


@lru_cache(maxsize=256)
def _load(script: _Script, size: int) -> ImageFont.FreeTypeFont:
    path, index = _font_file(script)
    return ImageFont.truetype(path, size, index=index)


@lru_cache(maxsize=4096)
def _draws(script: _Script, character: str) -> bool:
    """Whether the font has a glyph of its own for ``character``: not the one it shows for any other gap."""
    font = _load(script, 32)
    glyph, gap = (font.getmask(text, mode="1") for text in (character, _NOT_A_CHARACTER))
    return glyph.size != gap.size or bytes(glyph) != bytes(gap)


@lru_cache(maxsize=4)
def _font_file(script: _Script) -> tuple[str, int]:
    for pattern in script.patterns:
        found = _fc_list(pattern)
        if found:
            return found[0]
    raise ConfigError(
        f"no font for {script.name} labels is installed",
        subject=script.patterns[0],
        remedy=script.remedy,
    )


def _fc_list(pattern: str) -> list[tuple[str, int]]:
    """Files and face numbers that fontconfig knows for a pattern, in a stable order."""
    command = shutil.which("fc-list")
    if command is None:
        raise ConfigError(
            "fontconfig is not installed", subject="fc-list", remedy="Run: sudo apt-get install fontconfig"
        )
    answer = subprocess.run(
        [command, "--format", "%{file}\t%{index}\n", pattern],
        capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    rows = [line.split("\t") for line in answer.stdout.splitlines() if "\t" in line]
    return sorted((path, int(index)) for path, index in rows if path.endswith((".ttf", ".ttc", ".otf")))
