"""How each field of a book's evidence compares with a record: a verdict for people, a number for the model.

A look gives None where there is nothing to say; its number is None where either side is silent.  Numbers are
likenesses between 0 and 1, steps of a verdict (1 agrees, 0 doubtful, -1 differs) or distances below zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from marc import designations, isbn, text
from marc.facts import RecordFacts
from marc.seen import (
    evidence_isbns,
    full_title,
    misprinted_isbns,
    title_likeness,
    title_verdict,
    unified_book_number,
)
from workcell.kernel.evidence import Evidence, FieldValue
from workcell.kernel.model import Verdict

_STEPS = {Verdict.AGREE: 1.0, Verdict.DOUBTFUL: 0.0, Verdict.DIFFER: -1.0}
_UNSURE = 0.6
_KNOWN_MISPRINT = 0.75
"""A wrong number that the record has too: nearly as good as a right one, but a person should hear of it."""


@dataclass(frozen=True)
class Look:
    """One field: what was seen, what the record says, the verdict, its number, how sure the reading is."""

    seen: str
    record: str
    verdict: Verdict
    value: float | None = None
    sure: float = 1.0


def looks(evidence: Evidence, facts: RecordFacts) -> dict[str, Look]:
    """Every field that there is something to say about, in the order in which a cataloguer would look."""
    found = {name: look(evidence, facts) for name, look in _LOOKS.items()}
    return {name: look for name, look in found.items() if look is not None}


def feature_values(found: Mapping[str, Look]) -> list[float | None]:
    """The numbers in the order of ``FEATURES``."""
    values = [found[name].value if name in found else None for name in FIELDS]
    silent: list[float | None] = [None] * len(FIELDS)
    agrees = "isbn" in found and found["isbn"].verdict is Verdict.AGREE
    return silent + values if agrees else values + silent


def _step(seen: str, record: str, verdict: Verdict, sure: float = 1.0) -> Look:
    return Look(seen, record, verdict, _STEPS.get(verdict), sure)


def _graded(likeness: float, agree: float, doubtful: float) -> Verdict:
    if likeness >= agree:
        return Verdict.AGREE
    return Verdict.DOUBTFUL if likeness >= doubtful else Verdict.DIFFER


# --- one look a field ------------------------------------------------------------------------------------


def _isbn(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence_isbns(evidence)
    held = " ".join(dict.fromkeys(entry.isbn13 or entry.written for entry in facts.isbns))
    if not seen:
        return _unified(evidence, facts) or _misprint(evidence, facts, held)
    certain = evidence.isbn is not None and evidence.isbn.accepted
    sure = evidence.isbn.confidence if evidence.isbn and certain else _UNSURE
    if not any(entry.isbn13 for entry in facts.isbns):
        return Look(seen[0], held, Verdict.MISSING)
    # Of the numbers listed in a CIP block only the book's own counts, once it is known for certain: the
    # others are other bindings, which may have records of their own.
    for number in seen[:1] if certain else seen:
        entry = facts.isbn(number)
        if entry:
            doubtful = entry.cancelled or entry.electronic
            return _step(number, entry.written, Verdict.DOUBTFUL if doubtful else Verdict.AGREE, sure)
    return _step(seen[0], held, Verdict.DIFFER, sure)


def _unified(evidence: Evidence, facts: RecordFacts) -> Look | None:
    """The 统一书号 of a Chinese book from before ISBNs, as good as one."""
    seen, held = unified_book_number(evidence), facts.unified_number
    if not seen or not held:
        return None
    same = text.tight(seen) == text.tight(held)
    return _step(seen, held, Verdict.AGREE if same else Verdict.DIFFER)


def _misprint(evidence: Evidence, facts: RecordFacts, held: str) -> Look | None:
    wrong = misprinted_isbns(evidence)
    if not wrong:
        return Look("", held, Verdict.MISSING) if held else None
    known = any(isbn.compact(entry.written) in wrong for entry in facts.isbns)
    verdict = Verdict.DOUBTFUL if known else Verdict.MISSING
    return Look(wrong[0], held, verdict, _KNOWN_MISPRINT if known else None)


def _title(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("title")
    if seen is None or not seen.value.strip():
        return Look("", facts.full_title, Verdict.MISSING)
    likeness = title_likeness(evidence, facts)
    verdict = title_verdict(likeness, seen.value)
    return Look(full_title(evidence), facts.full_title, verdict, likeness, _sure(seen))


def _subtitle(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("subtitle")
    if seen is None or not seen.value.strip() or not facts.subtitle:
        return None
    likeness = max(
        text.similarity(seen.value, facts.subtitle), text.similarity(full_title(evidence), facts.full_title)
    )
    return Look(seen.value, facts.subtitle, _graded(likeness, 0.8, 0.45), likeness, _sure(seen))


def _names(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = [name for name in evidence.many("names") if name.value.strip()]
    responsibility = evidence.one("responsibility")
    told = [name.value for name in seen] or ([responsibility.value] if responsibility else [])
    held = [name for name in (*facts.names, facts.responsibility) if name]
    record = "; ".join(facts.names[:3]) or facts.responsibility
    if not told:
        return None
    if not held:
        return Look("; ".join(told), record, Verdict.MISSING)
    likeness = max(_name_likeness(one, other) for one in told for other in held)
    sure = max([_sure(name) for name in seen] or [_sure(responsibility)])
    return Look("; ".join(told[:3]), record, _graded(likeness, 0.75, 0.4), likeness, sure)


def _edition(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("edition")
    said, held = seen.value if seen else "", facts.edition
    sure = _sure(seen) if seen else _UNSURE
    here, there = designations.edition_number(said), designations.edition_number(held)
    if not said and not held:
        return None
    same_kind = designations.is_revision(said) == designations.is_revision(held)
    if (here or 1) == (there or 1) and same_kind:
        spoken = bool(said and held) and (bool(here and there) or designations.is_revision(said))
        return _step(said, held, Verdict.AGREE, sure) if spoken else Look(said, held, Verdict.MISSING)
    if here and there:
        return _step(said, held, Verdict.DIFFER if here != there else Verdict.DOUBTFUL, sure)
    if here and here > 1:
        return _step(said, held, Verdict.DIFFER, _UNSURE * sure)
    return _step(said, held, Verdict.DOUBTFUL, sure)


def _volume(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("volume")
    said = seen.value if seen else ""
    same = designations.same_volume(said, facts.volume) if said and facts.volume else None
    if same is not None:
        return _step(said, facts.volume, Verdict.AGREE if same else Verdict.DIFFER, _sure(seen))
    if designations.parse_volume(said).number and not facts.volume:
        if facts.pieces > 1:
            return Look(said, facts.extent, Verdict.MISSING)
        return _step(said, "", Verdict.DOUBTFUL)
    if facts.volume and not said:
        return _step("", facts.volume, Verdict.DOUBTFUL)
    return None


def _place(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("place")
    if seen is None or not facts.place or not _same_script(seen.value, [facts.place]):
        return None
    likeness = max(text.contains_words(facts.place, seen.value), text.similarity(seen.value, facts.place))
    return Look(seen.value, facts.place, _graded(likeness, 0.8, 0.5), likeness, _sure(seen))


def _publisher(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("publisher")
    if seen is None or not facts.publishers:
        return None
    likeness = max(_publisher_likeness(seen.value, held) for held in facts.publishers)
    verdict = _graded(likeness, 0.75, 0.45)
    record = "; ".join(facts.publishers)
    if verdict is Verdict.DIFFER and not _same_script(seen.value, facts.publishers):
        return Look(seen.value, record, Verdict.MISSING)
    return Look(seen.value, record, verdict, likeness, _sure(seen))


def _year(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("year")
    here = designations.year_of(seen.value) if seen else None
    if seen is None or here is None or not facts.years:
        return None
    distance = min(abs(here - year) for year in facts.years)
    reprinted = (designations.edition_number(evidence.text("printing")) or 1) > 1 and here > max(facts.years)
    verdict = Verdict.AGREE if distance == 0 else Verdict.DOUBTFUL if distance == 1 else Verdict.DIFFER
    if reprinted and verdict is Verdict.DIFFER:
        verdict, distance = Verdict.DOUBTFUL, 1
    return Look(str(here), str(facts.year or ""), verdict, -float(min(distance, 10)), _sure(seen))


def _binding(evidence: Evidence, facts: RecordFacts) -> Look | None:
    """Binding by the qualifier printed beside the book's own ISBN against the record's for the same one."""
    seen = next((field for field in evidence.many("isbn") if field.qualifier), None)
    entry = next((facts.isbn(number) for number in evidence_isbns(evidence) if facts.isbn(number)), None)
    held = [entry] if entry else [other for other in facts.isbns if not other.cancelled]
    here = _binding_word(seen.qualifier or "") if seen else ""
    there = {_binding_word(other.qualifier) for other in held} - {""}
    if seen is None or not here or not there or len(evidence.many("isbn")) > 1:
        return None
    verdict = Verdict.AGREE if here in there else Verdict.DIFFER
    return _step(seen.qualifier or "", "; ".join(other.qualifier for other in held), verdict, _sure(seen))


def _carrier(evidence: Evidence, facts: RecordFacts) -> Look | None:
    """The book is in the machine: a record for an online resource describes something else."""
    if not facts.carrier_electronic:
        return None
    return _step("printed book", "online or electronic", Verdict.DIFFER)


def _pages(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("pages")
    here = designations.number_of(seen.value) or designations.page_count(seen.value) if seen else None
    if seen is None or here is None or facts.pages is None:
        return None
    distance = abs(here - facts.pages)
    close, near = max(3.0, 0.02 * facts.pages), max(8.0, 0.06 * facts.pages)
    verdict = Verdict.AGREE if distance <= close else Verdict.DOUBTFUL if distance <= near else Verdict.DIFFER
    return Look(str(here), facts.extent, verdict, -min(1.0, distance / max(100.0, facts.pages)), _sure(seen))


def _height(evidence: Evidence, facts: RecordFacts) -> Look | None:
    here = evidence.measured.height_mm
    if here is None or facts.height_cm is None:
        return None
    distance = abs(math.ceil(here / 10) - facts.height_cm)
    verdict = Verdict.AGREE if distance <= 1 else Verdict.DOUBTFUL if distance <= 2 else Verdict.DIFFER
    return Look(f"{here / 10:.1f} cm", f"{facts.height_cm:g} cm", verdict, -min(10.0, distance))


def _series(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.many("series")
    if not seen or not facts.series:
        return None
    likeness = max(
        max(text.similarity(one.value, held), text.contains_words(one.value, held))
        for one in seen
        for held in facts.series
    )
    sure = max(_sure(one) for one in seen)
    shown = "; ".join(one.value for one in seen)
    return Look(shown, "; ".join(facts.series), _graded(likeness, 0.8, 0.5), likeness, sure)


_SAME_LANGUAGE = {"zho": "chi", "zh": "chi", "en": "eng", "fra": "fre", "deu": "ger", "nld": "dut"}


def _language(evidence: Evidence, facts: RecordFacts) -> Look | None:
    seen = evidence.one("language")
    if seen is None or not facts.language or facts.language in ("und", "mul", "zxx"):
        return None
    here, there = (_SAME_LANGUAGE.get(code, code) for code in (seen.value, facts.language))
    return _step(seen.value, facts.language, Verdict.AGREE if here == there else Verdict.DIFFER, _sure(seen))


_LOOKS: dict[str, Callable[[Evidence, RecordFacts], Look | None]] = {
    "isbn": _isbn,
    "title": _title,
    "subtitle": _subtitle,
    "names": _names,
    "edition": _edition,
    "volume": _volume,
    "place": _place,
    "publisher": _publisher,
    "year": _year,
    "binding": _binding,
    "carrier": _carrier,
    "pages": _pages,
    "height": _height,
    "series": _series,
    "language": _language,
}
FIELDS = tuple(_LOOKS)
FEATURES = (*FIELDS, *(f"{name} with isbn" for name in FIELDS))
"""What the model weighs: each field by one curve where the ISBN agrees, and by another where it does not.

Under one ISBN an edition statement that was not read means little; without the number it means much.
"""


# --- likenesses ------------------------------------------------------------------------------------------


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


_HARD = ("hard", "cloth", "hbk", "hb", "bound", "casebound", "精装", "精")
_SOFT = ("paper", "pbk", "pb", "soft", "平装", "平", "brosch")


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
