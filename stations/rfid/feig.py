"""Driver for FEIG readers (ISO 15693) that speak the advanced protocol, over serial or TCP.

Every command names its tag.  A question is asked again when its answer is lost; a command that changes a tag
is sent once, because it may have been carried out: the caller reads back and decides.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from stations.rfid import feig_frames as frames
from stations.rfid.capability import Capability
from stations.rfid.feig_frames import Answer, AnswerFeed, Iso, Status
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream, Clock, Connect, TagMemory

T = TypeVar("T")

_ANSWER_SECONDS: Final = 1.0
_QUIET_SECONDS: Final = 0.05
_QUESTION_TRIES: Final = 3
_BYTES_A_FRAME: Final = 128  # of blocks in one command, by the readers' manuals
_REMEDY: Final = "Check the reader's power, cable, baud rate and bus address."
_READ_AGAIN: Final = "Lay the book still in the middle of the antenna."


class FeigReader:
    """One reader; ``address`` is its bus address, FF for whichever is on the wire."""

    def __init__(
        self,
        name: str,
        connect: Connect,
        clock: Clock,
        *,
        address: int = frames.BROADCAST,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self.name = name
        self._connect = connect
        self._clock = clock
        self._address = address
        self._answer_seconds = answer_seconds
        self._stream: ByteStream | None = None
        self._stale = False

    @property
    def capabilities(self) -> Capability:
        """All that an ISO 15693 tag has."""
        return Capability.AFI | Capability.DSFID | Capability.LOCK

    async def inventory(self) -> list[str]:
        """UIDs in the field, each once, in the reader's order.

        Raises DeviceGone when the reader does not answer, DeviceFault when its answer makes no sense.
        """
        await self._wake_tags()
        uids: list[str] = []
        more = False
        while True:
            answer = await self._ask(frames.inventory(more))
            if answer.status == Status.NO_TRANSPONDER:
                return uids
            if answer.status not in (Status.OK, Status.MORE_DATA):
                raise self._refused(Iso.INVENTORY, answer)
            told = self._parsed(frames.parse_inventory, answer.data)
            fresh = [uid for uid in told if uid not in uids]
            uids += fresh
            if answer.status == Status.OK or not fresh:
                return uids
            more = True

    async def read(self, uid: str) -> TagMemory:
        """The whole user memory of a tag with its lock map, AFI and DSFID.

        Raises DeviceFault when the tag does not answer or another one did.
        """
        told = await self._ask_tag(Iso.SYSTEM_INFORMATION, frames.system_information(uid))
        about = self._parsed(frames.parse_system_information, told)
        if about.uid != uid:
            raise self._fault(f"asked for tag {uid}, {about.uid} answered", _READ_AGAIN)
        rows: list[tuple[bool, bytes]] = []
        while left := about.blocks - len(rows):
            count = min(left, max(1, _BYTES_A_FRAME // about.block_size))
            rows += await self._read_some(uid, len(rows), count, about.block_size)
        data = b"".join(block for _, block in rows)
        locked = frozenset(number for number, (is_locked, _) in enumerate(rows) if is_locked)
        return TagMemory(uid, about.block_size, data, about.afi, about.dsfid, locked)

    async def write_blocks(self, uid: str, first: int, blocks: list[bytes]) -> None:
        """Write blocks from ``first`` on; a chip without write-multiple gets them one by one.

        Raises DeviceFault when the tag did not take them, DeviceGone when no answer came: they may be
        written all the same.
        """
        try:
            await self._change(Iso.WRITE_BLOCKS, frames.write_blocks(uid, first, blocks))
        except _UnsupportedByTag:
            if len(blocks) == 1:
                raise
            for number, block in enumerate(blocks, first):
                await self._change(Iso.WRITE_BLOCKS, frames.write_blocks(uid, number, [block]))

    async def write_afi(self, uid: str, afi: int) -> None:
        """Write the AFI; raises as ``write_blocks`` does."""
        await self._change(Iso.WRITE_AFI, frames.write_afi(uid, afi))

    async def write_dsfid(self, uid: str, dsfid: int) -> None:
        """Write the DSFID; raises as ``write_blocks`` does."""
        await self._change(Iso.WRITE_DSFID, frames.write_dsfid(uid, dsfid))

    async def lock_blocks(self, uid: str, first: int, count: int) -> None:
        """Lock blocks for ever; raises as ``write_blocks`` does."""
        await self._change(Iso.LOCK_BLOCKS, frames.lock_blocks(uid, first, count))

    async def close(self) -> None:
        """Give the wire back."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.close()

    # --- commands ----------------------------------------------------------------------------------------

    async def _read_some(self, uid: str, first: int, count: int, size: int) -> list[tuple[bool, bytes]]:
        told = await self._ask_tag(Iso.READ_BLOCKS, frames.read_blocks(uid, first, count))
        rows = self._parsed(frames.parse_blocks, told, count, size)
        try:
            told = await self._ask_tag(Iso.BLOCK_SECURITY, frames.block_security(uid, first, count))
        except _UnsupportedByTag:  # then the states that came with the blocks are all there is
            return rows
        locks = self._parsed(frames.parse_block_security, told, count)
        return [(locked, block) for locked, (_, block) in zip(locks, rows, strict=True)]

    async def _ask_tag(self, command: Iso, data: bytes) -> bytes:
        """Data of a question's answer; the radio gets as many chances as the wire."""
        answer = await self._ask(data)
        for _ in range(_QUESTION_TRIES - 1):
            if answer.status not in (Status.NO_TRANSPONDER, Status.BAD_DATA, Status.RF_ERROR):
                break
            answer = await self._ask(data)
        if answer.status != Status.OK:
            raise self._refused(command, answer)
        return answer.data

    async def _wake_tags(self) -> None:
        """Switch the field off and on: a tag that was listed once stays quiet until then (manual, 0x01, ONT).

        A reader that does not know the command does so by itself.
        """
        answer = await self._ask(b"", frames.RF_RESET)
        if answer.status not in (Status.OK, Status.UNKNOWN_COMMAND, Status.NOT_AVAILABLE):
            text = frames.status_text(answer.status)
            raise self._fault(f"switching the field: {text}", "Check the reader's antenna.")

    async def _ask(self, data: bytes, command: int = frames.ISO_HOST) -> Answer:
        """The answer to a question, asked again when it is lost on the wire."""
        for left in reversed(range(_QUESTION_TRIES)):
            try:
                return await self._exchange(data, command)
            except DeviceGone:
                if not left:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def _change(self, command: Iso, data: bytes) -> None:
        answer = await self._exchange(data)
        if answer.status != Status.OK:
            raise self._refused(command, answer)

    # --- the wire ----------------------------------------------------------------------------------------

    async def _exchange(self, data: bytes, command: int = frames.ISO_HOST) -> Answer:
        stream = await self._wire()
        feed = AnswerFeed()
        try:
            async with self._clock.timeout(self._answer_seconds):
                await stream.write(frames.request(self._address, command, data))
                while True:
                    chunk = await stream.read()
                    if not chunk:
                        raise DeviceGone("the wire ended", subject=self.name, remedy=_REMEDY)
                    for answer in feed.take(chunk):
                        if answer.command == command:
                            return answer
        except (TimeoutError, DeviceGone) as error:
            await self.close()
            self._stale = True
            if isinstance(error, DeviceGone):
                raise
            raise DeviceGone(
                f"no answer within {self._answer_seconds:g} s", subject=self.name, remedy=_REMEDY
            ) from error

    async def _wire(self) -> ByteStream:
        """The open wire.  After a lost answer it is opened anew and listened to until it is quiet.

        Frames carry no number, so an answer that comes late would be taken for the next one.
        """
        if self._stream is None:
            self._stream = await self._connect()
            if self._stale:
                await self._drain(self._stream)
                self._stale = False
        return self._stream

    async def _drain(self, stream: ByteStream) -> None:
        try:
            while True:
                async with self._clock.timeout(_QUIET_SECONDS):
                    if not await stream.read():
                        return
        except TimeoutError:
            return

    # --- errors ------------------------------------------------------------------------------------------

    def _parsed(self, parse: Callable[..., T], *arguments: Any) -> T:
        try:
            return parse(*arguments)
        except DeviceFault as fault:
            raise DeviceFault(fault.what, subject=self.name, remedy=fault.remedy) from fault

    def _fault(self, what: str, remedy: str) -> DeviceFault:
        return DeviceFault(what, subject=self.name, remedy=remedy)

    def _refused(self, command: Iso, answer: Answer) -> DeviceFault:
        name = command.name.lower().replace("_", " ")
        if answer.status == Status.ISO_ERROR and answer.data:
            code = answer.data[0]
            text = frames.ISO_ERROR_TEXTS.get(code, f"ISO 15693 error {code:02X}")
            kind = _UnsupportedByTag if code in frames.UNSUPPORTED_BY_TAG else DeviceFault
            return kind(f"{name}: {text}", subject=self.name, remedy="Use another tag.")
        return self._fault(f"{name}: {frames.status_text(answer.status)}", _READ_AGAIN)


class _UnsupportedByTag(DeviceFault):
    """The chip does not have the command."""
