"""Label templates: what stands where on a label, as data.

A template is a TOML file (``schema = "label/1"``).  Lengths are millimetres from the label's upper left as
it is read; ``rotation`` of the template says how far it is turned clockwise as it leaves the printer.
Values stand in braces: ``value = "{barcode}"``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from PIL import ImageColor
from pydantic import Field, field_validator, model_validator

from workcell.kernel.tables import FileBeside, Table, load_toml

Rotation = Literal[0, 90, 180, 270]
Align = Literal["left", "centre", "right"]
Millimetres = Annotated[float, Field(ge=0)]
Size = Annotated[float, Field(gt=0)]


class Placed(Table):
    """Where a field stands; an ``optional`` one is left out when its values are missing or empty."""

    name: str
    x_mm: Millimetres
    y_mm: Millimetres
    width_mm: Size
    height_mm: Size
    rotation: Rotation = 0
    optional: bool = False


class Lettering(Placed):
    """How text is set: as large as the field allows between two type sizes; ``font`` for fontconfig."""

    align: Align = "left"
    valign: Literal["top", "middle", "bottom"] = "middle"
    smallest_mm: Size = 1.9
    largest_mm: Size = 6.4
    font: str = ""


class TextField(Lettering):
    """A text on one line, or with ``wrap`` on as many as it needs."""

    kind: Literal["text"]
    value: str
    wrap: bool = False


class LinesField(Lettering):
    """Lines in one type size; ``value`` names a list of lines, such as a call number's."""

    kind: Literal["lines"]
    value: str = "lines"


class SymbolField(Placed):
    """A barcode with its quiet zones inside the field.

    A module is between ``narrowest_mm`` and ``widest_mm``, linear bars at least ``lowest_mm`` high.
    """

    kind: Literal["symbol"]
    value: str
    symbology: str
    narrowest_mm: Size = 0.19
    widest_mm: Size = 0.5
    lowest_mm: Size = 5.0


class PictureField(Placed):
    """A logo: a picture file beside the template; darker than ``threshold`` is printed."""

    kind: Literal["picture"]
    file: FileBeside
    threshold: Annotated[int, Field(ge=1, le=255)] = 128


AnyField = Annotated[TextField | LinesField | SymbolField | PictureField, Field(discriminator="kind")]


class Template(Table):
    """A label whole: its stock, turn and fields.  ``colour`` of the stock shows in previews only."""

    schema_: Literal["label/1"] = Field(alias="schema")
    name: str
    width_mm: Size
    height_mm: Size
    rotation: Rotation = 0
    colour: str = "white"
    fields: Annotated[tuple[AnyField, ...], Field(min_length=1)]

    @field_validator("colour")
    @classmethod
    def _is_colour(cls, colour: str) -> str:
        ImageColor.getrgb(colour)
        return colour

    @model_validator(mode="after")
    def _fields_lie_on_the_label(self) -> Template:
        names = [field.name for field in self.fields]
        if len(set(names)) != len(names):
            raise ValueError("two fields have one name")
        for field in self.fields:
            if field.x_mm + field.width_mm > self.width_mm + 1e-6:
                raise ValueError(f"field {field.name} is wider than the label leaves room")
            if field.y_mm + field.height_mm > self.height_mm + 1e-6:
                raise ValueError(f"field {field.name} is higher than the label leaves room")
        return self


def load_template(path: Path) -> Template:
    """Read and validate a template; raises ConfigError naming file, key and remedy."""
    return load_toml(path, Template)
