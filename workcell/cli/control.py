"""`workcell hold | unhold | stop | abort | clear`: requests to a running line."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from workcell.cli.options import Json, LineId, Store, line_of
from workcell.cli.output import console, print_json
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import DeviceGone, Refused
from workcell.kernel.ids import SystemIds
from workcell.line.inbox import Inbox, Request

_EXPIRES_SECONDS = 10.0
_LOOK_SECONDS = 0.05


async def request(folder: Path, verb: str, arguments: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Put a request to the line and wait for its answer; raises DeviceGone when nobody answers."""
    clock, inbox = WallClock(), Inbox(folder)
    asked = Request(
        SystemIds().token(),
        getpass.getuser(),
        verb,
        arguments or {},
        clock.wall().timestamp() + _EXPIRES_SECONDS,
    )
    inbox.put(asked)
    deadline = clock.now() + _EXPIRES_SECONDS
    while clock.now() < deadline:
        answer = inbox.answer_to(asked.id)
        if answer is not None:
            return answer
        await clock.sleep(_LOOK_SECONDS)
    raise DeviceGone("no conductor answered", subject=folder.name, remedy="Is `workcell run` running?")


def _ask(verb: str, store: Path | None, line: str | None, json: bool) -> None:
    answer = asyncio.run(request(line_of(store, line), verb))
    if json:
        print_json(answer)
    if not answer["ok"]:
        raise Refused(answer["text"])
    if not json:
        console.print(answer["text"])


def hold(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """Hold the line: acts under way end, nothing new begins."""
    _ask("hold", store, line, json)


def unhold(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """Let a held line go on, after its alarms have been seen to."""
    _ask("unhold", store, line, json)


def stop(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """Stop the line; books stay where they are, and `run --resume` goes on with them."""
    _ask("stop", store, line, json)


def abort(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """A process abort (not an emergency stop): acts are broken off and what was under way is doubtful."""
    _ask("abort", store, line, json)


def clear(store: Store = None, line: LineId = None, json: Json = False) -> None:
    """Clear an abort and start again, when the cause is gone."""
    _ask("clear", store, line, json)
