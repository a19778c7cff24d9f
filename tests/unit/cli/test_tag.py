"""`workcell tag`: memory and elements in and out, and a reader at the other end of a real wire."""

import asyncio
import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from stations.rfid import decode
from workcell.cli import main
from workcell.kernel.clock import WallClock
from workcell.kernel.streams import TcpStream
from workcell.twin.tag_reader import FeigReader as ReaderTwin

EXAMPLE = "9100051CBE991A140201D0140204B34607441CB6E2E335D6830207ACC09EBAA06F6B0000"
ELEMENTS = {"1": "123456789012", "3": "US-InU-Mu", "4": "1203", "6": "QA268.L55"}
UID = "E004010012345678"


@pytest.fixture
def tag(monkeypatch, capsys):
    def run(*arguments, stdin: str = ""):
        monkeypatch.setattr(sys, "argv", ["workcell", "tag", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        return ended.value.code or 0, told.out, told.err

    return run


# --- decode ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [[EXAMPLE], [EXAMPLE[at : at + 8] for at in range(0, 72, 8)], ["0x" + EXAMPLE.lower()],
     [" ".join(EXAMPLE[at : at + 2] for at in range(0, 72, 2))], [EXAMPLE[:40], EXAMPLE[40:]]],
)  # fmt: skip
def test_memory_is_taken_as_it_is_printed(tag, words):
    code, out, _ = tag("decode", *words, "--json")
    said = json.loads(out)
    assert code == 0
    assert {oid: said["elements"][oid] for oid in ELEMENTS} == ELEMENTS
    assert {"model", "elements", "findings", "truncated"} <= set(said)
    assert (said["model"], said["findings"], said["truncated"]) == ("28560-2", [], False)


def test_memory_comes_from_a_file_and_from_standard_input(tag, tmp_path):
    (tmp_path / "dump.txt").write_text("\n".join(EXAMPLE[at : at + 8] for at in range(0, 72, 8)))
    assert (
        json.loads(tag("decode", "--file", tmp_path / "dump.txt", "--json")[1])["elements"]["1"]
        == "123456789012"
    )
    assert json.loads(tag("decode", "--json", stdin=EXAMPLE)[1])["elements"]["1"] == "123456789012"


def test_many_tags_are_a_line_each(tag):
    code, out, _ = tag("decode", "--jsonl", stdin=f"{EXAMPLE}\n\n11030AA8AE00\n{'00' * 16}\n")
    assert code == 0
    assert [json.loads(line)["model"] for line in out.splitlines()] == ["28560-2", "28560-2", "blank"]


def test_a_uhf_tag_is_given_bank_by_bank_or_in_one(tag):
    bank, user = "FE2A340001045300185304406C0E0000", "0C02D9941004000100012C0038000000"
    for words in ([bank, user], [bank + user], [bank[4:], user], [bank]):
        said = json.loads(tag("decode", *words, "--json")[1])
        assert (said["model"], said["elements"]["1"], said["afi"]) == ("cultu", "01519231", "07")


def test_findings_end_with_1_and_give_what_is_whole(tag):
    code, out, _ = tag("decode", "C1020B3160532F1CB3E79DF7C39880800201A80501106702", "--json")
    said = json.loads(out)
    assert (code, said["truncated"], said["elements"]["1"]) == (1, True, "LVASK123997709")
    assert [finding["code"] for finding in said["findings"]] == ["truncated"]
    code, out, err = tag("decode", "C1020B3160532F1CB3E79DF7C39880800201A80501106702")
    assert code == 1 and "LVASK123997709" in out and "truncated" in err


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["decode", "91zz"], "'91zz' is not hexadecimal"), (["decode", "910"], "odd number of digits"),
        (["decode", "--file", "/nowhere"], "No such file"), (["decode"], "no tag memory is given"),
        (["encode"], "not JSON"), (["encode", "--model", "9"], "not JSON"),
    ],
)  # fmt: skip
def test_what_can_not_be_taken_is_one_line(tag, arguments, problem):
    code, out, err = tag(*arguments)
    assert (code, out) == (1, "")
    assert problem in err and len(err.strip().splitlines()) == 1


# --- encode ----------------------------------------------------------------------------------------------


def test_the_worked_example_of_the_standard(tag):
    code, out, _ = tag("encode", "--lock", "1,3", "--block-size", 4, "--json", stdin=json.dumps(ELEMENTS))
    said = json.loads(out)
    assert (code, said["hex"], said["lock_map"]) == (0, EXAMPLE, "ll....lll")
    assert (said["afi"], said["dsfid"], said["blocks"][0]) == ("07", "06", "9100051C")


@pytest.mark.parametrize("model", ["28560-2", "28560-3", "28560-4", "cultu"])
def test_every_model_comes_back_through_both_commands(tag, model):
    elements = {"1": "30234000517861", "3": "DK-718500"}
    code, out, _ = tag("encode", "--model", model, "--json", stdin=json.dumps(elements))
    encoded = json.loads(out)
    assert code == 0 and {"hex", "blocks", "lock_map", "afi", "dsfid"} <= set(encoded)
    assert "".join(encoded["blocks"]) == encoded["hex"]
    code, out, _ = tag("decode", encoded["hex"], "--json")
    said = json.loads(out)
    assert (code, said["model"]) == (0, model)
    assert {oid: said["elements"][oid] for oid in elements} == elements
    assert json.loads(tag("encode", "--json", stdin=out)[1])["hex"] == encoded["hex"]


def test_rows_with_locks_and_compactions_are_taken(tag):
    rows = [
        {"oid": 1, "text": "12345678", "compaction": "octet"},
        {"oid": 3, "text": "US-InU-Mu", "lock": True},
    ]
    said = json.loads(tag("encode", "--json", stdin=json.dumps(rows))[1])
    assert said["hex"].startswith("E1") or said["hex"].startswith("61")
    assert "l" in said["lock_map"]
    assert decode(bytes.fromhex(said["hex"])).elements[1] == "12345678"


@pytest.mark.parametrize(
    ("elements", "arguments", "problem"),
    [
        ({"3": "US-InU-Mu"}, [], "no primary item identifier"), ({"1": 12.5}, [], "element 1 has no text"),
        ({"x": "1"}, [], "'x' is no OID"), ({"1": "12"}, ["--lock", "3"], "are not given"),
        ({"1": "12"}, ["--model", "9"], "no data model '9'"), ([1], [], "1 is no element"),
        ({"1": "x" * 40}, ["--capacity", "16"], "tag has 16"), ("text", [], "neither an object nor a list"),
        ({"1": "12"}, ["--model", "cultu", "--afi", "AA"], "no AFI AA"),
        ({"1": "12"}, ["--model", "28560-3", "--lock", "1"], "locks no elements"),
    ],
)  # fmt: skip
def test_what_can_not_be_encoded_is_one_line(tag, elements, arguments, problem):
    code, out, err = tag("encode", *arguments, "--json", stdin=json.dumps(elements))
    assert (code, out) == (1, "")
    assert problem in err and len(err.strip().splitlines()) == 1


# --- a reader --------------------------------------------------------------------------------------------


@dataclass
class Tag:
    uid: str = UID
    block_size: int = 4
    memory: bytearray = field(default_factory=lambda: bytearray(112))
    afi: int = 0
    dsfid: int = 0
    locked: set[int] = field(default_factory=set)
    write_fails: int = 0


class Pad:
    """A twin's reader on a TCP port of this machine, in a thread; ``at_command`` is called at each one."""

    def __init__(self) -> None:
        self.tags = [Tag()]
        self.twin = ReaderTwin(self, "pad", WallClock())
        self.at_command = lambda count: None
        self._serving: set[Any] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.url = asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result(5)

    def tags_in_field(self, reader: str) -> list[Tag]:
        return self.tags

    async def _listen(self) -> str:
        iso = self.twin._iso

        async def counted(request: bytes) -> Any:
            self.at_command(len(self.twin.commands) + 1)
            return await iso(request)

        self.twin._iso = counted
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return f"tcp://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._serving.add(task)
        stream = TcpStream(reader, writer, "pad")
        try:
            await self.twin.serve(stream)
        finally:
            await stream.close()
            self._serving.discard(task)

    def close(self) -> None:
        async def end() -> None:
            self._server.close()
            await asyncio.gather(*self._serving, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()


@pytest.fixture
def pad() -> Iterator[Pad]:
    found = Pad()
    yield found
    found.close()


def test_a_tag_is_written_and_read_on_a_wire(tag, pad, tmp_path):
    elements = json.dumps({"1": "30234000517861", "3": "US-InU-Mu", "5": "10"})
    log = tmp_path / "tags.jsonl"
    code, out, err = tag("write", "--reader", pad.url, "--log", log, "--json", stdin=elements)
    said = json.loads(out)
    assert (code, said["ok"], said["code"], said["pii"]) == (0, True, "written", "30234000517861"), err
    steps = [json.loads(line) for line in log.read_text().splitlines()]
    assert steps[-1]["step"].startswith("written: ") and steps[-1]["uid"] == UID
    code, out, _ = tag("read", "--reader", pad.url, "--json")
    (told,) = json.loads(out)["tags"]
    assert (code, told["uid"], told["afi"], told["elements"]["1"]) == (0, UID, "07", "30234000517861")
    code, out, err = tag("write", "--reader", pad.url, stdin=json.dumps({"1": "30234000517879"}))
    assert code == 1 and "is not blank" in err
    for elements, problem in (
        ({"1": "1", "5": "x"}, "type_of_usage"),
        ({"1": "1", "9": "x"}, "no elements 9"),
    ):
        code, out, err = tag("write", "--reader", pad.url, stdin=json.dumps(elements))
        assert (code, out, len(err.strip().splitlines())) == (1, "", 1) and problem in err
    code, _, err = tag("write", "--reader", pad.url, stdin=json.dumps({"model": "9", "elements": {"1": "1"}}))
    assert code == 1 and "model" in err
    pad.tags = []
    assert tag("read", "--reader", pad.url)[0] == 1


def test_a_reader_that_is_not_there_ends_with_4(tag, pad):
    pad.twin.silent = True
    closed = pad.url.rpartition(":")[0] + ":1"
    code, _, err = tag("read", "--reader", closed)
    assert code == 4 and "WC-DEVICE" in err
    assert tag("read", "--reader", "acme+tcp://x:1")[0] == 2


@pytest.mark.parametrize("command", [4, 7, 9, 12])
def test_a_write_killed_for_real_is_finished_by_the_next_one(tag, pad, tmp_path, command):
    elements = tmp_path / "elements.json"
    elements.write_text(json.dumps({"1": "30234000517861", "3": "US-InU-Mu", "5": "10"}))
    line = [
        sys.executable,
        "-m",
        "workcell.cli",
        "tag",
        "write",
        "--reader",
        pad.url,
        "--elements",
        str(elements),
    ]
    process = subprocess.Popen(line, stderr=subprocess.DEVNULL)

    def kill(count: int) -> None:
        if count == command:
            os.kill(process.pid, signal.SIGKILL)

    pad.at_command = kill
    assert process.wait(30) == -signal.SIGKILL
    memory = bytes(pad.tags[0].memory)
    assert decode(memory).pii in ("", "30234000517861")
    pad.at_command = lambda count: None
    code, out, _ = tag("write", "--reader", pad.url, "--elements", elements, "--json")
    assert (code, json.loads(out)["pii"]) == (0, "30234000517861")
    assert decode(bytes(pad.tags[0].memory)).sound and pad.tags[0].afi == 0x07
