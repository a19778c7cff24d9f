"""What a station is, and what it has at hand.

A station's ``process`` is written as if nothing ever failed half-way.  Every call on its ``Bench`` is a
*step*: an effect has its intent synced before and its end after, an observation its result.  When the
conductor was killed, the station runs again from the top and each step that is on record returns what it
returned then, so that nothing physical happens twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Protocol

from workcell.kernel.evidence import Evidence
from workcell.kernel.layout import StationPlace
from workcell.kernel.model import Decision, Marks, Proof, Reason
from workcell.kernel.ports import Done, TagReader
from workcell.kernel.profile import Profile


class Way(StrEnum):
    """Where a book goes from here: on, to a person (review), or back (reject)."""

    ON = "on"
    REVIEW = "review"
    REJECT = "reject"


@dataclass(frozen=True)
class Leaving:
    """How a book leaves a station; ``reasons`` say why it does not simply go on."""

    way: Way = Way.ON
    reasons: tuple[Reason, ...] = ()


ON = Leaving()


def to_review(code: str, text: str) -> Leaving:
    """The book needs a person, for this reason."""
    return Leaving(Way.REVIEW, (Reason(code, text),))


def to_reject(code: str, text: str) -> Leaving:
    """The book goes back, for this reason."""
    return Leaving(Way.REJECT, (Reason(code, text),))


class Use(StrEnum):
    """What a picture is for: a look at posture or proof, evidence, or evidence if the rest does not do."""

    MOMENT = "moment"
    EVIDENCE = "evidence"
    SPARE = "spare"


@dataclass(frozen=True)
class Picture:
    """An image on file: its content-addressed name, where it lies, and its camera's calibration, if any."""

    name: str
    path: str
    calibration: str = ""


@dataclass(frozen=True)
class Printed:
    """A label on its way onto the book: what it says, its picture (PNG) and its job.

    The job is always in ZPL; the driver of a printer of another language says the same dots in its own.
    ``copy`` counts the labels of one number on one surface.
    """

    role: str
    text: str
    surface: str
    png: bytes
    job: bytes
    copy: int = 1


@dataclass(frozen=True)
class Copy:
    """The physical copy as it stands when it reaches the station.

    ``size_mm`` is width and height, None for a copy that was not measured.
    ``redo_of`` has the codes of the reasons for which its marks are redone, None on a copy that is marked for
    the first time.
    """

    book_id: str
    track_id: int
    decision: Decision | None = None
    marks: Marks | None = None
    thickness_mm: float | None = None
    size_mm: tuple[float, float] | None = None
    done_stations: tuple[str, ...] = ()
    tag_uid: str = ""
    redo_of: frozenset[str] | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


class Bench(Protocol):
    """A station's hands and eyes for one book.  All calls are steps on record."""

    profile: Profile
    place: StationPlace

    @property
    def copy(self) -> Copy:
        """The copy at hand."""
        ...

    async def act(self, verb: str, **params: int) -> Done:
        """A unit command, once.  A jam is waited out; other codes come back in ``Done.code``."""
        ...

    async def picture(self, role: str, view: str = "", use: Use = Use.MOMENT) -> Picture:
        """A still by the camera of this ``role``; evidence is looked at in the background from now on."""
        ...

    async def alarm(self, key: str, text: str, remedy: str) -> None:
        """Tell the line's people of something to mend; the book goes on."""
        ...

    async def recognise(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """A recognition job; raises DeviceFault when it failed."""
        ...

    async def print(self, label: Printed) -> None:
        """Print one label; returns when it waits to be applied."""
        ...

    async def write_tag(
        self, write: Callable[[TagReader], Awaitable[Mapping[str, Any]]]
    ) -> Mapping[str, Any]:
        """Run a tag transaction, which must be safe to run again on the same tag; its report is kept."""
        ...

    async def read_tags(self, read: Callable[[TagReader], Awaitable[Mapping[str, Any]]]) -> Mapping[str, Any]:
        """Read from the field of this station's reader; the reading is kept."""
        ...

    async def note(self, kind: str, body: Mapping[str, Any]) -> None:
        """Put a fact about this copy on record."""
        ...

    async def number(self, event: str, detail: Mapping[str, Any]) -> None:
        """Move this copy's item number on in the ledger: printed, applied, verified."""
        ...

    async def assign(self, number: str) -> None:
        """Give the copy the number of the pre-printed label on it; raises Refused or BadInput."""
        ...

    async def preprinted(self, label: Printed) -> None:
        """Put a pre-printed label on record that is on the copy."""
        ...

    async def is_voided(self, number: str) -> bool:
        """Whether an item number is one that this library has given up; asked while a tag is written."""
        ...

    async def evidence(self) -> Evidence:
        """What is known of the copy, once its evidence has been looked at, the spare pictures if need be."""
        ...

    async def settle(self, evidence: Evidence) -> Leaving:
        """Decide on the record and, when the copy goes on, reserve its marks."""
        ...

    async def prove(self, proofs: Sequence[Proof]) -> None:
        """Put proofs on record."""
        ...

    async def ask(self, question: str) -> str:
        """A person's answer, typed or scanned; at a desk only."""
        ...

    async def guard(self) -> int:
        """The unit's guard counter now."""
        ...


class Station(Protocol):
    """What happens to a book at one place."""

    name: ClassVar[str]

    async def process(self, bench: Bench) -> Leaving:
        """Do this station's work on the book at hand."""
        ...
