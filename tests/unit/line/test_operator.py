"""The operator as conveyor: what a person is told and asked, one book at a time."""

import asyncio

import pytest

from workcell.kernel.clock import WallClock
from workcell.kernel.errors import Refused
from workcell.line.operator import OperatorLink

BINS = {"main": 4, "review": 1}


class FakePerson:
    def __init__(self, books=1, answer="yes"):
        self.books = books
        self.answer = answer
        self.heard = []

    async def next_book(self):
        self.books -= 1
        return self.books >= 0

    async def told(self, text):
        self.heard.append(text)

    async def asked(self, question):
        self.heard.append(question)
        return self.answer


@pytest.fixture
def person():
    return FakePerson()


@pytest.fixture
async def link(person):
    link = OperatorLink(person, WallClock(), BINS)
    for command in ("reset", "start"):
        await link.command(command)
    return link


async def give(link, station, verb, **params):
    return await link.execute(station, await link.reserve(station), verb, params)


@pytest.mark.parametrize(
    ("station", "verb", "params", "words"),
    [
        ("stamp", "stamp", {"surface": 4, "x_mm10": 750, "y_mm10": 600}, "Stamp the title page, 75 mm"),
        ("barcode_label", "apply", {"surface": 2, "x_mm10": 120, "y_mm10": 1500}, "label on the back cover"),
        ("spine_label", "apply", {"surface": 3, "y_mm10": 127}, "spine, 12.7 mm from the foot"),
        ("rfid", "place_tag", {}, "blank tag"),
    ],
)  # fmt: skip
async def test_an_act_becomes_a_sentence(station, verb, params, words, link, person):
    assert (await give(link, station, verb, **params)).ok
    assert words in person.heard[-1]


@pytest.mark.parametrize("verb", ["open", "turn", "close", "hold", "align"])
async def test_what_has_no_meaning_at_a_desk_is_done_in_silence(verb, link, person):
    assert (await give(link, "capture", verb)).ok
    assert person.heard == []


async def test_the_book_is_put_on_its_pile_by_name(link, person):
    await give(link, "supply", "feed", track_id=1)
    await give(link, "sort", "release", track_id=1, destination=4)
    assert person.heard == ["Put the book on: main."]
    view = await link.view()
    assert (view.entered, view.left) == (1, 1)


async def test_the_next_book_is_asked_for_when_the_last_is_away(link, person):
    person.books = 2
    await give(link, "supply", "feed", track_id=1)
    second = asyncio.ensure_future(give(link, "supply", "feed", track_id=2))
    for _ in range(3):
        await asyncio.sleep(0)
    assert not second.done()
    await give(link, "sort", "release", track_id=1, destination=1)
    assert (await second).ok
    await give(link, "sort", "release", track_id=2, destination=1)
    assert (await give(link, "supply", "feed", track_id=3)).code == "empty"


async def test_a_held_desk_takes_no_command(link):
    await link.command("hold")
    with pytest.raises(Refused, match="Held"):
        await give(link, "stamp", "stamp", surface=1)
    with pytest.raises(Refused, match="start is not possible in Held"):
        await link.command("start")
    await link.command("unhold")
    assert (await give(link, "capture", "hold")).ok


@pytest.mark.parametrize(("answer", "known"), [("yes", True), ("是", True), ("no", False), ("", False)])
async def test_after_a_restart_the_person_says_whether_the_act_was_done(answer, known, link, person):
    person.answer = answer
    outcome = await link.outcome("stamp", 3)
    assert (outcome is not None) is known
    assert "stamp" in person.heard[-1]


async def test_a_book_left_on_the_desk_is_known_after_a_restart(person):
    link = OperatorLink(person, WallClock(), BINS)
    link.on_desk(7, "verify")
    [zone] = (await link.view()).zones
    assert (zone.zone, zone.track_id) == ("verify", 7)
