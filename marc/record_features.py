"""Numbers that tell two records of one book from two of different books: distances of texts, years, extents.

A feature is None where either record says nothing; the model knows what to make of that.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from rapidfuzz import fuzz
from rapidfuzz.distance import JaroWinkler

from marc import designations
from marc.record_view import RecordView

Feature = float | None


def features(one: RecordView, other: RecordView) -> list[Feature]:
    """The values in the order of ``NAMES``; the same whichever record comes first."""
    return [measure(one, other) for measure in MEASURES.values()]


# --- measures --------------------------------------------------------------------------------------------


def _both(measure: Callable[[str, str], float], one: str, other: str) -> Feature:
    return measure(one, other) / 100.0 if one and other else None


def _ratio(one: str, other: str) -> Feature:
    return _both(fuzz.ratio, one, other)


def _sorted(one: str, other: str) -> Feature:
    return _both(fuzz.token_sort_ratio, one, other)


def _set(one: str, other: str) -> Feature:
    return _both(fuzz.token_set_ratio, one, other)


def _partial(one: str, other: str) -> Feature:
    return _both(fuzz.partial_ratio, one, other)


def _begin(one: str, other: str) -> Feature:
    return JaroWinkler.similarity(one, other) if one and other else None


def _best(ones: Sequence[str], others: Sequence[str]) -> Feature:
    """The best likeness between any two texts of both sides."""
    if not ones or not others:
        return None
    return max(fuzz.token_sort_ratio(a, b) for a in ones for b in others) / 100.0


def _shared(ones: Collection[object], others: Collection[object]) -> Feature:
    """Jaccard: what both have of what either has."""
    left, right = set(ones), set(others)
    return len(left & right) / len(left | right) if left and right else None


def _same(one: object, other: object) -> Feature:
    return float(one == other) if one and other else None


def _said_by_both(one: object, other: object) -> Feature:
    """2 both say it, 1 one of them, 0 neither."""
    return float(bool(one)) + float(bool(other))


def _length(one: str, other: str) -> Feature:
    longest = max(len(one), len(other))
    return min(len(one), len(other)) / longest if longest else None


def _unmatched(one: str, other: str) -> Feature:
    """Letters of the longest word of either side that has nothing like it on the other."""
    if not one or not other:
        return None
    left, right = one.split(), other.split()
    return float(max(_longest_alone(left, right), _longest_alone(right, left)))


def _longest_alone(words: Sequence[str], others: Sequence[str]) -> int:
    there = set(others)
    joined = "".join(others)
    alone = [w for w in words if w not in there and w not in joined]
    return max((len(w) for w in alone if all(fuzz.ratio(w, o) < 80 for o in others)), default=0)


def _words_apart(one: str, other: str) -> Feature:
    """How many words stand in only one of the two."""
    left, right = set(one.split()), set(other.split())
    return float(len(left ^ right)) if left and right else None


def _numbers(words: str) -> set[str]:
    found = set()
    for word in words.split():
        value = word if word.isdigit() else str(designations.number_of(word) or "")
        if value:
            found.add(value.lstrip("0"))
    return found


def _numbers_apart(one: str, other: str) -> Feature:
    """Numbers (figures, roman, in words) that stand in only one of the two."""
    return float(len(_numbers(one) ^ _numbers(other))) if one and other else None


def _figures_apart(one: str, other: str) -> Feature:
    """Figures that stand in only one of the two; None where neither has any."""
    left, right = ({word for word in side.split() if word.isdigit()} for side in (one, other))
    return float(len(left ^ right)) if left or right else None


def _unlike(one: str, other: str) -> Feature:
    """Letters of all words of the shorter title that have nothing like them in the longer."""
    short, long = sorted((one.split(), other.split()), key=len)
    if not short:
        return None
    joined = "".join(long)
    return float(sum(len(w) for w in short if w not in joined and all(fuzz.ratio(w, o) < 80 for o in long)))


def _years_differ(one: RecordView, other: RecordView) -> Feature:
    """Years apart by what each says first: the imprint, else the coded date."""
    left, right = (side.imprint_years or side.coded for side in (one, other))
    return None if not left or not right else float(min(abs(a - b) for a in left[:1] for b in right[:1]))


def _nearest(ones: Sequence[int], others: Sequence[int]) -> Feature:
    return float(min(abs(a - b) for a in ones for b in others)) if ones and others else None


def _first_apart(ones: Sequence[int], others: Sequence[int]) -> Feature:
    return float(abs(ones[0] - others[0])) if ones and others else None


def _relative(one: float | None, other: float | None) -> Feature:
    if one is None or other is None:
        return None
    return abs(one - other) / max(one, other, 1.0)


def _most(numbers: Sequence[int]) -> int | None:
    return max(numbers, default=None)


def _mains(one: RecordView, other: RecordView) -> Feature:
    """The main entry of each in the other's names and statement of responsibility."""
    pairs = ((a.main, (*b.names, b.responsibility)) for a, b in ((one, other), (other, one)) if a.main)
    found = [
        max(fuzz.token_set_ratio(main, held) for held in places) for main, places in pairs if any(places)
    ]
    return min(found) / 100.0 if found else None


def _surname(one: RecordView, other: RecordView) -> Feature:
    """Whether the first word of each main entry stands in the other's names, responsibility or title."""
    found = []
    for a, b in ((one, other), (other, one)):
        if a.main:
            there = " ".join((*b.names, b.responsibility, b.title)).split()
            found.append(max((fuzz.ratio(a.main.split()[0], w) for w in there), default=0.0))
    return min(found) / 100.0 if found else None


def _edition_numbers(one: RecordView, other: RecordView) -> Feature:
    left, right = (designations.edition_number(side.edition) for side in (one, other))
    return None if left is None and right is None else float(abs((left or 1) - (right or 1)))


MEASURES: dict[str, Callable[[RecordView, RecordView], Feature]] = {
    "title_ratio": lambda a, b: _ratio(a.title, b.title),
    "title_sorted": lambda a, b: _sorted(a.title, b.title),
    "title_set": lambda a, b: _set(a.title, b.title),
    "title_partial": lambda a, b: _partial(a.title, b.title),
    "title_begin": lambda a, b: _begin(a.title, b.title),
    "title_length": lambda a, b: _length(a.title, b.title),
    "title_unmatched": lambda a, b: _unmatched(a.title, b.title),
    "title_words_apart": lambda a, b: _words_apart(a.title, b.title),
    "title_numbers_apart": lambda a, b: _numbers_apart(a.title, b.title),
    "title_figures_apart": lambda a, b: _figures_apart(a.title, b.title),
    "all_figures_apart": lambda a, b: _figures_apart(
        f"{a.title} {a.responsibility}", f"{b.title} {b.responsibility}"
    ),
    "title_unlike": lambda a, b: _unlike(a.title, b.title),
    "years_differ": lambda a, b: _years_differ(a, b),
    "title_words": lambda a, b: float(min(len(a.title.split()), len(b.title.split()))),
    "short_title_ratio": lambda a, b: _ratio(a.short_title, b.short_title),
    "short_title_set": lambda a, b: _set(a.short_title, b.short_title),
    "other_titles": lambda a, b: _best((a.short_title, *a.other_titles), (b.short_title, *b.other_titles)),
    "part_ratio": lambda a, b: _sorted(a.part, b.part),
    "part_said": lambda a, b: _said_by_both(a.part, b.part),
    "responsibility_ratio": lambda a, b: _ratio(a.responsibility, b.responsibility),
    "responsibility_set": lambda a, b: _set(a.responsibility, b.responsibility),
    "main_ratio": lambda a, b: _ratio(a.main, b.main),
    "main_said": lambda a, b: _said_by_both(a.main, b.main),
    "main_in_other": _mains,
    "main_surname": _surname,
    "main_life": lambda a, b: _shared(a.life, b.life),
    "names_best": lambda a, b: _best(a.names, b.names),
    "names_shared": lambda a, b: _set(" ".join(a.names), " ".join(b.names)),
    "edition_numbers": _edition_numbers,
    "edition_ratio": lambda a, b: _sorted(a.edition, b.edition),
    "edition_said": lambda a, b: _said_by_both(a.edition, b.edition),
    "place_first": lambda a, b: _partial(a.places[0], b.places[0]) if a.places and b.places else None,
    "place_best": lambda a, b: _set(" ".join(a.places), " ".join(b.places)),
    "publisher_core": lambda a, b: _core(a.publisher, b.publisher),
    "responsibility_unmatched": lambda a, b: _unmatched(a.responsibility, b.responsibility),
    "publisher_set": lambda a, b: _set(a.publisher, b.publisher),
    "publisher_ratio": lambda a, b: _ratio(a.publisher, b.publisher),
    "publisher_partial": lambda a, b: _partial(a.publisher, b.publisher),
    "country": lambda a, b: _same(a.country, b.country),
    "coded_first": lambda a, b: _first_apart(a.coded, b.coded),
    "coded_nearest": lambda a, b: _nearest(a.coded, b.coded),
    "coded_shared": lambda a, b: _shared(a.coded, b.coded),
    "imprint_first": lambda a, b: _first_apart(a.imprint_years, b.imprint_years),
    "imprint_nearest": lambda a, b: _nearest(a.imprint_years, b.imprint_years),
    "years_shared": lambda a, b: _shared(a.facts.years, b.facts.years),
    "year_latest": lambda a, b: _relative_year(a, b),
    "extent_ratio": lambda a, b: _ratio(a.extent, b.extent),
    "pages_apart": lambda a, b: _relative(_most(a.leaves), _most(b.leaves)),
    "pages_difference": lambda a, b: _difference(_most(a.leaves), _most(b.leaves)),
    "leaves_shared": lambda a, b: _shared(a.leaves, b.leaves),
    "leaves_nearest": lambda a, b: _nearest(a.leaves, b.leaves),
    "front_shared": lambda a, b: _shared(a.front, b.front),
    "pieces": lambda a, b: _relative(float(a.facts.pieces), float(b.facts.pieces)),
    "height": lambda a, b: _difference(a.facts.height_cm, b.facts.height_cm),
    "illustrated": lambda a, b: float(a.illustrated == b.illustrated),
    "series_best": lambda a, b: _best(a.series, b.series),
    "series_said": lambda a, b: _said_by_both(a.series, b.series),
    "series_numbers": lambda a, b: _shared(a.series_numbers, b.series_numbers),
    "subjects": lambda a, b: _shared(a.subjects, b.subjects),
    "language": lambda a, b: _same(a.language, b.language),
    "form": lambda a, b: float(a.form == b.form),
    "latest_year": lambda a, b: float(max((*a.facts.years, *b.facts.years), default=0)) or None,
}
NAMES = tuple(MEASURES)

_PUBLISHING = frozenset(
    [
        "the",
        "and",
        "of",
        "co",
        "company",
        "cie",
        "inc",
        "ltd",
        "limited",
        "llc",
        "press",
        "pub",
        "publ",
        "publisher",
        "publishers",
        "publishing",
        "publications",
        "books",
        "book",
        "house",
        "printing",
        "print",
        "printed",
        "office",
        "for",
        "sons",
        "son",
        "bros",
        "brothers",
        "verlag",
        "editions",
        "editora",
        "by",
    ]
)


def _core(one: str, other: str) -> Feature:
    """Of the words that name a publisher, the share of the shorter name that the longer has too."""
    left, right = (_named(side) for side in (one, other))
    if not left or not right:
        return None
    short, long = sorted((left, right), key=len)
    return sum(max(JaroWinkler.similarity(w, o) for o in long) >= 0.9 for w in short) / len(short)


def _named(publisher: str) -> list[str]:
    return [word for word in publisher.split() if word not in _PUBLISHING and len(word) > 1]


def _relative_year(one: RecordView, other: RecordView) -> Feature:
    return _difference(_most(one.facts.years), _most(other.facts.years))


def _difference(one: float | None, other: float | None) -> Feature:
    return None if one is None or other is None else abs(one - other)
