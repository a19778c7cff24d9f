"""Is this record this book?  A score from 0 to 1 that explains itself field by field.

Each field adds its weight to a sum of log-odds: a positive one where evidence and record agree, a negative
one where they differ, nothing where either is silent.  What the camera is unsure of weighs less.  The
weights below were set by hand; they are one table, so that a trained one can take its place.

An ISBN alone never makes a match: publishers reuse, misprint and share them, so without an agreeing title
the score stays below every threshold that a profile may set.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from marc import designations, isbn, text
from marc.facts import RecordFacts
from workcell.kernel.evidence import Evidence, FieldValue
from workcell.kernel.model import FieldComparison, Verdict

_PRIOR = -4.0
_WITHOUT_TITLE = 0.45
"""Ceiling of the score when the title is missing on either side or differs: below any allowed threshold."""

_WITHOUT_ISBN = 0.8
"""Ceiling where no ISBN agrees and the year is not the same, or another telling field differs.

Nothing else tells a reprint or another edition of the same pages from this one.
"""
_TELLING = ("names", "edition", "publisher", "year", "pages")


@dataclass(frozen=True)
class Weights:
    """Log-odds of one field by verdict; what is missing weighs nothing."""

    agree: float
    doubtful: float
    differ: float

    def of(self, verdict: Verdict) -> float:
        """The weight of a verdict."""
        table = {Verdict.AGREE: self.agree, Verdict.DOUBTFUL: self.doubtful, Verdict.DIFFER: self.differ}
        return table.get(verdict, 0.0)


WEIGHTS = {
    "isbn": Weights(agree=4.5, doubtful=1.0, differ=-4.5),
    "title": Weights(agree=5.0, doubtful=-2.0, differ=-7.0),
    "subtitle": Weights(agree=0.5, doubtful=-0.3, differ=-2.0),
    "names": Weights(agree=2.0, doubtful=0.0, differ=-3.0),
    "edition": Weights(agree=0.7, doubtful=-1.5, differ=-5.0),
    "volume": Weights(agree=1.0, doubtful=-0.5, differ=-7.0),
    "publisher": Weights(agree=0.9, doubtful=0.0, differ=-1.5),
    "year": Weights(agree=0.9, doubtful=-0.3, differ=-2.5),
    "binding": Weights(agree=0.2, doubtful=0.0, differ=-2.5),
    "carrier": Weights(agree=0.0, doubtful=-1.0, differ=-3.5),
    "pages": Weights(agree=0.6, doubtful=-0.2, differ=-1.5),
    "height": Weights(agree=0.2, doubtful=0.0, differ=-0.8),
    "language": Weights(agree=0.1, doubtful=0.0, differ=-2.5),
}

_HARD = ("hard", "cloth", "hbk", "hb", "bound", "casebound", "精装", "精")
_SOFT = ("paper", "pbk", "pb", "soft", "平装", "平", "brosch")


@dataclass(frozen=True)
class Match:
    """The score of one record with its explanation, in the order in which a cataloguer would look."""

    score: float
    fields: dict[str, FieldComparison]

    def verdict(self, name: str) -> Verdict:
        """The verdict on a field; MISSING when it was not compared."""
        held = self.fields.get(name)
        return held.verdict if held else Verdict.MISSING


def compare(evidence: Evidence, facts: RecordFacts) -> Match:
    """Score a record against a book's evidence."""
    fields = {}
    for name, look in _LOOKS.items():
        found = look(evidence, facts)
        if found is None:
            continue
        weight = WEIGHTS[name].of(found.verdict) * found.confidence
        fields[name] = FieldComparison(found.seen, found.record, found.verdict, round(weight, 3))
    odds = _PRIOR + sum(field.weight for field in fields.values())
    score = 1.0 / (1.0 + math.exp(-odds))
    return Match(round(min(score, _ceiling(fields)), 4), fields)


def _ceiling(fields: dict[str, FieldComparison]) -> float:
    """What no sum of other agreements lifts a score above."""
    verdicts = {name: field.verdict for name, field in fields.items()}
    if verdicts.get("title", Verdict.MISSING) in (Verdict.MISSING, Verdict.DIFFER):
        return _WITHOUT_TITLE
    differing = any(verdicts.get(name) is Verdict.DIFFER for name in _TELLING)
    if verdicts.get("isbn") is not Verdict.AGREE and (differing or verdicts.get("year") is Verdict.DOUBTFUL):
        return _WITHOUT_ISBN
    return 1.0


def title_likeness(evidence: Evidence, facts: RecordFacts) -> float:
    """How well the title seen fits any form of the record's title, 0 to 1; 0 when none was seen."""
    seen = _title_forms(evidence)
    if not seen:
        return 0.0
    held = [facts.title, facts.full_title, *facts.titles]
    if facts.volume_title:
        held += [facts.volume_title, f"{facts.title} {facts.volume_title}"]
    return max(text.similarity(one, other) for one in seen for other in held if other) if any(held) else 0.0


def titles_alike(evidence: Evidence, title: str) -> float:
    """How well the title seen fits a bare title, with or without its subtitle, 0 to 1."""
    if not title.strip():
        return 0.0
    return max((text.similarity(one, title) for one in _title_forms(evidence)), default=0.0)


def short_title_fits(evidence: Evidence, title: str) -> bool:
    """Whether one of the titles is the beginning of the other, as order lines cut them."""
    return any(_begins_with(title, one) or _begins_with(one, title) for one in _title_forms(evidence))


def title_verdict(likeness: float, seen: str) -> Verdict:
    """What a likeness of titles means.

    In a Chinese title of four characters or less one misread character is a quarter of it and more, so
    that doubt reaches further down.
    """
    short = text.has_han(seen) and len(text.tight(seen)) <= 4
    if likeness >= 0.84:
        return Verdict.AGREE
    return Verdict.DOUBTFUL if likeness >= (0.5 if short else 0.62) else Verdict.DIFFER


def evidence_isbns(evidence: Evidence) -> list[str]:
    """The book's ISBN-13s: the accepted one first, then the others that pass their check digits."""
    found = [evidence.isbn.value] if evidence.isbn else []
    found += [field.normalised or field.value for field in evidence.many("isbn")]
    return list(dict.fromkeys(number for number in map(isbn.normalise, found) if number))


def misprinted_isbns(evidence: Evidence) -> list[str]:
    """Numbers printed as ISBNs whose check digit is wrong, compacted."""
    found = [isbn.misprinted(field.value) for field in evidence.many("isbn")]
    return list(dict.fromkeys(number for number in found if number))


# --- one look a field ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Look:
    seen: str
    record: str
    verdict: Verdict
    confidence: float = 1.0


def _isbn(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence_isbns(evidence)
    held = " ".join(dict.fromkeys(entry.isbn13 or entry.written for entry in facts.isbns))
    if not seen:
        return _misprint(evidence, facts, held)
    certain = evidence.isbn is not None and evidence.isbn.accepted
    sure = evidence.isbn.confidence if evidence.isbn and certain else 0.6
    if not any(entry.isbn13 for entry in facts.isbns):
        return _Look(seen[0], held, Verdict.MISSING)
    # Of the numbers listed in a CIP block only the book's own counts, once it is known for certain: the
    # others are other bindings, which may have records of their own.
    for number in seen[:1] if certain else seen:
        entry = facts.isbn(number)
        if entry:
            doubtful = entry.cancelled or entry.electronic
            return _Look(number, entry.written, Verdict.DOUBTFUL if doubtful else Verdict.AGREE, sure)
    return _Look(seen[0], held, Verdict.DIFFER, sure)


def _misprint(evidence: Evidence, facts: RecordFacts, held: str) -> _Look | None:
    wrong = misprinted_isbns(evidence)
    if not wrong:
        return None
    known = any(isbn.compact(entry.written) in wrong for entry in facts.isbns)
    return _Look(wrong[0], held, Verdict.DOUBTFUL if known else Verdict.MISSING)


def _title(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("title")
    if seen is None or not seen.value.strip():
        return _Look("", facts.full_title, Verdict.MISSING)
    likeness = title_likeness(evidence, facts)
    verdict = title_verdict(likeness, seen.value)
    # A likeness that is only just enough is worth less than an identical title.
    sure = _sure(seen) * (min(1.0, likeness + 0.05) if verdict is Verdict.AGREE else 1.0)
    return _Look(_full(evidence), facts.full_title, verdict, sure)


def _subtitle(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("subtitle")
    if seen is None or not seen.value.strip() or not facts.subtitle:
        return None
    likeness = max(
        text.similarity(seen.value, facts.subtitle), text.similarity(_full(evidence), facts.full_title)
    )
    verdict = Verdict.AGREE if likeness >= 0.8 else Verdict.DOUBTFUL if likeness >= 0.45 else Verdict.DIFFER
    return _Look(seen.value, facts.subtitle, verdict, _sure(seen))


def _names(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = [name for name in evidence.many("names") if name.value.strip()]
    responsibility = evidence.one("responsibility")
    told = [name.value for name in seen] or ([responsibility.value] if responsibility else [])
    held = [*facts.names, facts.responsibility]
    record = "; ".join(facts.names[:3]) or facts.responsibility
    if not told or not any(held):
        return None if not told else _Look("; ".join(told), record, Verdict.MISSING)
    likeness = max(_name_likeness(one, other) for one in told for other in held if other)
    verdict = Verdict.AGREE if likeness >= 0.75 else Verdict.DOUBTFUL if likeness >= 0.4 else Verdict.DIFFER
    sure = max([_sure(name) for name in seen] or [_sure(responsibility) if responsibility else 0.5])
    return _Look("; ".join(told[:3]), record, verdict, sure)


def _edition(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("edition")
    said = seen.value if seen else ""
    sure = _sure(seen) if seen else 0.6
    here, there = designations.edition_number(said), designations.edition_number(facts.edition)
    if not said and not facts.edition:
        return None
    if (here or 1) == (there or 1) and designations.is_revision(said) == designations.is_revision(
        facts.edition
    ):
        return _Look(said, facts.edition, Verdict.AGREE if here and there else Verdict.MISSING, sure)
    if here and there:
        return _Look(said, facts.edition, Verdict.DIFFER if here != there else Verdict.DOUBTFUL, sure)
    if here and here > 1:
        return _Look(said, facts.edition, Verdict.DIFFER, 0.6 * sure)
    return _Look(said, facts.edition, Verdict.DOUBTFUL, sure)


def _volume(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("volume")
    said = seen.value if seen else ""
    same = designations.same_volume(said, facts.volume) if said and facts.volume else None
    if same is not None:
        verdict = Verdict.AGREE if same else Verdict.DIFFER
        return _Look(said, facts.volume, verdict, _sure(seen) if seen else 1.0)
    if designations.parse_volume(said).number and not facts.volume:
        whole = facts.pieces > 1
        held = facts.extent if whole else ""
        return _Look(said, held, Verdict.MISSING if whole else Verdict.DOUBTFUL)
    if facts.volume and not said:
        return _Look("", facts.volume, Verdict.DOUBTFUL)
    return None


def _publisher(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("publisher")
    if seen is None or not facts.publishers:
        return None
    likeness = max(_publisher_likeness(seen.value, held) for held in facts.publishers)
    verdict = Verdict.AGREE if likeness >= 0.75 else Verdict.DOUBTFUL if likeness >= 0.45 else Verdict.DIFFER
    if verdict is Verdict.DIFFER and not _same_script(seen.value, facts.publishers):
        verdict = Verdict.MISSING
    return _Look(seen.value, "; ".join(facts.publishers), verdict, _sure(seen))


def _year(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("year")
    here = designations.year_of(seen.value) if seen else None
    if seen is None or here is None or not facts.years:
        return None
    distance = min(abs(here - year) for year in facts.years)
    verdict = Verdict.AGREE if distance == 0 else Verdict.DOUBTFUL if distance == 1 else Verdict.DIFFER
    return _Look(str(here), str(facts.year or ""), verdict, _sure(seen))


def _binding(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    """Binding by the qualifier printed beside the book's own ISBN against the record's for the same one."""
    seen = next((field for field in evidence.many("isbn") if field.qualifier), None)
    entry = next((facts.isbn(number) for number in evidence_isbns(evidence) if facts.isbn(number)), None)
    held = [entry] if entry else [other for other in facts.isbns if not other.cancelled]
    here = _binding_word(seen.qualifier or "") if seen else ""
    there = {_binding_word(other.qualifier) for other in held} - {""}
    if seen is None or not here or not there or len(evidence.many("isbn")) > 1:
        return None
    verdict = Verdict.AGREE if here in there else Verdict.DIFFER
    return _Look(seen.qualifier or "", "; ".join(other.qualifier for other in held), verdict, _sure(seen))


def _carrier(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    """The book is in the machine: a record for an online resource describes something else."""
    if not facts.carrier_electronic:
        return None
    return _Look("printed book", "online or electronic", Verdict.DIFFER)


def _pages(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("pages")
    here = designations.number_of(seen.value) or designations.page_count(seen.value) if seen else None
    if seen is None or here is None or facts.pages is None:
        return None
    distance = abs(here - facts.pages)
    close, near = max(3.0, 0.02 * facts.pages), max(8.0, 0.06 * facts.pages)
    verdict = Verdict.AGREE if distance <= close else Verdict.DOUBTFUL if distance <= near else Verdict.DIFFER
    return _Look(str(here), facts.extent, verdict, _sure(seen))


def _height(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    here = evidence.measured.height_mm
    if here is None or facts.height_cm is None:
        return None
    distance = abs(math.ceil(here / 10) - facts.height_cm)
    verdict = Verdict.AGREE if distance <= 1 else Verdict.DOUBTFUL if distance <= 2 else Verdict.DIFFER
    return _Look(f"{here / 10:.1f} cm", f"{facts.height_cm:g} cm", verdict)


_SAME_LANGUAGE = {"zho": "chi", "zh": "chi", "en": "eng", "fre": "fra", "ger": "deu"}


def _language(evidence: Evidence, facts: RecordFacts) -> _Look | None:
    seen = evidence.one("language")
    if seen is None or not facts.language or facts.language in ("und", "mul", "zxx"):
        return None
    here, there = (_SAME_LANGUAGE.get(code, code) for code in (seen.value, facts.language))
    return _Look(seen.value, facts.language, Verdict.AGREE if here == there else Verdict.DIFFER, _sure(seen))


_LOOKS: dict[str, Callable[[Evidence, RecordFacts], _Look | None]] = {
    "isbn": _isbn,
    "title": _title,
    "subtitle": _subtitle,
    "names": _names,
    "edition": _edition,
    "volume": _volume,
    "publisher": _publisher,
    "year": _year,
    "binding": _binding,
    "carrier": _carrier,
    "pages": _pages,
    "height": _height,
    "language": _language,
}


# --- likenesses ------------------------------------------------------------------------------------------


def _title_forms(evidence: Evidence) -> list[str]:
    title = evidence.text("title").strip()
    if not title:
        return []
    volume = evidence.text("volume").strip()
    forms = [title, _full(evidence)]
    if volume and title.endswith(volume):
        forms.append(title[: -len(volume)].strip())
    return list(dict.fromkeys(form for form in forms if form))


def _full(evidence: Evidence) -> str:
    return f"{evidence.text('title')} {evidence.text('subtitle')}".strip()


def _begins_with(longer: str, shorter: str) -> bool:
    """Whether the longer title is the shorter one and a subtitle behind a mark of punctuation or a space."""
    head, tail = text.tight(shorter), text.tight(longer)
    enough = len(head) >= (4 if text.has_han(shorter) else 10)
    return enough and tail.startswith(head)


def _name_likeness(seen: str, held: str) -> float:
    """Share of the seen name's words in the record's form, whichever comes first; Chinese without spaces."""
    if text.has_han(seen) and text.has_han(held):
        return _han_name_likeness(seen, held)
    return max(text.contains_words(held, seen), text.contains_words(seen, held) if len(held) < 60 else 0.0)


def _han_name_likeness(seen: str, held: str) -> float:
    one, other = text.tight(seen), text.tight(held)
    if one in other or other in one:
        return 1.0
    return text.similarity(one, other) if abs(len(one) - len(other)) <= 2 and len(one) > 2 else 0.0


_PUBLISHER_NOISE = {
    "the", "press", "publishers", "publisher", "publishing", "books", "verlag", "co", "company", "inc",
    "ltd", "limited", "llc", "group", "editions", "and", "of", "sons", "house",
}  # fmt: skip


def _publisher_likeness(seen: str, held: str) -> float:
    if text.has_han(seen):
        one, other = text.tight(seen), text.tight(held)
        return 1.0 if one in other or other in one else text.similarity(one, other)
    words = [word for word in text.fold(seen).split() if word not in _PUBLISHER_NOISE]
    core = " ".join(words) or seen
    return max(text.contains_words(held, core), text.similarity(seen, held))


def _same_script(seen: str, held: Sequence[str]) -> bool:
    return any(text.has_han(seen) == text.has_han(other) for other in held)


def _binding_word(qualifier: str) -> str:
    plain = qualifier.casefold()
    if any(word in plain for word in _SOFT):
        return "soft"
    return "hard" if any(word in plain for word in _HARD) else ""


def _sure(value: FieldValue | None) -> float:
    """The weight of a reading: certain from 0.9 on, never nothing."""
    if value is None or value.confidence <= 0:
        return 0.7
    return min(1.0, max(0.3, value.confidence / 0.9))
