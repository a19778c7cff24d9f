"""A sample of `script/campaign day`: what the process holds does not grow from batch to batch."""

from days import EXAMPLES, batch_after_batch
from virtual_line import told

from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.line.journal import line_folder, read_events, read_last_batch
from workcell.line.projection import fold
from workcell.twin.virtual import EPOCH, VirtualRun, conduct_virtually

_BOOKS = 2
_EVENTS = 80
"""So many events come of a book at least, and each would be several objects."""


def test_a_batch_leaves_nothing_of_itself_in_memory():
    day = batch_after_batch(hours=0.05, books=_BOOKS, every_hours=0.001)
    warm, *_, last = day.looks[1:]
    assert last.batches - warm.batches >= 2
    events = (last.batches - warm.batches) * _BOOKS * _EVENTS
    assert last.objects - warm.objects < events
    assert last.blocks - warm.blocks < 2 * events


def test_the_last_of_some_batches_is_told_without_those_before_it(tmp_path):
    async def three_batches():
        clock = VirtualClock(EPOCH)
        for number in range(3):
            shipment = EXAMPLES / "shipments" / "en"
            run = VirtualRun(
                EXAMPLES / "layouts" / "twin.toml", EXAMPLES / "profiles" / "en.toml", shipment, 2, number,
                tmp_path / f"world-{number}",
            )  # fmt: skip
            await conduct_virtually(run, tmp_path / "store", clock)

    (tmp_path / "store").mkdir()
    run_virtual(three_batches())
    folder = line_folder(tmp_path / "store", "twin")
    part, whole = list(read_last_batch(folder)), list(read_events(folder))
    assert len(part) < len(whole) / 2
    for keeps_past in (False, True):
        assert told(fold(part, keeps_past=keeps_past)) == told(fold(whole, keeps_past=keeps_past))
