"""What physically lies in the boxes of a sample shipment, and the order in which it is fed.

``box.json`` is read by the twin alone; the product knows a book only through its cameras, printers and
readers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import AfterValidator, Field, ValidationError, model_validator

from workcell.kernel.errors import ConfigError
from workcell.kernel.tables import Table


def ean13_check_digit(first_twelve: str) -> str:
    """The check digit of an EAN-13 (GS1 General Specifications 7.9: weights 1 and 3 from the left)."""
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(first_twelve))
    return str(-total % 10)


def _is_ean13(text: str) -> str:
    if len(text) != 13 or not text.isdigit():
        raise ValueError("must be 13 digits without hyphens")
    if ean13_check_digit(text[:12]) != text[12]:
        raise ValueError(f"has check digit {text[12]} where {ean13_check_digit(text[:12])} is right")
    return text


Ean13 = Annotated[str, AfterValidator(_is_ean13)]
Millimetres = Annotated[float, Field(gt=0, le=600)]


class Cover(Table):
    """What stands on the front cover; ``plain`` is a cover without any lettering."""

    title: str = ""
    subtitle: str = ""
    author: str = ""
    publisher: str = ""
    colour: Annotated[str, Field(pattern=r"^#[0-9A-Fa-f]{6}$")] = "#345678"
    plain: bool = False


class TitlePage(Table):
    """What is printed on the title page, each value as printed."""

    title: str
    subtitle: str | None = None
    responsibility: tuple[str, ...] = ()
    edition: str | None = None
    place: str | None = None
    publisher: str | None = None
    year: str | None = None
    volume: str | None = None
    series: str | None = None
    original_title: str | None = None


class Title(Table):
    """One title in the box with ``copies`` equal copies.

    ``isbn`` is what the bars on the back cover say (None = no bars), ``addon`` the digits of an EAN-2 or
    EAN-5 beside them.  Dimensions are outer ones in millimetres.
    """

    title_id: str
    copies: Annotated[int, Field(ge=1, le=500)] = 1
    showcase: str | None = None
    isbn: Ean13 | None
    addon: Annotated[str, Field(pattern=r"^([0-9]{2}|[0-9]{5})$")] | None = None
    language: Annotated[str, Field(pattern=r"^[a-z]{3}$")]
    direction: Literal["ltr", "rtl"] = "ltr"
    binding: Literal["paperback", "hardback", "pamphlet", "slipcase"] = "paperback"
    height_mm: Millimetres
    width_mm: Millimetres
    thickness_mm: Millimetres
    weight_g: Annotated[float, Field(gt=0)]
    cover: Cover
    back_cover: tuple[str, ...] = ()
    back_price: str | None = None
    back_isbn_text: bool = True
    title_page: TitlePage
    copyright_page: tuple[str, ...] = ()
    colophon: tuple[str, ...] | None = None
    last_page_text: tuple[str, ...] = ()
    last_page_number: int | None = None
    slip: str | None = None
    insert: str | None = None
    expect: str = ""


class Box(Table):
    """A shipment's boxes, whole."""

    schema_: Literal["box/1"] = Field(alias="schema")
    titles: Annotated[tuple[Title, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _titles_differ(self) -> Box:
        names = [title.title_id for title in self.titles]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"title_id {', '.join(twice)} stands twice")
        return self


def load_box(path: Path) -> Box:
    """Read and validate ``box.json``; raises ConfigError naming file, key and remedy."""
    try:
        data: Any = json.loads(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise ConfigError("no such file", subject=str(path), remedy="Check the path.") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(
            f"can't be read ({error})", subject=str(path), remedy="Save it as UTF-8."
        ) from error
    except json.JSONDecodeError as error:
        raise ConfigError(f"not valid JSON ({error})", subject=str(path), remedy="Mend that line.") from error
    try:
        return Box.model_validate(data)
    except ValidationError as error:
        raise ConfigError(_problem(error, data), subject=str(path), remedy=_remedy(error)) from error


def _problem(error: ValidationError, data: Any) -> str:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"]) or "(whole file)"
    text = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].lower()
    return f"key {key}{_title_named(first['loc'], data)}: {text}"


def _title_named(place: tuple[int | str, ...], data: Any) -> str:
    if len(place) < 2 or place[0] != "titles" or not isinstance(place[1], int):
        return ""
    title = data["titles"][place[1]]
    return f" (title {title['title_id']})" if isinstance(title, dict) and "title_id" in title else ""


def _remedy(error: ValidationError) -> str:
    if error.errors()[0]["type"] == "extra_forbidden":
        return "Remove it or mend its spelling."
    return "Mend that value in box.json."


@dataclass(frozen=True)
class PackedBook:
    """One physical copy: ``name`` "copy-0001" in feeding order, ``number`` its count among its title's.

    ``faults`` maps a planned trouble to its parameter (see ``workcell.twin.faults``).
    """

    name: str
    title: Title
    number: int = 1
    faults: dict[str, Any] | None = None


def pack(box: Box, books: int, seed: int) -> list[PackedBook]:
    """The physical copies of a demo in feeding order.

    The rule: showcase titles come first, in an order drawn from ``seed``, each with all its copies, then
    the other titles likewise, until ``books`` copies lie in the pile (the last title may be cut short).
    When the shipment has fewer copies the same boxes are packed once more.  At last the pile is shuffled.
    """
    draw = np.random.default_rng([seed, 1])
    wanted: list[Title] = []
    while len(wanted) < books:
        for titles in _showcase_first(box):
            for index in draw.permutation(len(titles)):
                wanted += [titles[index]] * titles[index].copies
    pile = wanted[:books]
    return _numbered([pile[index] for index in draw.permutation(books)])


def _showcase_first(box: Box) -> tuple[list[Title], list[Title]]:
    shown = [title for title in box.titles if title.showcase]
    return shown, [title for title in box.titles if not title.showcase]


def _numbered(pile: Sequence[Title]) -> list[PackedBook]:
    seen: dict[str, int] = {}
    copies = []
    for place, title in enumerate(pile, start=1):
        seen[title.title_id] = seen.get(title.title_id, 0) + 1
        copies.append(PackedBook(name=f"copy-{place:04d}", title=title, number=seen[title.title_id]))
    return copies


def with_fault(book: PackedBook, kind: str, parameter: Any) -> PackedBook:
    """The same copy with one more planned trouble."""
    return replace(book, faults={**(book.faults or {}), kind: parameter})
