"""The draw of the spot check: enough copies, none predictable, each asked once."""

from types import SimpleNamespace

import pytest

from workcell.kernel.ids import SeededIds
from workcell.kernel.profile import Operations, SpotCheck
from workcell.line.ledger import Ledger, is_picked


class Line:
    """A line on which copies are released one after the other."""

    def __init__(self, copies, seed=1, bins=("check",), on=True, **rules):
        self.profile = SimpleNamespace(spot_check=SpotCheck(**rules), operations=Operations(spot_check=on))
        self.layout = SimpleNamespace(bins=dict.fromkeys(bins, 3))
        self.ids = SeededIds(seed)
        self.books = {
            str(n): SimpleNamespace(book_id=str(n), notes={}, marks={}, way="on") for n in range(copies)
        }
        self.left = set()
        self.state = SimpleNamespace(books=self.books, in_flight=self._in_flight, feeding_done=False)
        self.written = 0

    def _in_flight(self):
        """Three copies are on the line at a time."""
        return [book for name, book in self.books.items() if name not in self.left][:3]

    async def write(self, type_, body, book_id):
        assert type_ == "step.noted"
        self.books[book_id].notes[body["key"]] = body
        self.written += 1

    async def run(self, ordered=None):
        """All copies leave; gives how many are picked, by place."""
        ledger = Ledger(self, None, None, None)
        for place, (name, book) in enumerate(self.books.items()):
            self.state.feeding_done = place >= len(self.books) - 3
            await ledger.draw(book, len(self.books) if ordered is None else ordered)
            self.left.add(name)
        return [place for place, book in enumerate(self.books.values()) if is_picked(book)]


@pytest.mark.parametrize(
    ("copies", "least"), [(3, 3), (24, 5), (250, 5), (1000, 20)]  # 2 %, but at least five
)  # fmt: skip
async def test_a_batch_gives_its_share_and_at_least_five(copies, least):
    for seed in range(8):
        assert len(await Line(copies, seed).run()) >= least


async def test_the_sample_is_enough_when_fewer_or_more_come_than_were_ordered():
    assert len(await Line(20).run(ordered=60)) >= 5 - 2  # three copies were left to make it up from
    assert len(await Line(60).run(ordered=20)) >= 5


async def test_every_place_in_a_batch_is_picked_alike():
    picked = [place for seed in range(400) for place in await Line(20, seed, least=5).run()]
    counts = [picked.count(place) for place in range(20)]
    assert min(counts) > 60
    assert max(counts) < 145


async def test_after_the_wanted_number_nobody_is_sure_not_to_be_looked_at():
    later = [place for seed in range(60) for place in (await Line(240, seed).run())[5:]]
    assert later


async def test_a_copy_is_asked_once_however_often_its_station_runs_again():
    line = Line(6, least=2)
    first = await line.run()
    assert line.written == 6
    line.left.clear()
    assert await line.run() == first
    assert line.written == 6


@pytest.mark.parametrize("changes", [{"bins": ("main",)}, {"on": False}])
async def test_without_its_bin_or_switched_off_no_copy_is_drawn(changes):
    line = Line(6, **changes)
    assert await line.run() == []
    assert line.written == 0
