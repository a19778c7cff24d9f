"""The write transaction: one tag, written so that no half-written tag ever looks whole.

Inventory → blank or known? → changed blocks, the first one last → read all back → DSFID, AFI → lock, when
the policy says so → read the lock map → inventory again, the same single tag.  While the other blocks are
being written the first one is empty, and a tag whose first block is empty holds nothing; the transaction can
therefore be broken off anywhere and run again on the same tag.  A write whose answer was lost may have
happened, so memory is read back before anything is written again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Final

from stations.rfid.content import PII, TagContent, TagImage
from stations.rfid.detect import decode_memory
from stations.rfid.encode import encode
from workcell.kernel.errors import BadInput, DeviceFault, DeviceGone
from workcell.kernel.ports import TagMemory, TagReader
from workcell.kernel.profile import TagPolicy

_TRIES: Final = 4
_BLOCKS_A_WRITE: Final = 8


@dataclass(frozen=True)
class TagReport:
    """How a transaction ended.

    ``code`` is "written", "unchanged" (it was so already) or why not: "no_tag", "several_tags",
    "other_tag", "not_blank", "locked", "elements", "weak".  ``steps`` is the tag's write log in words;
    ``written`` numbers the blocks that were written and ``locked`` those locked on the tag at the end.
    """

    ok: bool
    code: str
    text: str
    uid: str = ""
    afi: int | None = None
    dsfid: int | None = None
    hex: str = ""
    pii: str = ""
    model: str = ""
    elements: dict[int, str] = field(default_factory=dict)
    written: tuple[int, ...] = ()
    locked: tuple[int, ...] = ()
    tries: int = 0
    steps: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON data."""
        return {
            "ok": self.ok, "code": self.code, "text": self.text, "uid": self.uid, "afi": self.afi,
            "dsfid": self.dsfid, "hex": self.hex, "pii": self.pii, "model": self.model,
            "elements": {str(oid): text for oid, text in self.elements.items()},
            "written": list(self.written), "locked": list(self.locked), "tries": self.tries,
            "steps": list(self.steps),
        }  # fmt: skip


IsVoided = Callable[[str], Awaitable[bool]]
"""Whether an item number is one that this library has given up."""
Tell = Callable[[str, str], None]
"""Hears each step as it is taken: the tag's UID and the step in words."""


async def _none_voided(number: str) -> bool:
    return False


def _to_nobody(uid: str, step: str) -> None:
    return


async def write_tag(
    reader: TagReader,
    elements: Mapping[int, str],
    policy: TagPolicy,
    *,
    expected_uid: str = "",
    is_voided: IsVoided = _none_voided,
    tell: Tell = _to_nobody,
) -> TagReport:
    """Write ``elements`` by the policy into the one tag in the field, or into ``expected_uid``.

    One that holds the same item number is brought up to date.  A tag with other content is refused, unless
    the policy overwrites or adopts and its item number ``is_voided``, or the policy adopts and it holds no
    item number.  Raises DeviceGone when the reader is gone (run it again) and DeviceFault when it answers
    nonsense; what is wrong with tag or data is in the report.
    """
    return await _Transaction(reader, elements, policy, expected_uid, is_voided, tell).run()


class _Stop(Exception):
    """The transaction can't go on; carries the report's code and text."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class _Transaction:
    def __init__(
        self,
        reader: TagReader,
        elements: Mapping[int, str],
        policy: TagPolicy,
        expected_uid: str,
        is_voided: IsVoided,
        tell: Tell,
    ) -> None:
        self._reader = reader
        self._elements = elements
        self._policy = policy
        self._expected = expected_uid
        self._is_voided = is_voided
        self._tell = tell
        self._uid = ""
        self._memory: TagMemory | None = None
        self._written: set[int] = set()
        self._tries = 0
        self._steps: list[str] = []

    async def run(self) -> TagReport:
        try:
            self._uid = await self._only_tag()
            memory = await self._read()
            image = self._image(memory)
            await self._may_write(memory, image)
            before = memory
            memory = await self._bring_up(memory, image)
            memory = await self._name(memory, image)
            memory = await self._lock(memory, image)
            await self._still_only_tag()
        except _Stop as stop:
            return self._report(False, stop.code, stop.text)
        code = "unchanged" if memory == before else "written"
        return self._report(True, code, f"Tag {self._uid} holds {self._elements[PII]}.")

    # --- steps -------------------------------------------------------------------------------------------

    async def _only_tag(self) -> str:
        uids = await self._reader.inventory()
        self._log(f"inventory: {', '.join(uids) or 'no tag'}")
        if not uids:
            raise _Stop("no_tag", "No tag answers in the field.")
        if self._expected:
            if self._expected in uids:
                return self._expected
            raise _Stop("other_tag", f"Tag {self._expected} is not in the field, but {', '.join(uids)} is.")
        if len(uids) > 1:
            raise _Stop("several_tags", f"{len(uids)} tags are in the field: {', '.join(uids)}.")
        return uids[0]

    async def _still_only_tag(self) -> None:
        uids = await self._reader.inventory()
        self._log(f"inventory: {', '.join(uids) or 'no tag'}")
        if self._uid not in uids:
            raise _Stop("no_tag", f"Tag {self._uid} has left the field since it was written.")
        if not self._expected and len(uids) > 1:
            raise _Stop("several_tags", f"Another tag came into the field: {', '.join(uids)}.")

    def _image(self, memory: TagMemory) -> TagImage:
        try:
            return encode(
                self._elements, self._policy,
                block_size=memory.block_size, capacity=len(memory.data), epc_bytes=memory.epc_bytes,
            )  # fmt: skip
        except BadInput as error:
            raise _Stop("elements", str(error)) from error

    async def _may_write(self, memory: TagMemory, image: TagImage) -> None:
        """Blank, ours already, or free by the policy; and no block in the way is locked."""
        content = decode_memory(memory)
        empty = content.model == "blank" or not any(_block(memory, 0))
        ours = content.pii == self._elements.get(PII)
        if not (empty or ours or await self._is_free(content)):
            held = f"item {content.pii}" if content.pii else f"{content.model} data without an item number"
            raise _Stop("not_blank", f"Tag {memory.uid} is not blank: it holds {held}.")
        wanted = _wanted(memory, image)
        stuck = sorted(number for number in _differing(memory, wanted) if number in memory.locked)
        if stuck:
            blocks = ", ".join(map(str, stuck))
            raise _Stop("locked", f"Tag {memory.uid}: locked blocks {blocks} hold other data; use a new tag.")

    async def _is_free(self, content: TagContent) -> bool:
        """Whether the policy lets other content be written over.

        An item number that can't be read whole may be anybody's: only data without a trace of one is adopted.
        """
        if self._policy.not_blank == "refuse":
            return False
        if content.pii:
            return await self._is_voided(content.pii)
        return self._policy.not_blank == "adopt" and content.model == "unknown"

    async def _bring_up(self, memory: TagMemory, image: TagImage) -> TagMemory:
        """Write what differs and read it back until memory is as wanted, a bounded number of times."""
        wanted = _wanted(memory, image)
        for self._tries in range(1, _TRIES + 1):
            differing = _differing(memory, wanted)
            if not differing:
                return memory
            if any(differing - {0}):
                if any(_block(memory, 0)) and 0 not in memory.locked:
                    await self._write(0, [bytes(memory.block_size)])
                for first, blocks in _runs(sorted(differing - {0}), wanted):
                    await self._write(first, blocks)
                memory = await self._read()
                if _differing(memory, wanted) - {0}:
                    continue
            if _block(memory, 0) != wanted[0]:
                await self._write(0, [wanted[0]])
                memory = await self._read()
        left = sorted(_differing(memory, wanted))
        if left:
            shown = ", ".join(map(str, left))
            raise _Stop("weak", f"Tag {memory.uid} does not take blocks {shown} after {_TRIES} tries.")
        return memory

    async def _name(self, memory: TagMemory, image: TagImage) -> TagMemory:
        """DSFID and AFI, behind the data that they announce."""
        for _ in range(_TRIES):
            if (memory.dsfid, memory.afi) == (image.dsfid, image.afi):
                return memory
            if memory.dsfid != image.dsfid:
                await self._try(
                    f"write DSFID {image.dsfid:02X}", self._reader.write_dsfid(memory.uid, image.dsfid)
                )
            if memory.afi != image.afi:
                await self._try(f"write AFI {image.afi:02X}", self._reader.write_afi(memory.uid, image.afi))
            memory = await self._read()
        if (memory.dsfid, memory.afi) != (image.dsfid, image.afi):
            text = f"Tag {memory.uid} does not take DSFID {image.dsfid:02X} and AFI {image.afi:02X}"
            raise _Stop("weak", f"{text} after {_TRIES} tries.")
        return memory

    async def _lock(self, memory: TagMemory, image: TagImage) -> TagMemory:
        """Lock what the image says, once the content is proven; the lock map is read back."""
        for _ in range(_TRIES):
            missing = sorted(image.locked - memory.locked)
            if not missing:
                return memory
            for first, count in _spans(missing):
                await self._try(
                    f"lock blocks {first}+{count}", self._reader.lock_blocks(memory.uid, first, count)
                )
            memory = await self._read()
        if image.locked - memory.locked:
            blocks = ", ".join(map(str, sorted(image.locked - memory.locked)))
            raise _Stop("weak", f"Tag {memory.uid} does not lock blocks {blocks} after {_TRIES} tries.")
        return memory

    # --- the reader --------------------------------------------------------------------------------------

    async def _read(self) -> TagMemory:
        try:
            self._memory = await self._reader.read(self._uid)
        except DeviceFault as fault:
            self._log(f"read: {fault.what}")
            raise _Stop("no_tag", f"Tag {self._uid} can't be read: {fault.what}.") from fault
        self._log("read all blocks")
        return self._memory

    async def _write(self, first: int, blocks: list[bytes]) -> None:
        self._written.update(range(first, first + len(blocks)))
        step = f"write blocks {first}+{len(blocks)}"
        await self._try(step, self._reader.write_blocks(self._uid, first, blocks))

    async def _try(self, step: str, command: Awaitable[None]) -> None:
        """Send a changing command once; lost or refused, what became of it is read back by the caller."""
        self._tell(self._uid, f"{step}: sent")
        try:
            await command
        except (DeviceFault, DeviceGone) as error:
            self._log(f"{step}: {error.what}")
        else:
            self._log(step)

    def _log(self, step: str) -> None:
        self._steps.append(step)
        self._tell(self._uid, step)

    def _report(self, ok: bool, code: str, text: str) -> TagReport:
        self._tell(self._uid, f"{code}: {text}")
        memory = self._memory
        report = TagReport(
            ok, code, text, self._uid,
            written=tuple(sorted(self._written)), tries=self._tries, steps=tuple(self._steps),
        )  # fmt: skip
        if memory is None:
            return report
        content = decode_memory(memory)
        return TagReport(
            ok, code, text, self._uid, memory.afi, memory.dsfid, memory.data.hex().upper(), content.pii,
            content.model, content.elements, report.written, tuple(sorted(memory.locked)), report.tries,
            report.steps,
        )  # fmt: skip


# --- blocks ----------------------------------------------------------------------------------------------


def _wanted(memory: TagMemory, image: TagImage) -> dict[int, bytes]:
    """The blocks that must hold something certain.

    On a tag that held nothing these are the image and an empty byte behind it, which ends the data;
    whatever a maker left further back stays.  A tag that held something is cleared to its end, except
    where it is locked.
    """
    size = memory.block_size
    wanted = dict(enumerate(image.blocks))
    held = any(_block(memory, 0))
    for number in range(len(wanted), len(memory.data) // size):
        if held and number not in memory.locked:
            wanted[number] = bytes(size)
    end = len(image.blocks)
    if end * size < len(memory.data) and end not in memory.locked and memory.data[end * size]:
        wanted[end] = bytes(size)
    return wanted


def _block(memory: TagMemory, number: int) -> bytes:
    return memory.data[number * memory.block_size : (number + 1) * memory.block_size]


def _differing(memory: TagMemory, wanted: Mapping[int, bytes]) -> set[int]:
    return {number for number, block in wanted.items() if _block(memory, number) != block}


def _runs(numbers: list[int], wanted: Mapping[int, bytes]) -> Iterator[tuple[int, list[bytes]]]:
    """Neighbouring blocks together, at most as many as a reader writes in one command."""
    for first, count in _spans(numbers):
        for start in range(first, first + count, _BLOCKS_A_WRITE):
            stop = min(start + _BLOCKS_A_WRITE, first + count)
            yield start, [wanted[number] for number in range(start, stop)]


def _spans(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """First number and length of each run of neighbouring numbers."""
    for _, run in groupby(enumerate(sorted(numbers)), lambda pair: pair[1] - pair[0]):
        found = [number for _, number in run]
        yield found[0], len(found)
