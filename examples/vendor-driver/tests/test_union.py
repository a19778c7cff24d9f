"""The driver against a catalogue that answers, refuses, is silent and talks nonsense."""

import httpx
import pytest
from acme_workcell.union import UNION, UnionCatalogue

from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import API, SourceSurroundings, Surroundings
from workcell.kernel.errors import DeviceFault, DeviceGone

RECORD = b"00026     2200025   4500\x1e\x1d"


def union(conduct):
    around = Surroundings.in_a_process(WallClock())
    given = SourceSurroundings(around.clock, around.worker, around.ids, around.tell, 2.0, 5, "", "")
    client = httpx.Client(transport=httpx.MockTransport(conduct), base_url="http://union.example/")
    return UnionCatalogue("union", client, given)


def test_it_is_written_for_this_workcell():
    assert UNION.api == API


def test_all_terms_are_asked_for_and_every_record_comes_whole():
    asked = []

    def answer(request):
        asked.append(request.url.params.multi_items())
        return httpx.Response(200, content=RECORD * 2, headers={"X-Total": "7"})

    terms = [("title", ("craft",)), ("title", ("research", "recherche")), ("year", ("2008",))]
    assert union(answer).find(terms) == (7, [RECORD, RECORD])
    assert asked == [[("title", "craft"), ("title", "research|recherche"), ("year", "2008"), ("limit", "5")]]


def test_nothing_found_is_no_error():
    assert union(lambda _: httpx.Response(200, headers={"X-Total": "0"})).find([("isbn", ("1",))]) == (0, [])


def test_a_refusal_is_told_in_its_words():
    with pytest.raises(DeviceFault, match="no such account"):
        union(lambda _: httpx.Response(403, text="no such account")).find([("isbn", ("1",))])


@pytest.mark.parametrize(
    "answer",
    [httpx.Response(200, content=RECORD), httpx.Response(200, text="hello", headers={"X-Total": "1"})],
)
def test_what_is_no_answer_is_never_taken_for_records(answer):
    with pytest.raises(DeviceFault, match="not a Union"):
        union(lambda _: answer).find([("isbn", ("1",))])


def test_silence_is_told_as_such():
    def silent(request):
        raise httpx.ReadTimeout("no byte", request=request)

    with pytest.raises(DeviceGone, match="no answer"):
        union(silent).find([("isbn", ("1",))])
