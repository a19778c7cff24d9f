"""Finding records by words that a camera and OCR have read: rare words lead to them, all words judge them.

A word that no record has is taken for a misread one: the words of the catalogue that are one letter away from
it stand in for it, and so do the two words that it may be made of.
"""

from __future__ import annotations

import heapq
import math
import string
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from marc.catalogue_store import Store, Worded

_POSTINGS = 8_000
"""About so many index entries are read for one query."""
_ENOUGH = 2
"""With so many words looked up, common ones need no looking up."""
_POOL = 150
"""So many records are judged by all their words."""
_SHORTEST = 4
"""Shorter words have too many neighbours to guess which one was meant."""
_GUESSED_WORDS = 8
"""So many unknown words of a query are guessed at, the longest first."""
_STAND_INS = 6
_MISREAD = 0.75
"""What a word counts that is one letter away from the one asked for."""
_LETTERS = string.ascii_lowercase + string.digits
_MOST_TOKENS = 64


@dataclass(frozen=True)
class Query:
    """A query: for each word asked, the catalogue's words that may be meant, with the faith in each (0 to 1).

    ``rarity`` is the inverse document frequency of every such word; ``total`` what a record counts that has
    all that was asked for.
    """

    words: tuple[dict[str, float], ...]
    frequencies: dict[str, int]
    rarity: dict[str, float]
    total: float

    @property
    def faith(self) -> dict[str, float]:
        """Each of the catalogue's words with the faith in it."""
        merged: dict[str, float] = {}
        for word in self.words:
            for token, faith in word.items():
                merged[token] = max(faith, merged.get(token, 0.0))
        return merged


def read_query(tokens: Sequence[str], store: Store, records: int) -> Query:
    """The query that these tokens make in a catalogue of so many records."""
    wanted = list(dict.fromkeys(tokens))[:_MOST_TOKENS]
    frequencies = store.frequencies(wanted)
    unknown = [token for token in wanted if token not in frequencies]
    guessable = sorted(filter(_can_be_guessed, unknown), key=len, reverse=True)[:_GUESSED_WORDS]
    near = {token: _one_letter_away(token) for token in guessable}
    halves = {token: _halves(token) for token in guessable}
    joined = {
        one + other for one, other in pairwise(wanted)
        if one.isascii() and other.isascii() and not (one in frequencies and other in frequencies)
    }  # fmt: skip
    guesses = joined.union(*near.values(), *(pair for pairs in halves.values() for pair in pairs))
    guessed = store.frequencies(sorted(guesses - frequencies.keys()))
    frequencies |= guessed

    words = [{token: 1.0} for token in wanted if token in frequencies]
    lost = 0
    for token in unknown:
        meant = sorted(near.get(token, set()) & guessed.keys(), key=lambda word: -guessed[word])[:_STAND_INS]
        parts = next((pair for pair in halves.get(token, ()) if all(map(frequencies.get, pair))), ())
        words += [dict.fromkeys(meant, _MISREAD)] if meant else []
        words += [{part: _MISREAD} for part in parts if not meant]
        lost += not (meant or parts)
    words += [{token: _MISREAD} for token in joined & guessed.keys()]
    rarity = {token: math.log(1 + records / frequencies[token]) for word in words for token in word}
    total = sum(max(rarity[token] for token in word) for word in words) + lost * math.log(1 + records)
    return Query(tuple(words), frequencies, rarity, total)


def shortlist(query: Query, store: Store, limit: int) -> list[int]:
    """Records that share the query's rarest words, the best first."""
    scores: dict[int, float] = {}
    weights = {token: faith * query.rarity[token] for token, faith in query.faith.items()}
    rarest = sorted(weights, key=lambda token: (query.frequencies[token], token))
    room = _POSTINGS
    for place, token in enumerate(rarest):
        number = query.frequencies[token]
        if number > room:
            if place < _ENOUGH:
                _intersections(rarest[place:], scores, weights, store, room)
            break
        room -= number
        for id in store.with_all([token], number):
            scores[id] = scores.get(id, 0.0) + weights[token]
    return heapq.nlargest(limit, scores, key=scores.__getitem__)


def judge(query: Query, candidates: Iterable[Worded]) -> list[tuple[Worded, float]]:
    """Candidates with their scores (0 to 1), best first.

    The score is the share of the query's weight that the record has, a little less for much else in it.
    """
    judged = [(candidate, _score(query, candidate.tokens.split())) for candidate in candidates]
    return sorted(judged, key=lambda pair: (-pair[1], pair[0].id))


def pool_size(limit: int, *, one_of_several_sources: bool) -> int:
    """How many records to judge for ``limit`` answers; more where those of other sources fall away."""
    return max(_POOL, 3 * limit) * (8 if one_of_several_sources else 1)


def _intersections(
    common: Sequence[str], scores: dict[int, float], weights: dict[str, float], store: Store, room: int
) -> None:
    """Words that very many records have count only together: the first two, the first and the third."""
    first, *others = common[:4]
    for tokens in [[first, other] for other in others] or [[first]]:
        for id in store.with_all(tokens, max(room, 1000)):
            scores[id] = scores.get(id, 0.0) + sum(weights[token] for token in tokens) / len(tokens)


def _score(query: Query, own: list[str]) -> float:
    held = set(own)
    shared = 0.0
    for word in query.words:
        shared += max(
            (faith * query.rarity[token] for token, faith in word.items() if token in held), default=0.0
        )
    if not query.total:
        return 0.0
    length = 0.9 + 0.1 * min(1.0, len(query.words) / max(1, len(own)))
    return round(shared / query.total * length, 4)


def _can_be_guessed(word: str) -> bool:
    return word.isascii() and len(word) >= _SHORTEST


def _one_letter_away(word: str) -> set[str]:
    """Words with one letter misread, lost or added."""
    places = range(len(word))
    found = {word[:at] + letter + word[at + 1 :] for at in places for letter in _LETTERS}
    found |= {word[:at] + word[at + 1 :] for at in places}
    found |= {word[:at] + letter + word[at:] for at in range(len(word) + 1) for letter in _LETTERS}
    return found - {word}


def _halves(word: str) -> list[tuple[str, str]]:
    """The two words that may have run together, the more even pair first."""
    cuts = range(3, len(word) - 2)
    return [(word[:at], word[at:]) for at in sorted(cuts, key=lambda at: abs(len(word) - 2 * at))]
