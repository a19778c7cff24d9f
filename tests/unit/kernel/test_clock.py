"""The wall clock's loop: fine timers, and nothing lost that a plain loop would hear."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from workcell.kernel.clock import run_wall


def test_what_a_wire_brings_ends_a_long_wait() -> None:
    async def exchange() -> bytes:
        server = await asyncio.start_server(_echo, "127.0.0.1", 0)
        async with server:
            reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
            writer.write(b"book\n")
            async with asyncio.timeout(30):
                line = await reader.readline()
            writer.close()
            await writer.wait_closed()
        return line

    assert run_wall(exchange()) == b"book\n"


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(await reader.readline())
    writer.close()
    await writer.wait_closed()


def test_a_signal_ends_a_long_wait() -> None:
    async def wait() -> bool:
        told = asyncio.Event()
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGUSR1, told.set)
        loop.call_soon(os.kill, os.getpid(), signal.SIGUSR1)
        async with asyncio.timeout(30):
            return await told.wait()

    assert run_wall(wait())


def test_timers_end_in_their_order_and_never_early() -> None:
    async def wait() -> list[float]:
        loop = asyncio.get_running_loop()
        begun, ended = loop.time(), []

        async def pause(seconds: float) -> None:
            await asyncio.sleep(seconds)
            ended.append(seconds)
            assert loop.time() - begun >= seconds

        await asyncio.gather(*map(pause, (0.003, 0.0004, 0.002, 0.0)))
        return ended

    assert run_wall(wait()) == [0.0, 0.0004, 0.002, 0.003]


def test_an_error_comes_out_as_it_is() -> None:
    async def fail() -> None:
        await asyncio.sleep(0)
        raise LookupError("no such book")

    with pytest.raises(LookupError, match="no such book"):
        run_wall(fail())
