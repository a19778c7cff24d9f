"""Track and trace inside the PLC: what each zone holds, and the acknowledged ring of events."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from plc.handshake import is_newer, next_seq

RING_SIZE = 16
UNKNOWN_BIT = 0x8000_0000
"""Set in the TrackId that the PLC gives an item which nobody announced."""


@dataclass
class Zone:
    """One zone.  ``since`` is when ``state`` began (seconds of the scan's time)."""

    name: str
    number: int
    track_id: int = 0
    state: str = "empty"
    occupied: bool = False
    since: float = 0.0
    disputed: int = 0

    def become(self, state: str, now: float) -> None:
        """Enter ``state``; the age starts anew only when it is another one."""
        if state != self.state:
            self.state, self.since = state, now

    def take(self, track_id: int, now: float) -> None:
        """Hold the book ``track_id``."""
        self.track_id = track_id
        self.disputed = 0
        self.become("occupied", now)

    def clear(self, now: float) -> None:
        """Hold nothing."""
        self.track_id = 0
        self.disputed = 0
        self.become("empty", now)

    @property
    def free(self) -> bool:
        """Whether a book may be sent here."""
        return self.state == "empty" and not self.occupied


@dataclass(frozen=True)
class RingEvent:
    """One edge: EvSeq, kind, zone number, TrackId, milliseconds since power-up."""

    seq: int
    kind: str
    zone: int
    track_id: int
    ms: int


class EventRing:
    """16 events that the host acknowledges; what does not fit waits its turn, so that none is lost."""

    def __init__(self) -> None:
        self.entries: list[RingEvent | None] = [None] * RING_SIZE
        self.head = 0
        self._place = 0
        self._acked = 0
        self._open = 0
        self._waiting: deque[tuple[str, int, int, int]] = deque()

    @property
    def waiting(self) -> int:
        """Events that wait for room."""
        return len(self._waiting)

    def add(self, kind: str, zone: int, track_id: int, ms: int) -> None:
        """Note an edge."""
        self._waiting.append((kind, zone, track_id, ms))

    def acknowledge(self, seq: int) -> None:
        """Note that the host has read up to ``seq``; a strange or older number is ignored."""
        if self._open and is_newer(seq, self._acked) and not is_newer(seq, self.head):
            while self._open and self._acked != seq:
                self._acked = next_seq(self._acked)
                self._open -= 1

    def publish(self) -> bool:
        """Move what waits into the ring as far as there is room; True when something moved."""
        moved = False
        while self._waiting and self._open < RING_SIZE:
            self.head = next_seq(self.head)
            kind, zone, track_id, ms = self._waiting.popleft()
            self.entries[self._place] = RingEvent(self.head, kind, zone, track_id, ms)
            self._place = (self._place + 1) % RING_SIZE
            self._open += 1
            moved = True
        return moved
