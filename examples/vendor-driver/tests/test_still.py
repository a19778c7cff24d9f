"""The driver against a simulator that speaks the camera's own wire format, in memory."""

import pytest
from acme_workcell.still import CAMERA, StillCamera

from workcell.kernel.clock import WallClock
from workcell.kernel.drivers import API
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.streams import memory_connect

PICTURE = b"\xff\xd8" + bytes(range(256)) * 40 + b"\xff\xd9"


class Simulator:
    """An ACME Still at the other end of the wire; ``answers`` are given in turn, then real pictures."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.taken = 0
        self.connections = 0

    async def serve(self, wire):
        self.connections += 1
        while await wire.read() == b"SNAP\n":
            self.taken += 1
            if self.answers:
                await wire.write(self.answers.pop(0))
                continue
            await wire.write(f"OK {self.taken} {len(PICTURE)}\n".encode())
            for start in range(0, len(PICTURE), 1000):
                await wire.write(PICTURE[start : start + 1000])


def camera(simulator):
    return StillCamera("pages", memory_connect(simulator.serve), WallClock())


def test_it_is_written_for_this_workcell():
    assert CAMERA.api == API


async def test_each_picture_is_whole_and_numbered():
    still = camera(Simulator())
    frames = [await still.take(track, "") for track in (7, 8)]
    assert [(frame.number, frame.track_id, frame.data == PICTURE) for frame in frames] == [
        (1, 7, True),
        (2, 8, True),
    ]
    await still.close()


async def test_its_own_trouble_is_told_in_its_words():
    with pytest.raises(DeviceFault, match="lens cap"):
        await camera(Simulator(b"ERR lens cap is on\n")).take(1, "")


@pytest.mark.parametrize("answer", [b"HTTP/1.1 200 OK\n", b"OK 1\n", b"OK one 2\n", b"x" * 300])
async def test_what_is_no_answer_is_never_taken_for_a_picture_and_the_next_wire_is_fresh(answer):
    simulator = Simulator(answer)
    still = camera(simulator)
    with pytest.raises(DeviceGone):
        await still.take(1, "")
    assert (await still.take(2, "")).data == PICTURE
    assert simulator.connections == 2
    await still.close()
