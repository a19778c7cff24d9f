"""Which character encoding one record is in, decided from its own bytes, never assumed for a file.

What the leader declares (MARC 21 leader/09; UNIMARC 100/26–29) is a hint; the bytes decide.  Where two
readings are possible and neither is clearly the sounder, the record is refused: a wrong character that
nobody notices is worse than a record on a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from marc import marc8
from marc.directory import RawField
from marc.framing import SUBFIELD

_ESCAPES = re.compile(rb"\x1b[$(),\-gbps]")
_HIGH_RUN = re.compile(rb"[\x80-\xff]{4}")
_GB_PAIR = re.compile(rb"[\xa1-\xf7][\xa1-\xfe]")
_CHINESE = {"chi", "zho", "jpn", "kor", ""}


class UndecidedEncoding(ValueError):
    """The record's bytes fit no known encoding, or more than one equally well."""


@dataclass(frozen=True)
class Encoding:
    """An encoding with its strict decoder (raises ValueError)."""

    name: str
    decode: Callable[[bytes], str]


def _codec(name: str) -> Encoding:
    return Encoding(name, lambda data: data.decode(name))


UTF8 = _codec("utf-8")
GB18030 = _codec("gb18030")
BIG5 = _codec("big5")
MARC8 = Encoding("marc-8", marc8.decode)


def of_fields(leader: str, raw: list[RawField]) -> Encoding:
    """The encoding of a record by its leader and all its fields; raises UndecidedEncoding.

    008/35–37 or 100 $a 22–24 say the language; 100 and 200 without 245 say that it is UNIMARC.
    """
    by_tag = dict(reversed(raw))
    unimarc = b"200" in by_tag and b"245" not in by_tag
    return decide(
        b"\x1e".join(body for _, body in raw),
        declared_utf8=leader[9] == "a",
        unimarc=unimarc,
        language=_language(by_tag, unimarc),
    )


def _language(by_tag: dict[bytes, bytes], unimarc: bool) -> str:
    coded = by_tag.get(b"100" if unimarc else b"008", b"")
    if unimarc and coded[2:4] != SUBFIELD + b"a":
        return ""
    language = coded[26:29] if unimarc else coded[35:38]
    return language.decode("ascii") if language.isalpha() and language.isascii() else ""


def decide(data: bytes, *, declared_utf8: bool, unimarc: bool, language: str) -> Encoding:
    """The encoding of a record whose field data are ``data``; raises UndecidedEncoding.

    ``language`` is the record's own code (008/35–37 or 100 $a 22–24), empty when unknown.
    """
    if data.isascii():
        return MARC8 if _ESCAPES.search(data) and not declared_utf8 else UTF8
    if _decodes(UTF8, data):
        return _utf8_or_short_chinese(data, declared_utf8, language)
    if declared_utf8 and not _mostly_pairs(data):
        raise UndecidedEncoding(_utf8_fault(data))
    if not unimarc and not declared_utf8 and _sound_marc8(data):
        return MARC8
    return _chinese(data, language)


def _utf8_or_short_chinese(data: bytes, declared: bool, language: str) -> Encoding:
    """A few GBK characters can be valid UTF-8 by accident: then they read as Latin or Greek, never as Han."""
    if declared or language not in _CHINESE:
        return UTF8
    text = [char for char in data.decode("utf-8") if char > "\x7f"]
    accident = all(char < "\u0800" for char in text) and _common_share(GB18030, data) == 1.0
    if not accident:
        return UTF8
    if language == "chi":
        return GB18030
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
    if _HIGH_RUN.search(data):
        return False
    return all(_decodes(MARC8, part) for part in re.split(rb"[\x1d-\x1f]", data) if part)


def _chinese(data: bytes, language: str) -> Encoding:
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
    """Share of the non-ASCII characters that are ordinary ones of the encoding; 0 when it can't be decoded.

    Ordinary: level 1 of GB 2312 and its symbols (lead bytes A1–D7), Big5 frequent characters (A1–C6).
    """
    if not _decodes(encoding, data):
        return 0.0
    text = [char for char in encoding.decode(data) if char > "\x7f"]
    low, high = (0xA1, 0xD7) if encoding is GB18030 else (0xA1, 0xC6)
    ordinary = 0
    for char in text:
        raw = char.encode(encoding.name)
        ordinary += (
            len(raw) == 2 and low <= raw[0] <= high and raw[1] >= (0xA1 if encoding is GB18030 else 0x40)
        )
    return ordinary / len(text) if text else 0.0


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
