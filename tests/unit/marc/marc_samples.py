"""What the record tests share: records made in a line, evidence made in a line, the shared data's place."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from pymarc import Leader, Record

from marc.fields import control_field, data_field
from workcell.kernel.evidence import Evidence, Fields, FieldValue, IsbnEvidence, Measured
from workcell.kernel.profile import Profile, load_profile

ROOT = Path(__file__).resolve().parents[3]
SHARED = ROOT.parent / "shared" / "data" / "marc"
PROFILES = ROOT / "examples" / "profiles"


def shared(name: str) -> Path:
    """A file of the shared data; the test is skipped, saying so, where it is missing."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"shared data {name} is not here")
    return path


def profile(language: str = "en") -> Profile:
    return load_profile(PROFILES / f"{language}.toml")


def raw_records(path: Path) -> list[bytes]:
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return [part + b"\x1d" for part in data.split(b"\x1d") if part.strip()]


def _parts(text: str) -> list[tuple[str, str]]:
    return [(piece[0], piece[1:]) for piece in text.split("$")[1:]]


def marc21(*fields: str, level: str = " ") -> Record:
    """A MARC 21 record from lines like ``245 10 $aTitle :$bmore``; 001 and 008 are there unless given."""
    return _record(f"00000nam a2200000{level}i 4500", fields, {"001": "rec1", "008": _CODED})


def cnmarc(*fields: str, level: str = " ") -> Record:
    """A CNMARC record from lines like ``200 1  $a题名``."""
    return _record(f"00000nam0 2200000{level}  450 ", fields, {"001": "cn1"})


_CODED = "250304s2019    nyu           000 0 eng d"


def _record(leader: str, lines: tuple[str, ...], default: dict[str, str]) -> Record:
    record = Record()
    record.leader = Leader(leader)
    given = {line[:3] for line in lines}
    record.fields = [control_field(tag, data) for tag, data in default.items() if tag not in given]
    for line in lines:
        if line[:3] < "010":
            record.fields.append(control_field(line[:3], line[4:]))
        else:
            record.fields.append(data_field(line[:3], line[4:6], _parts(line)))
    return record


def evidence(
    *,
    isbn: str = "",
    accepted: bool = True,
    names: tuple[str, ...] = (),
    roles: tuple[str, ...] = (),
    isbns: tuple[str, ...] = (),
    classes: tuple[tuple[str, str], ...] = (),
    subjects: tuple[str, ...] = (),
    series: tuple[str, ...] = (),
    height: float | None = None,
    thickness: float | None = 20.0,
    **single: str,
) -> Evidence:
    """Evidence with every value read well from the title page."""
    fields: Fields = {name: _value(text) for name, text in single.items()}
    if names:
        told = [*roles, *["author"] * len(names)]
        fields["names"] = [
            FieldValue(name, name, 0.95, "title_page", role=role)
            for name, role in zip(names, told, strict=False)
        ]
    if isbns:
        fields["isbn"] = [_qualified(number) for number in isbns]
    if classes:
        fields["class"] = [FieldValue(c, c, 0.95, "copyright_page", scheme=s) for s, c in classes]
    if subjects:
        fields["subjects"] = [_value(subject) for subject in subjects]
    if series:
        fields["series"] = [_value(name) for name in series]
    number = IsbnEvidence(isbn, ("barcode:back_cover",), 0.99, accepted) if isbn else None
    return Evidence(isbn=number, fields=fields, measured=Measured(height, 150.0, thickness, 400.0))


def _value(text: str) -> FieldValue:
    return FieldValue(text, text, 0.95, "title_page")


def _qualified(number: str) -> FieldValue:
    """``9780…=hardcover`` has a qualifier."""
    value, _, qualifier = number.partition("=")
    return FieldValue(value, value, 0.95, "copyright_page", qualifier=qualifier or None)
