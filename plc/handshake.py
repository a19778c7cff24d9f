"""The handshake of one command block: sequence numbers instead of bits.

A command is acted on once, when CmdSeq differs from AckSeq; completion is separate; 0 means never and 65535
is followed by 1.  Numbers are compared on the circle of 1 to 65535, half of which lies ahead.
"""

from __future__ import annotations

from dataclasses import dataclass

_CIRCLE = 65535


def next_seq(seq: int) -> int:
    """Give the number after ``seq``; 0 is skipped."""
    return seq % _CIRCLE + 1


def is_newer(seq: int, than: int) -> bool:
    """Whether ``seq`` lies ahead of ``than``.  Every number is newer than 0 (never)."""
    if than == 0 or seq == 0:
        return seq != 0 and than == 0
    return 0 < (seq - than) % _CIRCLE <= _CIRCLE // 2


def answer_word(ack_seq: int, ack_code: int) -> int:
    """Give AckSeq and AckCode in one word: the code in the upper four bits, the number modulo 4096."""
    return ack_code << 12 | ack_seq & 0xFFF


def answer_code(word: int, seq: int) -> int | None:
    """Give the AckCode of an answer word where it answers ``seq``; None where it answers another number."""
    return word >> 12 if word & 0xFFF == seq & 0xFFF else None


@dataclass
class Handshake:
    """The PLC's side: what was answered and what has ended."""

    ack_seq: int = 0
    ack_code: str = "none"
    done_seq: int = 0
    done_code: str = "ok"
    results: tuple[int, ...] = ()

    def is_new(self, cmd_seq: int) -> bool:
        """Whether the command block holds a command that was not answered yet."""
        return cmd_seq not in (0, self.ack_seq)

    def answer(self, seq: int, code: str) -> None:
        """Acknowledge ``seq`` with an ack code."""
        self.ack_seq, self.ack_code = seq, code

    def finish(self, seq: int, code: str, results: tuple[int, ...] = ()) -> None:
        """Report the end of ``seq`` with its result words."""
        self.done_seq, self.done_code, self.results = seq, code, results
