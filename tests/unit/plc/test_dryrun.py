"""The dry run: what it plays, and that nothing is played without it."""

from __future__ import annotations

from typing import Any

import pytest

from plc import DryPlant, SoftPlc, builtin_tagmap, default_manifest

STATIONS = ("supply", "posture", "sort")


def _stimulate(plc: Any, kind: str, seq: int, zone: str = "") -> None:
    tagmap, codec = builtin_tagmap(), default_manifest().codec(builtin_tagmap())
    number = tagmap.number("station", zone) if zone else 0
    values = {"kind": tagmap.number("stimulus", kind), "zone": number, "cmd_seq": seq}
    plc.image.write(codec.span("dry_run").address, codec.encode("dry_run", values))


def _line(plc: Any) -> dict[str, Any]:
    codec = default_manifest().codec(builtin_tagmap())
    span = codec.span("line")
    return codec.decode("line", plc.image.read(span.address, span.count))


def test_a_stimulus_is_obeyed_once_and_shown() -> None:
    """WC-DR-001, WC-DR-002, WC-DR-003: without owner, in any state."""
    plc = SoftPlc(DryPlant(), builtin_tagmap(), STATIONS)
    _stimulate(plc, "guard", 5)
    for scan in range(4):
        plc.scan(scan * 0.02)
    line = _line(plc)
    assert (line["options"], line["stimulus_seq"], line["guard"]) == (1, 5, 1)


def test_a_line_with_matter_of_its_own_obeys_no_stimulus() -> None:
    """WC-DR-002."""

    class Matter:
        def __init__(self) -> None:
            self.plant = DryPlant()

        def __getattr__(self, name: str) -> Any:
            return getattr(self.plant, name)

    plc = SoftPlc(Matter(), builtin_tagmap(), STATIONS)  # type: ignore[arg-type]
    _stimulate(plc, "trip", 5)
    plc.scan(0.0)
    line = _line(plc)
    assert (line["options"], line["stimulus_seq"], line["safety"]) == (0, 0, 1)


def test_a_power_up_forgets_commands_and_stimuli() -> None:
    """WC-BT-004, WC-DR-002."""
    plc = SoftPlc(DryPlant(), builtin_tagmap(), STATIONS)
    _stimulate(plc, "restart", 9)
    plc.scan(0.0)
    plc.scan(0.02)
    assert (_line(plc)["boot_id"], _line(plc)["stimulus_seq"]) == (2, 0)
    assert plc.image.read(1024, 200) == [0] * 200


def test_acts_and_movements_take_a_time_that_can_be_seen() -> None:
    """WC-DR-004."""
    plant = DryPlant()
    assert 0.3 <= plant.move_seconds("supply", "posture") <= 2
    assert 0.3 <= plant.act_seconds("supply", "feed", {}) <= 2
    _, measures = plant.act("posture", "measure", {})
    assert 300 <= measures["height_mm10"] <= 6000


@pytest.mark.parametrize("zone", ["supply", "posture"])
def test_items_come_and_go(zone: str) -> None:
    plant = DryPlant()
    plant.stimulate("item", zone)
    assert plant.occupied(zone)
    plant.stimulate("remove", zone)
    assert not plant.occupied(zone)


def test_an_unknown_stimulus_does_nothing() -> None:
    plant = DryPlant()
    plant.stimulate("unknown(99)", "")
    assert plant.safety_ok()
