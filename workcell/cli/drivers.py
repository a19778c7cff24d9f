"""`workcell drivers`: what can be driven here, and what stands against the rest."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from rich.table import Table

from workcell.cli.options import Json, SafeMode
from workcell.cli.output import paper, print_json
from workcell.kernel.drivers import API, Drivers, Listed
from workcell.line.devices import OURS


def drivers(safe_mode: SafeMode = False, json: Json = False) -> None:
    """List the drivers of this installation, also those that can't be used, with the reason."""
    listed = [*_ours(), *Drivers.installed(safe_mode=safe_mode).listing()]
    if json:
        print_json({"api": API, "drivers": [_as_json(each) for each in listed]})
        return
    table = Table("kind", "model", "package", "state", "", box=None, pad_edge=False)
    for each in listed:
        table.add_row(each.kind, each.model, each.package, each.state, _said(each))
    paper.print(table)


def _ours() -> list[Listed]:
    return [Listed(kind, model, "workcell", "ok") for kind, models in OURS.items() for model in models]


def _as_json(listed: Listed) -> dict[str, Any]:
    return {**asdict(listed), "ours": listed.package == "workcell"}


def _said(listed: Listed) -> str:
    """The reason, or what the driver says of itself; one that never met its hardware says so."""
    unproven = listed.state == "ok" and listed.package != "workcell" and not listed.met_hardware
    parts = (listed.reason or listed.text, "has never met its hardware" if unproven else "")
    return "; ".join(part for part in parts if part)
