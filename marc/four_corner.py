"""四角号码: the four-corner number of a name or title, from the Unicode Han Database.

The codes (``kFourCornerCode``) come from Unihan as Debian's package ``unicode-data`` installs it; where it
is missing no number is made.  Digits by the usual rule of Chinese libraries: one character four corners,
two characters two each, three characters two, one and one, longer ones the first corner of the first four.
"""

from __future__ import annotations

import bz2
import re
from functools import cache
from pathlib import Path

from workcell.kernel.errors import BadInput

_FILES = (
    Path("/usr/share/unicode/Unihan_DictionaryLikeData.txt.bz2"),
    Path("/usr/share/unicode/Unihan_DictionaryLikeData.txt"),
)
_LINE = re.compile(r"^U\+([0-9A-F]{4,6})\tkFourCornerCode\t([0-9]{4})", re.MULTILINE)
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_CORNERS = {1: (4,), 2: (2, 2), 3: (2, 1, 1)}


def number(heading: str, codes: dict[str, str] | None = None) -> str:
    """Four digits for a heading in Han, ``""`` when a character has no code or there is none.

    ``codes`` maps characters to four digits; Unihan's when left out.  Raises BadInput where that is missing.
    """
    table = unihan() if codes is None else codes
    characters = _HAN.findall(heading)[:4]
    corners = _CORNERS.get(len(characters), (1,) * len(characters))
    parts = [table.get(character, "")[:many] for character, many in zip(characters, corners, strict=True)]
    return "".join(parts) if all(parts) else ""


def unihan() -> dict[str, str]:
    """Every character's code; raises BadInput when the database is not installed."""
    path = next((path for path in _FILES if path.is_file()), None)
    if path is None:
        raise BadInput(
            "the four-corner codes of Unihan are not installed",
            subject=str(_FILES[0]),
            remedy="Install the package unicode-data, or choose another book_number in the profile.",
        )
    return _read(path)


@cache
def _read(path: Path) -> dict[str, str]:
    data = path.read_bytes()
    text = (bz2.decompress(data) if path.suffix == ".bz2" else data).decode("utf-8")
    return {chr(int(code, 16)): digits for code, digits in _LINE.findall(text)}
