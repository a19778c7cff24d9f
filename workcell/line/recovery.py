"""Recovery: after a crash the hardware is asked; what it can't answer is doubtful.

A print that has no end is settled by the label that waits at the printer, a tag by running its
transaction again, a feed by its sequence number.  Other unit commands may still be under way, waiting for
each other: each is asked for by the station that gave it, when it comes to that step again.  Each book on
record must lie where the unit's tracking says.  Recovering twice equals once: an effect that has its end is
not asked again.
"""

from __future__ import annotations

from typing import Any

from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import LineView
from workcell.line.alarms import OUTLIVES_HOST, kind_of
from workcell.line.conductor import Conductor
from workcell.line.line import Line
from workcell.line.projection import Effect

_PRINT_SECONDS = 5.0
_LOOK_SECONDS = 0.25


async def recover(conductor: Conductor) -> None:
    """Settle what was under way when the last conductor ended."""
    line = conductor.line
    pending = list(line.state.open_effects.items())
    await line.write(
        "recovery.started", {"open_effects": len(pending), "in_flight": len(line.state.in_flight())}
    )
    for effect_id, (book_id, effect) in pending:
        if effect.kind.startswith("act:") and effect.kind != "act:feed":
            continue
        end, body = await _ask(line, effect)
        await line.write(f"effect.{end}", body, book_id, effect_id)
    view = await line.link.view()
    await conductor.cast_adrift(view.boot_id, "The PLC was restarted and has lost track of the books.")
    await _locate(conductor, view)
    for key in [key for key in line.state.alarms if kind_of(key) not in OUTLIVES_HOST]:
        await line.clear_alarm(key)
    await line.write("recovery.finished", {})


async def _ask(line: Line, effect: Effect) -> tuple[str, dict[str, Any]]:
    """How an effect ended, as the device that carries it out tells."""
    if effect.kind.startswith("act:"):
        return await line.ask_unit(effect)
    if effect.kind == "print":
        return await _ask_printer(line, effect)
    return "never", {"text": "the transaction is safe to run again and will be"}


async def _ask_printer(line: Line, effect: Effect) -> tuple[str, dict[str, Any]]:
    """A label that waits is the one of this intent, for none is printed while another waits.

    Without one it may have been printed and taken, or never have arrived: nobody can tell.
    """
    printer = line.devices.printers[effect.body["printer"]]
    deadline = line.clock.now() + _PRINT_SECONDS
    while line.clock.now() < deadline:
        try:
            status = await printer.status()
        except (DeviceGone, DeviceFault) as fault:
            return "doubtful", {"text": f"the printer does not tell: {fault}"}
        if status.label_waiting:
            return "done", {}
        if not status.labels_left:
            break
        await line.clock.sleep(_LOOK_SECONDS)
    return "doubtful", {"text": "no label waits at the printer; it may have been printed or not"}


async def _locate(conductor: Conductor, view: LineView) -> None:
    """Put each book where the unit's tracking has it; one that it does not have is missing."""
    line = conductor.line
    zones = {zone.track_id: zone.zone for zone in view.zones if zone.track_id}
    moving = {book_id for book_id, effect in line.state.open_effects.values() if effect.kind == "act:release"}
    for book in line.state.in_flight():
        if book.zone.startswith("bin:") or book.book_id in moving or book.boot_id != view.boot_id:
            continue
        zone = zones.get(book.track_id)
        if zone is None:
            await conductor.lose(book, "NOT_FOUND", "After the restart no zone reports this book.")
        elif zone != book.zone:
            await line.write("book.located", {"zone": zone, "expected": book.zone}, book.book_id)
