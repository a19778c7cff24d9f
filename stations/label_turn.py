"""How the print on a label is turned once the label is on the book: by its template, else not at all."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import label_print
from workcell.kernel.profile import Labels


def symbol_turn(rules: Labels) -> int:
    """Quarter turns clockwise of an item label's symbol."""
    return _turn(rules.template, "symbol") if rules.template else 0


def spine_turn(rules: Labels) -> int:
    """Quarter turns clockwise of a spine label's lettering."""
    return _turn(rules.spine.template, "lines", "text") if rules.spine.template else 0


@lru_cache(maxsize=16)
def _turn(file: str, *kinds: str) -> int:
    """The turn of the template's first field of the first of these kinds that it has."""
    template = label_print.load_template(Path(file))
    fields = [field for kind in kinds for field in template.fields if field.kind == kind]
    own = fields[0].rotation if fields else 0
    return (template.rotation + own) // 90 % 4
