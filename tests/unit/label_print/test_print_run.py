"""A run of labels that is interrupted anywhere goes on without printing one twice or leaving one out."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from label_print import Job, NotReady, PrintRun, RunRecord, TsplPrinter, ZplPrinter
from label_print.label import Label
from label_print.layout import Stock, barcode_label
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone, Doubtful
from workcell.kernel.streams import memory_connect
from workcell.twin.printer import ZplPrinter as ZplTwin
from workcell.twin.tspl_printer import TsplPrinter as TsplTwin

CLOCK = VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC))
NUMBERS = [f"3023400051{number:04d}" for number in range(5)]
LABELS = [barcode_label(number, "code128", "", Stock(50, 15), 203) for number in NUMBERS]
LANGUAGES = {
    "zpl": (ZplPrinter, ZplTwin, Label.zpl),
    "tspl": (TsplPrinter, TsplTwin, Label.tspl),
}


class Roll:
    """Where labels come out; each is taken off when ``taken`` and known by its bitmap."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.waiting = False

    def label_printed(self, printer: str, bitmap: Any, dpi: int) -> None:
        place = next(at for at, label in enumerate(LABELS) if (label.bitmap == bitmap).all())
        self.out.append(NUMBERS[place])
        self.waiting = True

    def label_waiting(self, printer: str) -> bool:
        return self.waiting


class Desk:
    """A printer, the roll, and a person who takes labels off."""

    def __init__(self, language: str, record: Path | None) -> None:
        driver, twin, render = LANGUAGES[language]
        self.roll = Roll()
        self.twin = twin(self.roll, "label", CLOCK, print_seconds=0.5)
        self.printer = driver("label", memory_connect(self.twin.serve), CLOCK, print_seconds=4.0)
        self.jobs = [Job(n, render(label)) for n, label in zip(NUMBERS, LABELS, strict=True)]
        self.record = record

    async def run(self, came_out: bool | None = None, patience: float = 3.0) -> int:
        taking = asyncio.ensure_future(self._take())
        try:
            record = RunRecord(self.record, self.jobs)
            return await PrintRun(self.printer, CLOCK, record, patience=patience).print(self.jobs, came_out)
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)

    async def _take(self) -> None:
        while True:
            await CLOCK.sleep(0.8)
            self.roll.waiting = False

    async def later(self, seconds: float, **faults: bool) -> None:
        await CLOCK.sleep(seconds)
        for name, value in faults.items():
            setattr(self.twin, name, value)


@pytest.fixture(params=list(LANGUAGES))
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Desk:
    return Desk(request.param, tmp_path / "run.jsonl")


def on_time(story: Callable[[], Coroutine[Any, Any, None]]) -> None:
    run_virtual(story())


def test_every_label_comes_out_once_in_order(desk: Desk) -> None:
    async def story() -> None:
        assert await desk.run() == 5
        assert desk.roll.out == NUMBERS
        assert await desk.run() == 0
        assert desk.roll.out == NUMBERS

    on_time(story)


@pytest.mark.parametrize("fault", ["paper_out", "ribbon_out", "head_open", "paused"])
@pytest.mark.parametrize("seconds", [0.1, 1.0, 1.9, 3.3])
def test_after_a_fault_the_run_goes_on_with_the_same_label(desk: Desk, fault: str, seconds: float) -> None:
    async def story() -> None:
        breaking = asyncio.ensure_future(desk.later(seconds, **{fault: True}))
        with pytest.raises(DeviceFault, match=fault.replace("_", " ")):
            await desk.run(patience=0.0 if seconds < 1 else 3.0)
        await breaking
        setattr(desk.twin, fault, False)
        await CLOCK.sleep(1.0)
        try:
            await desk.run()
        except Doubtful:
            await desk.run(came_out=_in_doubt(desk) in desk.roll.out)
        assert desk.roll.out == NUMBERS

    on_time(story)


def test_a_fault_mended_in_time_is_waited_for(desk: Desk) -> None:
    async def story() -> None:
        faults = asyncio.gather(desk.later(1.0, paper_out=True), desk.later(3.0, paper_out=False))
        assert await desk.run(patience=10.0) == 5
        await faults
        assert desk.roll.out == NUMBERS

    on_time(story)


def test_silence_leaves_a_doubt_that_a_person_settles(desk: Desk) -> None:
    async def story() -> None:
        silence = asyncio.ensure_future(desk.later(1.2, silent=True))
        with pytest.raises(Doubtful):
            await desk.run()
        await silence
        with pytest.raises(DeviceGone):
            await desk.run()
        desk.twin.silent = False
        desk.roll.waiting = False
        await CLOCK.sleep(5)
        desk.roll.waiting = False
        with pytest.raises(Doubtful, match=_in_doubt(desk)):
            await desk.run()
        await desk.run(came_out=_in_doubt(desk) in desk.roll.out)
        assert desk.roll.out == NUMBERS

    on_time(story)


def test_a_label_that_did_not_come_out_is_printed_when_a_person_says_so(desk: Desk) -> None:
    async def story() -> None:
        RunRecord(desk.record, desk.jobs).enter(0, "sent")  # the process died before the bytes went out
        with pytest.raises(Doubtful, match=NUMBERS[0]):
            await desk.run()
        assert await desk.run(came_out=False) == 5
        assert desk.roll.out == NUMBERS

    on_time(story)


def test_a_printer_that_is_not_ready_leaves_nothing_in_doubt(desk: Desk) -> None:
    async def story() -> None:
        desk.twin.head_open = True
        with pytest.raises(NotReady, match="head open"):
            await desk.run()
        desk.twin.head_open = False
        assert await desk.run() == 5

    on_time(story)


def test_the_record_of_another_run_is_refused(desk: Desk) -> None:
    on_time(lambda: _ignored(desk.run()))
    with pytest.raises(BadInput, match="another run"):
        RunRecord(desk.record, list(reversed(desk.jobs)))
    desk.record.write_text("nonsense\n")
    with pytest.raises(BadInput, match="another run"):
        RunRecord(desk.record, desk.jobs)


def test_a_line_cut_by_a_crash_is_left_out(desk: Desk) -> None:
    record = RunRecord(desk.record, desk.jobs)
    record.enter(0, "printed")
    with desk.record.open("a") as file:
        file.write('{"job": 1, "sha')
    again = RunRecord(desk.record, desk.jobs)
    assert (again.step(0), again.step(1)) == ("printed", None)
    again.enter(1, "printed")
    assert RunRecord(desk.record, desk.jobs).step(1) == "printed"


async def _ignored(awaited: Coroutine[Any, Any, int]) -> None:
    await awaited


def _in_doubt(desk: Desk) -> str:
    record = RunRecord(desk.record, desk.jobs)
    return next(number for place, number in enumerate(NUMBERS) if record.step(place) == "sent")
