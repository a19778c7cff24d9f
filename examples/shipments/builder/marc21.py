"""MARC 21 records of the English shipment: full, CIP, and an order's preliminary one.

The floor is that of PCC BSR / RDA core for a printed monograph.
"""

from __future__ import annotations

from builder.facts import EnglishShipment, EnglishTitle, Person, plain
from builder.iso2709 import Field, control, encode, field
from builder.numbers import cutter

_LEADERS = {
    "full": "00000nam a2200000 i 4500",
    "cip": "00000nam a22000008i 4500",
    "order": "00000nam a22000005i 4500",
}
_ARTICLES = {"eng": ("the ", "an ", "a ")}
_QUALIFIERS = {"pbk.": "paperback", "cloth": "hardcover", "ebook": "electronic book"}
_ILLUSTRATIONS = {"illustrations": "a", "maps": "b"}
_TRANSACTION = "20250310091500.0"


def catalogue_id(title: EnglishTitle) -> str:
    """Give the number of a record in the library's own catalogue."""
    return f"RV{1000 + title.number:06}"


def vendor_id(title: EnglishTitle) -> str:
    """Give the number of a record in the vendor's file."""
    return f"mls25{title.number:06}"


def call_number(title: EnglishTitle) -> str:
    """Join the Dewey number with a book number from the main entry, as on the shelf."""
    return f"{title.ddc.replace('/', '')} {cutter(title.creator.name)}"


def catalogue_record(shipment: EnglishShipment, title: EnglishTitle, barcodes: list[str]) -> bytes:
    """Write a record on file, with an item (Koha's 952) for each location in ``title.items``."""
    number = catalogue_id(title)
    fields = _numbers(number, shipment.shipment.agency)
    if title.catalogue == "order":
        fields += _preliminary(shipment, title)
    else:
        fields += _description(shipment, title)
    copies = list(zip(title.items, barcodes, strict=True))
    fields += [_item(title, place, barcode, count) for count, (place, barcode) in enumerate(copies, 1)]
    fields += [
        field("942", "__", ("2", "ddc"), ("c", "BK")),
        field("999", "__", ("c", number), ("d", number)),
    ]
    return encode(_LEADERS[title.catalogue or "full"], fields)


def vendor_record(shipment: EnglishShipment, title: EnglishTitle) -> bytes:
    """Write the vendor's record, full or CIP, with the order in 960 and the vendor's own number in 938."""
    fields = _numbers(vendor_id(title), shipment.shipment.supplier_code)
    fields += _cip(shipment, title) if title.vendor == "cip" else _description(shipment, title)
    for share in filter(None, title.order.distribution.split(";")):
        place, _, copies = share.partition("=")
        fields.append(
            field("960", "__", ("o", copies), ("s", title.price), ("t", place), ("u", title.order.fund))
        )
    fields.append(
        field(
            "938", "__", ("a", shipment.shipment.supplier), ("b", "MELS"), ("n", f"{7300000 + title.number}")
        )
    )
    return encode(_LEADERS[title.vendor], fields)


def _numbers(number: str, agency: str) -> list[Field]:
    return [control("001", number), control("003", agency), control("005", _TRANSACTION)]


def _preliminary(shipment: EnglishShipment, title: EnglishTitle) -> list[Field]:
    agency = shipment.shipment.agency
    publisher = shipment.publishers[title.publisher]
    return [
        control("008", f"250214s{title.year}    {publisher.country}{'|' * 17}{title.language}||"),
        field("020", "__", ("a", plain(title.isbn))),
        field("040", "__", ("a", agency), ("b", "eng"), ("c", agency)),
        _name("100", title.creator, relator=""),
        _title_statement(title),
        field(
            "264",
            "_1",
            ("a", f"{publisher.place} :"),
            ("b", f"{_publisher(shipment, title)},"),
            ("c", f"{title.year}."),
        ),
        field("500", "__", ("a", "Order record.")),
    ]


def _cip(shipment: EnglishShipment, title: EnglishTitle) -> list[Field]:
    full = [item for item in _description(shipment, title) if item.tag != "300"]
    return [
        *full,
        field("263", "__", ("a", f"{title.year % 100:02}03")),
        field("300", "__", ("a", "pages cm")),
    ]


def _description(shipment: EnglishShipment, title: EnglishTitle) -> list[Field]:
    publisher = shipment.publishers[title.publisher]
    return [
        control("008", _fixed_field(title, publisher.country)),
        field("010", "__", ("a", _lccn(title.lccn))),
        *_isbn_fields(title),
        field(
            "040",
            "__",
            ("a", "DLC"),
            ("b", "eng"),
            ("e", "rda"),
            ("c", "DLC"),
            ("d", shipment.shipment.supplier_code),
        ),
        field("041", "1_", ("a", title.language), ("h", title.translated_from))
        if title.translated_from
        else field("041", "__"),
        _class_field("050", "_4", title.lcc),
        field("082", "04", ("a", title.ddc), ("2", _dewey_edition(title.year))),
        _name("100", title.creator, link="880-01" if title.title_han else ""),
        _uniform_title(title),
        _title_statement(title, link="880-02" if title.title_han else ""),
        field("250", "__", ("a", _stop(title.edition)) if title.edition else ("a", "")),
        *_publication(shipment, title),
        _extent(title),
        field("336", "__", ("a", "text"), ("b", "txt"), ("2", "rdacontent")),
        field("337", "__", ("a", "unmediated"), ("b", "n"), ("2", "rdamedia")),
        field("338", "__", ("a", "volume"), ("b", "nc"), ("2", "rdacarrier")),
        field("490", "1_", ("a", title.series)),
        *_notes(title),
        *[_subject(subject) for subject in title.subjects],
        *[_name("700", person) for person in title.contributors],
        *_other_formats(title),
        field("830", "_0", ("a", _stop(title.series) if title.series else "")),
        *_characters(title),
    ]


def _fixed_field(title: EnglishTitle, country: str) -> str:
    illustrations = "".join(code for word, code in _ILLUSTRATIONS.items() if word in title.ill)
    return (
        f"{_entered(title)}t{title.year}{title.copyright or title.year}{country}{illustrations:<4}  "
        f"{'b' if title.bib else ' ':<4} 00{int(title.index)} {int(title.fiction)}{title.biography or ' '}"
        f"{title.language} d"
    )


def _entered(title: EnglishTitle) -> str:
    return f"{max(title.year, 1985) % 100:02}0611"


def _lccn(lccn: str) -> str:
    return {8: f"   {lccn} ", 10: f"  {lccn}"}.get(len(lccn), "")


def _isbn_fields(title: EnglishTitle) -> list[Field]:
    own = title.isbns if title.one_record else title.isbns[:1]
    others = () if title.one_record else title.isbns[1:]
    kept = [(plain(isbn), name) for isbn, name in own if name != "ebook"]
    fields = [field("020", "__", ("a", isbn), ("q", _qualifier(name))) for isbn, name in kept]
    cancelled = [
        (plain(isbn), name) for isbn, name in (*others, *own) if name == "ebook" or (isbn, name) in others
    ]
    return fields + [field("020", "__", ("z", isbn), ("q", _qualifier(name))) for isbn, name in cancelled]


def _qualifier(name: str) -> str:
    binding, _, part = name.partition(" : ")
    return " ; ".join(filter(None, (_QUALIFIERS.get(binding, binding), part)))


def _class_field(tag: str, indicators: str, lcc: str) -> Field:
    head, _, rest = lcc.partition(" ")
    return field(tag, indicators, ("a", head), ("b", rest))


def _dewey_edition(year: int) -> str:
    return next(
        edition for since, edition in ((2011, "23"), (2003, "22"), (1996, "21"), (0, "20")) if year >= since
    )


def _name(tag: str, person: Person, relator: str | None = None, link: str = "") -> Field:
    role = person.role if relator is None else relator
    indicator = "0_" if person.forename else "1_"
    ends = _with_comma if role else _stop
    if not person.dates:
        return field(
            tag, indicator, ("6", link), ("a", ends(person.name)), ("e", _stop(role) if role else "")
        )
    dates = person.dates if person.dates.endswith("-") else ends(person.dates)
    return field(
        tag,
        indicator,
        ("6", link),
        ("a", f"{person.name},"),
        ("d", dates),
        ("e", _stop(role) if role else ""),
    )


def _with_comma(text: str) -> str:
    return f"{text},"


def _stop(text: str) -> str:
    return text if text.endswith((".", ")", "!", "?", "-")) else f"{text}."


def _uniform_title(title: EnglishTitle) -> Field:
    head, _, language = title.uniform.partition("$l")
    return field("240", "10", ("a", head), ("l", _stop(language) if language else ""))


def _title_statement(title: EnglishTitle, link: str = "") -> Field:
    responsibility = " ; ".join((title.by[0], *(_lower_first(line) for line in title.by[1:])))
    proper = f"{title.title} :" if title.subtitle else f"{title.title} /"
    return field(
        "245",
        f"1{_nonfiling(title)}",
        ("6", link),
        ("a", proper),
        ("b", f"{title.subtitle} /" if title.subtitle else ""),
        ("c", _stop(responsibility)),
    )


def _nonfiling(title: EnglishTitle) -> int:
    articles = _ARTICLES.get(title.language, ())
    return next((len(article) for article in articles if title.title.lower().startswith(article)), 0)


def _lower_first(text: str) -> str:
    return text[0].lower() + text[1:]


def _publisher(shipment: EnglishShipment, title: EnglishTitle) -> str:
    return title.publisher_name or shipment.publishers[title.publisher].name


def _publication(shipment: EnglishShipment, title: EnglishTitle) -> list[Field]:
    inferred = title.copyright in (None, title.year)
    place = shipment.publishers[title.publisher].place
    return [
        field(
            "264",
            "_1",
            ("6", "880-03" if title.title_han else ""),
            ("a", f"{place} :"),
            ("b", f"{_publisher(shipment, title)},"),
            ("c", f"[{title.year}]" if inferred else f"{title.year}."),
        ),
        field("264", "_4", ("c", f"©{title.copyright or title.year}")),
    ]


def _extent(title: EnglishTitle) -> Field:
    pages = title.extent or f"{title.pages} pages"
    height = f"{title.height_cm} cm{' +' if title.accompanying else '.' if title.series else ''}"
    return field(
        "300",
        "__",
        ("a", f"{pages} :" if title.ill else f"{pages} ;"),
        ("b", f"{title.ill} ;" if title.ill else ""),
        ("c", height),
        ("e", title.accompanying),
    )


def _notes(title: EnglishTitle) -> list[Field]:
    references = "Includes bibliographical references"
    return [
        field("500", "__", ("a", "Includes index." if title.index and not title.bib else "")),
        field("500", "__", ("a", "Three volumes in a slipcase." if title.binding == "slipcase" else "")),
        field("504", "__", ("a", f"{references}{' and index' * title.index}." if title.bib else "")),
        field("546", "__", ("a", "In Japanese." if title.language == "jpn" else "")),
    ]


def _subject(subject: str) -> Field:
    tag, _, heading = subject.rpartition(":") if subject[:3].isdigit() else ("650", "", subject)
    first, *rest = heading.split("$")
    parts = [("a", first), *((part[0], part[1:]) for part in rest)]
    code, value = parts[-1]
    return field(tag, "10" if tag == "600" else "_0", *parts[:-1], (code, _stop(value)))


def _other_formats(title: EnglishTitle) -> list[Field]:
    ebooks = [("Online version", isbn) for isbn, name in title.isbns if name == "ebook"]
    if title.other_format:
        ebooks.append((title.other_format["label"], title.other_format["isbn"]))
    nonfiling = _nonfiling(title)
    proper = title.title[nonfiling].upper() + title.title[nonfiling + 1 :]
    return [
        field(
            "776",
            "08",
            ("i", f"{label}:"),
            ("a", _stop(title.creator.name)),
            ("t", _stop(proper)),
            ("z", plain(isbn)),
        )
        for label, isbn in ebooks
    ]


def _characters(title: EnglishTitle) -> list[Field]:
    if not title.title_han:
        return []
    responsibility = title.by_han
    return [
        field(
            "880",
            "1_",
            ("6", "100-01/$1"),
            ("a", f"{title.creator.han},"),
            ("d", title.creator.dates),
            ("e", "author."),
        ),
        field("880", "10", ("6", "245-02/$1"), ("a", f"{title.title_han} /"), ("c", f"{responsibility}.")),
        field(
            "880",
            "_1",
            ("6", "264-03/$1"),
            ("a", f"{title.place_han} :"),
            ("b", f"{title.publisher_han},"),
            ("c", f"[{title.year}]"),
        ),
    ]


def _item(title: EnglishTitle, place: str, barcode: str, count: int) -> Field:
    return field(
        "952",
        "__",
        ("0", "0"),
        ("1", "0"),
        ("2", "ddc"),
        ("4", "0"),
        ("7", "0"),
        ("a", place),
        ("b", place),
        ("c", "GEN"),
        ("d", f"{max(title.year, 2015)}-09-{10 + count}"),
        ("e", "Meridian Library Supply"),
        ("g", title.price),
        ("o", call_number(title)),
        ("p", barcode),
        ("t", str(count)),
        ("y", "BK"),
    )
