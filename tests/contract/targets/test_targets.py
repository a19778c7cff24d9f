"""Every way to a target against a real Zebra, and against servers that misbehave."""

import itertools
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from marc import Catalogue, Target, Wanted, ask, connect, fetch, read_records, record_facts, to_iso2709
from marc.target_queries import Question, Term
from marc.target_yazclient import YazClientConnection
from marc.target_yazclient import available as yaz_client_installed
from workcell.cli.app import app
from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import API, Driver, Drivers
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone

RECORDS = Path(__file__).resolve().parents[3] / "examples" / "shipments" / "en" / "catalogue.mrc"
HELD = [record_facts(result.record) for result in read_records(RECORDS)]
CRAFT = next(facts for facts in HELD if "craft of research" in facts.title)
ISBN = CRAFT.isbns[0].isbn13
OURS = ("z3950", "http")
WAYS = (*OURS, "driver")


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("wanted", "step"),
    [
        (Wanted(isbns=(ISBN,)), "isbn"),
        (Wanted(isbns=("9780000000002",), title=CRAFT.title, author="Booth", year=str(CRAFT.year)),
         "title_author_year"),
        (Wanted(title=CRAFT.title, author="Booth", year="1871"), "title_author"),
        (Wanted(title=CRAFT.title, author="Nobody"), "title"),
        (Wanted(words='the "craft" of research\\'), "words"),
        (Wanted(record_id=CRAFT.record_id), "id"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_questions_escalate_until_the_record_is_found(books, connected, way, wanted, step) -> None:
    target, connection = connected(f"{way}://{books}")
    found_by, answer = ask(target, wanted, connection)
    assert found_by == step
    assert record_facts(answer.records[0]) == CRAFT


@pytest.mark.parametrize("way", WAYS)
def test_nothing_found_is_no_error(books, connected, way) -> None:
    target, connection = connected(f"{way}://{books}")
    step, answer = ask(target, Wanted(isbns=("9780000000002",), title="zzzz qqqq"), connection)
    assert (step, answer.total, answer.records) == ("", 0, ())


@pytest.mark.parametrize("way", WAYS)
def test_no_more_records_come_than_asked_for(books, connected, way) -> None:
    target, connection = connected(f"{way}://{books}", limit=3)
    _, answer = ask(target, Wanted(title="the"), connection)
    assert len(answer.records) == 3
    assert answer.total > 3


@pytest.mark.parametrize("way", WAYS)
def test_every_record_comes_as_it_is_kept(books, connected, way) -> None:
    target, connection = connected(f"{way}://{books}")
    for facts in HELD:
        _, answer = ask(target, Wanted(record_id=facts.record_id), connection)
        assert [record_facts(record) for record in answer.records] == [facts]


@pytest.mark.parametrize("way", WAYS)
def test_stripped_fields_do_not_come(books, connected, way) -> None:
    target, connection = connected(f"{way}://{books}", stripped=("9..", "6.."))
    _, answer = ask(target, Wanted(isbns=(ISBN,)), connection)
    assert {field.tag[0] for field in answer.records[0].fields}.isdisjoint("69")


def test_marcxml_over_z3950_is_read_too(books, connected) -> None:
    target, connection = connected(f"z3950://{books}", syntax="xml")
    _, answer = ask(target, Wanted(isbns=(ISBN,)), connection)
    assert record_facts(answer.records[0]) == CRAFT


def test_the_program_yaz_client_answers_as_the_library_does(books) -> None:
    if not yaz_client_installed():
        pytest.skip("yaz-client is not installed (script/bootstrap test)")
    target = Target(name="target", url=f"z3950://{books}", limit=3)
    connection = YazClientConnection(target)
    step, answer = ask(target, Wanted(isbns=(ISBN,)), connection)
    assert (step, record_facts(answer.records[0])) == ("isbn", CRAFT)
    assert ask(target, Wanted(isbns=("9780000000002",)), connection)[1].total == 0
    with pytest.raises(DeviceFault, match="Database"):
        ask(target, Wanted(isbns=(ISBN,)), YazClientConnection(Target(name="t", url=f"z3950://{books}none")))


@pytest.mark.parametrize(
    ("url", "settings", "said"),
    [
        ("z3950://{}none", {}, "Database"),
        ("z3950://{}", {"indexes": {"isbn": "4711"}}, "Unsupported Use attribute"),
        ("http://{}", {"indexes": {"isbn": "no.such"}}, "Unsupported"),
        ("driver://{}none", {}, "Database"),
        ("http://{}", {"record_schema": "nonsense"}, "."),
    ],
)
def test_a_refusal_is_said_in_the_targets_own_words(books, connected, url, settings, said) -> None:
    target, connection = connected(url.format(books), **settings)
    with pytest.raises(DeviceFault, match=said):
        ask(target, Wanted(isbns=(ISBN,)), connection)


def test_sru_turns_to_an_index_that_the_target_knows(books, connected) -> None:
    target, connection = connected(f"http://{books}", indexes={"isbn": ["no.such", "dc.identifier"]})
    assert ask(target, Wanted(isbns=(ISBN,)), connection)[0] == "isbn"


@pytest.mark.parametrize(
    ("conduct", "kind"),
    [("silent", DeviceGone), ("closing", DeviceGone), ("garbage", (DeviceFault, DeviceGone)),
     ("slow", (DeviceFault, DeviceGone)), ("slow_z3950", (DeviceFault, DeviceGone))],
)  # fmt: skip
@pytest.mark.parametrize("way", WAYS)
def test_a_server_that_misbehaves_costs_no_more_than_its_time(faulty, connected, way, conduct, kind) -> None:
    server = faulty(conduct)
    target, connection = connected(f"{way}://127.0.0.1:{server.port}/Books", timeout_s=1)
    began = time.monotonic()
    with pytest.raises(kind) as caught:
        ask(target, Wanted(isbns=(ISBN,)), connection)
    assert time.monotonic() - began < 4
    assert str(server.port) in str(caught.value)
    assert server.accepted


@pytest.mark.parametrize("conduct", ["silent", "closing", "garbage"])
def test_yaz_client_bears_misbehaving_servers_too(faulty, conduct) -> None:
    if not yaz_client_installed():
        pytest.skip("yaz-client is not installed (script/bootstrap test)")
    target = Target(name="target", url=f"z3950://127.0.0.1:{faulty(conduct).port}/Books", timeout_s=1)
    with pytest.raises((DeviceGone, DeviceFault)):
        ask(target, Wanted(isbns=(ISBN,)), YazClientConnection(target))


@pytest.mark.parametrize("way", WAYS)
def test_a_target_that_is_not_there_is_said_at_once(connected, way) -> None:
    target, connection = connected(f"{way}://127.0.0.1:1/Books")
    with pytest.raises(DeviceGone, match="connection failed"):
        ask(target, Wanted(isbns=(ISBN,)), connection)


# --- what a driver does -----------------------------------------------------------------------------------


class Given:
    """An entry point of a driver whose source finds what the test wants."""

    name, value = "source.acme", "acme:SOURCE"

    def __init__(self, find) -> None:
        self.find = find

    def load(self):
        return Driver(API, lambda name, endpoint, around: self)


@pytest.mark.parametrize("answer", [None, (1,), (1, ["text"]), ("many", []), RuntimeError("no licence")])
def test_what_a_driver_trips_over_is_that_targets_fault(answer) -> None:
    def find(terms):
        if isinstance(answer, Exception):
            raise answer
        return answer

    target = Target(name="t", url="acme", driver="acme")
    with pytest.raises(DeviceFault, match="the driver acme failed") as caught:
        ask(target, Wanted(isbns=(ISBN,)), connect(target, WallClock(), Drivers([Given(find)])))
    assert caught.value.subject == "acme"


def test_what_a_driver_gives_that_is_no_record_is_counted_and_left_out() -> None:
    record = to_iso2709(next(iter(read_records(RECORDS))).record, "marc21")
    target = Target(name="t", url="acme", driver="acme")
    find = Given(lambda terms: (3, [b"00026 no record", record, b"<record/>"]))
    answer = connect(target, WallClock(), Drivers([find])).ask(Question("isbn", (Term("isbn", (ISBN,)),)))
    assert (answer.total, len(answer.records), answer.unreadable) == (3, 1, 2)


def test_a_target_without_its_driver_is_refused() -> None:
    target = Target(name="t", url="acme", driver="acme")
    with pytest.raises(ConfigError, match="no source driver 'acme'") as caught:
        connect(target, WallClock(), Drivers([]))
    assert "sru" in caught.value.remedy


# --- cache -----------------------------------------------------------------------------------------------


def test_an_answer_is_kept_and_not_asked_for_again_until_it_is_old(books, connected, tmp_path) -> None:
    target, connection = connected(f"z3950://{books}", cache_days=30)
    now = datetime(2026, 11, 20, tzinfo=UTC)
    asked = itertools.count()

    class Counting:
        def ask(self, question):
            next(asked)
            return connection.ask(question)

        def close(self):
            pass

    wanted = Wanted(isbns=("9780000000002",), title=CRAFT.title, author="Nobody")
    with Catalogue.open(tmp_path / "target.sqlite") as cache:
        first = fetch(target, wanted, Counting(), cache, now)
        assert (first.records, first.step, first.cached) == (1, "title", False)
        again = fetch(target, wanted, Counting(), cache, now + timedelta(days=29))
        assert (again.records, again.step, again.cached) == (1, "title", True)
        assert next(asked) == 3
        late = fetch(target, wanted, Counting(), cache, now + timedelta(days=31))
        assert (late.cached, next(asked)) == (False, 7)
        (hit,) = cache.by_isbn(ISBN)
        assert (hit.source, hit.record_id) == ("target", CRAFT.record_id)
        assert cache.facts(hit.id) == CRAFT


# --- command line ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", OURS)
def test_the_command_line_asks_targets(books, way) -> None:
    run = CliRunner().invoke
    found = run(app, ["catalog", "search", "craft research", "--catalog", f"{way}://{books}", "--json"])
    assert found.exit_code == 0, found.output
    assert json.loads(found.stdout)["hits"][0]["id"] == CRAFT.record_id
    got = run(app, ["catalog", "get", "--isbn", ISBN, "--target", f"{way}://{books}", "--json"])
    assert json.loads(got.stdout)["records"][0]["isbns"][0] == ISBN
    none = run(app, ["catalog", "get", "--isbn", "9780000000002", "--target", f"{way}://{books}"])
    assert none.exit_code == 1
