"""What a profile wants of labels: the spine lines of a copy, and every barcode label that goes on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from label_print.callnumber import LineOptions, LocalRules
from label_print.label import Label
from label_print.layout import Stock, Values, barcode_label, render, spine_label
from label_print.templates import SymbolField, Template, load_template
from workcell.kernel.errors import BadInput, ConfigError
from workcell.kernel.profile import CallNumberRules, LabelCopy, Labels, Location, SpineStock, Surface

_SAMPLE: Values = {"call_number": "1", "accession": "1", "lines": ("1",)}
"""What a station gives a template besides the number."""


def line_options(
    spine: SpineStock, location: Location, *, volume: str = "", year: str = "", copy: int | None = None
) -> LineOptions:
    """The lines around a call number and how it is broken, for one copy at ``location``."""
    values = {
        "location": location.code,
        "volume": volume,
        "year": year,
        "copy": _copy_line(spine, copy),
    }
    wanted = {name: text for name, text in values.items() if name in spine.lines}
    return LineOptions(
        **wanted,
        split_class=spine.split_class,
        decimals=spine.decimals,
        decimal_point=spine.decimal_point,
        local=local_rules(location.call_number),
    )


def local_rules(rules: CallNumberRules) -> LocalRules:
    """The rules of a location's own scheme; empty where it has none."""
    return LocalRules(rules.local_pattern, rules.local_rules)


def _copy_line(spine: SpineStock, copy: int | None) -> str:
    return "" if copy is None else spine.copy_line.replace("{copy}", str(copy))


@dataclass(frozen=True, eq=False)
class BookLabel:
    """One barcode label of a copy: surface, place in mm from its lower left, and the how-manieth on it."""

    surface: Surface
    x_mm: float
    y_mm: float
    copy: int
    label: Label


def labels_of_a_copy(rules: Labels, number: str, values: Values | None = None) -> Iterator[BookLabel]:
    """Every label with ``number`` that the profile puts on one copy, in the profile's order.

    Several on one surface are a pair: each is told from the other by ``copy``, counted from 1.  ``values``
    are what a template shows besides.  Raises BadInput when one can't be drawn, ConfigError for a template
    that can't be used.
    """
    seen: list[Surface] = []
    for one in rules.copies:
        seen.append(one.surface)
        label = _item_label(rules, one, number, values or {})
        yield BookLabel(one.surface, one.x_mm, one.y_mm, seen.count(one.surface), label)


def check_labels(rules: Labels, numbers: Sequence[str], file: Path) -> None:
    """Draw every item label for each number, and a spine label; what does not fit would stop every book.

    Raises ConfigError naming the profile ``file`` and the key.
    """
    for place, one in enumerate(rules.copies):
        for number in numbers:
            with _named(file, f"labels.copies.{place}"):
                _item_label(rules, one, number, _SAMPLE)
    with _named(file, "labels.spine"):
        spine_label_of(rules, ("1",), _SAMPLE)


@contextmanager
def _named(file: Path, key: str) -> Iterator[None]:
    """A label that can't be drawn, told by the file and key that ask for it."""
    try:
        yield
    except BadInput as error:
        raise ConfigError(
            f"key {key}: {error.what} ({error.subject})", subject=str(file), remedy=error.remedy
        ) from error


def spine_label_of(rules: Labels, lines: Sequence[str], values: Values | None = None) -> Label:
    """The spine label of a copy; raises as ``labels_of_a_copy``."""
    spine = rules.spine
    if spine.template:
        return render(_template(Path(spine.template)), {**_said(rules, values), "lines": lines}, rules.dpi)
    return spine_label(lines, Stock(spine.width_mm, spine.height_mm), rules.dpi)


def _item_label(rules: Labels, one: LabelCopy, number: str, values: Values) -> Label:
    line = one.text or rules.library_line
    if rules.template:
        own = {"barcode": number, "symbology": one.symbology, "library_line": line}
        template = _template(Path(rules.template))
        _must_carry(template, one.symbology, rules.template)
        return render(template, {**_said(rules, values), **own}, rules.dpi)
    return barcode_label(number, one.symbology, line, Stock(rules.width_mm, rules.height_mm), rules.dpi)


def _must_carry(template: Template, symbology: str, file: str) -> None:
    """The label is read back in the profile's symbology, so the template's number must stand in it."""
    for place, field in enumerate(template.fields):
        if (
            isinstance(field, SymbolField)
            and field.value == "{barcode}"
            and field.symbology not in ("{symbology}", symbology)
        ):
            raise ConfigError(
                f"key fields.{place}.symbology: {field.symbology}, where labels.copies say {symbology}",
                subject=file,
                remedy=f'Write "{{symbology}}" here, or symbology = "{field.symbology}" in the profile.',
            )


def _said(rules: Labels, values: Values | None) -> dict[str, str | Sequence[str]]:
    return {"library_line": rules.library_line, **(values or {})}


@lru_cache(maxsize=16)
def _template(path: Path) -> Template:
    return load_template(path)
