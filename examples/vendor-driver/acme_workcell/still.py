"""The ACME Still: ``SNAP`` goes out, ``OK NUMBER LENGTH`` comes back, and then a JPEG of that length.

A trouble comes back as ``ERR text``.  One picture is under way at a time.
"""

from __future__ import annotations

import asyncio

from workcell.kernel.drivers import Driver, Surroundings
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream, Clock, Connect, Frame
from workcell.kernel.streams import connector

_ANSWER_SECONDS = 5.0
_LONGEST_HEAD = 200


def open_still(name: str, endpoint: str, around: Surroundings) -> StillCamera:
    """The camera at ``tcp://HOST:PORT``; it is connected to when the first picture is asked for."""
    return StillCamera(name, connector(endpoint), around.clock)


class StillCamera:
    """A Camera of ``workcell.kernel.ports``."""

    def __init__(self, name: str, connect: Connect, clock: Clock) -> None:
        self.name = name
        self._connect = connect
        self._clock = clock
        self._wire: ByteStream | None = None
        self._one_at_a_time = asyncio.Lock()

    async def take(self, track_id: int, view: str) -> Frame:
        """A still of now; raises DeviceGone on a dead or silent wire, DeviceFault with the camera's words."""
        async with self._one_at_a_time:
            try:
                async with self._clock.timeout(_ANSWER_SECONDS):
                    number, picture = await self._snap()
            except (TimeoutError, DeviceGone) as error:
                await (
                    self._hang_up()
                )  # what still comes on this wire belongs to the picture that was given up
                raise DeviceGone(
                    f"no picture ({error or 'no answer'})", subject=self.name, remedy="Check cable and power."
                ) from error
        return Frame(picture, "image/jpeg", number, track_id, self._clock.wall())

    async def close(self) -> None:
        """Let go of the wire."""
        await self._hang_up()

    async def _snap(self) -> tuple[int, bytes]:
        if self._wire is None:
            self._wire = await self._connect()
        await self._wire.write(b"SNAP\n")
        received = bytearray()
        while b"\n" not in received:
            if len(received) > _LONGEST_HEAD:
                raise DeviceGone("the answer is not an ACME Still's", subject=self.name)
            received += await self._more(self._wire)
        head, _, rest = bytes(received).partition(b"\n")
        number, length = self._understood(head)
        picture = bytearray(rest)
        while len(picture) < length:
            picture += await self._more(self._wire)
        return number, bytes(picture)

    def _understood(self, head: bytes) -> tuple[int, int]:
        words = head.decode("ascii", "replace").split()
        if words[:1] == ["ERR"]:
            raise DeviceFault(" ".join(words[1:]), subject=self.name, remedy="See its display.")
        if len(words) != 3 or words[0] != "OK" or not (words[1] + words[2]).isdigit():
            raise DeviceGone("the answer is not an ACME Still's", subject=self.name)
        return int(words[1]), int(words[2])

    async def _more(self, wire: ByteStream) -> bytes:
        data = await wire.read()
        if not data:
            raise DeviceGone("the camera hung up", subject=self.name)
        return data

    async def _hang_up(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close()


CAMERA = Driver(api=1, open=open_still, text="ACME Still, firmware 3", met_hardware=False)
"""What the entry point ``camera.acme-still`` leads to."""
