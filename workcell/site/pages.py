"""Pages: one Jinja2 environment for report, passports and cases, with everything escaped."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from workcell.site.words import words_of

_ENVIRONMENT = Environment(
    loader=PackageLoader("workcell.site", "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(template: str, language: str, **values: object) -> str:
    """A whole page in ``language``; the page stands alone but for its pictures."""
    return _ENVIRONMENT.get_template(template).render(words=words_of(language), **values)


def _moment(text: str) -> str:
    """An ISO 8601 time as date and time to the second, in its own zone."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at:%Y-%m-%d %H:%M:%S}{' UTC' if at.utcoffset() is not None and not at.utcoffset() else ''}"


def _clock(text: str) -> str:
    try:
        return f"{datetime.fromisoformat(text):%H:%M:%S.%f}"[:-3]
    except ValueError:
        return text


def _detail(body: Mapping[str, Any]) -> str:
    """An event's body in one line."""
    return json.dumps(dict(body), ensure_ascii=False, separators=(", ", ": "), default=str)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _spell(text: str) -> str:
    """A code as words, for a name that the tables don't have."""
    return text.replace("_", " ")


_ENVIRONMENT.filters.update(moment=_moment, clock=_clock, detail=_detail, percent=_percent, spell=_spell)
