"""The LLRP driver and the write transaction on UHF tags, against the twin's reader."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

import pytest

from stations.rfid import Capability, LlrpReader, TagReport, decode_memory, decode_uhf, pii, write_tag
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream
from workcell.kernel.profile import TagPolicy
from workcell.kernel.streams import memory_connect
from workcell.twin.uhf_reader import LlrpReader as ReaderTwin
from workcell.twin.uhf_reader import UhfTag

pytest.importorskip("sllurp", reason="the extra uhf is not installed")

CLOCK = VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC))
TID, NEIGHBOUR = bytes.fromhex("E28011052000012345678901"), bytes.fromhex("E280110520000AABBCCDDEE0")
ELEMENTS = {1: "30234000517861", 3: "CN-1", 5: "10"}
ISO = TagPolicy(model="28560-4", elements=(3, 5))
CULTU = TagPolicy(model="cultu", elements=(3, 5))
LONG = bytes.fromhex("3000E20034120134567890123456") + bytes(4)  # a chip with an EPC bank of 128 bits


class Field:
    def __init__(self, *tags: UhfTag) -> None:
        self.tags = list(tags) or [UhfTag(TID, bytearray(LONG))]

    def tags_in_field(self, reader: str) -> list[UhfTag]:
        return list(self.tags)


class Bench:
    def __init__(self, *tags: UhfTag) -> None:
        self.field = Field(*tags)
        self.twin = ReaderTwin(self.field, "uhf", CLOCK)
        self.reader = LlrpReader("uhf", memory_connect(self.twin.serve), CLOCK)

    @property
    def tag(self) -> UhfTag:
        return self.field.tags[0]

    async def write(self, policy: TagPolicy = ISO, **more: Any) -> TagReport:
        return await write_tag(self.reader, ELEMENTS, policy, **more)


def on_bench(story: Callable[[Bench], Coroutine[Any, Any, None]], *tags: UhfTag) -> None:
    async def run() -> None:
        bench = Bench(*tags)
        await story(bench)
        await bench.reader.close()

    run_virtual(run())


def test_every_tag_is_listed_by_its_tid() -> None:
    async def story(bench: Bench) -> None:
        assert await bench.reader.inventory() == sorted([TID.hex().upper(), NEIGHBOUR.hex().upper()])
        bench.field.tags = []
        assert await bench.reader.inventory() == []
        assert (
            Capability.UHF in bench.reader.capabilities and Capability.LOCK not in bench.reader.capabilities
        )

    on_bench(story, UhfTag(TID), UhfTag(NEIGHBOUR))


def test_a_tag_that_does_not_tell_its_tid_is_a_fault() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.deaf_tids = {TID}
        with pytest.raises(DeviceFault, match="does not tell its TID"):
            await bench.reader.inventory()

    on_bench(story)


def test_a_tag_is_read_whole_whatever_its_pc_word_tells() -> None:
    async def story(bench: Bench) -> None:
        bench.tag.bank[:2] = bytes(2)
        bench.tag.user[:3] = b"\x06\x01\x02"
        memory = await bench.reader.read(TID.hex().upper())
        assert (memory.epc_bytes, memory.block_size) == (18, 2)
        assert memory.data == bytes(bench.tag.bank) + bytes(bench.tag.user)
        assert memory.dsfid == 0x06

    on_bench(story)


def test_a_tag_without_user_memory_is_read() -> None:
    async def story(bench: Bench) -> None:
        memory = await bench.reader.read(TID.hex().upper())
        assert memory.data == bytes(bench.tag.bank) and memory.epc_bytes == 14

    on_bench(story, UhfTag(TID, user=bytearray()))


@pytest.mark.parametrize("policy", [ISO, CULTU], ids=["28560-4", "cultu"])
def test_a_factory_tag_is_written_and_a_second_run_writes_nothing(policy: TagPolicy) -> None:
    async def story(bench: Bench) -> None:
        report = await bench.write(policy)
        assert (report.ok, report.code, report.pii) == (True, "written", ELEMENTS[1]), report
        content = decode_uhf(bytes(bench.tag.bank), bytes(bench.tag.user))
        assert content.sound and {oid: content.elements[oid] for oid in ELEMENTS} == ELEMENTS
        assert (content.model, content.afi, report.afi) == (policy.model, 0x07, 0x07)
        assert pii(await bench.reader.read(TID.hex().upper())) == ELEMENTS[1]
        bench.twin.writes.clear()
        assert (await bench.write(policy)).code == "unchanged"
        assert bench.twin.writes == []

    on_bench(story)


def test_the_neighbour_is_not_touched() -> None:
    async def story(bench: Bench) -> None:
        assert (await bench.write()).code == "several_tags"
        assert (await bench.write(expected_uid=TID.hex().upper())).ok
        assert bench.field.tags[1] == UhfTag(NEIGHBOUR)
        assert set(bench.twin.writes) == {TID}

    on_bench(story, UhfTag(TID, bytearray(LONG)), UhfTag(NEIGHBOUR))


def test_a_tag_of_another_item_and_one_of_another_kind_are_refused() -> None:
    async def story(bench: Bench) -> None:
        assert (await bench.write()).ok
        other = await write_tag(bench.reader, {**ELEMENTS, 1: "30234000000017"}, ISO)
        assert (other.code, other.pii) == ("not_blank", ELEMENTS[1])
        wrong = await write_tag(bench.reader, ELEMENTS, TagPolicy(elements=(3, 5)))
        assert wrong.code == "elements" and "does not fit a UHF tag" in wrong.text

    on_bench(story)


def test_an_identifier_too_long_for_the_chip_is_said() -> None:
    async def story(bench: Bench) -> None:
        report = await write_tag(bench.reader, {1: "ABCDEFGHIJKLMNOPQRSTUVWXYZ"}, ISO)
        assert report.code == "elements" and "EPC bank" in report.text

    on_bench(story)


@pytest.mark.parametrize("losses", [1, 2])
def test_a_weak_tag_is_written_after_some_tries(losses: int) -> None:
    async def story(bench: Bench) -> None:
        bench.tag.write_fails = losses
        report = await bench.write()
        assert report.ok and report.tries > 1

    on_bench(story)


@pytest.mark.parametrize("words", range(26))
def test_power_lost_at_any_word_leaves_no_tag_with_a_wrong_number(words: int) -> None:
    async def story(bench: Bench) -> None:
        bench.twin.power_fails_after_words = words
        report = await bench.write()
        content = decode_uhf(bytes(bench.tag.bank), bytes(bench.tag.user))
        assert content.pii in ("", ELEMENTS[1])
        assert report.ok == (content.pii == ELEMENTS[1])
        bench.twin.power_fails_after_words = None
        assert (await bench.write()).ok
        assert decode_memory(await bench.reader.read(TID.hex().upper())).pii == ELEMENTS[1]

    on_bench(story)


class Killed(BaseException):
    """The process is gone."""


class Wire:
    """A wire whose host dies behind its n-th frame, whose answer nobody hears."""

    def __init__(self, inner: ByteStream, left: list[int]) -> None:
        self._inner = inner
        self._left = left

    async def read(self, limit: int = 65536) -> bytes:
        return await self._inner.read(limit)

    async def write(self, data: bytes) -> None:
        await self._inner.write(data)
        self._left[0] -= 1
        if self._left[0] == 0:
            await CLOCK.sleep(1)
            raise Killed

    async def close(self) -> None:
        await self._inner.close()


@pytest.mark.parametrize("policy", [ISO, CULTU], ids=["28560-4", "cultu"])
def test_killed_at_every_frame_and_run_again(policy: TagPolicy) -> None:
    async def life(twin: ReaderTwin, left: int) -> TagReport | None:
        inner = memory_connect(twin.serve)

        async def connect() -> ByteStream:
            return Wire(await inner(), [left])

        reader = LlrpReader("uhf", connect, CLOCK)
        try:
            return await write_tag(reader, ELEMENTS, policy)
        except Killed:
            return None
        finally:
            await reader.close()

    async def story() -> None:
        left = 1
        while True:
            tag = UhfTag(TID, bytearray(LONG))
            twin = ReaderTwin(Field(tag), "uhf", CLOCK)
            report = await life(twin, left)
            if report is not None:
                assert report.ok and left > 40
                return
            content = decode_uhf(bytes(tag.bank), bytes(tag.user))
            assert content.pii == "" or (content.pii == ELEMENTS[1] and content.sound), left
            again = await life(twin, -1)
            assert again is not None and again.ok, (left, again)
            assert decode_uhf(bytes(tag.bank), bytes(tag.user)).pii == ELEMENTS[1]
            left += 1

    run_virtual(story())


def test_a_lost_report_is_asked_for_again_and_a_silent_reader_is_gone() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.lost_reports = 2
        assert await bench.reader.inventory() == [TID.hex().upper()]
        bench.twin.silent = True
        with pytest.raises(DeviceGone, match="no answer within 3 s"):
            await bench.reader.inventory()

    on_bench(story)


def test_noise_in_the_place_of_a_reader_is_a_fault() -> None:
    async def noise(stream: ByteStream) -> None:
        await stream.write(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 4)
        await stream.read()

    async def story() -> None:
        reader = LlrpReader("uhf", memory_connect(noise), CLOCK, answer_seconds=0.5)
        with pytest.raises((DeviceFault, DeviceGone)):
            await reader.inventory()
        await reader.close()

    run_virtual(story())
