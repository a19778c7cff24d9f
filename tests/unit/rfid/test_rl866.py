"""RL866 frames: published bytes, damaged bytes, and a reader that speaks them."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations.rfid import Rl866Reader, decode_memory, encode
from stations.rfid import rl866_frames as frames
from stations.rfid.rl866_frames import Access, Command, Frame, FrameFeed, Listed
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream
from workcell.kernel.profile import TagPolicy
from workcell.kernel.streams import memory_connect

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "rfid_vectors.json"
UID = "E00401003F3827A7"
CLOCK = VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC))


def vectors() -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{VECTORS} is not here"))]
    rows = json.loads(VECTORS.read_text("utf-8"))
    return [pytest.param(row, id=row["id"]) for row in rows if row["family"] == "frame-rl866"]


@pytest.mark.parametrize("vector", vectors())
def test_published_frames_both_ways(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["hex"])
    found = FrameFeed().take(data)
    assert bool(found) == vector["crc_ok"]
    assert [frame.to_bytes() for frame in found] == [data]


def information(text: str) -> bytes:
    (frame,) = FrameFeed().take(bytes.fromhex(text))
    return frame.information


def test_requests_are_made_as_published() -> None:
    assert frames.request(Command.READ_CONFIGURATION, b"\x01\x01").hex().upper() == "FA08FF00010101FF8E"
    assert frames.request(Command.INVENTORY, frames.inventory(), odd=True).hex().upper() == "FA07FF4031008A6C"
    connect = frames.request(Command.CONNECT, frames.connect(Listed(UID, 1, 1)), odd=True)
    assert connect.hex().upper() == "FA13FF40320001010901A727383F000104E0A3BF"
    write = frames.access(1, Access.WRITE_BLOCKS, frames.write_blocks(12, [bytes.fromhex("36373800")]))
    assert (
        frames.request(Command.ACCESS, write, odd=True).hex().upper()
        == "FA12FF4034010A04000C00010036373800A2DD"
    )


def test_answers_are_read_as_published() -> None:
    told = information(
        "FA3301003100000003000"
        + "30E010109A727383F000104E0000E0101092426383F000104E0000E010109A425383F000104E00097FF"
    )
    status, data = frames.answer_of(told, Command.INVENTORY)
    assert status == 0
    assert [tag.uid for tag in frames.parse_inventory(data)] == [UID, "E00401003F382624", "E00401003F3825A4"]
    told = information("FA1A0140340000110A00010FA727383F000104E000001B030120E7")
    done, data = frames.parse_access(frames.answer_of(told, Command.ACCESS)[1], Access.SYSTEM_INFORMATION)
    about = frames.parse_system_information(data)
    assert done and (about.uid, about.blocks, about.block_size) == (UID, 28, 4)
    assert frames.answer_of(information("FA080100330000A64B"), Command.DISCONNECT) == (0, b"")


@given(st.binary(max_size=40), st.binary(max_size=60), st.integers(1, 7))
def test_a_frame_is_found_behind_any_garbage_however_it_is_cut(
    garbage: bytes, data: bytes, step: int
) -> None:
    whole = garbage.replace(b"\xfa", b"\xfb") + Frame(1, 0x40, data).to_bytes()
    feed = FrameFeed()
    found = [one for at in range(0, len(whole), step) for one in feed.take(whole[at : at + step])]
    assert [one.information for one in found] == [data]


@given(st.binary(max_size=60))
def test_answers_that_can_not_be_are_faults(data: bytes) -> None:
    for parse in (
        lambda: frames.parse_inventory(data), lambda: frames.parse_system_information(data),
        lambda: frames.parse_blocks(data, 2, 4), lambda: frames.parse_access(data, Access.READ_BLOCKS),
        lambda: frames.answer_of(data, Command.ACCESS),
    ):  # fmt: skip
        try:
            parse()
        except DeviceFault:
            continue


class Reader:
    """A reader with one tag, as its published frames have it."""

    def __init__(self, memory: bytes) -> None:
        self.memory = memory
        self.silent = 0
        self.codes: list[int] = []

    async def serve(self, stream: ByteStream) -> None:
        feed = FrameFeed()
        while data := await stream.read():
            for frame in feed.take(data):
                if self.silent and frame.information:
                    self.silent -= 1
                    continue
                await stream.write(Frame(1, frame.control, self.answer(frame.information)).to_bytes())

    def answer(self, asked: bytes) -> bytes:
        if not asked:
            return b""
        self.codes.append(asked[0])
        uid = bytes.fromhex(UID)[::-1]
        if asked[0] == Command.INVENTORY:
            return b"\x31\x00\x00" + b"\x00\x01\x00\x01" + b"\x0e\x01\x01\x09" + uid + b"\x00"
        if asked[0] == Command.CONNECT:
            return b"\x32\x00\x00\x01" if asked[6:] == uid else b"\x32\x20\x04"
        if asked[0] == Command.DISCONNECT:
            return b"\x33\x00\x00"
        result = asked[3:5] + self.access(int.from_bytes(asked[3:5], "little"), asked[5:])
        return b"\x34\x00\x00" + bytes([len(result)]) + result

    def access(self, operation: int, parameters: bytes) -> bytes:
        if operation == Access.SYSTEM_INFORMATION:
            return b"\x01\x0f" + bytes.fromhex(UID)[::-1] + bytes([0x06, 0x07, 27, 3, 1])
        first, count = (int.from_bytes(parameters[at : at + 2], "little") for at in (1, 3))
        rows = [bytes([n in (0, 1)]) + self.memory[n * 4 : n * 4 + 4] for n in range(first, first + count)]
        return b"\x01" + count.to_bytes(2, "little") + b"".join(rows)


def test_a_tag_is_read_and_nothing_that_changes_one_is_sent() -> None:
    image = encode(
        {1: "30234000517861", 3: "US-InU-Mu"}, TagPolicy(elements=(3, 5)), block_size=4, capacity=112
    )

    async def story() -> None:
        reader = Reader(image.data.ljust(112, b"\0"))
        device = Rl866Reader("pad", memory_connect(reader.serve), CLOCK)
        reader.silent = 2
        assert await device.inventory() == [UID]
        memory = await device.read(UID)
        assert (memory.afi, memory.dsfid, memory.locked) == (0x07, 0x06, {0, 1})
        assert decode_memory(memory).pii == "30234000517861"
        for change in (
            device.write_blocks(UID, 0, [bytes(4)]), device.write_afi(UID, 7), device.write_dsfid(UID, 6),
            device.lock_blocks(UID, 0, 1),
        ):  # fmt: skip
            with pytest.raises(DeviceFault, match="only reads"):
                await change
        with pytest.raises(DeviceFault, match="does not answer"):
            await device.read("E004010000000001")
        assert set(reader.codes) <= {0x31, 0x32, 0x33, 0x34}
        reader.silent = 99
        with pytest.raises(DeviceGone, match="no answer within 2 s"):
            await device.inventory()
        await device.close()

    run_virtual(story())
