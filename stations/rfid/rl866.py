"""Driver for RL866-family readers (ISO 15693), over serial (38400 baud, even parity).

It reads tags.  The frames for AFI, DSFID and locks are published nowhere known to us, so that no tag can be
finished with it and nothing that changes one is sent; ``capabilities`` says so.
"""

from __future__ import annotations

from typing import Final

from stations.rfid import rl866_frames as frames
from stations.rfid.capability import Capability
from stations.rfid.rl866_frames import Access, Command, FrameFeed, Listed
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream, Clock, Connect, TagMemory

_ANSWER_SECONDS: Final = 2.0
_QUESTION_TRIES: Final = 3
_BLOCKS_A_FRAME: Final = 28
_REMEDY: Final = "Check the reader's power and cable; its line is 38400 baud with even parity."
_READ_AGAIN: Final = "Lay the book still in the middle of the antenna."


class Rl866Reader:
    """One reader."""

    def __init__(
        self, name: str, connect: Connect, clock: Clock, *, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self.name = name
        self._connect = connect
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._stream: ByteStream | None = None
        self._odd = False

    @property
    def capabilities(self) -> Capability:
        """Reading alone."""
        return Capability(0)

    async def inventory(self) -> list[str]:
        """UIDs in the field; raises DeviceGone and DeviceFault."""
        return [tag.uid for tag in await self._listed()]

    async def read(self, uid: str) -> TagMemory:
        """The whole user memory of a tag with its lock map, AFI and DSFID; raises DeviceFault."""
        tag = next((tag for tag in await self._listed() if tag.uid == uid), None)
        if tag is None:
            raise self._fault(f"tag {uid} does not answer")
        handle = (await self._ask(Command.CONNECT, frames.connect(tag)))[:1]
        try:
            return await self._read_connected(uid, handle[0] if handle else 0)
        finally:
            await self._ask(Command.DISCONNECT, handle)

    async def write_blocks(self, uid: str, first: int, blocks: list[bytes]) -> None:
        """Not with this reader.  Raises DeviceFault."""
        raise self._reads_only()

    async def write_afi(self, uid: str, afi: int) -> None:
        """Not with this reader.  Raises DeviceFault."""
        raise self._reads_only()

    async def write_dsfid(self, uid: str, dsfid: int) -> None:
        """Not with this reader.  Raises DeviceFault."""
        raise self._reads_only()

    async def lock_blocks(self, uid: str, first: int, count: int) -> None:
        """Not with this reader.  Raises DeviceFault."""
        raise self._reads_only()

    async def close(self) -> None:
        """Give the wire back."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    # --- commands ----------------------------------------------------------------------------------------

    async def _listed(self) -> list[Listed]:
        return frames.parse_inventory(await self._ask(Command.INVENTORY, frames.inventory()))

    async def _read_connected(self, uid: str, handle: int) -> TagMemory:
        told = await self._access(handle, Access.SYSTEM_INFORMATION)
        about = frames.parse_system_information(told)
        if about.uid != uid:
            raise self._fault(f"asked for tag {uid}, {about.uid} answered")
        rows: list[tuple[bool, bytes]] = []
        while left := about.blocks - len(rows):
            count = min(left, _BLOCKS_A_FRAME)
            told = await self._access(handle, Access.READ_BLOCKS, frames.read_blocks(len(rows), count))
            rows += frames.parse_blocks(told, count, about.block_size)
        locked = frozenset(number for number, (is_locked, _) in enumerate(rows) if is_locked)
        data = b"".join(block for _, block in rows)
        return TagMemory(uid, about.block_size, data, about.afi, about.dsfid, locked)

    async def _access(self, handle: int, operation: Access, parameters: bytes = b"") -> bytes:
        told = await self._ask(Command.ACCESS, frames.access(handle, operation, parameters))
        done, data = frames.parse_access(told, operation)
        if not done:
            raise self._fault(_error_text(int.from_bytes(data[:2], "little")))
        return data

    async def _ask(self, command: Command, parameters: bytes) -> bytes:
        """The parameters of the answer; asked again, on a fresh count, when it is lost."""
        for left in reversed(range(_QUESTION_TRIES)):
            try:
                status, data = frames.answer_of(await self._exchange(command, parameters), command)
            except DeviceGone:
                if not left:
                    raise
                continue
            if status:
                raise self._fault(_error_text(status))
            return data
        raise AssertionError("unreachable: the last try returns or raises")

    async def _exchange(self, command: Command, parameters: bytes) -> bytes:
        """Send one frame and wait for the answer with the same place in the count."""
        try:
            async with self._clock.timeout(self._answer_seconds):
                stream = await self._wire()
                data = frames.request(command, parameters, odd=self._odd)
                self._odd = not self._odd
                await stream.write(data)
                return (await self._frame(stream, data[3])).information
        except (TimeoutError, DeviceGone) as error:
            await self.close()
            if isinstance(error, DeviceGone):
                raise
            raise DeviceGone(
                f"no answer within {self._answer_seconds:g} s", subject=self.name, remedy=_REMEDY
            ) from error

    async def _wire(self) -> ByteStream:
        """The open wire, its count of frames started anew."""
        if self._stream is None:
            self._stream = await self._connect()
            self._odd = False
            await self._stream.write(frames.resync())
            await self._frame(self._stream, frames.RESYNC)
        return self._stream

    async def _frame(self, stream: ByteStream, control: int) -> frames.Frame:
        feed = FrameFeed()
        while True:
            chunk = await stream.read()
            if not chunk:
                raise DeviceGone("the wire ended", subject=self.name, remedy=_REMEDY)
            for frame in feed.take(chunk):
                if frame.control == control:
                    return frame

    # --- errors ------------------------------------------------------------------------------------------

    def _fault(self, what: str) -> DeviceFault:
        return DeviceFault(what, subject=self.name, remedy=_READ_AGAIN)

    def _reads_only(self) -> DeviceFault:
        return DeviceFault(
            "this kind of reader only reads", subject=self.name, remedy="Write with a FEIG reader."
        )


def _error_text(code: int) -> str:
    return frames.ERRORS.get(code, f"reader error {code:04X}")
