"""What a record is found by: its own number, ISBNs, barcodes and words, taken from the bytes of a file.

A record that is plainly sound UTF-8 is sliced and never made into a record object; every other one goes
through the strict reader, so that both ways refuse the same records.  Both end in the same plain fields,
from which one function takes the keys.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pymarc import Record

from marc import isbn, text
from marc.fields import flavour
from marc.framing import Frame
from marc.reading import ReadResult, read_frame
from marc.slicing import Sliced, slice_frames
from marc.writing import to_iso2709
from workcell.kernel.errors import BadInput

_SIGNS = {"marc21": ("245", "260", "264", "300", "008"), "unimarc": ("200", "210", "215", "101", "801")}

_TITLES = {
    "marc21": {"245": "abnp", "246": "abnp", "740": "a", "130": "a", "240": "a"},
    "unimarc": {
        "200": "aAdehi", "500": "a", "510": "ae", "512": "ae", "513": "ae", "514": "ae", "515": "ae",
        "516": "ae", "517": "ae", "532": "ae", "540": "ae", "541": "ae",
    },
}  # fmt: skip
_NAMES = {
    "marc21": {"100": "abc", "110": "ab", "111": "ab", "700": "abc", "710": "ab", "711": "ab"},
    "unimarc": {"700": "ab9A", "701": "ab9A", "702": "ab9A", "710": "ab9A", "711": "ab9A", "712": "ab9A"},
}
_NUMBERS = {"marc21": "020", "unimarc": "010"}
_BARCODES = {"marc21": {"952": "p", "852": "p", "949": "i"}, "unimarc": {"905": "b", "995": "f"}}
_LINKED = "880"
_MOST_TITLES, _MOST_NAMES = 6, 6

_TAGS = frozenset(
    tag
    for table in (_SIGNS, _TITLES, _NAMES, _BARCODES, {"both": ("001", _LINKED, *_NUMBERS.values())})
    for tags in table.values()
    for tag in tags
)

_ASCII_START = re.compile(rb"\x1e[\x00-\x1c\x20-\x7f]{2}(?=[\x1e\x1f])")
_ODD_SUBFIELD = re.compile(rb"\x1f[^!-~]")
_BEYOND_ACCIDENT = re.compile("[\u0800-\U0010ffff]")
"""Text with such a character, read as UTF-8, is no GBK that is valid UTF-8 by accident."""

PlainField = tuple[str, str]
"""Tag and text; a data field's text has two indicators and subfields, each behind 0x1F and its code."""


class Keys(NamedTuple):
    """What a record is found by.

    ``isbns`` are search keys (ISBN-13, or the compacted number whose check digit is wrong), each with whether
    it stands in 020/010 $z; ``tokens`` are index words separated by spaces, without repetition.
    """

    record_id: str
    isbns: tuple[tuple[str, bool], ...]
    barcodes: tuple[str, ...]
    tokens: str


class Entry(NamedTuple):
    """One stretch of a file as it goes into a catalogue; without ``keys`` it is bad and stays out.

    ``data`` is the record as kept (UTF-8 ISO 2709); None means the very bytes of the file.
    """

    n: int
    offset: int
    keys: Keys | None
    digest: bytes = b""
    data: bytes | None = None
    problem: str = ""


RawFrame = tuple[int, bytes, str]
"""Offset, bytes and problem of a frame, plain for the way between processes."""


def entries_of_frames(frames: Sequence[RawFrame], first: int) -> list[Entry]:
    """The entries of consecutive stretches of an ISO 2709 file; the first is its ``first``-th."""
    slices = slice_frames((Frame(*frame) for frame in frames), _TAGS)
    return [_sliced_entry(first + place, sliced) for place, sliced in enumerate(slices)]


def entries_of_results(results: Iterable[ReadResult]) -> Iterator[Entry]:
    """Entries of a file that is read record by record, whatever its format."""
    return map(_entry_of_result, results)


def _entry_of_result(result: ReadResult) -> Entry:
    """The entry of a record that the reader has read (or refused)."""
    if result.record is None:
        return Entry(result.n, result.offset, None, problem=result.problem)
    as_it_stands = result.data and result.encoding == "utf-8" and not result.problem
    try:
        made = entry_of_record(result.record, result.data if as_it_stands else b"")
    except BadInput as error:
        return Entry(result.n, result.offset, None, problem=error.what)
    return made._replace(n=result.n, offset=result.offset, problem=result.problem)


def entry_of_record(record: Record, data: bytes = b"") -> Entry:
    """The entry of a record object, kept as ``data`` or else as UTF-8 ISO 2709 made from it.

    Raises BadInput where ISO 2709 can't hold it.
    """
    data = data or to_iso2709(record, "cnmarc" if flavour(record) == "unimarc" else "marc21")
    return Entry(0, 0, keys_of(_plain_fields(record), str(record.leader)), _digest(data), data)


def _plain_fields(record: Record) -> list[PlainField]:
    """The fields of a record object that keys are taken from."""
    found = []
    for field in record.fields:
        if field.tag in _TAGS:
            parts = (f"\x1f{part.code}{part.value}" for part in getattr(field, "subfields", ()))
            body = field.data or "" if field.control_field else "  " + "".join(parts)
            found.append((field.tag, body))
    return found


def keys_of(fields: Sequence[PlainField], leader: str) -> Keys:
    """The keys of a record from its plain fields."""
    kind = _flavour({tag for tag, _ in fields}, leader)
    titles: list[str] = []
    names: list[str] = []
    numbers: dict[str, bool] = {}
    barcodes: dict[str, None] = {}
    record_id = ""
    for tag, written in fields:
        body = written.replace("\x00", "")
        if tag == "001":
            record_id = record_id or body.strip()
            continue
        reading = tag if tag != _LINKED else _linked_tag(body)
        if reading in _TITLES[kind]:
            titles.append(_subfields(body, _TITLES[kind][reading]))
        elif reading in _NAMES[kind]:
            names.append(_subfields(body, _NAMES[kind][reading]))
        elif tag == _NUMBERS[kind]:
            for key, cancelled in _isbns(body):
                numbers[key] = numbers.get(key, True) and cancelled
        elif tag in _BARCODES[kind]:
            codes = _BARCODES[kind][tag]
            barcodes.update((part[1:].strip(), None) for part in _parts(body) if part[:1] in codes)
    words = " ".join((*titles[:_MOST_TITLES], *names[:_MOST_NAMES]))
    tokens = " ".join(dict.fromkeys(text.tokens(words)))
    barcodes.pop("", None)
    return Keys(record_id, tuple(numbers.items()), tuple(barcodes), tokens)


def _sliced_entry(n: int, sliced: Sliced) -> Entry:
    if sliced.broken:
        return Entry(n, sliced.offset, None, problem=sliced.problem)
    fields = None if sliced.problem else _plainly_sound(sliced)
    if fields is None:
        return _entry_of_result(read_frame(n, Frame(sliced.offset, sliced.data, sliced.problem)))
    keys = keys_of(fields, sliced.leader.decode("ascii"))
    return Entry(n, sliced.offset, keys, _digest(sliced.data))


def _plainly_sound(sliced: Sliced) -> list[PlainField] | None:
    """Decoded fields of a record that the reader would take as it stands, as UTF-8; None when in doubt."""
    data = sliced.data
    if _ODD_SUBFIELD.search(data) or not _all_fields_start_well(data):
        return None
    if data.isascii():
        if b"\x1b" in data:
            return None
    else:
        try:
            whole = data.decode("utf-8")
        except UnicodeDecodeError:
            return None
        if sliced.leader[9:10] != b"a" and not _BEYOND_ACCIDENT.search(whole):
            return None
    return [(tag, body.decode("utf-8")) for tag, body in sliced.fields]


def _all_fields_start_well(data: bytes) -> bool:
    """Whether every data field begins with two ASCII indicators; the directory is sound already."""
    base = int(data[12:17])
    directory = data[24 : base - 1]
    count = len(directory) // 12
    controls = sum(
        one == two == 48 for one, two in zip(directory[0::12], directory[1::12], strict=True)
    )  # fmt: skip
    return len(_ASCII_START.findall(data, base - 1)) >= count - controls


def _flavour(tags: set[str], leader: str) -> str:
    """As ``fields.flavour`` tells it."""
    marc21, unimarc = (sum(tag in tags for tag in _SIGNS[kind]) for kind in ("marc21", "unimarc"))
    if marc21 != unimarc:
        return "unimarc" if unimarc > marc21 else "marc21"
    return "unimarc" if leader[20:24] == "450 " else "marc21"


def _parts(body: str) -> list[str]:
    return body.split("\x1f")[1:]


def _subfields(body: str, codes: str) -> str:
    return " ".join([part[1:] for part in body.split("\x1f")[1:] if part[:1] in codes])


def _linked_tag(body: str) -> str:
    """The tag that an 880 field stands for ($6)."""
    return next((part[1:4] for part in _parts(body) if part[:1] == "6"), "")


def _isbns(body: str) -> Iterator[tuple[str, bool]]:
    for part in _parts(body):
        written = part[1:].strip()
        if part[:1] in ("a", "z") and written:
            number = written.partition(" ")[0]
            key = isbn.normalise(number) or isbn.normalise(written) or isbn.compact(number)
            if key:
                yield key, part[:1] == "z"


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=16).digest()
