"""The profile: how this library wants its books done.

``profile.toml`` is data; every key is validated and an error names the file, the key and the remedy.
Surfaces are where a label or stamp goes on a copy.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from workcell.kernel.errors import ConfigError
from workcell.kernel.symbologies import ITEM_SYMBOLOGIES, SymbologyName
from workcell.kernel.tables import FileBeside, Table, load_toml, wrong


class Surface(StrEnum):
    """Where a label or stamp sits (the same words as in the PLC's unit commands)."""

    FRONT = "front"
    BACK = "back"
    SPINE = "spine"
    TITLE_PAGE = "title_page"
    TITLE_VERSO = "title_verso"
    INSIDE_BACK_COVER = "inside_back_cover"
    EDGE = "edge"


class Autonomy(StrEnum):
    """How far the machine may go alone for a kind of decision."""

    WATCH = "watch"
    CONFIRM = "confirm"
    AUTO = "auto"


class Agency(Table):
    """Who catalogues: agency code (040/801), ISIL (owner in the tag), language of cataloguing (MARC code)."""

    code: str
    isil: str
    language: str = "eng"


class AddedField(Table):
    """A field put into every record: tag, two indicators and subfields as ``[["a", "text"], …]``."""

    tag: Annotated[str, Field(pattern=r"^[0-9]{3}$")]
    indicators: Annotated[str, Field(min_length=2, max_length=2)] = "  "
    subfields: tuple[tuple[str, str], ...]


ItemValue = Literal[
    "agency", "branch", "shelf", "barcode", "accession", "call_number", "prefix", "class", "book_number",
    "scheme", "copy", "copies", "volume", "price", "money", "currency", "source", "date", "compact_date",
    "item_type",
]  # fmt: skip
"""What a subfield of an item field may hold."""


class Records(Table):
    """Format and house rules of the records that leave.

    ``protected`` fields of a record on file are never touched; ``stripped`` fields are taken out of vendor
    and remote records.  Both take tags with ``.`` as a wildcard ("9..").  ``sources`` is the order in which
    record sources are asked.  ``item_field`` is where item data go (952, 949, 852, 905, 995).
    ``han`` says how Chinese stands in MARC 21: "paired" with romanisation (880) or "alone".
    ``threshold`` is the score from which a candidate counts as this book; ``margin`` how far it must lead.
    ``relators`` says how roles stand in drafted MARC 21: as RDA terms ($e), MARC codes ($4) or both;
    ``series`` whether drafted series are traced (490 1_ with 830).  ``pinyin`` is how CNMARC carries it:
    "nlc" ($9), "calis" ($A, $E, $F) or "none".  ``provenance`` is how a drafted MARC 21 record says where
    it is from: one 883, one for each page linked to its fields by $8, or none.
    ``item_subfields`` says which subfield of the item field takes what, instead of the usual table of that
    field; ``item_grouping`` whether each copy has a field of its own or all copies at a location share one.
    ``authority_links`` puts $0 of an authority record to a heading that is exactly its own.
    ``minimum_score`` is the score below which `marc validate` reports a record; 0 asks for nothing.
    """

    format: Literal["marc21", "cnmarc"] = "marc21"
    sources: tuple[str, ...] = ("order", "catalogue", "vendor")
    protected: tuple[str, ...] = ()
    stripped: tuple[str, ...] = ()
    added: tuple[AddedField, ...] = ()
    item_field: Literal["952", "949", "852", "905", "995"] = "952"
    item_subfields: dict[str, ItemValue] = Field(default_factory=dict)
    item_grouping: Literal["copy", "location"] = "copy"
    han: Literal["paired", "alone"] = "paired"
    relators: Literal["term", "code", "both"] = "term"
    series: Literal["untraced", "traced"] = "untraced"
    pinyin: Literal["nlc", "calis", "none"] = "nlc"
    provenance: Literal["summary", "linked", "none"] = "summary"
    authority_links: bool = False
    threshold: Annotated[float, Field(ge=0.5, le=1.0)] = 0.85
    margin: Annotated[float, Field(ge=0.0, le=0.5)] = 0.05
    minimum_score: Annotated[float, Field(ge=0.0, le=100.0)] = 0.0


class AutonomyRules(Table):
    """Autonomy for each kind of decision."""

    order_record: Autonomy = Autonomy.AUTO
    existing: Autonomy = Autonomy.AUTO
    copy_record: Autonomy = Autonomy.AUTO
    upgrade_cip: Autonomy = Autonomy.CONFIRM
    draft: Autonomy = Autonomy.CONFIRM
    volume: Autonomy = Autonomy.CONFIRM


def _must_compile(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is not a regular expression: {error}") from error


class CallNumberRules(Table):
    """Scheme and book number of a location's call numbers.

    ``book_number`` is "cutter" (LC table G63), "cutter_sanborn" (three-figure author table), "sequence"
    (种次号), "four_corner" (四角号码), "author_table" (the library's own table,
    ``author_table``, a CSV file of headings and numbers beside the profile) or "none".
    A class number that no record and no CIP block gives is suggested from the catalogue; a suggestion whose
    confidence reaches ``suggest_from`` is assigned, others are only shown (1.0 = always only shown).
    For the scheme LOCAL, ``local_pattern`` is a regular expression whose groups are the lines of the spine
    label; ``local_rules`` are replacements (pattern, text with line breaks) for what it does not fit.
    """

    scheme: Literal["LCC", "DDC", "NLM", "CLC", "LOCAL"] = "DDC"
    book_number: Literal["cutter", "cutter_sanborn", "sequence", "four_corner", "author_table", "none"] = (
        "cutter"
    )
    author_table: FileBeside = ""
    suggest_from: Annotated[float, Field(ge=0.5, le=1.0)] = 1.0
    prefix: str = ""
    suffix: str = ""
    local_pattern: str = ""
    local_rules: tuple[tuple[str, str], ...] = ()

    @model_validator(mode="after")
    def _check(self) -> CallNumberRules:
        if self.book_number == "author_table" and not self.author_table:
            raise ValueError(
                "book_number author_table needs author_table, a CSV file of headings and numbers"
            )
        for pattern in (self.local_pattern, *(pattern for pattern, _ in self.local_rules)):
            _must_compile(pattern)
        return self


class NumberRange(Table):
    """A range of numbers: first to last serial, and how a number is written.

    ``scheme`` "codabar14" writes type, institution (four digits), eight-digit serial and mod-10 check digit;
    "plain" writes ``prefix`` and the serial padded to ``width``.
    """

    scheme: Literal["codabar14", "plain"]
    prefix: str = ""
    institution: Annotated[str, Field(pattern=r"^([0-9]{4})?$")] = ""
    item_type_digit: Literal["2", "3"] = "3"
    width: int = 8
    first: Annotated[int, Field(ge=1)] = 1
    last: Annotated[int, Field(ge=1)] = 999_999_999

    @model_validator(mode="after")
    def _check(self) -> NumberRange:
        if self.scheme == "codabar14" and not self.institution:
            raise ValueError("codabar14 needs institution (four digits)")
        if self.last < self.first:
            raise ValueError("last is below first")
        return self


class Location(Table):
    """A shelving location, what its items are, where on the line they leave, and how many copies it takes.

    ``copies`` is how many copies of a title it takes in turn when the order does not say (0 = only when
    ordered for it).  From ``oversize_cm`` on a book is shelved under ``oversize_prefix``.
    ``branch`` is the code of the branch in item fields where it is not the location's own code, which then
    stands as shelving location.  ``item_numbers`` is a range of item barcodes of its own (a branch's prefix)
    in place of ``numbers.item``.
    """

    code: str
    name: str
    branch: str = ""
    item_type: str = "BK"
    call_number: CallNumberRules = CallNumberRules()
    oversize_cm: int | None = None
    oversize_prefix: str = ""
    copies: int = 1
    bin: str
    item_numbers: NumberRange | None = None


class Numbers(Table):
    """Ranges for item barcodes and accession numbers.

    ``preprinted`` says that item labels come from rolls that were printed elsewhere and registered
    (`workcell numbers roll`): none is printed, and a copy has the number of the label that was put on it.
    """

    item: NumberRange
    accession: NumberRange
    preprinted: bool = False


class LabelCopy(Table):
    """One label with the item barcode: where it goes (mm from the surface's lower left) and its symbol."""

    surface: Surface
    x_mm: float
    y_mm: float
    symbology: SymbologyName = "codabar"
    text: str = ""

    @field_validator("symbology", mode="before")
    @classmethod
    def _is_told_from_the_isbn(cls, symbology: object) -> object:
        if symbology == "ean13":
            raise wrong(
                "an EAN-13 on a book is its ISBN; the item's label could not be told from it",
                "Take code128, or qr or datamatrix for a small label.",
            )
        return symbology


class SpineStock(Table):
    """Spine label stock and lettering, in mm; ``bottom_mm`` is the distance from the foot of the spine.

    A spine thinner than ``min_thickness_mm`` puts the label on ``thin_surface`` instead.
    ``split_class`` sets class letters above the class number; ``decimals`` breaks a class number that has
    more decimals after every so many (0 never), with the point "below" on the next line or "beside" the whole
    number (``decimal_point``).  ``lines`` are what stands on lines of its own around the call number;
    ``copy_line`` is how the copy's number is written there.  ``template`` is a file beside the profile that
    says what stands where instead of the lines alone.
    """

    width_mm: float = 25.0
    height_mm: float = 38.0
    bottom_mm: float = 12.7
    min_thickness_mm: float = 12.0
    thin_surface: Surface = Surface.FRONT
    split_class: bool = True
    decimals: Annotated[int, Field(ge=0, le=12)] = 0
    decimal_point: Literal["below", "beside"] = "below"
    lines: tuple[Literal["location", "volume", "year", "copy"], ...] = ("volume",)
    copy_line: str = "c.{copy}"
    template: FileBeside = ""

    @field_validator("copy_line")
    @classmethod
    def _has_a_place_for_the_number(cls, copy_line: str) -> str:
        if "{copy}" not in copy_line:
            raise wrong("it lacks {copy}, the copy's number", "Write c.{copy}.")
        return copy_line


class Labels(Table):
    """Label stock and copies; ``dpi`` of the printers, ``copies`` one entry a label on the book.

    ``template`` is a file beside the profile that says what stands where instead of library line, symbol and
    number.
    At verify bars and lettering may reach ``tolerance_mm`` out of their label's place; 0 leaves it unproven.
    """

    dpi: Literal[203, 300] = 203
    width_mm: float = 50.0
    height_mm: float = 25.0
    library_line: str = ""
    tolerance_mm: Annotated[float, Field(ge=0)] = 6.0
    template: FileBeside = ""
    copies: tuple[LabelCopy, ...]
    spine: SpineStock = SpineStock()


class Stamp(Table):
    """One collection stamp: surface and centre in mm from the surface's lower left.

    At verify its centre may be ``tolerance_mm`` off along either side; 0 leaves its place unproven.
    """

    surface: Surface
    x_mm: float
    y_mm: float
    tolerance_mm: Annotated[float, Field(ge=0)] = 10.0


_TAG_ELEMENTS = {
    "28560-2": {3, 5, 6, 8},
    "28560-3": {3, 5},
    "28560-4": {3, 5, 6, 8},
    "cultu": {3, 5, 6},
}
"""Which elements each data model has a place for."""


class TagPolicy(Table):
    """What is written into a tag (ISO 28560 / GB/T 35660; cultu: Chinese university libraries, UHF).

    ``elements`` lists relative OIDs beside PII (1) and the content parameter (2), which are always there:
    owner institution (3), type of usage (5), shelf location (6), MARC media format (8).
    A tag that is not blank: "refuse" sends the book to a person, "overwrite" takes one whose number this
    library has voided, "adopt" one that holds no item number as well (a factory's test data, a web address).
    """

    model: Literal["28560-2", "28560-3", "28560-4", "cultu"] = "28560-2"
    elements: tuple[Literal[3, 5, 6, 8], ...] = (3, 5)
    type_of_usage: Annotated[str, Field(pattern="^[0-9A-Fa-f]{2}$")] = "10"
    afi_on_shelf: Annotated[int, Field(ge=0, le=0xFF)] = 0x07
    lock: bool = False
    not_blank: Literal["refuse", "overwrite", "adopt"] = "refuse"

    @model_validator(mode="after")
    def _check(self) -> TagPolicy:
        strange = sorted(set(self.elements) - _TAG_ELEMENTS[self.model])
        if strange:
            raise ValueError(f"{self.model} has no place for elements {', '.join(map(str, strange))}")
        if self.lock and self.model != "28560-2":
            raise ValueError(f"{self.model} has no elements that can be locked by themselves")
        if self.model == "cultu" and self.afi_on_shelf not in (0x07, 0xC2):
            raise ValueError("cultu knows afi_on_shelf 7 (in the library) and 194 (on loan) alone")
        return self


class Registers(Table):
    """Registers at the close of a batch; ``decimals`` of money and how a set's price is shared."""

    kinds: tuple[Literal["individual", "summary"], ...] = ("individual",)
    decimals: int = 2
    set_price: Literal["shared", "first_volume"] = "shared"


class SpotCheck(Table):
    """A random sample of what was released goes to the bin ``bin``, where a person looks at it.

    ``share`` of a batch's copies, but ``least`` of them at least.  A layout without that bin has no sample.
    """

    bin: str = "check"
    share: Annotated[float, Field(gt=0.0, le=1.0)] = 0.02
    least: Annotated[int, Field(ge=0)] = 5


class Operations(Table):
    """Operations that can be switched off."""

    measure: bool = True
    pages: bool = True
    stamp: bool = True
    barcode_label: bool = True
    spine_label: bool = True
    rfid: bool = True
    spot_check: bool = True


class Retention(Table):
    """How long images of text pages are kept after delivery; hashes stay."""

    images_days: int = 90


class Profile(Table):
    """A library's profile, whole."""

    schema_: Literal["profile/1"] = Field(alias="schema")
    name: str
    language: Literal["en", "zh"] = "en"
    agency: Agency
    records: Records = Records()
    autonomy: AutonomyRules = AutonomyRules()
    locations: Annotated[tuple[Location, ...], Field(min_length=1)]
    numbers: Numbers
    labels: Labels
    stamps: tuple[Stamp, ...] = ()
    tag: TagPolicy = TagPolicy()
    registers: Registers = Registers()
    operations: Operations = Operations()
    retention: Retention = Retention()
    spot_check: SpotCheck = SpotCheck()
    review_bin: str = "review"
    reject_bin: str = "reject"

    @model_validator(mode="after")
    def _labels_carry_the_numbers(self) -> Profile:
        for place, copy in enumerate(self.labels.copies):
            symbology = ITEM_SYMBOLOGIES[copy.symbology]
            for key, range_ in self._item_ranges():
                if symbology.carries.fullmatch(f"{range_.prefix}0") is None:
                    raise wrong(
                        f"{copy.symbology} carries {symbology.words}, not {range_.prefix!r}, with which the "
                        f"numbers of {key} begin",
                        "Take code128, which carries every number, or another prefix.",
                        f"labels.copies.{place}.symbology",
                    )
        return self

    def _item_ranges(self) -> Iterator[tuple[str, NumberRange]]:
        """Every way in which item numbers are written, with its key."""
        yield "numbers.item", self.numbers.item
        for place, location in enumerate(self.locations):
            if location.item_numbers is not None:
                yield f"locations.{place}.item_numbers", location.item_numbers

    def item_ranges(self) -> tuple[NumberRange, ...]:
        """Every way in which item numbers are written here."""
        return tuple(range_ for _, range_ in self._item_ranges())

    def location(self, code: str) -> Location:
        """The location ``code``; raises ConfigError."""
        for location in self.locations:
            if location.code == code:
                return location
        known = ", ".join(location.code for location in self.locations)
        raise ConfigError(f"no location {code!r}", subject=self.name, remedy=f"The profile has: {known}.")


def load_profile(path: Path) -> Profile:
    """Read and validate a profile; raises ConfigError naming file, key and remedy.

    Files that it names are looked for beside it, wherever the command is run.
    """
    return load_toml(path, Profile)
