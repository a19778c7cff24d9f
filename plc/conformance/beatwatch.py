"""What the beats of all headers say while something else is asked: going back, standing, going by two."""

from __future__ import annotations

from math import gcd

_HALF = 0x8000
_STANDING_SECONDS = 0.5
_SLOWEST = 1.25
"""A scan may take so much longer than the manifest says, on average (WC-FR-005)."""
_ENOUGH_STEPS = 50


class BeatWatch:
    """Hears every beat that is read, and remembers the first thing that was wrong.  Times are seconds."""

    def __init__(self, scan_seconds: float) -> None:
        self.heard = 0
        self._wrong = ""
        self._scan_seconds = scan_seconds
        self._steps = self._common = 0
        self._last: tuple[int, float] | None = None

    @property
    def wrong(self) -> str:
        """What was wrong, empty where nothing was."""
        if not self._wrong and self._steps >= _ENOUGH_STEPS and self._common > 1:
            return f"the beat goes up by {self._common}, not by one"
        return self._wrong

    def hear(self, block: str, beat: int, asked: float, answered: float) -> None:
        """Note the beat of a block that was asked for and answered then."""
        last, self._last = self._last, (beat, answered)
        self.heard += 1
        if last is None:
            return
        step, passed = (beat - last[0]) & 0xFFFF, asked - last[1]
        if step >= _HALF:
            self._note(f"the beat went from {last[0]} back to {beat}, in block {block}")
        elif passed - step * self._scan_seconds * _SLOWEST > _STANDING_SECONDS:
            self._note(f"the beat went up by {step} in {passed:.1f} s, in block {block}")
        else:
            self._steps += step > 0
            self._common = gcd(self._common, step)

    def forget(self) -> None:
        """A power-up: the beat may start anywhere."""
        self._last = None

    def _note(self, text: str) -> None:
        self._wrong = self._wrong or text
