"""The ledger's part in `workcell label print`: which labels may be printed, and that they were.

What a label says is read from its own symbol, never from its file's name.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
from PIL import Image

import vision
from label_print import Job, RunRecord, zpl_bitmap
from label_print.print_run import Step
from stations.item_labels import number_of
from workcell.cli.site_store import site_of
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import BadInput, Refused
from workcell.kernel.profile import LabelCopy, Profile, Surface
from workcell.kernel.symbologies import ITEM_SYMBOLOGIES
from workcell.site import NumberState, Site

_SYMBOLS = frozenset(known.format for known in ITEM_SYMBOLOGIES.values())
_WHITE_BORDER = 40
_ENLARGED = 2


def print_on_record(
    store: Path,
    files: Sequence[Path],
    jobs: Sequence[Job],
    run: Callable[[RunRecord], int],
    *,
    replaces: str,
    surface: Surface | None,
    profile: Profile | None,
    record: Path | None,
) -> tuple[int, list[dict[str, str | int]]]:
    """Print with the ledger of ``store``: how many labels came out, and what numbers the run carries where.

    Without a file of its own the run is on record in the store, until its end.
    """
    with site_of(store) as site:
        places = Places(site, surface, profile.labels.copies if profile else ())
        carried = [_carried(file, places, profile) for file in files]
        ledger = LabelLedger(site, carried, WallClock().wall(), replaces)
        path = record or _record_path(store, jobs)
        printed = run(LedgerRecord(path, jobs, ledger))
    if record is None:
        path.unlink(missing_ok=True)  # the ledger tells of it from now on
    return printed, [asdict(label) for label in carried if label]


def _carried(file: Path, places: Places, profile: Profile | None) -> Numbered | None:
    text = number_on(file, file.read_bytes())
    number = number_of(text, profile) if profile else text
    return places.next(number) if number else None


@dataclass(frozen=True)
class Numbered:
    """A label that carries an item number, and where on a book it goes."""

    number: str
    surface: Surface
    copy: int


class Places:
    """Where the labels of one number go, one after the other: by option, by profile, by the ledger."""

    def __init__(self, site: Site, surface: Surface | None, copies: Sequence[LabelCopy]) -> None:
        self._site = site
        self._surface = surface
        self._surfaces = [copy.surface for copy in copies]
        self._seen: dict[str, int] = {}

    def next(self, number: str) -> Numbered:
        """The place of the next label with ``number``; raises BadInput when no more of them go on a book."""
        nth = self._seen.get(number, 0)
        self._seen[number] = nth + 1
        if self._surface is not None:
            return Numbered(number, self._surface, nth + 1)
        places = self._of_profile() or self._of_ledger(number) or [(Surface.BACK, 1)]
        if nth >= len(places):
            raise BadInput(
                f"{nth + 1} labels with one number, where {len(places)} go on a book", subject=number,
                remedy="Leave a file out, or say with --profile or --surface where they go.",
            )  # fmt: skip
        return Numbered(number, *places[nth])

    def _of_profile(self) -> list[tuple[Surface, int]]:
        return [
            (surface, self._surfaces[: place + 1].count(surface))
            for place, surface in enumerate(self._surfaces)
        ]

    def _of_ledger(self, number: str) -> list[tuple[Surface, int]]:
        return list(dict.fromkeys((line.surface, line.copy) for line in self._site.numbers.labels(number)))


class LabelLedger:
    """The numbers on the labels of one run; ``replaces`` is the reason of a reprint, empty without one."""

    def __init__(self, site: Site, labels: Sequence[Numbered | None], now: datetime, replaces: str) -> None:
        self._site = site
        self.labels = labels
        self._now = now
        self._replaces = replaces

    def may_print(self, job: int) -> None:
        """Raise Refused for a number that is void or whose label is out, BadInput for one never given out."""
        label = self.labels[job]
        if label is None:
            return
        try:
            state = self._site.numbers.find(label.number).state
        except BadInput as error:
            raise BadInput(
                error.what, subject=label.number,
                remedy="Check the number; --no-ledger prints what the ledger does not know.",
            ) from error  # fmt: skip
        if state is NumberState.VOIDED:
            raise Refused("the number is void for ever", subject=label.number, remedy="Throw the label away.")
        standing = self._standing(label)
        if standing is not None and not self._replaces:
            raise Refused(
                f"its label on the {_words(label.surface)} is {standing.value} already", subject=label.number,
                remedy="Only a reprint may follow: --reprint --reason WHY voids that label. Take it off.",
            )  # fmt: skip

    def void_before(self, job: int) -> None:
        """The label that a reprint takes the place of is void from now on."""
        label = self.labels[job]
        if label is not None and self._standing(label) is not None:
            self._site.numbers.void_label(
                label.number, label.surface, self._replaces, self._now, copy=label.copy
            )

    def printed(self, job: int) -> None:
        """The label came out; saying so again changes nothing."""
        label = self.labels[job]
        if label is not None and self._standing(label) is None:
            self._site.numbers.printed(label.number, label.surface, self._now, copy=label.copy)

    def _standing(self, label: Numbered) -> NumberState | None:
        """Where the latest such label stands, None when there is none or it is void."""
        states = [
            line.state for line in self._site.numbers.labels(label.number)
            if (line.surface, line.copy) == (label.surface, label.copy)
        ]  # fmt: skip
        return None if not states or states[-1] is NumberState.VOIDED else states[-1]


class LedgerRecord(RunRecord):
    """A run's record that takes the ledger along: what is on record as printed is so in the ledger too."""

    def __init__(self, path: Path | None, jobs: Sequence[Job], ledger: LabelLedger) -> None:
        super().__init__(path, jobs)
        self._ledger = ledger
        for number in range(len(jobs)):
            step = self.step(number)
            if step == "printed":  # before a crash, perhaps, that came between record and ledger
                ledger.printed(number)
            elif step != "sent":
                ledger.may_print(number)

    def enter(self, number: int, step: Step) -> None:
        """Put a step on record, and the ledger's part with it."""
        if step == "sent":
            self._ledger.void_before(number)
        super().enter(number, step)
        if step == "printed":
            self._ledger.printed(number)


def _record_path(store: Path, jobs: Sequence[Job]) -> Path:
    """Where a run of these very labels is on record until its end."""
    name = hashlib.sha256(b"".join(hashlib.sha256(job.data).digest() for job in jobs)).hexdigest()[:16]
    folder = store / "label-runs"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"{name}.jsonl"


def number_on(path: Path, data: bytes) -> str:
    """The item number on a label (PNG, or our own ZPL), empty on one without a symbol.

    Raises BadInput when nobody can tell: several numbers on it, or a job in another language.
    """
    if path.suffix.lower() != ".png" and not data.startswith(b"^XA"):
        raise BadInput(
            "nobody can tell what number is in it", subject=str(path),
            remedy="Print its PNG, or give --no-ledger for labels that the ledger does not know.",
        )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "label.png"
        _seen(path, data).save(picture)
        found = {
            code.text for code in vision.read_label(picture) if code.accepted and code.format in _SYMBOLS
        }
    if len(found) > 1:
        raise BadInput(
            f"it has several numbers ({', '.join(sorted(found))})", subject=str(path),
            remedy="Print one label a file, or give --no-ledger.",
        )  # fmt: skip
    return found.pop() if found else ""


def _seen(path: Path, data: bytes) -> Image.Image:
    """The label on white, twice as large, as the reader likes it."""
    if path.suffix.lower() == ".png":
        with Image.open(path) as image:
            ink = np.asarray(image.convert("L"))
    else:
        ink = zpl_bitmap(data)
    sheet = np.pad(ink, _WHITE_BORDER, constant_values=255)
    return Image.fromarray(np.repeat(np.repeat(sheet, _ENLARGED, axis=0), _ENLARGED, axis=1))


def _words(surface: Surface) -> str:
    return surface.value.replace("_", " ")
