"""Commands on a line that has run: status, passport, resuming, and a second conductor."""

import asyncio
import json
from pathlib import Path

import pytest

from workcell.kernel.clock import WallClock
from workcell.kernel.worker import InlineWorker
from workcell.line.inbox import Inbox
from workcell.line.journal import LineJournal, line_folder
from workcell.site import Site

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
DONE, FAILED, USAGE, REFUSED, GONE = range(5)
BATCH = "twin-20260105-01"
BOOK = f"{BATCH}-0001"


@pytest.fixture
def run_arguments(tmp_path):
    return [
        "run", "--layout", EXAMPLES / "layouts" / "twin.toml", "--profile", EXAMPLES / "profiles" / "en.toml",
        "--out", tmp_path / "out", "--store", tmp_path, "--twin", tmp_path,
    ]  # fmt: skip


STORY = [
    ("batch.opened", {"batch_id": BATCH, "counters": {"entered": 0, "left": 0}}, "", ""),
    ("line.state", {"state": "Execute", "mode": "Production", "linked": True, "boot_id": 1}, "", ""),
    (
        "effect.intended",
        {"key": "supply:feed", "kind": "act:feed", "station": "supply", "seq": 1, "verb": "feed",
         "params": {"track_id": 7}, "to": ""},
        BOOK, "e1",
    ),
    ("effect.done", {"code": "ok", "results": {}}, BOOK, "e1"),
    ("alarm.raised", {"key": "jam:stamp", "text": "Jam at stamp.", "remedy": "Clear it."}, BOOK, ""),
]  # fmt: skip
CLOSED = [
    ("book.diverted", {"way": "review", "reasons": [{"code": "X", "text": "x"}], "marked": False}, BOOK, ""),
    ("book.left", {"outcome": "review", "bin": "review", "reasons": []}, BOOK, ""),
    ("line.feeding_done", {"fed": 1}, "", ""),
    ("batch.closed", {"counts": {}, "entered": 1, "left": 1, "agree": True}, "", ""),
]


def write(store, story):
    """Put a line's story into its journal, as a conductor would."""
    journal = LineJournal(line_folder(store, "twin"), "twin", WallClock(), InlineWorker())

    async def tell():
        for type_, body, book_id, effect_id in story:
            await journal.append(type_, body, book_id=book_id, batch_id=BATCH, effect_id=effect_id)
        await journal.close()

    asyncio.run(tell())


def test_status_tells_books_counts_and_alarms_in_the_contracts_shape(workcell, tmp_path):
    write(tmp_path, STORY)
    code, out, _ = workcell("status", "--store", tmp_path, "--json")
    status = json.loads(out)
    assert code == DONE
    assert (status["line_id"], status["state"], status["mode"]) == ("twin", "Execute", "Production")
    assert status["batch"] == BATCH
    assert status["books"] == [{"book": BOOK, "zone": "supply", "state": "fed"}]
    assert status["alarms"][0]["text"] == "Jam at stamp."
    assert status["counts"]["fed"] == 1


def test_status_is_readable_too(workcell, tmp_path):
    write(tmp_path, STORY)
    code, out, _ = workcell("status", "--store", tmp_path)
    assert code == DONE
    assert "Jam at stamp." in out


def test_alarms_are_listed_with_priority_cause_and_response(workcell, tmp_path):
    cleared = ("alarm.cleared", {"key": "counts"}, "", "")
    raised = ("alarm.raised", {"key": "counts", "text": "5 in, 4 out.", "remedy": "Search."}, "", "")
    write(tmp_path, [*STORY, raised, cleared])
    code, out, _ = workcell("alarms", "list", "--store", tmp_path, "--json")
    jam, counts = json.loads(out)["alarms"]
    assert code == DONE
    assert (jam["key"], jam["priority"], jam["state"], jam["id"]) == (
        "jam:stamp",
        "high",
        "unacknowledged",
        100,
    )
    assert (jam["response"], jam["book"]) == ("Clear it.", BOOK) and jam["cause"] and jam["consequence"]
    assert (counts["state"], counts["priority"]) == ("returned-unacknowledged", "medium")
    code, out, _ = workcell("alarms", "list", "--store", tmp_path)
    assert code == DONE and "Jam at stamp. Clear it." in out


@pytest.mark.parametrize("answered", [{"ok": True, "text": "done"}, {"ok": False, "text": "not so"}])
@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["ack", "all"], ("ack", {"key": "all"})),
        (
            ["shelve", "counts", "--minutes", "30", "--reason", "known"],
            ("shelve", {"key": "counts", "minutes": 30.0, "reason": "known"}),
        ),
        (["unshelve", "counts"], ("unshelve", {"key": "counts"})),
    ],
)
def test_what_a_person_says_to_an_alarm_reaches_the_conductor(
    workcell, tmp_path, monkeypatch, arguments, asked, answered
):
    write(tmp_path, STORY)
    heard = []
    put = Inbox.put

    def put_and_answer(inbox, request):
        put(inbox, request)
        heard.append((request.verb, dict(request.arguments)))
        inbox.answer(request.id, answered)

    monkeypatch.setattr(Inbox, "put", put_and_answer)
    code, _, err = workcell("alarms", *arguments, "--store", tmp_path)
    assert heard == [asked]
    assert code == (DONE if answered["ok"] else REFUSED)
    assert answered["text"] in err


def test_a_passport_has_every_event_of_its_book(workcell, tmp_path):
    write(tmp_path, STORY)
    code, out, _ = workcell("passport", BOOK, "--store", tmp_path, "--json")
    assert code == DONE
    assert [event["type"] for event in json.loads(out)["events"]] == [
        "effect.intended", "effect.done", "alarm.raised",
    ]  # fmt: skip


def test_an_unknown_book_has_no_passport(workcell, tmp_path):
    write(tmp_path, STORY)
    code, _, err = workcell("passport", "nobody", "--store", tmp_path)
    assert code == FAILED
    assert "no book 'nobody'" in err


def test_an_open_batch_must_be_resumed(workcell, run_arguments, tmp_path):
    write(tmp_path, STORY)
    code, _, err = workcell(*run_arguments)
    assert code == REFUSED
    assert f"batch {BATCH} is not finished" in err
    assert "--resume" in err


def test_there_is_nothing_to_resume_on_a_fresh_store(workcell, run_arguments):
    code, _, err = workcell(*run_arguments, "--resume")
    assert code == REFUSED
    assert "no unfinished batch" in err


def test_a_second_conductor_is_refused(workcell, run_arguments, tmp_path):
    journal = LineJournal(line_folder(tmp_path, "twin"), "twin", WallClock(), InlineWorker())
    code, _, err = workcell(*run_arguments)
    asyncio.run(journal.close())
    assert code == REFUSED
    assert "already run by another conductor" in err


def test_a_closed_batch_whose_output_was_not_written_gets_it_by_resuming(workcell, run_arguments, tmp_path):
    """The conductor died between the close and the output: no device is needed to mend that."""
    write(tmp_path, STORY + CLOSED)
    site = Site.open(f"sqlite:///{tmp_path / 'site.sqlite'}")
    site.batches.open(BATCH, "twin", "en", (), WallClock().wall())
    site.close()
    names = ("plc", "printer-barcode", "printer-spine", "reader-tag", "reader-verify")
    ports = dict.fromkeys(names, "tcp://127.0.0.1:9") | {"cameras": "http://127.0.0.1:9"}
    (tmp_path / "ports.json").write_text(json.dumps(ports))
    code, _, err = workcell(*run_arguments)
    assert code == REFUSED
    assert "output" in err
    code, out, err = workcell(*run_arguments, "--resume", "--json")
    assert code == DONE, err
    assert json.loads(out)["review"] == 1
    assert (tmp_path / "out" / "report.html").exists()
    code, _, err = workcell(*run_arguments, "--resume")
    assert code == REFUSED


class _Conductor:
    """Answers what it finds in the inbox, as the conductor does."""

    def __init__(self, folder, answer):
        self._folder = folder
        self._answer = answer

    async def sleep(self, seconds):
        inbox = Inbox(self._folder)
        for request in inbox.open_requests():
            inbox.answer(request.id, self._answer)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ({"ok": True, "text": "hold: the unit is Held"}, DONE),
        ({"ok": False, "text": "hold is not possible in Stopped"}, REFUSED),
    ],
)
def test_hold_tells_what_the_line_answered(answer, code, workcell, tmp_path, monkeypatch):
    folder = line_folder(tmp_path, "twin")
    conductor = _Conductor(folder, answer)
    monkeypatch.setattr(WallClock, "sleep", lambda self, seconds: conductor.sleep(seconds))
    folder.mkdir(parents=True)
    ended, _, err = workcell("hold", "--store", tmp_path)
    assert ended == code
    assert answer["text"] in err
