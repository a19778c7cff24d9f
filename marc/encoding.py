"""Which character encoding one record is in, decided from its own bytes, never assumed for a file.

What the leader declares (MARC 21 leader/09; UNIMARC 100/26–29) is a hint; the bytes decide.  Where two
readings are possible and neither is clearly the sounder, the record is refused: a wrong character that
nobody notices is worse than a record on a list.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from marc import marc8
from marc.directory import RawField
from marc.framing import SUBFIELD
from workcell.kernel.errors import BadInput

_ESCAPES = re.compile(rb"\x1b[$(),\-gbps]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{4}")
_GB_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_MARKS = re.compile(rb"[\x1d-\x1f]")
_MARKED = re.compile("\\w?[\u0300-\u036f]+")
_LATIN1_LETTERS = frozenset("àáâãäåçèéêëìíîïñòóôõöùúûüýÿ")
_LATIN1_LANGUAGES = frozenset(
    ("fre", "fra", "spa", "por", "ita", "cat", "glg", "ger", "deu", "dan", "nor", "swe", "fin", "ice", "isl",
     "dut", "nld")
)  # fmt: skip
_CHINESE = {"chi", "zho", "jpn", "kor", ""}


class UndecidedEncoding(ValueError):
    """The record's bytes fit no known encoding, or more than one equally well."""


@dataclass(frozen=True)
class Encoding:
    """An encoding with its strict decoder and encoder (both raise ValueError)."""

    name: str
    decode: Callable[[bytes], str]
    encode: Callable[[str], bytes]


def _codec(name: str) -> Encoding:
    return Encoding(name, lambda data: data.decode(name), lambda text: text.encode(name))


UTF8 = _codec("utf-8")
GB18030 = _codec("gb18030")
BIG5 = _codec("big5")
MARC8 = Encoding("marc-8", marc8.decode, marc8.encode)

_UNIMARC_SETS = {"50": UTF8, "01": GB18030}
"""UNIMARC 100 $a 26–27; CNMARC writes GB 18030 as 0110."""

BY_NAME = {known.name: known for known in (UTF8, MARC8, GB18030, BIG5)}


def named(name: str) -> Encoding:
    """The encoding of this name; raises BadInput."""
    if name not in BY_NAME:
        raise BadInput(f"no charset {name!r}", remedy=f"Known are: {', '.join(BY_NAME)}.")
    return BY_NAME[name]


def of_fields(leader: str, raw: list[RawField]) -> Encoding:
    """The encoding of a record by its leader and all its fields; raises UndecidedEncoding.

    100 and 200 without 245 say that it is UNIMARC; then 100 $a 22–24 say the language and 26–29 the
    character sets, else 008/35–37 and leader/09.
    """
    by_tag = dict(reversed(raw))
    data = b"\x1e".join(body for _, body in raw)
    if b"200" in by_tag and b"245" not in by_tag:
        coded = by_tag.get(b"100", b"")
        coded = coded[4:] if coded[2:4] == SUBFIELD + b"a" else b""
        declared = _UNIMARC_SETS.get(coded[26:28].decode("ascii", "replace"))
        return decide(data, declared, unimarc=True, language=_language(coded[22:25]))
    language = _language(by_tag.get(b"008", b"")[35:38])
    return decide(data, UTF8 if leader[9] == "a" else None, unimarc=False, language=language)


def _language(code: bytes) -> str:
    return code.decode("ascii") if code.isalpha() and code.isascii() else ""


def decide(data: bytes, declared: Encoding | None, *, unimarc: bool, language: str) -> Encoding:
    """The encoding of a record whose field data are ``data``; raises UndecidedEncoding.

    ``declared`` is what the record says of itself, None when it says nothing that we know; ``language`` is
    the record's own code, empty when unknown.
    """
    says_utf8 = declared is UTF8 and not unimarc
    if data.isascii():
        return MARC8 if has_escapes(data) and not says_utf8 and not unimarc else UTF8
    if _decodes(UTF8, data):
        return UTF8 if says_utf8 else _utf8_or_short_chinese(data, declared, language)
    if says_utf8 and not _mostly_pairs(data):
        raise UndecidedEncoding(_utf8_fault(data))
    if not unimarc and not says_utf8 and _sound_marc8(data):
        _refuse_latin1(data, language)
        return MARC8
    return _chinese(data, declared, language)


def has_escapes(data: bytes) -> bool:
    """Whether there are escape sequences of MARC-8."""
    return _ESCAPES.search(data) is not None


def _utf8_or_short_chinese(data: bytes, declared: Encoding | None, language: str) -> Encoding:
    """A few GBK characters can be valid UTF-8 by accident: then they read as Latin or Greek, never as Han."""
    if language not in _CHINESE:
        return UTF8
    text = [char for char in data.decode("utf-8") if char > "\x7f"]
    accident = all(char < "\u0800" for char in text) and _common_share(GB18030, data) == 1.0
    if not accident:
        return UTF8
    if language == "chi" or declared is GB18030:
        return GB18030
    if declared is UTF8:
        return UTF8
    raise UndecidedEncoding("the bytes read as UTF-8 and as GB18030, and the language is not given")


def _utf8_fault(data: bytes) -> str:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        wrong = data[error.start : error.end].hex(" ")
        return f"declared UTF-8, but has the bytes {wrong}"
    return ""


def _sound_marc8(data: bytes) -> bool:
    """MARC-8 has one or two diacritics before a letter; longer runs of high bytes are another encoding."""
    if _HIGH_RUN.search(data) and not has_escapes(data):
        return False
    return all(_decodes(MARC8, part) for part in _MARKS.split(data) if part)


def _refuse_latin1(data: bytes, language: str) -> None:
    """Bytes of Latin-1 read as MARC-8 put diacritics on letters that these languages never put them on."""
    if language not in _LATIN1_LANGUAGES:
        return
    marked = [unicodedata.normalize("NFC", found) for found in _MARKED.findall(_spread(data))]
    if 2 * sum(letter.lower() not in _LATIN1_LETTERS for letter in marked) > len(marked):
        raise UndecidedEncoding(f"reads as MARC-8, but as no {language}; it may be Latin-1")


def _spread(data: bytes) -> str:
    return unicodedata.normalize("NFD", " ".join(MARC8.decode(part) for part in _MARKS.split(data)))


def _chinese(data: bytes, declared: Encoding | None, language: str) -> Encoding:
    if declared is GB18030 and _common_share(GB18030, data) >= 0.6:
        return GB18030
    if language not in _CHINESE:
        raise UndecidedEncoding(f"neither UTF-8 nor MARC-8, and the language is {language}")
    shares = {encoding: _common_share(encoding, data) for encoding in (GB18030, BIG5)}
    best = max(shares, key=lambda encoding: shares[encoding])
    other = BIG5 if best is GB18030 else GB18030
    if shares[best] < 0.85:
        raise UndecidedEncoding("neither UTF-8, MARC-8, GB18030 nor Big5")
    if shares[best] - shares[other] < 0.1:
        raise UndecidedEncoding("reads as GB18030 and as Big5 equally well")
    return best


def _common_share(encoding: Encoding, data: bytes) -> float:
    """Share of the characters that are ordinary ones, Latin letters aside; 0 when it can't be decoded.

    Ordinary in Big5: its frequent characters.  In GB18030: symbols and level 1 of GB 2312, and the frequent
    ones of Big5, as traditional characters stand in it too.
    """
    if not _decodes(encoding, data):
        return 0.0
    text = [char for char in encoding.decode(data) if char > "\u0370" and not unicodedata.combining(char)]
    ordinary = sum(
        _frequent(char, BIG5) or (encoding is GB18030 and _frequent(char, GB18030)) for char in text
    )
    return ordinary / len(text) if text else 0.0


_FREQUENT = {"gb18030": (0xA1, 0xD7, 0xA1), "big5": (0xA1, 0xC6, 0x40)}
"""First and last lead byte, and least trail byte, of the ordinary characters."""


@functools.cache
def _frequent(char: str, encoding: Encoding) -> bool:
    try:
        raw = encoding.encode(char)
    except ValueError:
        return False
    low, high, trail = _FREQUENT[encoding.name]
    return len(raw) == 2 and low <= raw[0] <= high and raw[1] >= trail


def _mostly_pairs(data: bytes) -> bool:
    """Whether the high bytes stand in pairs as Chinese does (a record in GBK wrongly declared UTF-8)."""
    high = sum(byte > 0x7F for byte in data)
    return 2 * len(_GB_PAIR.findall(data)) >= 0.95 * high


def _decodes(encoding: Encoding, data: bytes) -> bool:
    try:
        encoding.decode(data)
    except ValueError:
        return False
    return True
