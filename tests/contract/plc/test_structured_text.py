"""The declarations and the example unit in Structured Text: they hold, and the unit passes the kit.

There is no compiler of the trade among this project's packages; the reader in structured_text.py stands in
for one, and is itself shown to refuse what a compiler refuses.
"""

from __future__ import annotations

import asyncio
import importlib.util
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
    machine.scan()


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
        ("IF b THEN x := 1;", "end_if|expected"),
        ("x := 1", "expected ;"),
    ],
)
def test_the_reader_refuses_what_a_compiler_refuses(body: str, problem: str) -> None:
    head = "PROGRAM p VAR x : UINT; b : BOOL; big : UDINT; END_VAR VAR CONSTANT K : UINT := 1; END_VAR "
    with pytest.raises(st.StError, match=problem):
        st.Machine(f"{head}{body} END_PROGRAM", "p")


def test_the_reader_refuses_located_variables_among_others() -> None:
    with pytest.raises(st.StError, match="a section of their own"):
        st.Machine("PROGRAM p VAR x AT %MW0 : UINT; y : UINT; END_VAR ; END_PROGRAM", "p")


@pytest.mark.parametrize(
    ("body", "problem"),
    [("x := 65535; x := x + 1;", "65536 does not fit UINT"), ("x := 4; a[x] := 1;", "4 does not fit 4")],
)
def test_an_overflow_and_a_wild_index_are_found_at_run_time(body: str, problem: str) -> None:
    machine = st.Machine(f"PROGRAM p VAR x : UINT; a : ARRAY [0..3] OF UINT; END_VAR {body} END_PROGRAM", "p")
    with pytest.raises(st.StError, match=problem):
        machine.scan()
