"""The FEIG driver and the write transaction against the twin: in memory, and over a pseudo-terminal."""

import asyncio
import os
import tty
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest

from stations.rfid import Capability, FeigReader, TagReport, decode, encode, open_reader, pii, write_tag
from stations.rfid import feig_frames as frames
from workcell.kernel.clock import VirtualClock, WallClock, run_virtual
from workcell.kernel.errors import ConfigError, DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream
from workcell.kernel.profile import TagPolicy
from workcell.kernel.streams import connector, memory_connect
from workcell.twin.tag_reader import FeigReader as ReaderTwin

CLOCK = VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC))
UID, NEIGHBOUR = "E004010012345678", "E0040100AABBCCDD"
ELEMENTS = {1: "30234000517861", 3: "US-InU-Mu", 5: "10"}
POLICY = TagPolicy(elements=(3, 5))
WRITES = {0x22, 0x24, 0x27, 0x28, 0x29}


@dataclass
class Tag:
    uid: str = UID
    block_size: int = 4
    memory: bytearray = field(default_factory=lambda: bytearray(112))
    afi: int = 0
    dsfid: int = 0
    locked: set[int] = field(default_factory=set)
    write_fails: int = 0


class Field:
    """The world of these tests: the tags in front of one antenna."""

    def __init__(self) -> None:
        self.tags = [Tag()]

    def tags_in_field(self, reader: str) -> list[Tag]:
        assert reader == "tag"
        return list(self.tags)


class Bench:
    def __init__(self) -> None:
        self.field = Field()
        self.twin = ReaderTwin(self.field, "tag", CLOCK)
        self.reader = FeigReader("tag", memory_connect(self.twin.serve), CLOCK)

    @property
    def tag(self) -> Tag:
        return self.field.tags[0]

    async def write(self, policy: TagPolicy = POLICY, **more: Any) -> TagReport:
        return await write_tag(self.reader, ELEMENTS, policy, **more)


def on_bench(story: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        await story(Bench())

    run_virtual(run())


async def voided(number: str) -> bool:
    return number == "30234000000017"


def filled(elements: dict[int, str], policy: TagPolicy = POLICY) -> Tag:
    """A tag that somebody wrote well."""
    image = encode(elements, policy, block_size=4, capacity=112)
    return Tag(memory=bytearray(image.data.ljust(112, b"\0")), afi=image.afi, dsfid=image.dsfid)


# --- the driver ------------------------------------------------------------------------------------------


def test_inventory_lists_every_tag_once() -> None:
    async def story(bench: Bench) -> None:
        assert await bench.reader.inventory() == [UID]
        bench.field.tags = [Tag(uid=f"E00401000000{n:04X}") for n in range(40)]  # more than one answer holds
        assert await bench.reader.inventory() == [tag.uid for tag in bench.field.tags]
        bench.field.tags = []
        assert await bench.reader.inventory() == []

    on_bench(story)


def test_a_tag_is_read_whole() -> None:
    async def story(bench: Bench) -> None:
        bench.tag.memory[:] = bytes(range(112))
        bench.tag.locked, bench.tag.afi, bench.tag.dsfid = {0, 5, 27}, 0x07, 0x06
        memory = await bench.reader.read(UID)
        assert (memory.uid, memory.block_size, memory.data) == (UID, 4, bytes(range(112)))
        assert (memory.afi, memory.dsfid, memory.locked) == (0x07, 0x06, {0, 5, 27})

    on_bench(story)


def test_a_tag_of_other_size_is_read_whole() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags = [Tag(block_size=8, memory=bytearray(range(256)))]
        assert (await bench.reader.read(UID)).data == bytes(range(256))

    on_bench(story)


def test_every_changing_command_names_its_tag() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags.append(Tag(uid=NEIGHBOUR))
        await bench.reader.write_blocks(UID, 2, [b"\x01\x02\x03\x04", b"\x05\x06\x07\x08"])
        await bench.reader.write_afi(UID, 0x07)
        await bench.reader.write_dsfid(UID, 0x06)
        await bench.reader.lock_blocks(UID, 2, 2)
        assert bench.tag.memory[8:16] == bytes(range(1, 9))
        assert (bench.tag.afi, bench.tag.dsfid, bench.tag.locked) == (0x07, 0x06, {2, 3})
        assert bench.field.tags[1] == Tag(uid=NEIGHBOUR)

    on_bench(story)


@pytest.mark.parametrize(
    ("first", "problem"),
    [(3, "locked and can't be changed"), (27, "no such block")],
    ids=["locked", "beyond"],
)
def test_what_a_tag_refuses_is_said_in_words(first: int, problem: str) -> None:
    async def story(bench: Bench) -> None:
        bench.tag.locked = {4}
        with pytest.raises(DeviceFault, match=problem):
            await bench.reader.write_blocks(UID, first, [bytes(4), bytes(4)])

    on_bench(story)


def test_a_chip_without_write_multiple_gets_blocks_one_by_one() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.multi_block = False
        await bench.reader.write_blocks(UID, 0, [b"abcd", b"efgh"])
        assert bench.tag.memory[:8] == b"abcdefgh"

    on_bench(story)


def test_a_tag_that_left_the_field_is_a_fault() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags = []
        with pytest.raises(DeviceFault, match="no tag answers"):
            await bench.reader.read(UID)

    on_bench(story)


def test_a_lost_answer_to_a_question_is_asked_for_again() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.lost_answers = 2
        assert await bench.reader.inventory() == [UID]

    on_bench(story)


def test_a_lost_answer_to_a_change_is_not_sent_again() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.lost_answers = 1
        with pytest.raises(DeviceGone, match="no answer"):
            await bench.reader.write_afi(UID, 0x07)
        assert bench.twin.commands.count(0x27) == 1

    on_bench(story)


def test_a_silent_reader_is_gone() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.silent = True
        with pytest.raises(DeviceGone, match="no answer within 1 s"):
            await bench.reader.inventory()

    on_bench(story)


def test_an_answer_that_comes_too_late_is_not_taken_for_the_next_one() -> None:
    async def late(stream: ByteStream) -> None:
        """Answers the first question only when the second one has been asked on a fresh wire."""
        while await stream.read():
            await CLOCK.sleep(5)

    async def story() -> None:
        twin = ReaderTwin(Field(), "tag", CLOCK)
        wires = 0

        async def serve(stream: ByteStream) -> None:
            nonlocal wires
            wires += 1
            if wires == 1:
                await late(stream)
                return
            old = bytes.fromhex("020011 00 B0 00 01 03 06 E0040100AABBCCDD".replace(" ", ""))
            await stream.write(b"\x55" + old)  # debris of the earlier exchange
            await twin.serve(stream)

        assert await FeigReader("tag", memory_connect(serve), CLOCK).inventory() == [UID]

    run_virtual(story())


def test_an_implausible_answer_is_refused() -> None:
    async def wrong_tag(stream: ByteStream) -> None:
        field = Field()
        field.tags = [Tag(uid=NEIGHBOUR)]
        twin = ReaderTwin(field, "tag", CLOCK)
        field.tags[0].uid = NEIGHBOUR

        class Renamed:
            """Answers for any UID, as a reader that ignores the address would."""

            async def read(self, limit: int = 65536) -> bytes:
                return await stream.read(limit)

            async def write(self, data: bytes) -> None:
                await stream.write(data)

            async def close(self) -> None:
                await stream.close()

        twin._iso = lambda request: _any_uid(twin, request)  # type: ignore[method-assign]
        await twin.serve(Renamed())

    async def _any_uid(twin: ReaderTwin, request: bytes) -> Any:
        return await ReaderTwin._iso(twin, request[:2] + bytes.fromhex(NEIGHBOUR) + request[10:])

    async def story() -> None:
        with pytest.raises(DeviceFault, match=f"asked for tag {UID}, {NEIGHBOUR} answered"):
            await FeigReader("tag", memory_connect(wrong_tag), CLOCK).read(UID)

    run_virtual(story())


# --- the transaction -------------------------------------------------------------------------------------


def test_a_blank_tag_is_written_and_read_back() -> None:
    async def story(bench: Bench) -> None:
        report = await bench.write()
        assert (report.ok, report.code, report.uid, report.pii) == (True, "written", UID, ELEMENTS[1])
        assert (bench.tag.afi, bench.tag.dsfid, bench.tag.locked) == (0x07, 0x06, set())
        content = decode(bytes(bench.tag.memory), bench.tag.dsfid)
        assert content.sound
        assert {oid: content.elements[oid] for oid in ELEMENTS} == ELEMENTS
        assert report.hex == bench.tag.memory.hex().upper()
        assert report.to_json()["elements"]["1"] == ELEMENTS[1]
        assert pii(await bench.reader.read(UID)) == ELEMENTS[1]

    on_bench(story)


def test_only_changed_blocks_are_written_and_a_second_run_writes_nothing() -> None:
    async def story(bench: Bench) -> None:
        first = await bench.write()
        assert len(first.written) < 28
        bench.twin.commands.clear()
        second = await bench.write()
        assert (second.ok, second.code, second.written) == (True, "unchanged", ())
        assert not WRITES & set(bench.twin.commands)

    on_bench(story)


def test_locks_are_set_last_and_read_back() -> None:
    async def story(bench: Bench) -> None:
        policy = TagPolicy(elements=(3, 5), lock=True)
        report = await bench.write(policy)
        assert report.ok
        image = encode(ELEMENTS, policy, block_size=4, capacity=112)
        assert bench.tag.locked == image.locked == set(report.locked)
        assert 0 in image.locked and len(image.locked) < len(image.blocks)
        changing = [code for code in bench.twin.commands if code in WRITES]
        assert changing.index(0x22) > max(at for at, code in enumerate(changing) if code != 0x22)
        assert (await bench.write(policy)).code == "unchanged"

    on_bench(story)


def test_two_tags_are_refused_untouched() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags.append(Tag(uid=NEIGHBOUR))
        report = await bench.write()
        assert (report.ok, report.code) == (False, "several_tags")
        assert UID in report.text and NEIGHBOUR in report.text
        assert not WRITES & set(bench.twin.commands)

    on_bench(story)


def test_the_expected_tag_is_written_beside_another() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags.append(Tag(uid=NEIGHBOUR))
        assert (await bench.write(expected_uid=UID)).ok
        assert bench.field.tags[1] == Tag(uid=NEIGHBOUR)
        assert (await bench.write(expected_uid="E004010000000001")).code == "other_tag"

    on_bench(story)


def test_no_tag_is_said() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags = []
        assert (await bench.write()).code == "no_tag"

    on_bench(story)


def test_a_tag_of_another_item_is_refused_untouched() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags = [filled({**ELEMENTS, 1: "30234000000017"})]
        before = bytes(bench.tag.memory)
        report = await bench.write()
        assert (report.ok, report.code) == (False, "not_blank")
        assert "30234000000017" in report.text
        assert bytes(bench.tag.memory) == before

    on_bench(story)


def test_foreign_data_are_refused_untouched() -> None:
    async def story(bench: Bench) -> None:
        bench.tag.memory[:8] = b"\xd1\x01\x0bU\x01abc"
        assert (await bench.write(is_voided=voided)).code == "not_blank"
        assert not WRITES & set(bench.twin.commands)

    on_bench(story)


def test_a_voided_item_is_overwritten_where_the_policy_says_so() -> None:
    async def story(bench: Bench) -> None:
        old = {1: "30234000000017", 3: "US-InU-Mu", 5: "10", 6: "A SHELF MARK THAT IS LONG"}
        bench.field.tags = [filled(old, TagPolicy(elements=(3, 5, 6)))]
        overwriting = TagPolicy(elements=(3, 5), not_blank="overwrite")
        assert (await bench.write(overwriting)).code == "not_blank"
        assert (await bench.write(POLICY, is_voided=voided)).code == "not_blank"
        assert (await bench.write(overwriting, is_voided=voided)).ok
        assert bytes(bench.tag.memory) == bytes(filled(ELEMENTS).memory)

    on_bench(story)


def test_what_the_maker_left_behind_stays() -> None:
    async def story(bench: Bench) -> None:
        bench.tag.memory[-4:] = b"W_OK"
        bench.tag.memory[24:28] = b"junk"  # right behind the data, where a reader would go on reading
        assert (await bench.write()).ok
        assert bench.tag.memory[-4:] == b"W_OK"
        assert decode(bytes(bench.tag.memory)).sound

    on_bench(story)


def test_a_locked_block_in_the_way_is_said_before_anything_is_written() -> None:
    async def story(bench: Bench) -> None:
        bench.tag.locked = {2}
        report = await bench.write()
        assert (report.ok, report.code) == (False, "locked")
        assert not WRITES & set(bench.twin.commands)

    on_bench(story)


def test_too_much_for_the_tag_is_said() -> None:
    async def story(bench: Bench) -> None:
        bench.field.tags = [Tag(memory=bytearray(16))]
        report = await bench.write()
        assert (report.ok, report.code) == (False, "elements")
        assert "16" in report.text

    on_bench(story)


@pytest.mark.parametrize("answers_ok", [True, False])
@pytest.mark.parametrize("losses", [1, 2, 3])
def test_a_weak_tag_is_written_after_some_tries(losses: int, answers_ok: bool) -> None:
    async def story(bench: Bench) -> None:
        bench.tag.write_fails = losses
        bench.twin.weak_writes_answer_ok = answers_ok
        report = await bench.write()
        assert report.ok and report.tries > 1
        assert report.pii == ELEMENTS[1]

    on_bench(story)


def test_a_tag_that_takes_nothing_is_given_up_blank() -> None:
    async def story(bench: Bench) -> None:
        bench.tag.write_fails = 1000
        report = await bench.write()
        assert (report.ok, report.code) == (False, "weak")
        assert not any(bench.tag.memory)
        assert sum(step.startswith("write blocks") for step in report.steps) <= 8

    on_bench(story)


@pytest.mark.parametrize("lost", range(1, 4))
@pytest.mark.parametrize("after", range(12))
def test_an_answer_lost_anywhere_leaves_a_whole_tag(after: int, lost: int) -> None:
    async def story(bench: Bench) -> None:
        asked = 0
        iso = bench.twin._iso

        async def losing(request: bytes) -> Any:
            nonlocal asked
            asked += 1
            if asked == after + 1:
                bench.twin.lost_answers = lost
            return await iso(request)

        bench.twin._iso = losing  # type: ignore[method-assign]
        try:
            report = await bench.write()
        except DeviceGone:
            report = await bench.write()
        assert report.ok
        assert bytes(bench.tag.memory) == bytes(filled(ELEMENTS).memory)

    on_bench(story)


@pytest.mark.parametrize("policy", [POLICY, TagPolicy(elements=(3, 5), lock=True)], ids=["open", "locked"])
@pytest.mark.parametrize("old", ["blank", "voided"])
@pytest.mark.parametrize("blocks", range(30))
def test_power_lost_at_any_block_never_leaves_a_tag_that_looks_whole(
    blocks: int, old: str, policy: TagPolicy
) -> None:
    policy = policy.model_copy(update={"not_blank": "overwrite"})
    finished = bytes(Bench().tag.memory)

    async def story(bench: Bench) -> None:
        nonlocal finished
        before = {**ELEMENTS, 1: "30234000000017", 6: "A SHELF MARK"}
        if old == "voided":
            bench.field.tags = [filled(before, TagPolicy(elements=(3, 5, 6)))]
        finished = encode(ELEMENTS, policy, block_size=4, capacity=112).data
        bench.twin.power_fails_after_blocks = blocks
        report = await bench.write(policy, is_voided=voided)
        content = decode(bytes(bench.tag.memory), bench.tag.dsfid)
        whole = bytes(bench.tag.memory[: len(finished)]) == finished
        assert report.ok == whole
        assert whole or content.pii in ("", "30234000000017")
        assert whole or not content.elements or content.elements[1] == "30234000000017"
        assert whole or not bench.tag.locked
        bench.twin.power_fails_after_blocks = None
        assert (await bench.write(policy, is_voided=voided)).ok
        assert bytes(bench.tag.memory[: len(finished)]) == finished
        assert decode(bytes(bench.tag.memory)).pii == ELEMENTS[1]

    on_bench(story)


def test_a_neighbour_that_comes_in_meanwhile_is_noticed() -> None:
    async def story(bench: Bench) -> None:
        calls = 0

        def tags_in_field(reader: str) -> list[Tag]:
            nonlocal calls
            calls += 1
            return [*bench.field.tags, *([Tag(uid=NEIGHBOUR)] if calls > 5 else [])]

        bench.twin._world = type("Two", (), {"tags_in_field": staticmethod(tags_in_field)})()
        report = await bench.write()
        assert (report.ok, report.code) == (False, "several_tags")

    on_bench(story)


# --- a real serial line ----------------------------------------------------------------------------------


class PtyEnd:
    """The far end of a pseudo-terminal as a ByteStream."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._reader = asyncio.StreamReader()
        asyncio.get_running_loop().add_reader(fd, self._take)

    def _take(self) -> None:
        self._reader.feed_data(os.read(self._fd, 4096))

    async def read(self, limit: int = 65536) -> bytes:
        return await self._reader.read(limit)

    async def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    async def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._fd)


@pytest.fixture
async def serial_bench() -> AsyncIterator[tuple[FeigReader, ReaderTwin, Field]]:
    far, near = os.openpty()
    tty.setraw(near)
    field = Field()
    twin = ReaderTwin(field, "tag", WallClock())
    end = PtyEnd(far)
    task = asyncio.get_running_loop().create_task(twin.serve(end))
    endpoint = f"serial://{os.ttyname(near)}?baud=38400"
    reader = FeigReader("tag", connector(endpoint), WallClock(), answer_seconds=1.0)
    yield reader, twin, field
    await reader.close()
    task.cancel()
    await end.close()
    os.close(far)
    os.close(near)


async def test_the_same_over_a_serial_line(serial_bench: tuple[FeigReader, ReaderTwin, Field]) -> None:
    reader, twin, field = serial_bench
    report = await write_tag(reader, ELEMENTS, POLICY)
    assert report.ok
    assert bytes(field.tags[0].memory) == bytes(filled(ELEMENTS).memory)
    twin.lost_answers = 1
    assert await reader.inventory() == [UID]


# --- what readers and chips do differently ---------------------------------------------------------------


def test_a_reader_that_lists_a_tag_once_is_made_to_list_it_again() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.new_tags_only = True
        assert await bench.reader.inventory() == [UID]
        assert await bench.reader.inventory() == [UID]
        assert (await bench.write()).ok

    on_bench(story)


def test_a_chip_that_does_not_tell_its_lock_map_is_read_all_the_same() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.block_security = False
        bench.tag.locked = {3}
        assert (await bench.reader.read(UID)).locked == {3}

    on_bench(story)


def test_a_tag_that_answers_for_another_is_not_written() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.answers_as = NEIGHBOUR
        report = await bench.write()
        assert (report.ok, report.code) == (False, "no_tag")
        assert NEIGHBOUR in report.text and not WRITES & set(bench.twin.commands)

    on_bench(story)


@pytest.mark.parametrize(
    ("first", "second", "blocks", "size"),
    [(27, 3, 28, 4), (3, 27, 28, 4), (249, 7, 250, 8), (63, 3, 64, 4), (15, 3, 16, 4)],
)
def test_memory_size_is_read_in_either_order(first: int, second: int, blocks: int, size: int) -> None:
    told = frames.parse_system_information(bytes([6]) + bytes.fromhex(UID) + bytes([7, first, second, 1]))
    assert (told.blocks, told.block_size) == (blocks, size)


@pytest.mark.parametrize("data", ["d1010b5501616263", "ffffffffffffffff", "fe00e1106d0000aa"])
def test_data_of_nobodys_item_are_adopted_where_the_policy_says_so(data: str) -> None:
    async def story(bench: Bench) -> None:
        bench.tag.memory[: len(data) // 2] = bytes.fromhex(data)
        adopting = TagPolicy(elements=(3, 5), not_blank="adopt")
        for policy in (POLICY, TagPolicy(elements=(3, 5), not_blank="overwrite")):
            assert (await bench.write(policy)).code == "not_blank"
        assert not WRITES & set(bench.twin.commands)
        assert (await bench.write(adopting)).ok
        assert bytes(bench.tag.memory) == bytes(filled(ELEMENTS).memory)

    on_bench(story)


def test_another_item_is_never_adopted() -> None:
    async def story(bench: Bench) -> None:
        for elements in ({**ELEMENTS, 1: "30234000000018"}, {1: "A1B2C3D4"}):
            bench.field.tags = [filled(elements)]
            assert (await bench.write(TagPolicy(elements=(3, 5), not_blank="adopt"))).code == "not_blank"
            bench.tag.memory[-1] ^= 1
            bench.tag.memory[5] ^= 0x80  # damaged: perhaps still somebody's
            assert not (await bench.write(TagPolicy(elements=(3, 5), not_blank="adopt"))).ok
        assert not WRITES & set(bench.twin.commands)

    on_bench(story)


def test_every_step_is_told_before_the_next_one_is_taken() -> None:
    async def story(bench: Bench) -> None:
        told: list[tuple[str, str, int]] = []
        report = await bench.write(tell=lambda uid, step: told.append((uid, step, len(bench.twin.commands))))
        steps = [step for _, step, _ in told if not step.endswith(": sent")]
        assert tuple(steps[:-1]) == report.steps
        assert steps[-1].startswith("written: ")
        assert {uid for uid, _, _ in told} == {"", UID}
        sent = [(step.removesuffix(": sent"), before) for _, step, before in told if step.endswith(": sent")]
        assert [step for step, _ in sent] == [step for step in report.steps if step.startswith("write ")]
        writing = [at for at, code in enumerate(bench.twin.commands) if code in WRITES]
        assert [before for _, before in sent] == writing

    on_bench(story)


# --- readers by URL --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("tcp://reader:10001", "FeigReader"), ("feig+serial:///dev/ttyS0?baud=38400&parity=E", "FeigReader"),
        ("llrp+tcp://reader:5084", "LlrpReader"), ("rl866+serial:///dev/ttyS0?baud=38400", "Rl866Reader"),
    ],
)  # fmt: skip
def test_a_url_names_kind_and_wire(url: str, kind: str) -> None:
    device = open_reader(url, CLOCK)
    assert type(device).__name__ == kind
    assert (Capability.AFI in device.capabilities) == (kind == "FeigReader")


@pytest.mark.parametrize(
    "url", ["acme+tcp://reader:1", "reader", "serial:///dev/ttyS0?parity=X", "tcp://reader"]
)
def test_a_url_of_no_reader_is_one_line(url: str) -> None:
    with pytest.raises(ConfigError) as error:
        open_reader(url, CLOCK)
    assert "\n" not in str(error.value)
