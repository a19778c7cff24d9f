"""Class numbers suggested from the catalogue: neighbours on the shelf, and a linear model of its words.

A suggestion is shown with its confidence and the records that speak for it.  The confidence is calibrated:
among held-out records of this catalogue, so large a share of suggestions of that score was right.  The
linear model is naive Bayes over words of titles, subjects and main entries (a linear scorer with weights
from counts); neighbours are the records that share the rarest words.
"""

from __future__ import annotations

import gzip
import json
import math
import re
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from marc import callnumbers, text
from marc.catalogue import Catalogue, Hit
from marc.facts import RecordFacts
from workcell.kernel.errors import BadInput
from workcell.kernel.evidence import Evidence

_SMOOTHING = 0.2
_NEIGHBOURS = 15
_CHECKED = 2_000
"""At most so many held-out records are asked for the calibration."""
_HELD_OUT = 5
"""One title in so many is kept out of the model and used for its calibration."""
_SHOWN = 5
_TEMPERATURE = 4.0
_SCHEMA = "classes/1"
_LEVELS = {
    "DDC": re.compile(r"[0-9]{3}"),
    "LCC": re.compile(r"[A-Z]{1,3}[0-9]{1,4}"),
    "NLM": re.compile(r"[A-Z]{1,2}[0-9]{1,3}"),
    "CLC": re.compile(r"[A-Z]{1,2}[0-9]{0,3}"),
}


@dataclass(frozen=True)
class Neighbour:
    """A record on the shelf that speaks for a class: how much it shares, its title and class number."""

    record_id: str
    title: str
    class_number: str
    score: float


@dataclass(frozen=True)
class Suggestion:
    """A class number, how sure it is (calibrated, 0 to 1), and the neighbours that speak for it."""

    class_number: str
    confidence: float
    neighbours: tuple[Neighbour, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """Share of right suggestions by score, rising; ``checked`` is how many were asked."""

    steps: tuple[tuple[float, float], ...] = ()
    checked: int = 0

    def confidence(self, score: float) -> float:
        """The share of right ones among suggestions of this score; 0 below the lowest step."""
        return next((share for least, share in reversed(self.steps) if score >= least), 0.0)


@dataclass(frozen=True)
class ClassModel:
    """Words and classes of one scheme: counts of records by class, and by word and class."""

    scheme: str
    totals: dict[str, int]
    words: dict[str, dict[str, int]]
    calibration: Calibration = Calibration()

    @cached_property
    def weights(self) -> dict[str, float]:
        """How telling each word is: the rarer, the more."""
        records = 1 + sum(self.totals.values())
        return {
            word: math.log(records / (1 + sum(counts.values()))) + 1 for word, counts in self.words.items()
        }

    @cached_property
    def _masses(self) -> dict[str, float]:
        masses = dict.fromkeys(self.totals, 0.0)
        for word, counts in self.words.items():
            for label, count in counts.items():
                masses[label] += self.weights[word] * count
        return masses

    def scores(self, tokens: Sequence[str]) -> dict[str, float]:
        """Share of each class by the model's own account; sums to 1, empty without a known word."""
        known = [
            (self.weights[word], self.words[word]) for word in dict.fromkeys(tokens) if word in self.words
        ]
        if not known:
            return {}
        room = _SMOOTHING * len(self.words)
        raw = {}
        for label in {label for _, counts in known for label in counts}:
            norm = math.log(self._masses[label] + room)
            raw[label] = 0.5 * math.log(self.totals[label]) + sum(
                weight * (math.log(counts.get(label, 0) * weight + _SMOOTHING) - norm)
                for weight, counts in known
            )
        highest = max(raw.values())
        shares = {label: math.exp((value - highest) / _TEMPERATURE) for label, value in raw.items()}
        whole = sum(shares.values())
        return {label: share / whole for label, share in shares.items()}


# --- training ----------------------------------------------------------------------------------------------


def train(catalogue: Catalogue, scheme: str) -> ClassModel:
    """A model of the catalogue's classes in this scheme.

    It is calibrated on titles kept out of it, which are then counted too: it can only have become better.
    Raises BadInput when no record has a class number of the scheme.
    """
    held_out: list[tuple[int, RecordFacts, str]] = []
    counts = _Counts()
    for id_ in catalogue.ids():
        facts = catalogue.facts(id_)
        label = label_of(facts, scheme)
        if label and _is_held_out(facts):
            held_out.append((id_, facts, label))
        elif label:
            counts.add(facts, label)
    if not counts.totals:
        raise BadInput(
            f"no record has a class number of {scheme}",
            subject=str(catalogue.path),
            remedy="Import records that are classed.",
        )
    known = _calibrated(counts.model(scheme), catalogue, held_out)
    for _, facts, label in held_out:
        counts.add(facts, label)
    return counts.model(scheme, known)


class _Counts:
    """Records by class, and by word and class."""

    def __init__(self) -> None:
        self.totals: Counter[str] = Counter()
        self._words: defaultdict[str, Counter[str]] = defaultdict(Counter)

    def add(self, facts: RecordFacts, label: str) -> None:
        self.totals[label] += 1
        for word in set(words_of(facts)):
            self._words[word][label] += 1

    def model(self, scheme: str, known: Calibration | None = None) -> ClassModel:
        words = {word: dict(counts) for word, counts in self._words.items()}
        return ClassModel(scheme, dict(self.totals), words, known or Calibration())


def label_of(facts: RecordFacts, scheme: str) -> str:
    """The class at the level that is suggested: three digits of DDC, the main number of LCC and CLC."""
    held = facts.class_in(scheme)
    clean = callnumbers.cleaned(held) if held else None
    return shortened(clean.number, scheme) if clean else ""


def shortened(number: str, scheme: str) -> str:
    """A class number cut to the level of suggestions; ``""`` when it is none of the scheme."""
    found = _LEVELS[scheme].match(re.sub(r"\s", "", number)) if scheme in _LEVELS else None
    return found.group() if found else ""


def words_of(facts: RecordFacts) -> list[str]:
    """The words that a class is guessed by, and the main entry as one."""
    entry = text.tight(facts.main_entry)
    titles = " ".join((facts.title, facts.subtitle, facts.volume_title, *facts.series))
    return [*_stems(titles), *([f"@{entry}"] if entry else [])]


def _stems(written: str) -> list[str]:
    return [
        re.sub(r"(?<=[a-z]{3})(?:ies|es|s)$", "", token) for token in text.tokens(written) if len(token) > 1
    ]


def _is_held_out(facts: RecordFacts) -> bool:
    """By title, so that editions and copies of a text stand on one side."""
    return zlib.crc32(text.tight(facts.title).encode()) % _HELD_OUT == 0


def _calibrated(
    model: ClassModel, catalogue: Catalogue, held_out: Sequence[tuple[int, RecordFacts, str]]
) -> Calibration:
    asked = held_out[:: max(1, len(held_out) // _CHECKED)]
    own_titles = {id_ for id_, _, _ in held_out}
    seen = []
    for _, facts, label in asked:
        found = _combined(model, words_of(facts), facts.full_title, catalogue, own_titles)
        best = max(found.items(), key=lambda item: item[1][0], default=None)
        if best is not None:
            seen.append((best[1][0], best[0] == label))
    return calibration(seen)


def calibration(seen: Iterable[tuple[float, bool]]) -> Calibration:
    """Shares of right ones by score, made to rise (pool adjacent violators), a little pessimistic.

    Each step's share counts one more wrong one than there was: few cases never say certainty.
    """
    blocks: list[list[float]] = []
    ordered = sorted(seen)
    for score, right in ordered:
        blocks.append([score, float(right), 1.0])
        while len(blocks) > 1 and blocks[-2][1] / blocks[-2][2] >= blocks[-1][1] / blocks[-1][2]:
            _, more, count = blocks.pop()
            blocks[-1][1] += more
            blocks[-1][2] += count
    steps: list[tuple[float, float]] = []
    for least, right_ones, count in blocks:
        share = right_ones / (count + 1)
        steps.append((least, round(max(share, steps[-1][1] if steps else 0.0), 4)))
    return Calibration(tuple(steps), len(ordered))


# --- suggesting --------------------------------------------------------------------------------------------


def suggest(model: ClassModel, evidence: Evidence, catalogue: Catalogue) -> list[Suggestion]:
    """Classes for a book, the surest first, at most five; empty when no word is known."""
    title = " ".join(evidence.text(name) for name in ("title", "subtitle")).strip()
    extra = " ".join(field.value for name in ("series", "subjects") for field in evidence.many(name))
    names = [field.value for field in evidence.many("names")[:1]]
    tokens = [*_stems(f"{title} {extra}"), *(f"@{text.tight(name)}" for name in names)]
    found = _combined(model, tokens, title, catalogue, frozenset())
    ranked = sorted(found.items(), key=lambda item: -item[1][0])[:_SHOWN]
    return [
        Suggestion(
            _agreed(label, neighbours),
            model.calibration.confidence(score) if place == 0 else 0.0,
            tuple(neighbours),
        )
        for place, (label, (score, neighbours)) in enumerate(ranked)
    ]


def _combined(
    model: ClassModel,
    tokens: Sequence[str],
    title: str,
    catalogue: Catalogue,
    without: frozenset[int] | set[int],
) -> dict[str, tuple[float, list[Neighbour]]]:
    """Score (0 to 1) and neighbours by class: half the model's share, half that of the neighbours.

    Neighbours that share few of the title's words have little to say: their votes are square.
    """
    linear = model.scores(tokens)
    near: defaultdict[str, list[Neighbour]] = defaultdict(list)
    for hit, facts in _neighbours(title, catalogue, without):
        held = facts.class_in(model.scheme)
        label = label_of(facts, model.scheme)
        if held and label:
            near[label].append(Neighbour(hit.record_id, facts.title, held.number, hit.score))
    votes = {label: sum(one.score**2 for one in held) for label, held in near.items()}
    whole = sum(votes.values()) or 1.0
    return {
        label: (0.5 * linear.get(label, 0.0) + 0.5 * votes.get(label, 0.0) / whole, near.get(label, []))
        for label in {*linear, *votes}
    }


def _neighbours(
    title: str, catalogue: Catalogue, without: frozenset[int] | set[int]
) -> Iterable[tuple[Hit, RecordFacts]]:
    found = 0
    for hit in catalogue.search(title, limit=2 * _NEIGHBOURS if without else _NEIGHBOURS):
        if hit.id not in without and found < _NEIGHBOURS:
            found += 1
            yield hit, catalogue.facts(hit.id)


def _agreed(label: str, neighbours: Sequence[Neighbour]) -> str:
    """The fuller number when most of the neighbours share one, else the class at the model's level."""
    numbers = Counter(re.sub(r"[/'’\s]", "", one.class_number) for one in neighbours)
    if not numbers:
        return label
    number, times = numbers.most_common(1)[0]
    return number if times >= 3 and times > len(neighbours) * 0.6 else label


# --- keeping -----------------------------------------------------------------------------------------------


def beside(catalogue: Path | str, scheme: str) -> Path:
    """Where the model of a catalogue lies."""
    return Path(f"{catalogue}.{scheme.lower()}.json.gz")


def save(model: ClassModel, path: Path) -> None:
    """Write the model, atomically."""
    data = {
        "schema": _SCHEMA, "scheme": model.scheme, "totals": model.totals, "words": model.words,
        "steps": model.calibration.steps, "checked": model.calibration.checked,
    }  # fmt: skip
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(gzip.compress(json.dumps(data, ensure_ascii=False).encode(), mtime=0))
    part.replace(path)


def load(path: Path) -> ClassModel:
    """Read a model; raises BadInput."""
    try:
        data = json.loads(gzip.decompress(path.read_bytes()))
        if data["schema"] != _SCHEMA:
            raise ValueError(f"schema {data['schema']}")
        steps = tuple((float(least), float(share)) for least, share in data["steps"])
        kept = Calibration(steps, int(data["checked"]))
        return ClassModel(data["scheme"], data["totals"], data["words"], kept)
    except (OSError, EOFError, ValueError, KeyError, TypeError, zlib.error) as error:
        raise BadInput(
            f"the class model can't be read ({error})", subject=str(path), remedy="Train it again."
        ) from error
