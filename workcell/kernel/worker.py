"""Blocking calls away from the loop: one thread in order, or inline on virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")


class ThreadWorker:
    """One thread; calls run in the order in which they were made."""

    def __init__(self, name: str) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Run ``call(*args)`` on the thread and return its result."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, call, *args)

    async def close(self) -> None:
        """Wait for the calls that are queued."""
        self._pool.shutdown(wait=True)


class InlineWorker:
    """Runs the call at once, on the loop; for virtual time and tests."""

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Run ``call(*args)`` and return its result."""
        return call(*args)

    async def close(self) -> None:
        """Nothing to wait for."""
