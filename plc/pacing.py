"""When a PLC is asked: often, but so that a command never waits long for a poll that is under way.

On a serial line every byte takes its time (11 bits: MODBUS over Serial Line 1.02, 2.5.1), and one exchange is
on its way at a time.  At 19200 baud a poll of the line's 16 hot words takes 28 ms, more than a scan.
"""

from __future__ import annotations

from dataclasses import dataclass

_ASK = 8  # bytes of a read request in a frame
_OVERHEAD = 5  # bytes of an answer around its registers
_HEARTBEAT_AND_ASK = 23  # bytes of a request that writes a heartbeat and reads
_PULSE_WORDS = 6
_FREE_FOR_COMMANDS = 3  # times a poll: a command meets one under way one time in four at most
_SLOW_SHARE = 100
_SLOW_SECONDS = 1.0
_LOOP_SECONDS = 0.0005  # timers of an event loop and of drivers, on top of the wire
_APART_SECONDS = 0.004  # between two questions on a wire that takes no time
_SHORTEST_SECONDS = 0.001
_MOST_OF_A_SCAN = 0.98


@dataclass(frozen=True)
class Pace:
    """One wire and one PLC; all in seconds.  ``byte`` is 0 and ``silence`` is 0 on a network."""

    byte: float
    silence: float
    scan: float
    poll: float

    def _exchange(self, request: int, registers: int) -> float:
        return (request + _OVERHEAD + 2 * registers) * self.byte + self.silence

    @property
    def between_polls(self) -> float:
        """From the beginning of one poll to the next while no command waits for its answer."""
        return self.poll + _FREE_FOR_COMMANDS * self._exchange(_ASK, _PULSE_WORDS)

    @property
    def joins(self) -> bool:
        """Whether a heartbeat and a poll in one exchange are shorter than a scan."""
        return self._exchange(_HEARTBEAT_AND_ASK, _PULSE_WORDS) < self.scan

    def between_slow(self, words: int) -> float:
        """Between two reads of the slow block, which may take a hundredth of the line's time."""
        return max(_SLOW_SECONDS, _SLOW_SHARE * self._exchange(_ASK, words))

    def wait_for_answer(self, since_written: float, words: int) -> float:
        """Give the pause before the next question for an answer that takes ``words`` registers.

        ``since_written`` is the time since the command was whole at the PLC.  The questions stand so that
        one of them reaches the PLC just when its scan must be over: not earlier, which would ask once more,
        and no later.  Where an exchange takes its time, all but the last fiftieth of the scan is enough: to
        wait for that too would cost every late answer as much.
        """
        if not self.byte:
            last = self.scan - since_written
            return max(_SHORTEST_SECONDS, last % _APART_SECONDS) if last > 0 else _APART_SECONDS
        last = _MOST_OF_A_SCAN * self.scan - _ASK * self.byte - since_written
        return last % (self._exchange(_ASK, words) + _LOOP_SECONDS) if last > 0 else 0.0
