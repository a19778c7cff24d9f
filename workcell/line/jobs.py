"""Recognition processes: spawned, supervised, killable, recycled.

Each process is ``python -m workcell.line.worker``: one JSON object a line in, one out.  A job that takes too
long costs its process; the next job gets a fresh one.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from workcell.kernel.errors import DeviceFault
from workcell.kernel.layout import Recognition
from workcell.kernel.ports import Clock

_LINE_LIMIT = 64 * 1024 * 1024


class ProcessJobs:
    """A pool of processes behind the Jobs port; ``table`` names the jobs that they know."""

    def __init__(self, rules: Recognition, clock: Clock, table: str = "recognition") -> None:
        self._rules = rules
        self._clock = clock
        self._table = table
        self._idle: asyncio.Queue[_Process] = asyncio.Queue()
        reading = {"WORKCELL_OCR_ENGINE": rules.engine, "WORKCELL_OCR_ENDPOINT": rules.endpoint}
        for _ in range(rules.workers):
            self._idle.put_nowait(_Process(table, reading))

    async def run(self, kind: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run one job on the next free process; raises DeviceFault with the job's own words."""
        process = await self._idle.get()
        try:
            if process.jobs >= self._rules.recycle_after:
                await process.stop()
            async with self._clock.timeout(self._rules.seconds):
                answer = await process.ask({"kind": kind, "request": dict(request)})
        except TimeoutError as error:
            await process.stop()
            raise DeviceFault(
                f"{self._table} took longer than {self._rules.seconds:g} s",
                subject=kind,
                remedy="Look by eye.",
            ) from error
        except (OSError, EOFError, ValueError) as error:
            await process.stop()
            raise DeviceFault(f"the {self._table} process died ({error})", subject=kind) from error
        except asyncio.CancelledError:
            await process.stop()
            raise
        finally:
            self._idle.put_nowait(process)
        if "error" in answer:
            raise DeviceFault(answer["error"], subject=kind)
        result: dict[str, Any] = answer["result"]
        return result

    async def close(self) -> None:
        """End all processes."""
        while not self._idle.empty():
            await self._idle.get_nowait().stop()


class _Process:
    """One process, started when first needed."""

    def __init__(self, table: str, settings: Mapping[str, str]) -> None:
        self._table = table
        self._settings = settings
        self.jobs = 0
        self._process: asyncio.subprocess.Process | None = None

    async def ask(self, job: Mapping[str, Any]) -> dict[str, Any]:
        process = self._process or await self._start()
        if process.stdin is None or process.stdout is None:
            raise EOFError("no pipe")
        self.jobs += 1
        process.stdin.write(json.dumps(job, ensure_ascii=False).encode("utf-8") + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
        if not line:
            raise EOFError("no answer")
        answer: dict[str, Any] = json.loads(line)
        return answer

    async def _start(self) -> asyncio.subprocess.Process:
        self.jobs = 0
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "workcell.line.worker", self._table,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=_LINE_LIMIT,
            env={**os.environ, **self._settings},
        )  # fmt: skip
        return self._process

    async def stop(self) -> None:
        process, self._process, self.jobs = self._process, None, 0
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()
