"""A bench that records what a station asks of it, and answers from a script."""

import tomllib
from pathlib import Path

import pytest

from stations import rfid
from stations.station import Copy, Leaving, Picture
from workcell.kernel.layout import load_layout
from workcell.kernel.model import Marks
from workcell.kernel.ports import Done, TagMemory
from workcell.kernel.profile import Profile, TagPolicy

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NUMBER = "33194000010001"
MARKS = Marks(NUMBER, "R0000001", "MAIN", "823.914 ISH", ("823.914", "ISH"), {1: NUMBER}, "main")


class FakeBench:
    """The stations' Bench.  ``codes`` are result codes by verb, ``jobs`` answers of recognition in turn."""

    def __init__(self, place, profile):
        self.place = place
        self.profile = profile
        self.copy = Copy("b-1", 1, marks=MARKS, thickness_mm=24.0, size_mm=(152.0, 229.0))
        self.calls = []
        self.alarms = []
        self.codes = {}
        self.results = {}
        self.jobs = []
        self.answers = []
        self.reader = None
        self.notes = {}
        self.proofs = []
        self.printed = []
        self.settled = Leaving()
        self.assigned = []
        self.refuses = None
        self.voided = set()

    async def act(self, verb, **params):
        self.calls.append((verb, params))
        return Done(1, self.codes.get(verb, "ok"), self.results.get(verb, {}))

    async def picture(self, role, view="", use="moment"):
        self.calls.append(("picture", {"role": role, "view": view}))
        return Picture(f"{role}.jpg", f"/{role}.jpg")

    async def alarm(self, key, text, remedy):
        self.alarms.append((key, text, remedy))

    async def recognise(self, kind, request):
        self.calls.append((kind, dict(request)))
        answer = self.jobs.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def print(self, label):
        self.calls.append(("print", {"role": label.role, "text": label.text}))
        self.printed.append(label)

    async def write_tag(self, write):
        return await write(self.reader)

    async def read_tags(self, read):
        return await read(self.reader)

    async def note(self, kind, body):
        self.notes[kind] = dict(body)

    async def number(self, event, detail):
        self.calls.append((event, dict(detail)))

    async def assign(self, number):
        self.calls.append(("assign", {"number": number}))
        if self.refuses is not None:
            raise self.refuses
        self.assigned.append(number)

    async def preprinted(self, label):
        self.calls.append(("preprinted", {"text": label.text}))

    async def is_voided(self, number):
        return number in self.voided

    async def evidence(self):
        return "evidence"

    async def settle(self, evidence):
        self.calls.append(("settle", {"evidence": evidence}))
        return self.settled

    async def prove(self, proofs):
        self.proofs = list(proofs)

    async def ask(self, question):
        self.calls.append(("ask", {"question": question}))
        return self.answers.pop(0)

    async def guard(self):
        return 7

    def verbs(self):
        return [verb for verb, _ in self.calls]


class FakeReader:
    """A field with some tags in it."""

    name = "pad"

    def __init__(self, *tags):
        self.tags = {tag.uid: tag for tag in tags}

    async def inventory(self):
        return list(self.tags)

    async def read(self, uid):
        return self.tags[uid]


def tag(uid="E004010000000001", pii=NUMBER, afi=0x07, cut=112):
    """A tag as the tag station leaves it, written up to the byte ``cut``."""
    image = rfid.encode({1: pii}, TagPolicy(), block_size=4, capacity=112)
    memory = image.data[:cut].ljust(112, b"\0")
    return TagMemory(uid, 4, memory, afi, image.dsfid)


@pytest.fixture
def fake_reader():
    return FakeReader


@pytest.fixture
def fake_tag():
    return tag


@pytest.fixture
def bench():
    """Makes a bench at a station; keyword arguments change tables of the English profile."""
    data = tomllib.loads((EXAMPLES / "profiles" / "en.toml").read_text("utf-8"))

    def make(station, layout="twin", **tables):
        profile = Profile.model_validate({**data, **tables})
        place = load_layout(EXAMPLES / "layouts" / f"{layout}.toml").station(station)
        return FakeBench(place, profile)

    return make
