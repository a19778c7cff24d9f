"""Driver for UHF readers (EPC Gen2) that speak LLRP, over TCP.

A tag is known by its TID, which nobody can change, and every operation names it.  Its EPC bank from the PC
word on and its user memory are one row of blocks of a word each, so that the write transaction of ISO 15693
tags is the same here: the first block is the PC word, and a tag without it has no identifier.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from stations.rfid import llrp_messages as messages
from stations.rfid.capability import Capability
from stations.rfid.content import AFI_ON_LOAN, AFI_SECURED
from stations.rfid.iso28560_4 import ProtocolControl
from stations.rfid.llrp_messages import Bank, Outcome, Read, Result, Write
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import ByteStream, Clock, Connect, TagMemory

_ANSWER_SECONDS: Final = 3.0
_QUESTION_TRIES: Final = 3
_TID_WORDS: Final = 6
_EPC_WORDS: Final = (33, 17, 9, 7)  # PC and EPC of 512, 256, 128 and 96 bits
_FIRST_WORD: Final = 1  # of the EPC bank: the PC, behind the chip's own CRC
_WORD: Final = 2
_REMEDY: Final = "Check the reader's power and network, and that no other program holds it."
_READ_AGAIN: Final = "Lay the book still in the middle of the antenna."
_RESULTS: Final = {
    Result.TAG_ERROR: "the tag reports an error",
    Result.NO_RESPONSE: "the tag does not answer",
    Result.READER_ERROR: "the reader reports an error",
    Result.OVERRUN: "the tag has no such word",
    Result.LOCKED: "the word is locked",
}


class LlrpReader:
    """One reader; it takes one client at a time."""

    def __init__(
        self, name: str, connect: Connect, clock: Clock, *, answer_seconds: float = _ANSWER_SECONDS
    ) -> None:
        self.name = name
        self._connect = connect
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._stream: ByteStream | None = None
        self._buffer = bytearray()
        self._number = 0
        self._epc_words: dict[str, int] = {}

    @property
    def capabilities(self) -> Capability:
        """UHF tags; AFI and security stand in the PC word, locks are those of whole banks and not used."""
        return Capability.UHF

    async def inventory(self) -> list[str]:
        """TIDs in the field, each once; raises DeviceFault when a tag answers whose TID can't be read."""
        uids: list[str] = []
        for _ in range(_QUESTION_TRIES):
            found, unasked = await self._ask("", Read(Bank.TID, 0, _TID_WORDS))
            fresh = [one.data.hex().upper() for one in found if one.result == Result.OK]
            uids += sorted(set(fresh) - set(uids))
            silent = [one for one in found if one.result != Result.OK]
            if not silent and not unasked:
                return uids
        raise DeviceFault("a tag answers and does not tell its TID", subject=self.name, remedy=_READ_AGAIN)

    async def read(self, uid: str) -> TagMemory:
        """EPC bank from the PC word on, and user memory; raises DeviceFault when the tag does not answer."""
        bank = await self._epc_bank(uid)
        user = await self._read_bank(uid, Read(Bank.USER, 0, 0)) or b""
        control = ProtocolControl.parse(int.from_bytes(bank[:_WORD], "big"))
        on_loan = bool(bank[_WORD : _WORD + 1] and bank[_WORD] & 0x80)
        afi = control.afi if control.iso else (AFI_ON_LOAN if on_loan else AFI_SECURED)
        return TagMemory(uid, _WORD, bank + user, afi, user[0] if user else 0, epc_bytes=len(bank))

    async def write_blocks(self, uid: str, first: int, blocks: list[bytes]) -> None:
        """Write words from ``first`` on.

        Raises DeviceFault when the tag did not take them all, DeviceGone when no answer came: they may be
        written all the same.
        """
        border = self._epc_words.get(uid) or len(await self._epc_bank(uid)) // _WORD
        above = blocks[: max(0, border - first)]
        below = blocks[len(above) :]
        if above:
            await self._change(uid, Write(Bank.EPC, _FIRST_WORD + first, b"".join(above)))
        if below:
            await self._change(uid, Write(Bank.USER, max(0, first - border), b"".join(below)))

    async def write_afi(self, uid: str, afi: int) -> None:
        """Not here: the AFI is a part of the PC word.  Raises DeviceFault."""
        raise self._lacks("an AFI apart from the PC word")

    async def write_dsfid(self, uid: str, dsfid: int) -> None:
        """Not here: the DSFID is the first byte of user memory.  Raises DeviceFault."""
        raise self._lacks("a DSFID apart from user memory")

    async def lock_blocks(self, uid: str, first: int, count: int) -> None:
        """Not here.  Raises DeviceFault."""
        raise self._lacks("locks of single blocks")

    async def close(self) -> None:
        """Give the wire back."""
        stream, self._stream = self._stream, None
        self._buffer.clear()
        if stream is not None:
            await stream.close()

    # --- operations --------------------------------------------------------------------------------------

    async def _epc_bank(self, uid: str) -> bytes:
        """The EPC bank from the PC word on, as long as the chip's is, whatever length the PC word tells."""
        known = self._epc_words.get(uid)
        for words in (known,) if known else _EPC_WORDS:
            bank = await self._read_bank(uid, Read(Bank.EPC, _FIRST_WORD, words))
            if bank is not None:
                self._epc_words[uid] = words
                return bank
        raise self._fault(f"tag {uid} has no EPC bank of a size known here", "Use another tag.")

    async def _read_bank(self, uid: str, operation: Read) -> bytes | None:
        """The words; None when the bank does not reach so far."""
        for _ in range(_QUESTION_TRIES):
            found, _unasked = await self._ask(uid, operation)
            results = {one.result for one in found}
            if Result.OK in results:
                data = {one.data for one in found if one.result == Result.OK}
                if len(data) > 1:
                    raise self._fault(f"tag {uid} gives two contents", _READ_AGAIN)
                return data.pop()
            if results == {Result.OVERRUN}:
                return None
        raise self._fault(f"read: {_told(results)}", _READ_AGAIN)

    async def _change(self, uid: str, operation: Write) -> None:
        found, _ = await self._round(uid, operation)
        results = {one.result for one in found}
        if Result.OK not in results:
            raise self._fault(f"write: {_told(results)}", _READ_AGAIN)

    async def _ask(self, uid: str, operation: Read) -> tuple[list[Outcome], int]:
        """A round of reading, taken again when an answer is lost on the wire."""
        for left in reversed(range(_QUESTION_TRIES)):
            try:
                return await self._round(uid, operation)
            except DeviceGone:
                if not left:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    async def _round(self, uid: str, operation: Read | Write) -> tuple[list[Outcome], int]:
        """One round in the field with an operation; what became of it, and how many tags were not asked."""
        try:
            async with self._clock.timeout(self._answer_seconds):
                await self._open()
                for name, body in (
                    ("DELETE_ACCESSSPEC", {"AccessSpecID": 0}),
                    ("DELETE_ROSPEC", {"ROSpecID": 0}),
                    ("ADD_ROSPEC", messages.round_spec()),
                    ("ADD_ACCESSSPEC", messages.access_spec(uid, operation)),
                    ("ENABLE_ACCESSSPEC", {"AccessSpecID": messages.SPEC_ID}),
                    ("ENABLE_ROSPEC", {"ROSpecID": messages.SPEC_ID}),
                    ("START_ROSPEC", {"ROSpecID": messages.SPEC_ID}),
                ):
                    await self._request(name, body)
                return await self._reports()
        except (TimeoutError, DeviceGone) as error:
            await self.close()
            if isinstance(error, DeviceGone):
                raise
            raise DeviceGone(
                f"no answer within {self._answer_seconds:g} s", subject=self.name, remedy=_REMEDY
            ) from error

    async def _reports(self) -> tuple[list[Outcome], int]:
        found: list[Outcome] = []
        unasked = 0
        while True:
            name, _, body = await self._message()
            if name == "RO_ACCESS_REPORT":
                found += messages.outcomes(body)
                unasked += messages.unasked(body)
            elif name == "READER_EVENT_NOTIFICATION" and messages.round_ended(body):
                return found, unasked

    # --- the wire ----------------------------------------------------------------------------------------

    async def _open(self) -> None:
        """Connect, be told that we are the reader's client, ask for the end of rounds to be told."""
        if self._stream is not None:
            return
        self._stream = await self._connect()
        self._buffer.clear()
        while (is_ours := messages.connected((await self._message())[2])) is None:
            continue
        if not is_ours:
            raise DeviceGone("the reader has another client", subject=self.name, remedy=_REMEDY)
        await self._request("SET_READER_CONFIG", messages.events())

    async def _request(self, name: str, body: Mapping[str, Any]) -> None:
        """Send a request and wait for its own response; raises DeviceFault when it was refused."""
        self._number += 1
        stream = self._stream
        if stream is None:
            raise DeviceGone("the wire is closed", subject=self.name, remedy=_REMEDY)
        await stream.write(messages.encoded(name, self._number, body))
        while True:
            answer, number, told = await self._message()
            if answer == "ERROR_MESSAGE" or (answer == f"{name}_RESPONSE" and number == self._number):
                refused = messages.refusal(told)
                if refused:
                    raise self._fault(f"{name}: {refused}", "Check the reader's firmware and region.")
                return

    async def _message(self) -> tuple[str, int, Mapping[str, Any]]:
        stream = self._stream
        if stream is None:
            raise DeviceGone("the wire is closed", subject=self.name, remedy=_REMEDY)
        while True:
            length = messages.message_length(self._buffer)
            if length is not None and length < messages.HEADER_BYTES:
                raise self._fault("a message shorter than its head", "Check that it is an LLRP reader.")
            if length is not None and len(self._buffer) >= length:
                frame = bytes(self._buffer[:length])
                del self._buffer[:length]
                name, number, body = messages.decoded(frame)
                if name == "KEEPALIVE":
                    await stream.write(messages.encoded("KEEPALIVE_ACK", number))
                    continue
                return name, number, body
            chunk = await stream.read()
            if not chunk:
                raise DeviceGone("the wire ended", subject=self.name, remedy=_REMEDY)
            self._buffer += chunk

    # --- errors ------------------------------------------------------------------------------------------

    def _fault(self, what: str, remedy: str) -> DeviceFault:
        return DeviceFault(what, subject=self.name, remedy=remedy)

    def _lacks(self, what: str) -> DeviceFault:
        return self._fault(f"UHF tags do not have {what}", "Leave it out of the profile.")


def _told(results: set[int]) -> str:
    known = {int(result): text for result, text in _RESULTS.items()}
    told = [known.get(result, f"result {result}") for result in sorted(results)]
    return ", ".join(told) or "the tag does not answer"
