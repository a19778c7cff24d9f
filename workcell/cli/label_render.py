"""`workcell label render`: a label or a sheet of labels as a file for a printer or to look at."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import label_print
from label_print import Label, Stock
from workcell.cli.label_spine import At, ProfileFile, spine_options
from workcell.cli.options import EXAMPLES
from workcell.cli.output import print_line
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import Profile, load_profile

_SHEET = EXAMPLES / "labels" / "sheet-a4-4x10.toml"
_SIZES = {"barcode": (50.0, 25.0), "spine": (25.0, 38.0)}


class Kind(StrEnum):
    """What is rendered."""

    BARCODE = "barcode"
    SPINE = "spine"
    SHEET = "sheet"


class Language(StrEnum):
    """In what language."""

    ZPL = "zpl"
    TSPL = "tspl"
    PDF = "pdf"
    PNG = "png"


def render(
    kind: Annotated[Kind, typer.Option(help="A barcode label, a spine label, or a sheet of either.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="The file to write.")],
    language: Annotated[
        Language | None, typer.Option(help="Printer language, or PDF or PNG; by the file's ending, else PNG.")
    ] = None,
    number: Annotated[str, typer.Option("--number", "--barcode", help="The number in the barcode.")] = "",
    symbology: Annotated[
        str,
        typer.Option(
            help="codabar, codabar_mod16, code39, code39_mod43, code128, "
            "ean13, qr or datamatrix; the profile's without."
        ),
    ] = "",
    text: Annotated[str, typer.Option("--text", help="Line above the barcode; the profile's without.")] = "",
    call_number: Annotated[str, typer.Option("--call-number", help="The call number of a spine label.")] = "",
    scheme: Annotated[str, typer.Option("--scheme", help="LCC, DDC, NLM, CLC or LOCAL.")] = "",
    template: Annotated[Path | None, typer.Option(help="A template instead of the usual label.")] = None,
    value: Annotated[
        list[str] | None, typer.Option(help="NAME=TEXT for the template; may be repeated.")
    ] = None,
    profile: ProfileFile = None,
    at: At = "",
    width_mm: Annotated[float | None, typer.Option(help="Width of the label.")] = None,
    height_mm: Annotated[float | None, typer.Option(help="Height of the label.")] = None,
    dpi: Annotated[
        int | None, typer.Option(min=100, max=1200, help="Dots an inch; 203 without a profile.")
    ] = None,
    copies: Annotated[int, typer.Option(min=1, max=99, help="How often the printer prints it.")] = 1,
    speed: Annotated[
        int | None, typer.Option(min=1, max=14, help="Inches a second; the printer's own without.")
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="ZPL: run lengths instead of plain hexadecimal.")
    ] = False,
    items: Annotated[
        Path | None, typer.Option(help="Sheet: a CSV file, a row an item; barcode, call_number …")
    ] = None,
    sheet: Annotated[
        Path | None, typer.Option(help="Sheet: page and labels as a file; A4, 4 by 10, without.")
    ] = None,
    labels: Annotated[Kind, typer.Option(help="Sheet: barcode or spine labels.")] = Kind.BARCODE,
    start: Annotated[int, typer.Option(min=1, help="Sheet: the first position, along the rows.")] = 1,
    used: Annotated[str, typer.Option(help="Sheet: positions without a label, such as 1,2,7-9.")] = "",
) -> None:
    """Render one label, or a sheet of labels, in a printer language, as PDF or as PNG at true size.

    A text that does not fit is an error that names its field; nothing is cut.
    """
    language = language or _language_of(output)
    shop = _Shop(profile, at, symbology, text, scheme, template, (width_mm, height_mm), dpi)
    if kind is not Kind.SHEET:
        given = {"barcode": number, "call_number": call_number, **_pairs(value or [])}
        label = shop.label(kind, {name: entry for name, entry in given.items() if entry})
        _write(output, _in_language(label, language, copies, speed, compact))
        return
    made = [shop.label(labels, row) for row in _rows(items)]
    if language in (Language.ZPL, Language.TSPL):
        _write(output, b"".join(_in_language(label, language, copies, speed, compact) for label in made))
        return
    page = label_print.load_sheet(sheet or _SHEET)
    if language is Language.PDF:
        _write(output, label_print.sheet_pdf(made, page, start, _positions(used)))
        return
    for nth, image in enumerate(label_print.sheet_images(made, page, start, _positions(used)), 1):
        _write(output if nth == 1 else output.with_stem(f"{output.stem}-{nth}"), image.png())


def _language_of(output: Path) -> Language:
    ending = output.suffix.lower().removeprefix(".")
    return Language(ending) if ending in set(Language) else Language.PNG


def _in_language(label: Label, language: Language, copies: int, speed: int | None, compact: bool) -> bytes:
    if language is Language.ZPL:
        return label.zpl(copies=copies, speed=speed, compact=compact)
    if language is Language.TSPL:
        return label.tspl(copies=copies, speed=speed)
    return label.pdf() if language is Language.PDF else label.png()


class _Shop:
    """Makes labels of items, as profile, template and options say."""

    def __init__(
        self,
        profile: Path | None,
        at: str,
        symbology: str,
        text: str,
        scheme: str,
        template: Path | None,
        size_mm: tuple[float | None, float | None],
        dpi: int | None,
    ) -> None:
        self._profile_file, self._at, self._scheme = profile, at, scheme
        self._profile: Profile | None = load_profile(profile) if profile else None
        self._template = label_print.load_template(template) if template else None
        self._size_mm = size_mm
        rules = self._profile.labels if self._profile else None
        self._symbology = symbology or (rules.copies[0].symbology if rules and rules.copies else "codabar")
        self._line = text or (rules.library_line if rules else "")
        self._dpi = dpi or (rules.dpi if rules else 203)

    def label(self, kind: Kind, item: Mapping[str, str]) -> Label:
        """One label of an item."""
        if self._template is not None:
            house: dict[str, str | Sequence[str]] = {
                "symbology": self._symbology, "library_line": self._line, **self._lines(item), **item,
            }  # fmt: skip
            return label_print.render(self._template, house, self._dpi)
        if kind is Kind.SPINE:
            lines = self._lines(item)["lines"]
            if not lines:
                raise BadInput("no call number", subject="--call-number", remedy="Give the call number.")
            return label_print.spine_label(lines, self._stock("spine"), self._dpi)
        if not item.get("barcode"):
            raise BadInput("no number for the barcode", subject="--number", remedy="Give the number.")
        return label_print.barcode_label(
            item["barcode"], self._symbology, self._line, self._stock("barcode"), self._dpi
        )

    def _lines(self, item: Mapping[str, str]) -> dict[str, Sequence[str]]:
        """The spine lines of an item: none without a call number."""
        if not item.get("call_number"):
            return {"lines": ()}
        scheme, options = spine_options(self._profile_file, self._at, item.get("scheme") or self._scheme)
        return {"lines": label_print.spine_lines(item["call_number"], scheme, options)}

    def _stock(self, kind: str) -> Stock:
        width, height = _SIZES[kind]
        if self._profile is not None:
            rules = self._profile.labels
            paper = rules.spine if kind == "spine" else rules
            width, height = paper.width_mm, paper.height_mm
        return Stock(self._size_mm[0] or width, self._size_mm[1] or height)


def _pairs(values: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for text in values:
        name, equals, content = text.partition("=")
        if not equals:
            raise BadInput("a value is NAME=TEXT", subject=text, remedy="Write it with an equals sign.")
        pairs[name.strip()] = content
    return pairs


def _rows(items: Path | None) -> list[dict[str, str]]:
    if items is None:
        raise BadInput("no items", subject="--items", remedy="Give a CSV file with a row an item.")
    try:
        with items.open(encoding="utf-8-sig", newline="") as file:
            rows = [{name: text or "" for name, text in row.items() if name} for row in csv.DictReader(file)]
    except UnicodeDecodeError as error:
        raise BadInput("not UTF-8", subject=str(items), remedy="Save it as UTF-8.") from error
    if not rows:
        raise BadInput("it has no rows", subject=str(items), remedy="Give a head row and a row an item.")
    return rows


def _positions(text: str) -> set[int]:
    positions: set[int] = set()
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            raise BadInput("positions are numbers", subject=part, remedy="Write them as 1,2,7-9.")
        positions.update(range(int(first), int(last or first) + 1))
    return positions


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    print_line(f"{path}: {len(data)} bytes")
