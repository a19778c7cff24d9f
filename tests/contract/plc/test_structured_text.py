"""The declarations and the example unit in Structured Text: they hold, and the unit passes the kit.

There is no compiler of the trade among this project's packages; the reader in structured_text.py stands in
for one, and is itself shown to refuse what a compiler refuses.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from plc import PlcHost, builtin_tagmap, declarations, default_manifest, load_manifest
from plc.conformance import Kit, Report
from plc.structured_text import sections
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import BadInput
from workcell.kernel.ids import SeededIds
from workcell.kernel.streams import memory_connect

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PROGRAM = ROOT / "examples" / "plc" / "workcell.st"
MANIFEST = ROOT / "examples" / "vendor" / "vendor.toml"


def _reader() -> ModuleType:
    spec = importlib.util.spec_from_file_location("structured_text", HERE / "structured_text.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


st = _reader()

WITH_A_BLOCK = """
TYPE four : ARRAY [0..3] OF UINT; END_TYPE
FUNCTION_BLOCK fill
VAR_INPUT n : UINT; END_VAR
VAR_IN_OUT a : four; END_VAR
a[1] := n;
END_FUNCTION_BLOCK
PROGRAM p
VAR x : UINT; b : BOOL; big : UDINT; f : fill; named : four; loose : ARRAY [0..3] OF UINT; END_VAR
VAR CONSTANT K : UINT := 1; END_VAR
"""


class StPlc:
    """The program behind registers: what a PlcHost asks of a PLC."""

    def __init__(self) -> None:
        self.machine = st.Machine(PROGRAM.read_text("utf-8"))
        self.machine.values["in_dry_run"] = True
        self.image = self
        self._places = self.machine.registers("%MW")
        self._words = [0] * 2048
        self._command = [(at, *place) for at, place in self._places.items() if at >= 1024]

    def read(self, address: int, count: int) -> list[int]:
        if address + count > len(self._words):
            raise BadInput("no such registers")
        return self._words[address : address + count]

    def write(self, address: int, values: Sequence[int]) -> None:
        if address < 1024 or address + len(values) > len(self._words):
            raise BadInput("read only")
        self._words[address : address + len(values)] = values

    def scan(self, now: float) -> None:
        values = self.machine.values
        for at, name, index in self._command:
            if index < 0:
                values[name] = self._words[at]
            else:
                values[name][index] = self._words[at]
        self.machine.scan()
        for at, (name, index) in self._places.items():
            self._words[at] = values[name] if index < 0 else values[name][index]


def _conform(level: str) -> Report:
    async def main() -> Report:
        clock = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
        host = PlcHost(StPlc(), clock)  # type: ignore[arg-type]
        scanning = asyncio.create_task(host.run())
        try:
            kit = Kit(memory_connect(host.serve), clock, SeededIds(1), load_manifest(MANIFEST))
            return await kit.run(level)  # type: ignore[arg-type]
        finally:
            scanning.cancel()

    return run_virtual(main())


def test_the_example_unit_passes_the_kit_at_gold() -> None:
    report = _conform("gold")
    assert [f"{rule.id}: {rule.measured}" for rule in report.rules if rule.verdict == "fail"] == []
    skipped = {rule.id for rule in report.rules if rule.verdict == "n/a"}
    assert skipped == {"WC-LN-002", "WC-LN-003", "WC-UC-002"}, "serial lines, and a gauge that it has not"
    assert report.passed


def test_the_times_of_the_example_unit_go_on_where_milliseconds_begin_anew() -> None:
    plc = StPlc()
    plc.scan(0.0)
    values = plc.machine.values
    values["since_ms"], values["since"], values["cumulative"][2] = 2**32 - 30, 2**32 // 100, 2**32 // 100
    values["zone_ms"] = [6553500, 6553500]
    for _ in range(100):
        plc.scan(0.0)
    assert values["since_ms"] == 100 * 20 - 30
    tenths = 2**32 // 100 + 20
    shown = [
        values[f"wc_times_{name}_high"] * 65536 + values[f"wc_times_{name}_low"]
        for name in ("since_reset", "cumulative_2")
    ]
    assert all(tenths - 10 <= value <= tenths for value in shown), "shown once a second"
    assert values["wc_zones_supply_age"] == 65535


def test_the_example_unit_has_the_declarations_of_the_map() -> None:
    text = PROGRAM.read_text("utf-8")
    declared = "\n".join(sections(builtin_tagmap(), load_manifest(MANIFEST)))
    assert f"PROGRAM WORKCELL_LINE\n{declared}\n" in text, "write them anew with workcell plc map --format st"


@pytest.mark.parametrize("changes", [{}, {"word_order": "low_first"}])
def test_the_declarations_compile_and_name_every_register(changes: dict[str, Any]) -> None:
    manifest = default_manifest().model_copy(update=changes)
    machine = st.Machine(declarations(builtin_tagmap(), manifest))
    codec = manifest.codec(builtin_tagmap())
    spans = [codec.span(block) for block in builtin_tagmap().blocks]
    expected = {at for span in spans for at in range(span.address, span.address + span.count)}
    assert set(machine.registers("%MW")) == expected
    owner = codec.address("line_command", "owner")
    high = "high" if manifest.word_order == "high_first" else "low"
    assert machine.registers("%MW")[owner] == (f"wc_line_command_owner_{high}", -1)
    sort = codec.entry_span("stations", builtin_tagmap().slot("sort")).address
    assert machine.registers("%MW")[sort] == ("wc_stations_sort_ack_seq", -1)


def test_the_body_of_the_declarations_writes_what_never_changes() -> None:
    tagmap, manifest = builtin_tagmap(), default_manifest()
    machine = st.Machine(declarations(tagmap, manifest))
    machine.scan()
    for name, block in tagmap.blocks.items():
        if block.region == "status":
            header = [
                machine.values[f"wc_{name}_{word}"] for word in ("signature", "map_version", "block_id")
            ]
            assert header == [tagmap.signature, tagmap.version.word, block.id]


def test_the_command_registers_may_lie_in_an_area_of_their_own() -> None:
    text = declarations(builtin_tagmap(), default_manifest(), area="%QW", command_area="%MW0")
    machine = st.Machine(text)
    assert machine.registers("%QW")[0] == ("wc_line_signature", -1)
    assert machine.registers("%MW")[7] == ("wc_line_command_cmd_seq", -1)
    assert max(machine.registers("%QW")) < 1024 > max(machine.registers("%MW"))


@pytest.mark.parametrize("areas", [{"area": "MW"}, {"area": "%MW0"}, {"command_area": "%MW"}])
def test_an_area_that_does_not_compile_is_refused(areas: dict[str, str]) -> None:
    with pytest.raises(BadInput, match=re.escape(repr(next(iter(areas.values()))))):
        declarations(builtin_tagmap(), default_manifest(), **areas)


def test_counters_are_unsigned_and_located_variables_stand_apart() -> None:
    machine = st.Machine(declarations(builtin_tagmap(), default_manifest()))
    variables = machine.unit.variables.values()
    assert {variable.type for variable in variables if variable.address} == {"UINT"}
    assert all(variable.constant != bool(variable.address) for variable in variables)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ("b := 1;", "b is BOOL, not number"),
        ("x := y;", "y is not declared"),
        ("x := big;", "x is UINT, not UDINT"),
        ("x := x + big;", r"\+ of UINT and UDINT"),
        ("IF x THEN x := 1; END_IF;", "must be BOOL"),
        ("K := 2;", "K is a constant|k is a constant"),
        ("x = 1;", "expected :="),
        ("CASE x OF 1: x := 2; 1: x := 3; END_CASE;", "a label twice"),
        ("IF b THEN x := 1;", "no statement"),
        ("x := 1", "expected ;"),
        (";", "no statement"),
        ("x := 1;;", "no statement"),
        ("", "no statement"),
        ("IF b THEN END_IF;", "no statement"),
        ("IF b THEN ELSE x := 1; END_IF;", "no statement"),
        ("FOR x := 0 TO 3 DO END_FOR;", "no statement"),
        ("FOR x := 0 TO 3 DO x := 1; END_FOR;", "x can't be changed here"),
        ("FOR x := 0 TO 3 DO FOR x := 0 TO 3 DO b := TRUE; END_FOR; END_FOR;", "x can't count this loop"),
        ("FOR x := big TO 3 DO b := TRUE; END_FOR;", "x: UINT from UDINT"),
        ("CASE x OF K: x := 2; END_CASE;", "expected"),
        ("x := 65536;", "65536 is no UINT"),
        ("b := x > 65536;", "65536 is no UINT"),
        ("b := b = 1;", "= of BOOL and number"),
        ("b := b <> TRUE;", "<> of BOOL and BOOL"),
        ("x := -1;", "expected a name"),
        ("x := 1; // one", "expected"),
        ("x := 1; (* one (* two *) *)", "a comment in a comment"),
        ("x := 1; (* f\u00fcnf *)", "f\u00fcnf"),
        ("f(n := x);", "f is not given a"),
        ("f(n := x, a := loose);", "loose is not of the type of a"),
        ("f(n := big, a := named);", "n is UINT, not UDINT"),
        ("f(n := x, a := named,);", "expected a name"),
        ("f.n := x;", "expected"),
    ],
)
def test_the_reader_refuses_what_a_compiler_refuses(body: str, problem: str) -> None:
    with pytest.raises(st.StError, match=problem):
        st.Machine(f"{WITH_A_BLOCK}{body} END_PROGRAM", "p")


def test_the_reader_takes_an_array_that_is_handed_over_by_its_type() -> None:
    machine = st.Machine(f"{WITH_A_BLOCK}f(n := x + 2, a := named); x := named[K]; END_PROGRAM", "p")
    machine.scan()
    machine.scan()
    assert machine.values["x"] == 4


@pytest.mark.parametrize(
    ("declared", "problem"),
    [
        ("x AT %MW0 : UINT; y : UINT;", "a section of their own"),
        ("x AT %MW0 : ARRAY [0..3] OF UINT;", "one elementary value"),
        ("x AT %MW0 : BOOL;", "%MW0 is no place for BOOL"),
        ("x AT %MX0.0 : UINT;", "%MX0.0 is no place for UINT"),
        ("x AT %MD0 : UINT;", "%MD0 is no place for UINT"),
        ("x__y : UINT;", "two underscores"),
        ("x_ : UINT;", "ends with one"),
        ("st : UINT;", "expected a name"),
        ("Left : UINT;", "expected a name"),
        ("x : UINT := 65536;", "65536 is no UINT"),
        ("x : UINT; X : UINT;", "x is declared twice"),
        ("", "expected a name"),
    ],
)
def test_the_reader_refuses_the_declarations_that_a_compiler_refuses(declared: str, problem: str) -> None:
    with pytest.raises(st.StError, match=problem):
        st.Machine(f"PROGRAM p VAR {declared} END_VAR b := 1; END_PROGRAM", "p")


def test_the_reader_refuses_a_located_variable_outside_a_program() -> None:
    with pytest.raises(st.StError, match="stand in a PROGRAM"):
        st.Machine("FUNCTION_BLOCK f VAR x AT %MW0 : UINT; END_VAR x := 1; END_FUNCTION_BLOCK", "f")


@pytest.mark.parametrize(
    ("body", "problem"),
    [("x := 65535; x := x + 1;", "65536 does not fit UINT"), ("x := 4; a[x] := 1;", "4 does not fit 4")],
)
def test_an_overflow_and_a_wild_index_are_found_at_run_time(body: str, problem: str) -> None:
    machine = st.Machine(f"PROGRAM p VAR x : UINT; a : ARRAY [0..3] OF UINT; END_VAR {body} END_PROGRAM", "p")
    with pytest.raises(st.StError, match=problem):
        machine.scan()
