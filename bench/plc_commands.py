"""Command → ack and command → done, over TCP and paced serial lines, against pymodbus polling by hand.

The PLC is the soft PLC in a process of its own, scanning every 20 ms.  The peer is what a vendor's engineer
would write first: pymodbus's own client that writes the command and reads the block until the answer stands
there, without pause, with a heartbeat every 100 ms and none of the proofs of freshness.

A second table polls every 20 ms while worker processes compute as fast as they can, a timed stand-in for
recognition.  A poll that has not ended when the next one is due is an overrun.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import statistics
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.framer import FramerType

import plc
from workcell.kernel.clock import WallClock, run_wall
from workcell.kernel.errors import Refused
from workcell.kernel.ids import SystemIds
from workcell.kernel.streams import baud_of, connector

_TOKEN = 0x1234_5678
_SCAN_MS = 20
_LIMIT_MS = {"tcp": _SCAN_MS + 5, "115200": 25, "19200": 60}
_STATIONS = ("supply", "posture", "sort")
_NICENESS = 10  # of the recognition processes
_APART = 0.25  # commands do not follow on the heels of one another
_SPREAD = 0.013  # and come at every phase of the scan


def _serve(wire: str, answer: Any) -> None:
    async def main() -> None:
        clock = WallClock()
        soft = plc.SoftPlc(plc.DryPlant(), plc.builtin_tagmap(), _STATIONS)
        host = plc.PlcHost(soft, clock, scan_ms=_SCAN_MS)
        tasks = [asyncio.ensure_future(host.run())]
        if wire == "tcp":
            endpoint = f"tcp://127.0.0.1:{await host.listen()}"
        else:
            line = plc.PseudoTerminal(clock, int(wire))
            endpoint = line.endpoint
            tasks.append(asyncio.ensure_future(host.serve_rtu(line)))
        answer.send(endpoint)
        await asyncio.gather(*tasks)

    run_wall(main())


# --- ours ------------------------------------------------------------------------------------------------


@asynccontextmanager
async def _link(endpoint: str) -> AsyncIterator[plc.PlcLink]:
    rtu = endpoint.startswith("serial:")
    link = plc.PlcLink(
        connector(endpoint), WallClock(), SystemIds(), rtu=rtu, baud=baud_of(endpoint) if rtu else 115200
    )
    await link.open()
    yield link
    await link.close()


async def _ours(endpoint: str, count: int) -> tuple[list[float], list[float]]:
    async with _link(endpoint) as link:

        async def answered() -> None:
            with suppress(Refused):
                await link.command("unhold")

        acks = await _times(answered, count)
        for command in ("reset", "start"):
            await link.command(command)

        async def ended() -> None:
            params = {"track_id": 7, "destination": 0, "guard": 0xFFFF}
            await link.execute("supply", await link.reserve("supply"), "release", params)

        return acks, await _times(ended, count)


# --- the peer --------------------------------------------------------------------------------------------


class _Peer:
    """pymodbus's client, used by hand."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._codec = plc.default_manifest().codec(plc.builtin_tagmap())
        self._heartbeat = 0
        self._due = 0.0

    async def _beat(self, fields: dict[str, int] | None = None) -> None:
        self._heartbeat = self._heartbeat % 65535 + 1
        self._due = time.monotonic() + 0.1
        values = {"owner": _TOKEN, "heartbeat": self._heartbeat, "stamp": self._heartbeat, **(fields or {})}
        words = self._codec.encode("line_command", values)
        await self._write(self._codec.span("line_command").address, words if fields else words[:5])

    async def _write(self, address: int, words: list[int]) -> None:
        await self._client.write_registers(address, words, device_id=1)

    async def _read(self, address: int, count: int) -> list[int]:
        if time.monotonic() > self._due:
            await self._beat()
        answer = await self._client.read_holding_registers(address, count=count, device_id=1)
        return list(answer.registers)

    async def claim(self) -> None:
        for _ in range(20):
            await self._beat()
            await asyncio.sleep(0.05)

    async def order(self, command: int) -> None:
        seq = (await self._read(0, 16))[8] % 65535 + 1
        await self._beat({"cntrl_cmd": command, "cmd_seq": seq})
        while (await self._read(0, 16))[8] != seq:
            pass

    async def release(self) -> None:
        seq = (await self._read(69, 10))[0] % 65535 + 1
        values = {"owner": _TOKEN, "verb": 1, "params": (0, 7, 0, 0xFFFF, 0, 0), "cmd_seq": seq}
        await self._write(1088, self._codec.encode_entry("station_command", values))
        while (await self._read(69, 10))[2] != seq:
            pass


async def _peer(endpoint: str, count: int) -> tuple[list[float], list[float]]:
    if endpoint.startswith("tcp:"):
        host, port = endpoint.removeprefix("tcp://").split(":")
        client: Any = AsyncModbusTcpClient(host, port=int(port))
    else:
        path = endpoint.removeprefix("serial://").split("?")[0]
        client = AsyncModbusSerialClient(path, baudrate=baud_of(endpoint), framer=FramerType.RTU)
    await client.connect()
    peer = _Peer(client)
    await peer.claim()
    acks = await _times(lambda: peer.order(5), count)
    for command in (1, 2):
        await peer.order(command)
        await asyncio.sleep(0.2)
    ends = await _times(peer.release, count)
    client.close()
    return acks, ends


# --- polling beside busy workers ---------------------------------------------------------------------------


def _compute(niceness: int) -> None:
    os.nice(niceness)
    values = np.random.default_rng(1).random((256, 256))
    while True:
        values = values @ values
        values /= values.max()


async def _polls(endpoint: str, seconds: int) -> dict[str, float]:
    """Polls, overruns, and by how much each began late."""
    async with _link(endpoint) as link:
        polls, overruns, late = 0, 0, []
        pause, poll = link._pause, link._poll
        due = time.monotonic()

        async def watched_pause(before: float) -> float:
            nonlocal due, overruns
            overruns += time.monotonic() > before + link._pace.between_polls
            due = await pause(before)
            return due

        async def watched_poll(**options: bool) -> None:
            nonlocal polls
            polls += 1
            late.append(1000 * (time.monotonic() - due))
            await poll(**options)

        link._pause, link._poll = watched_pause, watched_poll  # type: ignore[method-assign]
        await asyncio.sleep(seconds)
    return {"polls": polls, "overruns": overruns, "percent": 100 * overruns / polls, "late_p95": _p95(late)}


def _measure_polls(wire: str, workers: int, niceness: int, seconds: int) -> dict[str, Any]:
    spawn = multiprocessing.get_context("spawn")
    busy = [spawn.Process(target=_compute, args=(niceness,), daemon=True) for _ in range(workers)]
    for process in busy:
        process.start()
    try:
        found = _measure(wire, _polls, seconds)
    finally:
        for process in busy:
            process.terminate()
    return {"wire": wire, "workers": workers, "nice": niceness, "load": os.getloadavg()[0], **found}


# --- measuring -------------------------------------------------------------------------------------------


async def _times(act: Callable[[], Awaitable[None]], count: int) -> list[float]:
    """Milliseconds of each of ``count`` calls, at every phase of the scan."""
    found = []
    for number in range(count):
        await asyncio.sleep(_APART + number % 7 * _SPREAD)
        begun = time.perf_counter()
        await act()
        found.append(1000 * (time.perf_counter() - begun))
    return found


def _p95(values: list[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))]


def _measure(wire: str, who: Callable[[str, int], Awaitable[Any]], count: int) -> Any:
    near, far = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_serve, args=(wire, far), daemon=True)
    process.start()
    far.close()  # so that a server that dies is an end of file
    try:
        return run_wall(who(near.recv(), count))  # type: ignore[arg-type]
    finally:
        process.terminate()
        process.join()


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200, help="commands of each kind")
    parser.add_argument("--wires", nargs="+", choices=tuple(_LIMIT_MS), default=tuple(_LIMIT_MS))
    parser.add_argument("--workers", type=int, default=2, help="busy processes beside the 20 ms poll")
    parser.add_argument("--seconds", type=int, default=60, help="of polling each time; 0: none")
    parser.add_argument("--json", type=Path)
    args = parser.parse_args()
    rows = []
    for wire in args.wires if args.count else ():
        ours, peer = _measure(wire, _ours, args.count), _measure(wire, _peer, args.count)
        for what, mine, theirs in zip(("command → ack", "command → done"), ours, peer, strict=True):
            rows.append(
                {
                    "wire": wire, "what": what, "p50": statistics.median(mine), "p95": _p95(mine),
                    "peer_p50": statistics.median(theirs), "peer_p95": _p95(theirs),
                    "ratio_p50": statistics.median(mine) / statistics.median(theirs),
                    "ratio_p95": _p95(mine) / _p95(theirs),
                    "limit": _LIMIT_MS[wire] if what.endswith("ack") else None,
                }
            )  # fmt: skip
    print("| wire | what | p50 ms | p95 ms | pymodbus p50 | p95 | ratio p50 | p95 | limit p95 |")
    print("|---|---|---|---|---|---|---|---|---|")
    for row in rows:
        figures = ("p50", "p95", "peer_p50", "peer_p95")
        shown = " | ".join(f"{row[name]:.1f}" for name in figures)
        ratios = f"{row['ratio_p50']:.2f} | {row['ratio_p95']:.2f}"
        print(f"| {row['wire']} | {row['what']} | {shown} | {ratios} | {row['limit'] or ''} |")
    polling = [
        _measure_polls(wire, workers, niceness, args.seconds)
        for wire in args.wires
        if args.seconds and wire != "19200"  # which can't be polled every 20 ms
        for workers, niceness in ((0, 0), (args.workers, _NICENESS))
    ]
    print("\n| wire | busy workers | their nice | polls | overruns | % (limit 0.5) | late p95 ms | load |")
    print("|---|---|---|---|---|---|---|---|")
    for row in polling:
        print(
            f"| {row['wire']} | {row['workers']} | {row['nice']} | {row['polls']} | {row['overruns']} | "
            f"{row['percent']:.2f} | {row['late_p95']:.1f} | {row['load']:.1f} |"
        )
    if args.json:
        args.json.write_text(json.dumps({"commands": rows, "polling": polling}, indent=2), "utf-8")


if __name__ == "__main__":
    main()
