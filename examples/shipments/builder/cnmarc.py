"""CNMARC records of the Chinese shipment: full, CIP, and an order's preliminary one.

No ISBD punctuation is stored; leader/09 is blank and 100/26-29 says UTF-8 (``50  ``).
"""

from __future__ import annotations

from builder.facts import ChinesePerson, ChineseShipment, ChineseTitle
from builder.iso2709 import Field, control, encode, field

_LEADERS = {
    "full": "00000nam0 2200000   450 ",
    "cip": "00000nam0 22000002  450 ",
    "order": "00000nam0 22000003  450 ",
}
_TRANSACTION = "20250310091500.0"
_PLAIN_BINDINGS = ("", "平装")


def catalogue_id(title: ChineseTitle) -> str:
    """Give the number of a record in the library's own catalogue."""
    return f"BJ{1000 + title.number:08}"


def vendor_id(title: ChineseTitle) -> str:
    """Give the number of a record in the bookseller's file."""
    return f"XH2025{title.number:06}"


def catalogue_record(shipment: ChineseShipment, title: ChineseTitle, barcodes: list[str]) -> bytes:
    """Write a record on file; 905 names each location once, with the barcode of every copy there."""
    agency = shipment.shipment.agency
    fields = [control("001", catalogue_id(title)), control("005", _TRANSACTION)]
    fields += _preliminary(shipment, title) if title.catalogue == "order" else _full(shipment, title)
    fields += [_agency(agency, title)]
    held = list(zip(title.items, barcodes, strict=True))
    fields += [_holding(agency, title, place, held) for place in dict.fromkeys(title.items)]
    return encode(_LEADERS[title.catalogue or "full"], fields)


def vendor_record(shipment: ChineseShipment, title: ChineseTitle) -> bytes:
    """Write the bookseller's record, full or CIP, with the order in 960 and its order number in 092."""
    terms = shipment.shipment
    fields = [control("001", vendor_id(title)), control("005", _TRANSACTION)]
    fields += _cip(shipment, title) if title.vendor == "cip" else _full(shipment, title)
    fields += [
        field("092", "__", ("a", "CN"), ("b", f"{title.year % 100:02}-{4100 + title.number}")),
        _agency(terms.supplier_code, title),
    ]
    for share in filter(None, title.order.distribution.split(";")):
        place, _, copies = share.partition("=")
        fields.append(
            field("960", "__", ("o", copies), ("s", title.price), ("t", place), ("u", title.order.fund))
        )
    return encode(_LEADERS[title.vendor], fields)


def _preliminary(shipment: ChineseShipment, title: ChineseTitle) -> list[Field]:
    kept = ("010", "100", "101", "102", "200", "210")
    return [
        *(item for item in _full(shipment, title) if item.tag in kept),
        field("300", "__", ("a", "订购记录")),
    ]


def _cip(shipment: ChineseShipment, title: ChineseTitle) -> list[Field]:
    """Before publication neither the pages nor the height are known."""
    return [
        *(item for item in _full(shipment, title) if item.tag != "215"),
        field("215", "__", ("a", "页"), ("d", "cm")),
        field("300", "__", ("a", "据在版编目数据著录")),
    ]


def _full(shipment: ChineseShipment, title: ChineseTitle) -> list[Field]:
    publisher = shipment.publishers[title.publisher]
    return [
        *_isbns(title),
        field(
            "091", "__", ("a", title.unified_number), ("d", f"CNY{title.price}" * bool(title.unified_number))
        ),
        field("100", "__", ("a", _general_data(title))),
        field(
            "101",
            "1_" if title.original_language else "0_",
            ("a", "chi"),
            ("c", title.original_language),
        ),
        field("102", "__", ("a", "CN"), ("b", publisher.country)),
        field("105", "__", ("a", _coded_book_data(title))),
        field("106", "__", ("a", "r")),
        field(
            "200",
            "1_",
            ("a", title.title),
            ("9", title.pinyin),
            ("b", "专著"),
            ("e", title.subtitle),
            *responsibility(title),
        ),
        field("205", "__", ("a", title.edition)),
        field(
            "210",
            "__",
            ("a", publisher.place),
            ("c", publisher.name),
            ("d", f"{title.year}.{title.month:02}"),
        ),
        field(
            "215",
            "__",
            ("a", _extent(title)),
            ("c", title.ill),
            ("d", f"{title.height_cm}cm"),
            ("e", title.accompanying),
        ),
        field("225", "2_", ("a", title.series)),
        field("410", "_0", ("1", "2001 " * bool(title.series)), ("a", title.series)),
        field("304", "__", ("a", f"书名原文：{title.original}" if title.original else "")),
        field("320", "__", ("a", "有书目" if title.bib else "")),
        field("454", "_0", ("1", "2001 " * bool(title.original)), ("a", title.original or "")),
        *[_subject(subject) for subject in title.subjects],
        field("690", "__", ("a", title.clc), ("v", "5")),
        *[_name(person, main=person.role == title.people[0].role) for person in title.people],
    ]


def _isbns(title: ChineseTitle) -> list[Field]:
    price = title.set_price or (f"CNY{title.price}" if title.price else "")
    own = title.isbns if title.one_record else title.isbns[:1]
    told = [(isbn, name if title.one_record or name not in _PLAIN_BINDINGS else "") for isbn, name in own]
    return [
        field("010", "__", ("a", isbn), ("b", binding), ("d", price if isbn == title.isbn else ""))
        for isbn, binding in told
    ]


def _general_data(title: ChineseTitle) -> str:
    audience = "em "
    return f"{title.year}{title.month:02}15d{title.year}    {audience}y0chiy50      ea"


def _coded_book_data(title: ChineseTitle) -> str:
    illustrations = "a   " if title.ill else "y   "
    literary, biography = "a" if title.fiction else "y", "b" if title.biography else "y"
    return f"{illustrations}z   00{int(title.index)}{literary}{biography}"


def responsibility(title: ChineseTitle) -> list[tuple[str, str]]:
    """Give 200 $f and $g: one statement a role, names parted by commas, the origin in brackets."""
    statements = [
        (role, ", ".join(_with_origin(person) for person in title.people if person.role == role))
        for role in dict.fromkeys(person.role for person in title.people)
    ]
    return [("g" if place else "f", f"{names}{role}") for place, (role, names) in enumerate(statements)]


def _with_origin(person: ChinesePerson) -> str:
    return f"({person.origin}){person.name}" if person.origin else person.name


def _extent(title: ChineseTitle) -> str:
    if title.pieces > 1:
        return f"{title.pieces}册({title.set_pages}页)"
    return f"{title.pages}页"


def _subject(subject: str) -> Field:
    first, *parts = subject.split("$")
    return field("606", "0_", ("a", first), *((part[0], part[1:]) for part in parts))


def _name(person: ChinesePerson, *, main: bool) -> Field:
    if person.corporate:
        return field("711", "02", ("a", person.name), ("9", person.pinyin), ("4", person.role))
    return field(
        "701" if main else "702",
        "_1" if person.rest else "_0",
        ("a", person.heading),
        ("9", person.heading_pinyin),
        ("b", person.rest),
        ("c", f"({person.origin})" if person.origin else ""),
        ("4", person.role),
    )


def _agency(code: str, title: ChineseTitle) -> Field:
    return field("801", "_0", ("a", "CN"), ("b", code), ("c", f"{title.year}{title.month:02}15"))


def _holding(agency: str, title: ChineseTitle, place: str, held: list[tuple[str, str]]) -> Field:
    numbers = [barcode for where, barcode in held if where == place]
    return field(
        "905",
        "__",
        ("a", agency),
        *(("b", number) for number in numbers),
        ("c", place),
        ("d", title.clc),
        ("e", str(title.running)),
        ("f", f"{title.clc}/{title.running}"),
    )
