"""What `workcell tag …` is given: memory in hexadecimal, elements in JSON."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stations import rfid
from workcell.kernel.errors import BadInput

_BETWEEN: Final = re.compile(r"""(?:0|\\)[xX]|[\s:|,;_'"()\[\]{}-]+""")
_STDIN: Final = Path("-")


def tags_in(words: list[str], file: Path, *, each: bool) -> Iterator[tuple[bytes, ...]]:
    """Memory banks tag by tag: of the words, or without any of the file or standard input.

    Without ``each`` everything is one tag; words keep their bounds, so that a UHF tag can be given bank by
    bank.  Raises BadInput when something is not hexadecimal or there is nothing.
    """
    words = [] if words == [str(_STDIN)] else words
    texts = [text for text in words or _text(file).splitlines() if text.strip()]
    if not texts:
        raise BadInput("no tag memory is given", remedy="Give it in hexadecimal, as in 9100051CBE991A14.")
    if each:
        for text in texts:
            yield (_bytes(text),)
    elif words:
        yield tuple(_bytes(text) for text in texts)
    else:
        yield (_bytes("".join(texts)),)


def _text(file: Path) -> str:
    data = sys.stdin.buffer.read() if file == _STDIN else file.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadInput(
            "the input is not text", subject=str(file), remedy="Give hexadecimal or JSON in UTF-8."
        ) from error


def _bytes(text: str) -> bytes:
    digits = _BETWEEN.sub("", text)
    if not digits:
        raise BadInput(f"{text!r} has no digits", remedy="Give two hexadecimal digits a byte.")
    try:
        return bytes.fromhex(digits)
    except ValueError as error:
        shown = text if len(text) <= 40 else text[:40] + "…"
        odd = "has an odd number of digits" if len(digits) % 2 else "is not hexadecimal"
        raise BadInput(f"{shown!r} {odd}", remedy="Give two digits a byte.") from error


# --- elements --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Given:
    """Elements to encode, the data model that came with them, and the whole input they stood in."""

    values: list[rfid.Value]
    model: str = "28560-2"
    told: dict[str, Any] = field(default_factory=dict)


def elements_in(file: Path, lock: str) -> Given:
    """Elements of a JSON file or standard input; ``lock`` names OIDs with commas.

    Taken are ``{"1": text, …}``, ``{"elements": {…}, "model": …}`` as `tag decode --json` gives it, and rows
    ``{"oid", "text", "lock", "compaction"}``.  The content parameter (2) is made anew.  Raises BadInput.
    """
    text = _text(file)
    try:
        data = json.loads(text)
    except ValueError as error:
        raise _wrong(file, f"not JSON ({error})") from error
    whole = data if isinstance(data, dict) else {}
    rows = whole.get("elements", data)
    locked = _oids(lock)
    if isinstance(rows, dict):
        rows = [{"oid": oid, "text": value} for oid, value in rows.items()]
    if not isinstance(rows, list):
        raise _wrong(file, "neither an object nor a list of elements")
    values = [_value(row, locked, file) for row in rows]
    missing = locked - {value.oid for value in values}
    if missing:
        raise BadInput(
            f"elements {', '.join(map(str, sorted(missing)))} shall be locked and are not given",
            remedy="Name elements of the input after --lock.",
        )
    values = [value for value in values if value.oid != 2]
    return Given(values, model_named(str(whole.get("model") or "28560-2")), whole)


def model_named(text: str) -> str:
    """A data model's name as people write it (ISO 28560-2, iso28560-3, CULTU) as ``rfid.MODELS`` has it."""
    return text.strip().lower().removeprefix("iso").removeprefix("/ts").strip(" -_")


def _value(row: Any, locked: frozenset[int], file: Path) -> rfid.Value:
    if not isinstance(row, dict) or "oid" not in row:
        raise _wrong(file, f"{row!r} is no element")
    text = row.get("text", row.get("value"))
    try:
        oid = int(str(row["oid"]))
    except ValueError as error:
        raise _wrong(file, f"{row['oid']!r} is no OID") from error
    if isinstance(text, int) and not isinstance(text, bool):
        text = str(text)
    if not isinstance(text, str):
        raise _wrong(file, f"element {oid} has no text")
    compaction = row.get("compaction")
    scheme = None if compaction is None else rfid.compaction_named(str(compaction))
    return rfid.Value(oid, text, bool(row.get("lock")) or oid in locked, scheme)


def _oids(text: str) -> frozenset[int]:
    try:
        return frozenset(int(part) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise BadInput(f"{text!r} names no OIDs", remedy="Write them as in 1,3.") from error


def _wrong(file: Path, what: str) -> BadInput:
    name = "standard input" if file == _STDIN else str(file)
    return BadInput(what, subject=name, remedy='Write elements by OID, as in {"1": "30234000517861"}.')
