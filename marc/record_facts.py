"""From a record's fields to its ``RecordFacts``.

MARC 21 and CNMARC each have one function that fills them; nobody else looks into fields for these values.
ISBD punctuation of MARC 21 is taken off; linked 880 fields count as further forms of a title or name.
"""

from __future__ import annotations

import re

from pymarc import Field, Record

from marc import designations, isbn
from marc.facts import ClassNumber, Holding, OrderData, RecordFacts, RecordIsbn
from marc.fields import control, first, flavour, subfields, values

_END_MARKS = re.compile(r"[\s/:;,=.]+$")
_KEEP_STOP = re.compile(r"(?:\b[A-Z]|\b[Jj]r|\b[Ee]tc|\bInc|\bCo|\.\.)\.$")
_NO_EXTENT = re.compile(r"^\W*(?:p|pp|pages?|v|volumes?|cm|页|册|\s|\W)*$", re.IGNORECASE)
_PAGES_WORD = re.compile(r"p|页", re.IGNORECASE)


def record_facts(record: Record) -> RecordFacts:
    """The view of a MARC 21 or UNIMARC/CNMARC record."""
    return _unimarc(record) if flavour(record) == "unimarc" else _marc21(record)


# --- MARC 21 ---------------------------------------------------------------------------------------------


def _marc21(record: Record) -> RecordFacts:
    coded = control(record, "008").ljust(40)
    title = next(iter(record.get_fields("245")), None)
    other_forms = [
        _joined(field, "ab")
        for field in record.get_fields("246", "880", "740", "130", "240")
        if field.tag != "880" or first_link(field) == "245"
    ]
    imprint = next((field for field in _imprints(record)), None)
    extent = _clean(first(record, "300", "a"))
    years = _years([*values(record, "264", "c"), *values(record, "260", "c"), coded[7:11], coded[11:15]])
    return RecordFacts(
        record_id=control(record, "001").strip(),
        flavour="marc21",
        isbns=tuple(_marc21_isbns(record)),
        title=_clean(next(iter(subfields(title, "a")), "")) if title else "",
        subtitle=_clean(" ".join(subfields(title, "b"))) if title else "",
        titles=tuple(form for form in other_forms if form),
        volume=_clean(" ".join(subfields(title, "n"))) if title else "",
        volume_title=_clean(" ".join(subfields(title, "p"))) if title else "",
        responsibility="; ".join(_with_linked(record, ("245",), "c")),
        names=tuple(_marc21_names(record)),
        main_entry=next((_joined(field, "a") for field in record.get_fields("100", "110", "111")), ""),
        edition="; ".join(_with_linked(record, ("250",), "a")),
        place=_clean(next(iter(subfields(imprint, "a")), "")) if imprint else "",
        publisher=_clean(next(iter(subfields(imprint, "b")), "")) if imprint else "",
        publishers=tuple(_with_linked(record, ("264", "260"), "b")),
        year=years[0] if years else None,
        years=years,
        extent=extent,
        pages=designations.page_count(extent),
        pieces=designations.pieces(extent),
        height_cm=designations.height_cm(first(record, "300", "c")),
        series=tuple(_clean(name) for name in values(record, "490", "a") or values(record, "830", "a")),
        language=coded[35:38].strip(" |^#\\") or first(record, "041", "a")[:3],
        classes=tuple(_marc21_classes(record)),
        encoding_level=str(record.leader)[17],
        cip=str(record.leader)[17] == "8" or _only_planned(record, extent),
        carrier_electronic=_is_electronic(record, coded),
        accompanying=_clean(first(record, "300", "e")),
        items=tuple(_marc21_items(record)),
        order=_marc21_order(record),
    )


def first_link(field: Field) -> str:
    """The tag that an 880 field is linked to ($6), or ``""``."""
    return next(iter(subfields(field, "6")), "")[:3]


def _with_linked(record: Record, tags: tuple[str, ...], codes: str) -> list[str]:
    """The cleaned text of these fields and of the 880 fields linked to them."""
    held = [field for field in record.fields if field.tag in tags]
    held += [field for field in record.get_fields("880") if first_link(field) in tags]
    return [text for text in (_joined(field, codes) for field in held) if text]


def _imprints(record: Record) -> list[Field]:
    published = [field for field in record.get_fields("264") if field.indicator2 == "1"]
    return published or record.get_fields("260") or record.get_fields("264")


def _marc21_isbns(record: Record) -> list[RecordIsbn]:
    found = []
    for field in record.get_fields("020"):
        qualifier = " ".join(subfields(field, "q"))
        for part in field.subfields:
            if part.code in "az" and part.value.strip():
                found.append(_isbn(part.value, qualifier, part.code == "z"))
    return found


def _isbn(written: str, qualifier: str, cancelled: bool) -> RecordIsbn:
    number, _, rest = written.strip().partition(" ")
    inside = re.search(r"\(([^)]*)\)", written)
    normal = isbn.normalise(number) or isbn.normalise(written)
    return RecordIsbn(
        normal, number, qualifier or (inside.group(1) if inside else rest.strip("() ")), cancelled
    )


def _marc21_names(record: Record) -> list[str]:
    tags = ("100", "110", "111", "700", "710", "711", "880")
    return [
        _joined(field, "abcq" if field.tag[1:] == "00" else "ab")
        for field in record.get_fields(*tags)
        if field.tag != "880" or first_link(field)[1:] in ("00", "10", "11")
    ]


_MARC21_CLASSES = (("050", "LCC"), ("060", "NLM"), ("082", "DDC"), ("092", "DDC"), ("090", "LCC"))


def _marc21_classes(record: Record) -> list[ClassNumber]:
    found = [
        ClassNumber(
            scheme, number.strip(), " ".join(subfields(field, "b")), next(iter(subfields(field, "2")), "")
        )
        for tag, scheme in _MARC21_CLASSES
        for field in record.get_fields(tag)
        for number in subfields(field, "a")[:1]
    ]
    for field in record.get_fields("084"):
        scheme = "CLC" if "clc" in subfields(field, "2") else "LOCAL"
        found += [
            ClassNumber(scheme, number, " ".join(subfields(field, "b")))
            for number in subfields(field, "a")[:1]
        ]
    return found


def _only_planned(record: Record, extent: str) -> bool:
    """A pre-publication record by its look: "pages cm" for an extent, or a projected date (263) and none."""
    planned = bool(record.get_fields("263"))
    return _planned_extent(extent) or (planned and _NO_EXTENT.match(extent) is not None)


def _planned_extent(extent: str) -> bool:
    """Whether pages are named but not counted ("p. cm.", "页"); no extent at all is only a brief record."""
    return _NO_EXTENT.match(extent) is not None and _PAGES_WORD.search(extent) is not None


def _is_electronic(record: Record, coded: str) -> bool:
    return (
        coded[23:24] in ("o", "q", "s")
        or "c" in values(record, "337", "b")
        or any(data.startswith("c") for data in (field.data or "" for field in record.get_fields("007")))
    )


def _marc21_items(record: Record) -> list[Holding]:
    found = [
        Holding(_distinct(subfields(field, "abc")), _distinct(subfields(field, "p")), _call(field, "o"),
                " ".join(subfields(field, "h")))
        for field in record.get_fields("952")
    ]  # fmt: skip
    found += [
        Holding(_distinct(subfields(field, "abc")), _distinct(subfields(field, "p")), _call(field, "khijm"),
                " ".join(subfields(field, "3")))
        for field in record.get_fields("852")
    ]  # fmt: skip
    found += [
        Holding(_distinct(subfields(field, "l")), _distinct(subfields(field, "i")), _call(field, "a"),
                " ".join(subfields(field, "v")))
        for field in record.get_fields("949")
        if subfields(field, "i")
    ]  # fmt: skip
    return found


def _order_values(field: Field) -> tuple[str, str, str, str]:
    copies, price, location, fund = (next(iter(subfields(field, code)), "") for code in "ostu")
    return copies, price, location, fund


def _marc21_order(record: Record) -> OrderData | None:
    """Order data of vendors: 960 $o copies $s price $t location $u fund, else 949 without an item barcode."""
    for field in record.get_fields("960"):
        return OrderData(*_order_values(field))
    for field in record.get_fields("949"):
        if not subfields(field, "i"):
            return OrderData(price="".join(subfields(field, "p")), location="".join(subfields(field, "l")))
    return None


# --- UNIMARC and CNMARC ----------------------------------------------------------------------------------


def _unimarc(record: Record) -> RecordFacts:
    coded = first(record, "100", "a").ljust(36)
    title = next(iter(record.get_fields("200")), None)
    parts = subfields(title, "a") if title else []
    other_tags = ("500", "510", "512", "513", "514", "515", "516", "517", "532", "540", "541")
    extent = first(record, "215", "a")
    imprint = "210" if record.get_fields("210") else "214"
    years = _years([*values(record, imprint, "d"), coded[9:13], coded[13:17]])
    level = str(record.leader)[17]
    return RecordFacts(
        record_id=control(record, "001").strip(),
        flavour="unimarc",
        isbns=tuple(_unimarc_isbns(record)),
        unified_number=first(record, "091", "a"),
        title=parts[0] if parts else "",
        subtitle=" ".join(subfields(title, "e")) if title else "",
        titles=(*values(record, "200", "d9A"), *values_joined(record, other_tags, "ae")),
        volume=" ".join(subfields(title, "h")) if title else "",
        volume_title=" ".join(subfields(title, "i")) if title else "",
        responsibility="; ".join(subfields(title, "fg")) if title else "",
        names=tuple(_unimarc_names(record)),
        main_entry=" ".join(values_joined(record, ("700", "701", "710", "711"), "ab")[:1]),
        edition=first(record, "205", "a"),
        place=first(record, imprint, "a"),
        publisher=first(record, imprint, "c"),
        publishers=tuple(values(record, imprint, "c")),
        year=years[0] if years else None,
        years=years,
        extent=extent,
        pages=designations.page_count(extent),
        pieces=designations.pieces(extent),
        height_cm=designations.height_cm(first(record, "215", "d")),
        series=tuple(values(record, "225", "a")),
        language=first(record, "101", "a")[:3] or coded[22:25].strip(),
        classes=tuple(_unimarc_classes(record)),
        encoding_level=level,
        cip=level == "2" or _planned_extent(extent),
        carrier_electronic=str(record.leader)[6] == "l" or first(record, "106", "a")[:1] == "s",
        accompanying=first(record, "215", "e"),
        items=tuple(_unimarc_items(record)),
        order=_unimarc_order(record),
    )


def values_joined(record: Record, tags: tuple[str, ...], codes: str) -> list[str]:
    """For each field of these tags its subfields joined by a space."""
    return [
        " ".join(subfields(field, codes)) for field in record.get_fields(*tags) if subfields(field, codes)
    ]


def _unimarc_isbns(record: Record) -> list[RecordIsbn]:
    return [
        _isbn(part.value, " ".join(subfields(field, "b")), part.code == "z")
        for field in record.get_fields("010")
        for part in field.subfields
        if part.code in "az" and part.value.strip()
    ]


def _unimarc_names(record: Record) -> list[str]:
    """Names with their romanised forms ($9, $A), surname before the rest (indicator 2 = 1)."""
    tags = ("700", "701", "702", "710", "711", "712")
    found = []
    for field in record.get_fields(*tags):
        found.append(" ".join(subfields(field, "ab")))
        found.extend(subfields(field, "9A"))
    return [name for name in found if name]


def _unimarc_classes(record: Record) -> list[ClassNumber]:
    beside = _unimarc_book_number(record)
    table = (("690", "CLC"), ("676", "DDC"), ("680", "LCC"))
    return [
        ClassNumber(scheme, number, beside if scheme == "CLC" else "", next(iter(subfields(field, "v")), ""))
        for tag, scheme in table
        for field in record.get_fields(tag)
        for number in subfields(field, "a")[:1]
    ]


def _unimarc_book_number(record: Record) -> str:
    return first(record, "905", "e")


def _unimarc_items(record: Record) -> list[Holding]:
    found = []
    for field in record.get_fields("905"):
        number = "/".join([*subfields(field, "d")[:1], *subfields(field, "e")[:1]])
        places = _distinct([*subfields(field, "c"), *subfields(field, "a")])
        found.append(
            Holding(places, _distinct(subfields(field, "b")), number, " ".join(subfields(field, "v")))
        )
    for field in record.get_fields("995"):
        places = _distinct([*subfields(field, "c"), *subfields(field, "b"), *subfields(field, "e")])
        found.append(
            Holding(
                places, _distinct(subfields(field, "f")), _call(field, "k"), " ".join(subfields(field, "v"))
            )
        )
    return found


def _unimarc_order(record: Record) -> OrderData | None:
    number = first(record, "092", "b")
    for field in record.get_fields("960", "970"):
        return OrderData(*_order_values(field), number)
    return OrderData(number=number) if number else None


# --- both ------------------------------------------------------------------------------------------------


def _clean(text: str) -> str:
    """Without the ISBD punctuation that a following subfield asked for, and brackets around it all."""
    plain = text.strip()
    if not _KEEP_STOP.search(plain):
        plain = _END_MARKS.sub("", plain)
    return plain.strip().strip("[]").strip() if plain.startswith("[") and plain.endswith("]") else plain


def _joined(field: Field, codes: str) -> str:
    return _clean(" ".join(subfields(field, codes)))


def _call(field: Field, codes: str) -> str:
    return " ".join(subfields(field, codes))


def _distinct(texts: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(texts))


def _years(texts: list[str]) -> tuple[int, ...]:
    found = [designations.year_of(text) for text in texts]
    return tuple(dict.fromkeys(year for year in found if year))
