"""Time: the wall clock, and a virtual one on which the same code runs deterministically.

On virtual time the event loop itself jumps to the next timer when nothing is ready, so that asyncio's own
timers, ``sleep`` and ``timeout`` follow; nothing waits and a batch of hours runs in seconds.
"""

from __future__ import annotations

import asyncio
import select
import selectors
import time
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

_TIMER_SLACK = Path("/proc/self/timerslack_ns")


class WallClock:
    """The machine's clocks."""

    def now(self) -> float:
        """Monotonic seconds."""
        return time.monotonic()

    def wall(self) -> datetime:
        """The present moment in UTC."""
        return datetime.now(UTC)

    async def sleep(self, seconds: float) -> None:
        """Pause the calling task."""
        await asyncio.sleep(seconds)

    def timeout(self, seconds: float) -> AbstractAsyncContextManager[Any]:
        """Raise TimeoutError in the body after ``seconds``."""
        return asyncio.timeout(seconds)


class _JumpingSelector(selectors.SelectSelector):
    """Never waits: tells the loop how far the clock may jump instead."""

    def __init__(self) -> None:
        super().__init__()
        self.jump = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if timeout is None and not ready:
            raise RuntimeError("deadlock on virtual time: every task waits and no timer is set")
        self.jump = 0.0 if ready or timeout is None else timeout
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        self._now = 0.0
        super().__init__(self._jumping)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        self._now += self._jumping.jump
        self._jumping.jump = 0.0
        return self._now


class VirtualClock(WallClock):
    """A clock that reads the running ``VirtualLoop``; ``epoch`` is the wall time at its zero."""

    def __init__(self, epoch: datetime) -> None:
        self._epoch = epoch

    def now(self) -> float:
        """Virtual seconds."""
        return asyncio.get_running_loop().time()

    def wall(self) -> datetime:
        """The virtual moment in UTC."""
        return self._epoch + timedelta(seconds=self.now())


class _FineSelector(selectors.DefaultSelector):
    """Waits to the microsecond, where epoll alone rounds a wait up to whole milliseconds.

    On a serial line an exchange takes three milliseconds and needs four timers; a millisecond too much in
    each would double it.
    """

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout > 0:
            select.select((self.fileno(),), (), (), timeout)  # an epoll is readable once one of its files is
            timeout = 0
        return super().select(timeout)


def run_wall(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on a fresh loop whose timers are as fine as the machine's."""

    def loop() -> asyncio.SelectorEventLoop:
        has_epoll = hasattr(selectors, "EpollSelector")
        return asyncio.SelectorEventLoop(_FineSelector() if has_epoll else None)

    with suppress(OSError):  # Linux lets a thread sleep 50 µs longer than asked, to wake fewer times
        _TIMER_SLACK.write_text("1", "ascii")
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(main)


def run_virtual(main: Coroutine[Any, Any, T]) -> T:
    """Run ``main`` to its end on a fresh virtual-time loop."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
