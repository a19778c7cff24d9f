"""Which order line a book belongs to: by its ISBN or title, and the title must agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from marc import designations, isbn, text
from marc.matching import (
    evidence_isbns,
    misprinted_isbns,
    short_title_fits,
    title_verdict,
    titles_alike,
)
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import OrderLine, Verdict

_SAME_TITLE = 0.84


@dataclass(frozen=True)
class OrderMatch:
    """An order line and how the book's title compares with the one ordered."""

    line: OrderLine
    title: Verdict
    by_isbn: bool

    @property
    def holds(self) -> bool:
        """Whether the book may be counted against the line."""
        return self.title in (Verdict.AGREE, Verdict.DOUBTFUL) or (
            self.by_isbn and self.title is Verdict.MISSING
        )


def match_order(evidence: Evidence, order_lines: Sequence[OrderLine]) -> OrderLine | None:
    """The line that the book was ordered on, or None."""
    found = find_order(evidence, order_lines)
    return found.line if found and found.holds else None


def find_order(evidence: Evidence, order_lines: Sequence[OrderLine]) -> OrderMatch | None:
    """The best line for the book, even where its title says that it is another book."""
    numbers = {*evidence_isbns(evidence), *misprinted_isbns(evidence)}
    same_number = [line for line in order_lines if _number(line) and _number(line) in numbers]
    if same_number:
        judged = [OrderMatch(line, _judge(evidence, line), by_isbn=True) for line in same_number]
        own = evidence.isbn.value if evidence.isbn else ""
        return max(
            judged,
            key=lambda match: (
                _RANK[match.title],
                _number(match.line) == isbn.normalise(own),
                _volume_fits(evidence, match.line),
            ),
        )
    return _by_title(evidence, order_lines)


_RANK = {Verdict.AGREE: 3, Verdict.DOUBTFUL: 2, Verdict.MISSING: 1, Verdict.DIFFER: 0}


def _by_title(evidence: Evidence, order_lines: Sequence[OrderLine]) -> OrderMatch | None:
    """A line without this ISBN: its title must be the same and nothing else may speak against it.

    A line that names another ISBN is another binding or edition when the book shows its own for certain.
    """
    certain = evidence.isbn is not None and evidence.isbn.accepted
    fitting = [
        line
        for line in order_lines
        if titles_alike(evidence, line.title) >= _SAME_TITLE
        and not (certain and isbn.normalise(line.isbn))
        and _people_fit(evidence, line)
        and _volume_fits(evidence, line) >= 0
    ]
    if not fitting:
        return None
    best = max(fitting, key=lambda line: (titles_alike(evidence, line.title), _volume_fits(evidence, line)))
    return OrderMatch(best, Verdict.AGREE, by_isbn=False)


def _number(line: OrderLine) -> str:
    return isbn.normalise(line.isbn) or isbn.compact(line.isbn)


def _judge(evidence: Evidence, line: OrderLine) -> Verdict:
    if not evidence.text("title") or not line.title:
        return Verdict.MISSING
    if short_title_fits(evidence, line.title):
        return Verdict.AGREE
    return title_verdict(titles_alike(evidence, line.title), evidence.text("title"))


def _people_fit(evidence: Evidence, line: OrderLine) -> bool:
    told = [name.value for name in evidence.many("names")] or [evidence.text("responsibility")]
    if not line.author or not any(told):
        return True
    return any(
        max(text.contains_words(line.author, name), text.contains_words(name, line.author)) >= 0.5
        for name in told
        if name
    )


def _volume_fits(evidence: Evidence, line: OrderLine) -> int:
    """1 the same volume, -1 another one, 0 nothing said."""
    same = designations.same_volume(evidence.text("volume"), line.volume)
    return 0 if same is None else 1 if same else -1
