"""The register image of a soft PLC: what the wire reads and writes, and what the program publishes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from plc.codec import Codec, Span, header_values
from plc.manifest import Bases
from plc.tagmap import Value
from workcell.kernel.errors import BadInput

_REGION_WORDS = 1024


class Image:
    """1024 status registers, which only the program writes, and 1024 command registers."""

    def __init__(self, codec: Codec, bases: Bases) -> None:
        self.codec = codec
        self._bases = {"status": bases.status, "command": bases.command}
        self._words = {region: [0] * _REGION_WORDS for region in self._bases}
        blocks = codec.tagmap.blocks
        self._region = {name: blocks[name].region for name in blocks}
        status = [name for name in blocks if blocks[name].region == "status"]
        self._beats = [codec.address(name, "beat") - bases.status for name in status]
        self._echoes = [codec.address(name, "stamp_echo") - bases.status for name in status]
        self._headers = {name: header_values(codec.tagmap, name) for name in status}
        self.reset()

    def reset(self) -> None:
        """As at power-up: all registers 0, but for the constant part of the headers."""
        for words in self._words.values():
            words[:] = [0] * _REGION_WORDS
        for name, values in self._headers.items():
            self.put(name, values)

    # --- the wire ----------------------------------------------------------------------------------------

    def read(self, address: int, count: int) -> list[int]:
        """Give registers for the wire; raises BadInput outside the image."""
        region, start = self._place(address, count)
        return self._words[region][start : start + count]

    def write(self, address: int, values: Sequence[int]) -> None:
        """One write from the wire, whole or not at all; raises BadInput outside the command region."""
        region, start = self._place(address, len(values))
        if region != "command":
            raise BadInput("status registers are read only", subject=f"register {address}")
        self._words[region][start : start + len(values)] = values

    def _place(self, address: int, count: int) -> tuple[str, int]:
        for region, base in self._bases.items():
            if base <= address and address + count <= base + _REGION_WORDS:
                return region, address - base
        raise BadInput("no such registers", subject=f"registers {address} to {address + count - 1}")

    # --- the program -------------------------------------------------------------------------------------

    def get(self, span: Span) -> list[int]:
        """Give the registers of a block or entry."""
        return self.read(span.address, span.count)

    def word(self, address: int) -> int:
        """One command register."""
        return self._words["command"][address - self._bases["command"]]

    def put(self, block: str, values: Mapping[str, Value]) -> None:
        """Publish fixed fields of a block."""
        region = self._region[block]
        self.codec.put(block, self._words[region], self._bases[region], values)

    def put_entry(self, block: str, index: int, values: Mapping[str, Value]) -> None:
        """Publish fields of one entry."""
        region = self._region[block]
        self.codec.put_entry(block, index, self._words[region], self._bases[region], values)

    def beat(self, beat: int, stamp: int) -> None:
        """Write beat and stamp echo into the header of every status block."""
        words = self._words["status"]
        for address in self._beats:
            words[address] = beat
        for address in self._echoes:
            words[address] = stamp
