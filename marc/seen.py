"""What a book's evidence says of its numbers and its title, and how alike that is to a title on record."""

from __future__ import annotations

import re

from marc import isbn, text
from marc.facts import RecordFacts
from workcell.kernel.evidence import Evidence
from workcell.kernel.model import Verdict

_BOOK_NUMBER = re.compile(r"统一书号\s*[:：]?\s*([0-9]{3,6}\s*[·・.\-]\s*[0-9]{1,5})")


def evidence_isbns(evidence: Evidence) -> list[str]:
    """The book's ISBN-13s: the accepted one first, then the others that pass their check digits."""
    found = [evidence.isbn.value] if evidence.isbn else []
    found += [field.normalised or field.value for field in evidence.many("isbn")]
    return list(dict.fromkeys(number for number in map(isbn.normalise, found) if number))


def misprinted_isbns(evidence: Evidence) -> list[str]:
    """Numbers printed as ISBNs whose check digit is wrong, compacted."""
    found = [isbn.misprinted(field.value) for field in evidence.many("isbn")]
    return list(dict.fromkeys(number for number in found if number))


def unified_book_number(evidence: Evidence) -> str:
    """The 统一书号 printed on the book (China, before 1987), or ``""``."""
    for image in evidence.images:
        for line in image.lines:
            found = _BOOK_NUMBER.search(line.text)
            if found:
                return re.sub(r"\s+", "", found.group(1))
    return ""


def full_title(evidence: Evidence) -> str:
    """Title and subtitle as seen, in one."""
    return f"{evidence.text('title')} {evidence.text('subtitle')}".strip()


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


def _title_forms(evidence: Evidence) -> list[str]:
    title = evidence.text("title").strip()
    if not title:
        return []
    volume = evidence.text("volume").strip()
    forms = [title, full_title(evidence)]
    if volume and title.endswith(volume):
        forms.append(title[: -len(volume)].strip())
    return list(dict.fromkeys(form for form in forms if form))


def _begins_with(longer: str, shorter: str) -> bool:
    """Whether the longer title is the shorter one and a subtitle behind a mark of punctuation or a space."""
    head, tail = text.tight(shorter), text.tight(longer)
    enough = len(head) >= (4 if text.has_han(shorter) else 10)
    return enough and tail.startswith(head)
