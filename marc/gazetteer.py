"""Names that ALA-LC joins when they stand in a Chinese title: places, countries, a few persons.

A name that is not in ``gazetteer.toml`` is romanised syllable by syllable, as any other word.
"""

from __future__ import annotations

from marc import table_file

_TABLE = table_file.load("gazetteer")

JURISDICTIONS = table_file.inverted(_TABLE["jurisdictions"])
"""Cities and provinces: 市, 省 or 县 behind one is its generic term."""

PLACES = JURISDICTIONS | table_file.inverted(_TABLE["countries"])
"""Cities, provinces, countries and continents."""

NAMES = PLACES | table_file.inverted(_TABLE["others"])
"""Every name with its romanisation."""

LONGEST = max(6, *(len(han) for han in NAMES))
"""No name takes more characters."""
