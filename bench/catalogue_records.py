"""Records that the catalogue benchmark makes up: seeded titles, one in five Chinese, as MARC 21 in UTF-8.

Words are made of syllables and drawn by Zipf's law from a vocabulary of 200,000; Chinese titles are drawn
likewise from the ordinary characters of GB 2312.  Nothing is taken from anywhere.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

_ONSETS = [
    "b",
    "c",
    "d",
    "f",
    "g",
    "h",
    "l",
    "m",
    "n",
    "p",
    "r",
    "s",
    "t",
    "v",
    "w",
    "st",
    "tr",
    "ch",
    "pl",
    "gr",
]
_VOWELS = ["a", "e", "i", "o", "u", "ai", "ea", "io", "ou"]
_CODAS = ["", "", "n", "r", "s", "t", "l", "nd", "st", "m"]
_FUNCTION_WORDS = ["the", "of", "and", "in", "a", "to", "for", "an", "on", "from", "with"]
_SHARE_CHINESE = 0.2


@dataclass(frozen=True)
class Title:
    """One title: its number, ISBN, words, author, whether it is Chinese."""

    n: int
    isbn: str
    title: str
    author: str
    chinese: bool

    @property
    def words(self) -> str:
        """What a title page shows."""
        return f"{self.title} {self.author}"


def titles(count: int, seed: int) -> Iterator[Title]:
    """``count`` titles, the same for the same seed."""
    draw = random.Random(seed)
    words = _Zipf(_vocabulary(draw, 200_000), draw)
    names = _Zipf(_vocabulary(draw, 60_000), draw)
    han = _Zipf(_ordinary_han(draw), draw)
    for n in range(count):
        chinese = draw.random() < _SHARE_CHINESE
        if chinese:
            title = "".join(han.one() for _ in range(draw.randint(4, 14)))
            author = "".join(han.one() for _ in range(draw.randint(2, 3)))
        else:
            title = _latin_title(words, draw)
            author = f"{names.one().title()}, {names.one().title()}"
        yield Title(n, isbn13(n), title, author, chinese)


def isbn13(n: int) -> str:
    """The n-th made-up ISBN-13, with its check digit."""
    body = f"978{n:09d}"
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(body))
    return body + str(-total % 10)


def noisy(text: str, share: float, draw: random.Random) -> str:
    """The text as bad recognition gives it: so many characters are wrong, a few lost, some spaces too."""
    letters = "abcdefghijklmnopqrstuvwxyz"
    out = []
    for char in text:
        if draw.random() >= share or not (char.isalnum() or char == " "):
            out.append(char)
        elif char == " ":
            out.append(draw.choice(["", " ", " ", " "]))
        elif char > "\u2e80":
            out.append(chr(draw.randrange(0x4E00, 0x9FA5)))
        else:
            out.append(draw.choice([*letters, ""]))
    return "".join(out)


def iso2709(title: Title) -> bytes:
    """The title's record."""
    coded = "260101s2020    xxu           000 0 " + ("chi" if title.chinese else "eng") + " d"
    fields = [
        ("001", f"bench{title.n:09d}"),
        ("008", coded),
        ("020", f"  \x1fa{title.isbn}\x1fq(paperback)"),
        ("040", "  \x1faBench\x1fbeng\x1ferda"),
        ("100", f"1 \x1fa{title.author}."),
        ("245", f"10\x1fa{title.title} /\x1fc{title.author}."),
        ("264", " 1\x1faBenchtown :\x1fbBench Press,\x1fc2020."),
        ("300", "  \x1fa284 pages ;\x1fc24 cm"),
        ("336", "  \x1fatext\x1fbtxt\x1f2rdacontent"),
        ("337", "  \x1faunmediated\x1fbn\x1f2rdamedia"),
        ("338", "  \x1favolume\x1fbnc\x1f2rdacarrier"),
        ("504", "  \x1faIncludes bibliographical references (pages 261-270) and index."),
        ("520", "  \x1faA book that was made up to be looked for, with an abstract of ordinary length "
                "so that the record weighs what records weigh in a library of monographs."),
        ("650", " 0\x1faBenchmarks\x1fxCataloguing."),
    ]  # fmt: skip
    bodies = [(tag, text.encode() + b"\x1e") for tag, text in fields]
    directory, start = b"", 0
    for tag, body in bodies:
        directory += f"{tag}{len(body):04d}{start:05d}".encode()
        start += len(body)
    base = 24 + len(directory) + 1
    leader = f"{base + start + 1:05d}nam a22{base:05d} i 4500".encode()
    return leader + directory + b"\x1e" + b"".join(body for _, body in bodies) + b"\x1d"


def _latin_title(words: _Zipf, draw: random.Random) -> str:
    made = []
    for place in range(draw.randint(2, 9)):
        if place and draw.random() < 0.3:
            made.append(draw.choice(_FUNCTION_WORDS))
        made.append(words.one())
    return " ".join(made).capitalize()


def _vocabulary(draw: random.Random, size: int) -> list[str]:
    made: dict[str, None] = {}
    while len(made) < size:
        syllables = draw.choices([1, 2, 3, 4], [1, 5, 4, 2])[0]
        made[
            "".join(
                draw.choice(_ONSETS) + draw.choice(_VOWELS) + draw.choice(_CODAS) for _ in range(syllables)
            )
        ] = None
    return list(made)


def _ordinary_han(draw: random.Random) -> list[str]:
    """The characters of GB 2312 level 1, in an order of our own."""
    found = [
        bytes((lead, trail)).decode("gb2312") for lead in range(0xB0, 0xD7) for trail in range(0xA1, 0xFF)
    ]
    draw.shuffle(found)
    return found


class _Zipf:
    """Draws by Zipf's law: the n-th entry with weight 1/(n + 5)."""

    def __init__(self, entries: list[str], draw: random.Random) -> None:
        self._entries = entries
        self._sums = list(accumulate(1.0 / (place + 5) for place in range(len(entries))))
        self._draw = draw

    def one(self) -> str:
        return self._entries[bisect(self._sums, self._draw.random() * self._sums[-1])]
