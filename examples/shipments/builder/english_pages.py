"""What is printed on and in an English book: cover, back cover, title page, copyright page, last page."""

from __future__ import annotations

import textwrap
from typing import Any

from builder.facts import EnglishShipment, EnglishTitle, Person, money, plain

_LINE = 58
_UNBROKEN = "\N{NO-BREAK SPACE}"
_COVER_LINE = 46
_SMALL_WORDS = frozenset(
    (
        "a",
        "an",
        "and",
        "as",
        "at",
        "but",
        "by",
        "for",
        "from",
        "in",
        "into",
        "nor",
        "of",
        "on",
        "or",
        "the",
        "to",
        "with",
    )
)
_PRINTED_IN = {"u": "the United States of America", "k": "Great Britain", " ": "Japan"}
_CATALOGING_IN_PUBLICATION = "Library of Congress Cataloging-in-Publication Data"


def printed_case(text: str) -> str:
    """Capitalise a title as a title page does: every word but the small ones inside."""
    words = text.split(" ")
    return " ".join(
        word if place and word in _SMALL_WORDS else word[:1].upper() + word[1:]
        for place, word in enumerate(words)
    )


def faces(shipment: EnglishShipment, title: EnglishTitle) -> dict[str, Any]:
    """Give the printed parts of a copy, with the keys of box.json."""
    publisher = title.publisher_name or shipment.publishers[title.publisher].name
    proper, subtitle = _printed_title(title), printed_case(title.subtitle)
    return {
        "addon": _addon(title),
        "language": title.language,
        "cover": {
            "title": proper,
            "subtitle": subtitle,
            "author": title.by[0],
            "publisher": publisher,
            "colour": title.colour,
            "plain": title.plain_cover,
        },
        "back_cover": textwrap.wrap(title.blurb, _COVER_LINE),
        "back_price": title.printed_price or (f"US ${title.price}" if title.price else None),
        "title_page": {
            "title": proper,
            "subtitle": subtitle,
            "responsibility": [line for by in title.by for line in textwrap.wrap(by, 44)],
            "edition": printed_case(title.edition) or None,
            "place": shipment.publishers[title.publisher].place,
            "publisher": publisher,
            "year": None,
            "volume": title.volume_printed,
            "series": printed_case(title.series) or None,
            "original_title": title.original,
        },
        "copyright_page": copyright_page(shipment, title),
        "last_page_text": _last_page(title),
    }


def _printed_title(title: EnglishTitle) -> str:
    return title.title if title.language != "eng" else printed_case(title.title)


def _addon(title: EnglishTitle) -> str | None:
    if title.addon == "price":
        return f"5{int(money(title.price) * 100):04}"
    return title.addon or None


def _last_page(title: EnglishTitle) -> list[str]:
    return [line for paragraph in title.last.split("\n") for line in textwrap.wrap(paragraph, _LINE)]


def copyright_page(shipment: EnglishShipment, title: EnglishTitle) -> list[str]:
    """Print the verso of the title page, line by line, in the style that ``title.cip`` names."""
    rights, address = _rights(title), _address(shipment, title)
    history = _history(title)
    opening = [address, rights] if title.cip in ("labelled", "control") else [rights, address]
    blocks = [*opening, history, *_CIP[title.cip](shipment, title), _foot(shipment, title)]
    return [line for block in blocks if block for line in (*block, "")][:-1]


def _rights(title: EnglishTitle) -> list[str]:
    owner = f"Copyright © {title.copyright or title.year} by {_owner(title)}"
    lines = title.rights or textwrap.wrap(owner, _LINE)
    return [*lines, "All rights reserved"]


def _owner(title: EnglishTitle) -> str:
    return title.by[0].removesuffix(" cho")


def _address(shipment: EnglishShipment, title: EnglishTitle) -> list[str]:
    publisher = shipment.publishers[title.publisher]
    return [f"Published by {title.publisher_name or publisher.name}", *publisher.lines]


def _history(title: EnglishTitle) -> list[str]:
    this = f"{title.edition} published {title.year}" if title.edition else f"Published {title.year}"
    return [line for text in (*title.history, this) for line in textwrap.wrap(text, _LINE)]


def _foot(shipment: EnglishShipment, title: EnglishTitle) -> list[str]:
    country = _PRINTED_IN[shipment.publishers[title.publisher].country[-1]]
    first = 1 + title.number % 3
    return [f"Printed in {country}", " ".join(str(number) for number in range(10, first - 1, -1))]


def _card(shipment: EnglishShipment, title: EnglishTitle) -> list[list[str]]:
    """Print the catalogue card that the Library of Congress supplied until 2015."""
    return [
        [
            _CATALOGING_IN_PUBLICATION,
            "",
            _stopped(_heading(title.creator, title.year)),
            *_hanging(_card_description(title), 2, 4),
            *_hanging("pages cm" if title.year >= 2013 else "p. cm.", 6, 6),
            *_hanging(_bibliography(title), 2, 4),
            *(f"  ISBN {isbn} ({name})" for isbn, name in title.isbns),
            *_hanging(_tracings(title), 2, 4),
            *_hanging(_classes(title), 2, 4),
            *_hanging(_printed_lccn(title), 30, 30),
        ]
    ]


def _card_description(title: EnglishTitle) -> str:
    responsibility = f"{_UNBROKEN}; ".join((title.by[0], *(by[0].lower() + by[1:] for by in title.by[1:])))
    edition = f" — {title.edition}." if title.edition else ""
    series = f" — ({printed_case(title.series)})" if title.series else ""
    return f"{_title_proper(title)} / {responsibility}.{edition}{series}"


def _title_proper(title: EnglishTitle) -> str:
    return f"{title.title} : {title.subtitle}" if title.subtitle else title.title


def _bibliography(title: EnglishTitle) -> str:
    if title.bib:
        return f"Includes bibliographical references{' and index' * title.index}."
    return "Includes index." if title.index else ""


def _tracings(title: EnglishTitle) -> str:
    topics = [f"{number}.{_UNBROKEN}{_stopped(text)}" for number, text in enumerate(_subjects(title, "—"), 1)]
    names = [_stopped(_heading(person, title.year)) for person in title.contributors]
    added = [
        f"{numeral}.{_UNBROKEN}{text}" for numeral, text in zip(_ROMAN, [*names, "Title."], strict=False)
    ]
    return "  ".join([*topics, *added])


_PRIME = "′"
_ROMAN = ("I", "II", "III", "IV", "V", "VI")


def _classes(title: EnglishTitle) -> str:
    edition = next(number for since, number in _DEWEY_EDITIONS if title.year >= since)
    return f"{title.lcc.replace(' ', '', 1)}   {title.ddc.replace('/', _PRIME)}—dc{edition}"


_DEWEY_EDITIONS = ((2011, "23"), (2003, "22"), (1996, "21"), (0, "20"))


def _printed_lccn(title: EnglishTitle) -> str:
    if len(title.lccn) == 8:
        return f"{title.lccn[:2]}-{int(title.lccn[2:])}"
    return title.lccn


def _labelled(shipment: EnglishShipment, title: EnglishTitle) -> list[list[str]]:
    """Print the block with labels that replaced the card in October 2015."""
    people = [title.creator, *title.contributors]
    names = " | ".join(f"{_before_role(_heading(person, title.year))} {person.role}." for person in people)
    publisher = shipment.publishers[title.publisher]
    imprint = f"{publisher.place} : {title.publisher_name or publisher.name}, {_imprint_date(title)}"
    series = f"Series: {title.series}" if title.series else ""
    description = " | ".join(
        filter(None, (_with_stop(title.edition), _stopped(imprint), series, _bibliography(title)))
    )
    numbers = [f"LCCN {title.lccn}", *(f"ISBN {plain(isbn)} ({_LABEL[name]})" for isbn, name in title.isbns)]
    subjects = " | ".join(_stopped(text) for text in _subjects(title, "--"))
    classification = f"LCC {title.lcc} | DDC {title.ddc}--dc23"
    block = [
        f"Names: {names}",
        f"Title: {_title_proper(title)} / {title.by[0]}.",
        f"Description: {description}",
        f"Identifiers: {' | '.join(numbers)}",
        f"Subjects: LCSH: {subjects}",
        f"Classification: {classification}",
        f"LC record available at https://lccn.loc.gov/{title.lccn}",
    ]
    lines = [line for text in block for line in textwrap.wrap(text, _LINE, break_on_hyphens=False)]
    return [[_CATALOGING_IN_PUBLICATION, *lines]]


_LABEL = {"pbk.": "paperback", "cloth": "cloth", "hardcover": "hardcover", "ebook": "ebook"}


def _before_role(heading: str) -> str:
    return heading if heading.endswith("-") else f"{heading},"


def _imprint_date(title: EnglishTitle) -> str:
    return f"[{title.year}]" if title.copyright in (None, title.year) else str(title.year)


def _with_stop(text: str) -> str:
    return _stopped(text) if text else ""


def _british(shipment: EnglishShipment, title: EnglishTitle) -> list[list[str]]:
    note = ["A catalogue record for this book is available", "from the British Library"]
    lccn = [f"Library of Congress Control Number: {title.lccn}"] if title.lccn else []
    return [note, [*lccn, *_isbn_lines(title)]]


def _control_number(shipment: EnglishShipment, title: EnglishTitle) -> list[list[str]]:
    return [[f"Library of Congress Control Number: {title.lccn}"], _isbn_lines(title)]


def _no_cip(shipment: EnglishShipment, title: EnglishTitle) -> list[list[str]]:
    return [_isbn_lines(title)]


def _isbn_lines(title: EnglishTitle) -> list[str]:
    return [f"ISBN {isbn} ({name.replace(' : ', ', ')})" for isbn, name in title.isbns]


_CIP = {
    "card": _card,
    "labelled": _labelled,
    "british": _british,
    "control": _control_number,
    "none": _no_cip,
}


def _heading(person: Person, year: int) -> str:
    dates = person.dates_in(year)
    return f"{person.name}, {dates}" if dates else person.name


def _stopped(text: str) -> str:
    return text if text.endswith((".", "-", ")", "]")) else f"{text}."


def _subjects(title: EnglishTitle, dash: str) -> list[str]:
    headings = [
        subject.rpartition(":")[2] if subject[:3].isdigit() else subject for subject in title.subjects
    ]
    return [_divided(heading, dash) for heading in headings]


def _divided(heading: str, dash: str) -> str:
    first, *parts = heading.split("$")
    return first + "".join(f" {part[1:]}" if part[0] in "dq" else dash + part[1:] for part in parts)


def _hanging(text: str, first: int, rest: int) -> list[str]:
    lines = textwrap.wrap(
        text, _LINE, initial_indent=" " * first, subsequent_indent=" " * rest, break_on_hyphens=False
    )
    return [line.replace(_UNBROKEN, " ") for line in lines]
