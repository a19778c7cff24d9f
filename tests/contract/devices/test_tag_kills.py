"""The program is killed at every frame of a tag write: no tag is whole and wrong, the next run ends well."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from stations.rfid import FeigReader, TagReport, decode, encode, write_tag
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.ports import ByteStream
from workcell.kernel.profile import TagPolicy
from workcell.kernel.streams import memory_connect
from workcell.twin.tag_reader import FeigReader as ReaderTwin

CLOCK = VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC))
UID, OLD = "E004010012345678", "30234000000017"
ELEMENTS = {1: "30234000517861", 3: "US-InU-Mu", 5: "10"}


class Killed(BaseException):
    """The process is gone."""


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
    def __init__(self, tag: Tag) -> None:
        self.tag = tag

    def tags_in_field(self, reader: str) -> list[Tag]:
        return [self.tag]


class Wire:
    """A wire whose host dies at a frame: with an even number before it is sent, with an odd one behind it.

    Behind it the reader carries the command out, and nobody hears the answer.
    """

    def __init__(self, inner: ByteStream, host: "Host") -> None:
        self._inner = inner
        self._host = host

    async def read(self, limit: int = 65536) -> bytes:
        return await self._inner.read(limit)

    async def write(self, data: bytes) -> None:
        self._host.step()
        await self._inner.write(data)
        if self._host.is_last():
            await CLOCK.sleep(0.5)  # the reader's time to carry it out
        self._host.step()

    async def close(self) -> None:
        await self._inner.close()


class Host:
    """One life of the program: it ends after so many steps, None never."""

    def __init__(self, steps: int | None) -> None:
        self.left = steps

    def step(self) -> None:
        if self.left == 0:
            raise Killed
        if self.left is not None:
            self.left -= 1

    def is_last(self) -> bool:
        return self.left == 0


async def is_voided(number: str) -> bool:
    return number == OLD


async def life(twin: ReaderTwin, policy: TagPolicy, steps: int | None) -> TagReport | None:
    """A transaction of a fresh program; None when it was killed."""
    host = Host(steps)
    inner = memory_connect(twin.serve)

    async def connect() -> ByteStream:
        return Wire(await inner(), host)

    reader = FeigReader("tag", connect, CLOCK)
    try:
        return await write_tag(reader, ELEMENTS, policy, is_voided=is_voided)
    except Killed:
        return None
    finally:
        await reader.close()


def written(elements: dict[int, str], policy: TagPolicy) -> Tag:
    image = encode(elements, policy, block_size=4, capacity=112)
    memory = bytearray(image.data.ljust(112, b"\0"))
    return Tag(memory=memory, afi=image.afi, dsfid=image.dsfid)


def blank(policy: TagPolicy) -> Tag:
    return Tag()


def voided(policy: TagPolicy) -> Tag:
    return written({**ELEMENTS, 1: OLD, 6: "A SHELF MARK THAT IS LONG"}, TagPolicy(elements=(3, 5, 6)))


def foreign(policy: TagPolicy) -> Tag:
    return Tag(memory=bytearray(b"\xff\xfe\xfd" * 10 + bytes(82)))


CASES = {
    "blank": (blank, TagPolicy(elements=(3, 5))),
    "locked": (blank, TagPolicy(elements=(3, 5), lock=True)),
    "voided": (voided, TagPolicy(elements=(3, 5), not_blank="overwrite")),
    "voided and locked": (voided, TagPolicy(elements=(3, 5), not_blank="overwrite", lock=True)),
    "adopted": (foreign, TagPolicy(elements=(3, 5), not_blank="adopt")),
    "basic block": (voided, TagPolicy(model="28560-3", elements=(3, 5), not_blank="overwrite")),
}


def complete(tag: Tag, policy: TagPolicy) -> bool:
    return tag.memory.startswith(encode(ELEMENTS, policy, block_size=4, capacity=112).data)


def whole(tag: Tag, policy: TagPolicy) -> bool:
    image = encode(ELEMENTS, policy, block_size=4, capacity=112)
    named = (tag.afi, tag.dsfid) == (image.afi, image.dsfid)
    return complete(tag, policy) and named and tag.locked == image.locked


def harmless(tag: Tag, policy: TagPolicy, before: bytes) -> bool:
    """As it was, or without any number, or with ours and every byte of it."""
    number = decode(bytes(tag.memory), tag.dsfid).pii
    return bytes(tag.memory) == before or not number or complete(tag, policy)


def on_virtual_time(story: Callable[[], Awaitable[None]]) -> None:
    async def run() -> None:
        await story()

    run_virtual(run())


@pytest.mark.parametrize("multi_block", [True, False], ids=["runs", "single blocks"])
@pytest.mark.parametrize("case", CASES)
def test_killed_at_every_frame_and_run_again(case: str, multi_block: bool) -> None:
    make, policy = CASES[case]

    async def story() -> None:
        steps = 0
        while True:
            tag = make(policy)
            before = bytes(tag.memory)
            twin = ReaderTwin(Field(tag), "tag", CLOCK)
            twin.multi_block = multi_block
            report = await life(twin, policy, steps)
            if report is not None:
                assert report.ok and steps > 20
                break
            assert harmless(tag, policy, before), (steps, tag.memory.hex())
            assert complete(tag, policy) or not tag.locked, steps
            again = await life(twin, policy, None)
            assert again is not None and again.ok, (steps, again)
            assert whole(tag, policy), (steps, tag.memory.hex())
            steps += 1

    on_virtual_time(story)


def test_killed_twice_at_any_two_frames() -> None:
    make, policy = CASES["voided and locked"]

    async def story() -> None:
        for first in range(0, 60, 3):
            for second in range(1, 60, 4):
                tag = make(policy)
                before = bytes(tag.memory)
                twin = ReaderTwin(Field(tag), "tag", CLOCK)
                await life(twin, policy, first)
                await life(twin, policy, second)
                assert harmless(tag, policy, before), (first, second)
                again = await life(twin, policy, None)
                assert again is not None and again.ok and whole(tag, policy), (first, second)

    on_virtual_time(story)


def test_a_killed_write_is_cancelled_cleanly() -> None:
    """The task of a write is cancelled, as at shutdown, in the middle of a frame."""
    make, policy = CASES["blank"]

    async def story() -> None:
        tag = make(policy)
        twin = ReaderTwin(Field(tag), "tag", CLOCK)
        task = asyncio.get_running_loop().create_task(life(twin, policy, None))
        await CLOCK.sleep(0.15)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert harmless(tag, policy, bytes(112))
        again = await life(twin, policy, None)
        assert again is not None and again.ok and whole(tag, policy)

    on_virtual_time(story)
