"""The conformance kit: the soft PLC passes at gold, and each mutant of it is caught under the right rule."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from plc import DryPlant, PlcHost, PseudoTerminal, SoftPlc, builtin_tagmap, default_manifest
from plc.conformance import CHECKS, Kit, Report, as_html, as_json
from plc.modbus import crc16
from workcell.kernel.clock import VirtualClock, WallClock, run_virtual
from workcell.kernel.errors import BadInput, ConfigError, DeviceGone
from workcell.kernel.ids import SeededIds
from workcell.kernel.streams import baud_of, connector, memory_connect

HERE = Path(__file__).parent
_STATIONS = ("supply", "posture", "sort")


def _mutants() -> list[tuple[str, Callable[[Any], None]]]:
    spec = importlib.util.spec_from_file_location("plc_mutants", HERE / "mutants.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: list[tuple[str, Callable[[Any], None]]] = module.MUTANTS
    return found


MUTANTS = _mutants()


def _manifest(**changes: Any) -> Any:
    return default_manifest().model_copy(
        update={"stations": _STATIONS, "dry_run": True, "bins": 6, **changes}
    )


def _conform(
    level: str,
    only: tuple[str, ...] = (),
    *,
    patch: Callable[[Any], None] = lambda plc: None,
    rtu: bool = False,
    end: Callable[[Any], Any] = lambda stream: stream,
    kit: dict[str, Any] | None = None,
    scan_ms: int = 20,
    **changes: Any,
) -> Report:
    """The kit against a soft PLC in memory, on virtual time."""

    async def main() -> Report:
        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        manifest = _manifest(**changes)
        plant = DryPlant() if manifest.dry_run else _Books()
        plc = SoftPlc(plant, builtin_tagmap(), manifest.stations, manifest=manifest)
        patch(plc)
        host = PlcHost(plc, clock, unit=manifest.unit, scan_ms=scan_ms)
        scanning = asyncio.create_task(host.run())
        serve = host.serve_rtu if rtu else host.serve
        connect = memory_connect(lambda stream: serve(end(stream)))
        baud = 115200 if rtu else None
        try:
            return await Kit(connect, clock, SeededIds(1), manifest, baud=baud, **(kit or {})).run(
                level, only
            )  # type: ignore[arg-type]
        finally:
            scanning.cancel()

    return run_virtual(main())


class _Books:
    """A plant that is no dry run."""

    empty = False

    def __init__(self) -> None:
        self._plant = DryPlant()

    def act(self, station: str, verb: str, params: Any) -> Any:
        return ("empty", {}) if self.empty and verb == "feed" else self._plant.act(station, verb, params)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plant, name)


def _verdicts(report: Report) -> dict[str, str]:
    """The verdict of each rule; one that is asked at two levels fails where one of them does."""
    return {rule.id: rule.verdict for rule in sorted(report.rules, key=lambda rule: rule.verdict == "fail")}


def _failures(report: Report) -> list[str]:
    return [f"{rule.id}: {rule.measured}" for rule in report.rules if rule.verdict == "fail"]


@pytest.mark.parametrize("rtu", [False, True], ids=["tcp", "rtu"])
def test_the_soft_plc_passes_at_gold(rtu: bool) -> None:
    report = _conform("gold", rtu=rtu)
    assert not _failures(report)
    assert report.passed
    skipped = {rule.id for rule in report.rules if rule.verdict == "n/a"}
    assert skipped == (set() if rtu else {"WC-LN-002", "WC-LN-003"})


@pytest.mark.parametrize(
    "changes",
    [
        {"word_order": "low_first", "fc23": False},
        {"max_block": 16, "unit": 17},
        {"stations": ("supply", "sort"), "left_out": ("suspend", "complete")},
        {"stations": ("supply", "posture", "sort"), "without": ("posture.measure", "posture.flip")},
    ],
    ids=["word order", "small reads", "two stations, states left out", "verbs left out"],
)
def test_a_vendor_may_differ_by_manifest(changes: dict[str, Any]) -> None:
    report = _conform("silver", **changes)
    assert not _failures(report)


@pytest.mark.parametrize("stations", [("supply",), ("posture", "sort")], ids=["one station", "no supply"])
def test_what_a_line_has_not_is_not_applicable(stations: tuple[str, ...]) -> None:
    report = _conform("gold", stations=stations)
    assert not _failures(report)
    assert _verdicts(report)["WC-TT-004"] == "n/a"


@pytest.mark.parametrize("scan_ms", [5, 200])
def test_fast_and_slow_scans_pass_at_silver(scan_ms: int) -> None:
    timing = default_manifest().timing.model_copy(update={"scan_ms": scan_ms})
    assert not _failures(_conform("silver", scan_ms=scan_ms, timing=timing))


def test_a_plc_may_scan_faster_than_its_manifest_says() -> None:
    """WC-FR-002, WC-FR-005: scan_ms is the longest scan."""
    timing = default_manifest().timing.model_copy(update={"scan_ms": 100})
    verdicts = _verdicts(_conform("gold", ("WC-FR-002", "WC-FR-005", "WC-FR-004"), timing=timing))
    assert set(verdicts.values()) == {"pass"}


def test_there_are_many_mutants_under_many_rules() -> None:
    assert len(MUTANTS) >= 70
    assert len({rule for rule, _ in MUTANTS}) >= 40


@pytest.mark.parametrize(("rule", "patch"), MUTANTS, ids=[patch.__name__ for _, patch in MUTANTS])
def test_a_mutant_is_caught_under_its_rule(rule: str, patch: Callable[[Any], None]) -> None:
    """That it passes without the patch is what the test at gold has shown."""
    assert _verdicts(_conform("gold", (rule,), patch=patch))[rule] == "fail"


def test_a_broken_rule_of_ownership_breaks_no_other_check() -> None:
    """The check that fails has written another token; the one after it owns the line again."""
    patch = next(patch for _, patch in MUTANTS if patch.__name__ == "echoes_the_stamp_of_anyone")
    verdicts = _verdicts(_conform("silver", ("WC-OW-004", "WC-HS-005", "WC-BT-002"), patch=patch))
    assert verdicts == {"WC-OW-004": "fail", "WC-HS-005": "pass", "WC-BT-002": "pass"}


def test_every_check_with_a_plc_behind_it_has_a_mutant_or_says_why_not() -> None:
    """What no patch of the program breaks is the link, the manifest or the host: the tests below."""
    unbroken = {check.rule for check in CHECKS} - {rule for rule, _ in MUTANTS}
    assert unbroken == {
        "WC-RG-001", "WC-RG-003", "WC-RG-006", "WC-HS-005", "WC-DR-001",
        "WC-FR-005", "WC-LN-001", "WC-LN-002", "WC-LN-003", "WC-LN-004", "WC-LN-005",
    }  # fmt: skip


# --- a link that breaks a rule ---------------------------------------------------------------------------


class _Careless:
    """A serial end that takes every frame for its own and for whole."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def read(self, limit: int = 65536) -> bytes:
        frame = await self._stream.read(limit)
        if len(frame) < 4:
            return bytes(frame)
        body = b"\x01" + frame[1:-2]
        return body + struct.pack("<H", crc16(body))

    async def write(self, data: bytes) -> None:
        await self._stream.write(data)

    async def close(self) -> None:
        await self._stream.close()


class _Slow(_Careless):
    """An end that answers late now and then."""

    def __init__(self, stream: Any) -> None:
        super().__init__(stream)
        self._count = 0

    async def read(self, limit: int = 65536) -> bytes:
        self._count += 1
        if self._count % 40 == 0:
            await asyncio.sleep(0.4)
        return bytes(await self._stream.read(limit))


@pytest.mark.parametrize(
    ("rule", "end"), [("WC-LN-002", _Careless), ("WC-LN-003", _Careless), ("WC-LN-001", _Slow)]
)
def test_a_link_that_breaks_a_rule_is_caught(rule: str, end: type[_Careless]) -> None:
    report = _conform("gold", (rule,), rtu=True, end=end)
    assert _verdicts(report)[rule] == "fail"


def test_a_plc_that_clings_to_a_connection_is_caught() -> None:
    """WC-LN-004: after a pulled cable the old connection stands; the new one must be served."""
    serving: list[Any] = []

    class _One(_Careless):
        async def read(self, limit: int = 65536) -> bytes:
            while serving[0] is not self:
                await asyncio.sleep(0.1)
            data = bytes(await self._stream.read(limit))
            if not data:
                serving.remove(self)
            return data

    def clinging(stream: Any) -> Any:
        serving.append(_One(stream))
        return serving[-1]

    report = _conform("gold", ("WC-LN-004",), end=clinging)
    found = next(rule for rule in report.rules if rule.id == "WC-LN-004")
    assert (found.verdict, "old one stands" in found.measured) == ("fail", True)


def test_a_plc_that_forgets_with_its_connection_is_caught() -> None:
    """WC-HS-005."""
    plcs: list[Any] = []
    wires: list[Any] = []

    def forgetting(stream: Any) -> Any:
        wires.append(stream)
        if len(wires) > 1:
            plcs[0]._hand.ack_seq = 0
        return stream

    report = _conform("silver", ("WC-HS-005",), patch=plcs.append, end=forgetting)
    assert _verdicts(report)["WC-HS-005"] == "fail"


def test_a_scan_longer_than_the_manifest_says_is_caught() -> None:
    """WC-FR-005."""
    timing = default_manifest().timing.model_copy(update={"scan_ms": 10})
    report = _conform("gold", ("WC-FR-005",), timing=timing)
    assert _verdicts(report)["WC-FR-005"] == "fail"


def test_a_plc_that_takes_no_single_register_is_caught() -> None:
    """WC-RG-001."""

    def without(plc: Any) -> None:
        write = plc.image.write

        def refusing(address: int, values: Any) -> None:
            if len(values) == 1:
                raise BadInput("no single registers")
            write(address, values)

        plc.image.write = refusing

    assert _verdicts(_conform("bronze", ("WC-RG-001",), patch=without))["WC-RG-001"] == "fail"


# --- what can't be asked ---------------------------------------------------------------------------------


def _without_books(plc: Any) -> None:
    plc._plant.empty = True


def test_without_books_bronze_is_asked_in_full_and_tracking_is_not_applicable() -> None:
    """No dry run, an empty supply, nobody there: what needs a book is n/a, and gold is not reached."""
    assert _conform("bronze", dry_run=False, patch=_without_books).passed
    verdicts = _verdicts(_conform("silver", dry_run=False, patch=_without_books))
    assert verdicts["WC-WD-001"] == "pass"
    assert verdicts["WC-TT-001"] == verdicts["WC-EV-001"] == "n/a"
    assert "fail" not in verdicts.values()
    assert _verdicts(_conform("gold", ("WC-DR-001",), dry_run=False))["WC-DR-001"] == "fail"


def test_with_books_and_no_dry_run_tracking_is_asked_and_trouble_is_not() -> None:
    verdicts = _verdicts(_conform("silver", dry_run=False))
    assert "fail" not in verdicts.values()
    for rule in ("WC-TT-001", "WC-EV-001", "WC-ZN-005", "WC-HS-009", "WC-SF-003", "WC-WD-003"):
        assert verdicts[rule] == "pass", rule
    for rule in ("WC-TT-004", "WC-ZN-004", "WC-BT-002", "WC-MD-002"):
        assert verdicts[rule] == "n/a", rule


@pytest.mark.parametrize("rule", ["WC-HS-009", "WC-ZN-005", "WC-EV-001"])
def test_a_mutant_is_caught_by_books_alone(rule: str) -> None:
    patch = next(patch for name, patch in MUTANTS if name == rule)
    assert _verdicts(_conform("silver", (rule,), patch=patch, dry_run=False))[rule] == "fail"


def test_a_person_may_do_what_a_dry_run_would_play() -> None:
    asked: list[str] = []
    plant: list[Any] = []

    async def person(request: str) -> None:
        asked.append(request)
        if request.startswith("Reach"):
            plant[0].stimulate("guard", "")

    report = _conform(
        "silver",
        ("WC-ZN-007",),
        dry_run=False,
        kit={"ask": person},
        patch=lambda plc: plant.append(plc._plant._plant),
    )
    assert _verdicts(report) == {"WC-ZN-007": "pass"}
    assert asked == ["Reach into the line once, as if to straighten a book"] * 2


def test_another_major_version_ends_the_questions_with_both_versions() -> None:
    """WC-RG-006."""
    report = _conform("gold", patch=lambda plc: plc.image.put("line", {"map_version": 2 * 256 + 3}))
    found = {rule.id: rule for rule in report.rules}
    assert not report.passed
    assert found["WC-RG-006"].measured == "the PLC has tag map 2.3, this kit 1.2"
    assert found["WC-HS-001"].verdict == "n/a"


def test_a_wrong_base_address_ends_the_questions() -> None:
    """WC-RG-003."""
    report = _conform("bronze", patch=lambda plc: plc.image.put("line", {"signature": 0}))
    assert not report.passed
    assert _verdicts(report)["WC-RG-003"] == "fail"
    assert set(_verdicts(report).values()) == {"fail", "n/a"}


def test_a_plc_that_goes_away_for_good_ends_the_questions() -> None:
    """It is waited for as long as a power-up may take; what was not asked is not said to be broken."""
    wires: list[Any] = []

    class _Dying(_Careless):
        reads = 0

        async def read(self, limit: int = 65536) -> bytes:
            _Dying.reads += 1
            return b"" if _Dying.reads > 200 else bytes(await self._stream.read(limit))

    report = _conform("silver", end=lambda stream: wires.append(_Dying(stream)) or wires[-1])
    failed = [rule for rule in report.rules if rule.verdict == "fail"]
    unasked = [rule.text for rule in report.rules if rule.verdict == "n/a"]
    assert not report.passed
    assert len({rule.measured for rule in failed}) == 1
    assert len(unasked) > 40
    assert unasked[-1] == f"not asked, the PLC has not come back since {failed[0].id}"
    assert len(wires) > 10


def test_a_dead_endpoint_is_device_gone() -> None:
    async def main() -> None:
        async def nobody() -> Any:
            raise DeviceGone("nobody", subject="test")

        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        await Kit(nobody, clock, SeededIds(1), _manifest()).run("bronze")

    with pytest.raises(DeviceGone):
        run_virtual(main())


def test_an_unknown_endpoint_is_refused() -> None:
    with pytest.raises(ConfigError, match="not an endpoint"):
        connector("carrier-pigeon:5")


@pytest.mark.parametrize("baud", ["fast", "0", "-9600", "²"])
def test_a_speed_that_is_none_is_refused_with_the_endpoint(baud: str) -> None:
    with pytest.raises(ConfigError, match="is no speed") as error:
        baud_of(f"serial:///dev/ttyUSB0?baud={baud}")
    assert "ttyUSB0" in error.value.subject


# --- reports ---------------------------------------------------------------------------------------------


def test_the_report_says_rule_verdict_measure_and_what_to_do() -> None:
    from_mutant = next(patch for rule, patch in MUTANTS if rule == "WC-WD-001")
    report = _conform("silver", ("WC-WD-001", "WC-HS-005"), patch=from_mutant)
    data = as_json(report)
    assert json.loads(json.dumps(data)) == data
    assert (data["level"], data["passed"]) == ("silver", False)
    found = {rule["id"]: rule for rule in data["rules"]}
    assert set(found["WC-WD-001"]) >= {"id", "verdict", "measured", "text"}
    assert re.search(r"still execute 1\d\d\d ms", found["WC-WD-001"]["measured"])
    assert "Held within 0.1 s" in found["WC-WD-001"]["text"]
    page = as_html(report)
    assert page.startswith("<!doctype html>")
    assert "WC-WD-001" in page
    assert "<script" not in page


# --- real wires ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", ["tcp", "pty"])
def test_the_kit_runs_over_real_wires(wire: str) -> None:
    """A few rules only: the whole of it runs in memory."""

    async def main() -> Report:
        clock = WallClock()
        manifest = _manifest()
        plc = SoftPlc(DryPlant(act=0.1, move=0.1), builtin_tagmap(), _STATIONS, manifest=manifest)
        host = PlcHost(plc, clock)
        tasks = [asyncio.ensure_future(host.run())]
        line = None
        if wire == "tcp":
            endpoint = f"tcp://127.0.0.1:{await host.listen()}"
        else:
            line = PseudoTerminal(clock, 115200)
            endpoint = line.endpoint
            tasks.append(asyncio.ensure_future(host.serve_rtu(line)))
        baud = None if wire == "tcp" else 115200
        try:
            kit = Kit(connector(endpoint), clock, SeededIds(1), manifest, endpoint=endpoint, baud=baud)
            return await kit.run("gold", ("WC-HS-002", "WC-TT-001", "WC-LN-004"))
        finally:
            for task in tasks:
                task.cancel()
            await host.close()
            if line is not None:
                await line.close()

    report = asyncio.run(main())
    assert not _failures(report)
    assert report.count("pass") == 3
