"""`workcell plc`: the contract with a PLC as map, check, simulator and conformance kit."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import suppress
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

import plc
from plc import conformance
from workcell.cli.output import paper, print_json, print_json_line, print_line
from workcell.kernel.clock import WallClock, run_wall
from workcell.kernel.errors import ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.streams import baud_of, connector

_SERVED_AT = "Write tcp://ADDRESS:PORT, serial:///… or pty."

app = typer.Typer(
    help="The contract with a PLC: map, manifest, simulator, conformance kit.", no_args_is_help=True
)

_ManifestOption = Annotated[
    Path | None, typer.Option("--manifest", help="vendor.toml; the soft PLC's own when not given.")
]


class Format(StrEnum):
    """What the map is written as."""

    md = "md"
    csv = "csv"
    st = "st"
    json = "json"


class LevelName(StrEnum):
    """A level of the kit."""

    bronze = "bronze"
    silver = "silver"
    gold = "gold"


@app.callback()
def plc_() -> None:
    """The contract with a PLC: map, manifest, simulator, conformance kit."""


@app.command("map")
def map_(
    format_: Annotated[
        Format, typer.Option("--format", help="md page, CSV, Structured Text or JSON.")
    ] = Format.md,
    manifest: _ManifestOption = None,
    area: Annotated[
        str, typer.Option(help="Structured Text: where the PLC keeps holding registers.")
    ] = "%MW",
    command_area: Annotated[
        str, typer.Option(help="Structured Text: where the first command register lies, if elsewhere: %MW0.")
    ] = "",
    out: Annotated[Path | None, typer.Option(help="Write to this file instead.")] = None,
) -> None:
    """Print the tag map: every register at its address, every enumeration, verb and alarm."""
    told = plc.load_manifest(manifest) if manifest else plc.default_manifest()
    text = _map_as(format_, told, area, command_area)
    if out is not None:
        out.write_text(text, "utf-8")
    else:
        sys.stdout.write(text)


def _map_as(format_: Format, manifest: plc.Manifest, area: str, command_area: str) -> str:
    tagmap = plc.builtin_tagmap()
    if format_ is Format.md:
        return plc.as_markdown(tagmap, manifest)
    if format_ is Format.csv:
        return plc.as_csv(tagmap, manifest)
    if format_ is Format.st:
        return plc.declarations(tagmap, manifest, area=area, command_area=command_area)
    return json.dumps(plc.as_json(tagmap, manifest), ensure_ascii=False, indent=2) + "\n"


@app.command()
def check(
    manifest: Annotated[Path, typer.Argument(help="vendor.toml")],
    json_: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> None:
    """Check a vendor's manifest, and say where its blocks stand."""
    told = plc.load_manifest(manifest)
    codec = told.codec(plc.builtin_tagmap())
    blocks = {name: codec.span(name) for name in plc.builtin_tagmap().blocks}
    if json_:
        spans = {name: {"address": span.address, "words": span.count} for name, span in blocks.items()}
        print_json({"vendor": told.vendor, "model": told.model, "stations": told.stations, "blocks": spans})
        return
    paper.print(f"{told.vendor} {told.model}: {len(told.stations)} stations, word order {told.word_order}")
    for name, span in blocks.items():
        paper.print(f"{name:16} registers {span.address} to {span.address + span.count - 1}")


@app.command()
def serve(
    endpoint: Annotated[
        str,
        typer.Option(help="tcp://ADDRESS:PORT (no port: any), serial:///dev/ttyS0?baud=N, or pty?baud=N."),
    ] = "tcp://127.0.0.1",
    manifest: _ManifestOption = None,
) -> None:
    """Serve a soft PLC in dry run, for trying the kit and a host; prints its endpoint, ends at SIGTERM."""
    told = plc.load_manifest(manifest) if manifest else plc.default_manifest()
    with suppress(KeyboardInterrupt):
        run_wall(_serve(endpoint, told))


async def _serve(endpoint: str, manifest: plc.Manifest) -> None:
    clock, loop = WallClock(), asyncio.get_running_loop()
    soft = plc.SoftPlc(plc.DryPlant(), plc.builtin_tagmap(), manifest.stations, manifest=manifest)
    host = plc.PlcHost(soft, clock, scan_ms=manifest.timing.scan_ms, unit=manifest.unit)
    stop = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    tasks: list[asyncio.Future[None]] = [asyncio.ensure_future(host.run())]
    try:
        shown, serving = await _listen(host, endpoint, clock)
        tasks += serving
        print_json_line({"endpoint": shown, "stations": manifest.stations})
        await stop.wait()
    finally:
        for task in tasks:
            task.cancel()
        await host.close()


async def _listen(
    host: plc.PlcHost, endpoint: str, clock: WallClock
) -> tuple[str, list[asyncio.Future[None]]]:
    """Serve at the endpoint: what a host writes to reach it, and the tasks that serve."""
    parts = urlsplit(endpoint)
    if parts.scheme == "tcp" and parts.hostname:
        port = await host.listen(parts.hostname, _port(endpoint))
        return f"tcp://{parts.hostname}:{port}", []
    if parts.scheme == "" and parts.path == "pty":
        line = plc.PseudoTerminal(clock, baud_of(endpoint))
        return line.endpoint, [asyncio.ensure_future(host.serve_rtu(line))]
    if parts.scheme == "serial":
        stream = await connector(endpoint)()
        return endpoint, [asyncio.ensure_future(host.serve_rtu(stream))]
    raise ConfigError("not an endpoint to serve at", subject=endpoint, remedy=_SERVED_AT)


def _port(endpoint: str) -> int:
    try:
        return urlsplit(endpoint).port or 0
    except ValueError as error:
        raise ConfigError(
            f"not an endpoint to serve at ({error})", subject=endpoint, remedy=_SERVED_AT
        ) from error


@app.command()
def conform(
    endpoint: Annotated[str, typer.Option(help="tcp://HOST:PORT or serial:///dev/ttyUSB0?baud=115200.")],
    manifest: _ManifestOption = None,
    level: Annotated[LevelName, typer.Option(help="How far to ask.")] = LevelName.bronze,
    rule: Annotated[list[str] | None, typer.Option(help="Ask this rule only; may be repeated.")] = None,
    interactive: Annotated[
        bool, typer.Option("--interactive", help="Ask a person to do what a dry run would play.")
    ] = False,
    json_: Annotated[
        Path | None, typer.Option("--json", help="Write the report as JSON; - for output.")
    ] = None,
    html: Annotated[Path | None, typer.Option(help="Write the report as HTML.")] = None,
) -> None:
    """Ask a PLC every question of a level; prints rule, verdict, measured, advice. Exit 1 if one fails."""
    told = plc.load_manifest(manifest) if manifest else plc.default_manifest()
    known = {one.rule for one in conformance.CHECKS}
    for name in rule or ():
        if name not in known:
            raise ConfigError("is no rule that the kit asks", subject=name, remedy="See plc-contract.md.")
    baud = baud_of(endpoint) if endpoint.startswith("serial:") else None
    kit = conformance.Kit(
        connector(endpoint), WallClock(), SystemIds(), told, endpoint=endpoint, baud=baud,
        ask=_ask if interactive else None, told=_tell,
    )  # fmt: skip
    report = run_wall(kit.run(level.value, rule or ()))
    _write(report, json_, html)
    counts = f"{report.count('pass')} passed, {report.count('fail')} failed, {report.count('n/a')} n/a"
    print_line(f"{level.value} {'passed' if report.passed else 'NOT passed'}: {counts}")
    if not report.passed:
        raise typer.Exit(1)


def _write(report: conformance.Report, json_: Path | None, html: Path | None) -> None:
    if json_ is not None and str(json_) == "-":
        print_json(conformance.as_json(report))
    elif json_ is not None:
        json_.write_text(
            json.dumps(conformance.as_json(report), ensure_ascii=False, indent=2) + "\n", "utf-8"
        )
    if html is not None:
        html.write_text(conformance.as_html(report), "utf-8")


def _tell(finding: conformance.Finding) -> None:
    text = finding.text if finding.verdict == "pass" else f"{finding.measured}  → {finding.text}"
    measured = f"  [{finding.measured}]" if finding.verdict == "pass" and finding.measured else ""
    print_line(f"{finding.id}  {finding.verdict:4}  {text}{measured}")


async def _ask(request: str) -> None:
    """Ask a person; heartbeats go on meanwhile."""
    print_line(f"{request}, then press Enter.")
    loop, answered = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(sys.stdin, answered.set)
    try:
        await answered.wait()
        sys.stdin.readline()
    finally:
        loop.remove_reader(sys.stdin)
