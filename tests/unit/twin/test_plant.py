"""The plant that the soft PLC moves: verbs, codes, results and times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from plc import Plant, builtin_tagmap
from workcell.kernel.layout import Layout
from workcell.twin import TwinPlant
from workcell.twin.matter import Lie, Opening
from workcell.twin.render.foreign import foreign_label


class Line:
    def __init__(self, hand: Any, layout: Layout, speed: float = 1.0) -> None:
        self.hand, self.world = hand, hand.world
        self.plant = TwinPlant(hand.world, layout, seed=1, speed=speed)


@pytest.fixture
def line(a_world: Callable[..., Any], layout: Layout) -> Callable[..., Line]:
    return lambda *titles, speed=1.0: Line(a_world(*titles), layout, speed)


def test_it_is_the_soft_plcs_plant(line: Callable[..., Line]) -> None:
    plant: Plant = line("t-en-1").plant
    assert plant.safety_ok()
    assert plant.eyes() == (0, 0)
    assert plant.guard() == 0


def test_every_verb_of_the_map_is_known_to_the_plant_with_its_codes(
    line: Callable[..., Line], layout: Layout
) -> None:
    tagmap = builtin_tagmap()
    plant = line("t-en-1").plant
    for name, verb in tagmap.verbs.items():
        if name in ("release", "feed"):
            continue
        for place in layout.stations:
            if tagmap.has_verb(place.name, verb):
                code, _ = plant.act(place.name, name, {"surface": 2, "leaves": 1, "quarters": 1, "end": 0})
                assert code == "no_book"
                assert code in tagmap.enumerations["result"]


def test_feeding_and_moving(line: Callable[..., Line]) -> None:
    plant = line("t-en-1").plant
    assert plant.act("supply", "feed", {"track_id": 9}) == ("ok", {})
    assert plant.occupied("supply")
    assert plant.move("supply", "posture") == "ok"
    assert (plant.occupied("supply"), plant.occupied("posture")) == (False, True)
    assert plant.eyes() == (1, 0)
    assert plant.act("supply", "feed", {"track_id": 10}) == ("empty", {})


def test_the_gauge_is_right_to_half_a_millimetre_whatever_the_posture(line: Callable[..., Line]) -> None:
    here = line("t-en-1")
    here.hand.place("posture", lie=Lie("front", 3, 2.0, 1.0, 1.0))
    code, seen = here.plant.act("posture", "measure", {})
    assert code == "ok"
    assert set(seen) == {"height_mm10", "width_mm10", "thickness_mm10", "weight_g"}
    assert seen["height_mm10"] == pytest.approx(2290, abs=6)
    assert seen["width_mm10"] == pytest.approx(1520, abs=6)
    assert seen["thickness_mm10"] == pytest.approx(260, abs=6)
    assert seen["weight_g"] == pytest.approx(540, abs=5)


def test_rotating_flipping_and_aligning_bring_the_wanted_posture(line: Callable[..., Line]) -> None:
    here = line("t-en-1")
    book = here.hand.place("posture", lie=Lie("front", 1, 3.5, 4.0, -2.0))
    assert here.plant.act("posture", "rotate", {"quarters": 3}) == ("ok", {})
    assert here.plant.act("posture", "flip", {}) == ("ok", {})
    assert here.plant.act("posture", "align", {}) == ("ok", {})
    assert (book.lie.up, book.lie.turns) == ("back", 0)
    assert abs(book.lie.skew_deg) <= 0.6


def test_opening_turning_and_closing(line: Callable[..., Line]) -> None:
    here = line("t-zh-1")
    book = here.hand.place("page_turn")
    assert here.plant.act("page_turn", "turn", {"leaves": 1}) == ("interlock", {})
    assert here.plant.act("page_turn", "open", {"end": 1}) == ("ok", {})
    assert here.plant.act("page_turn", "turn", {"leaves": -1}) == ("ok", {})
    assert book.opening == Opening(1, -1)
    assert here.plant.act("page_turn", "close", {}) == ("ok", {})
    assert book.opening is None


def test_a_slipcase_can_not_be_opened(line: Callable[..., Line]) -> None:
    here = line("t-case")
    here.hand.place("page_turn")
    assert here.plant.act("page_turn", "open", {"end": 0}) == ("interlock", {})


def test_a_label_is_applied_at_tenths_of_a_millimetre(line: Callable[..., Line]) -> None:
    here = line("t-en-1")
    book = here.hand.place("barcode_label")
    where = {"surface": 2, "x_mm10": 125, "y_mm10": 1500}
    assert here.plant.act("barcode_label", "apply", where) == ("no_label", {})
    here.world.label_printed("barcode", foreign_label(400, 200, "31940000010003"), 203)
    assert here.plant.act("barcode_label", "apply", where) == ("ok", {})
    assert (book.labels[0].x_mm, book.labels[0].y_mm) == (12.5, 150.0)
    assert here.plant.act("barcode_label", "apply", {**where, "surface": 9}) == ("interlock", {})


def test_a_label_wider_than_the_spine_may_start_left_of_it(line: Callable[..., Line]) -> None:
    here = line("t-rtl")
    book = here.hand.place("spine_label")
    here.world.label_printed("spine", np.full((304, 200), 255, np.uint8), 203)
    where = {"surface": 3, "x_mm10": 0x10000 - 55, "y_mm10": 127}
    assert here.plant.act("spine_label", "apply", where) == ("ok", {})
    assert (book.labels[0].surface, book.labels[0].x_mm) == ("spine", -5.5)
    assert not book.labels[0].fallen


def test_times_are_the_layouts_with_jitter_divided_by_speed(line: Callable[..., Line]) -> None:
    slow, fast = line("t-en-1"), line("t-en-1", speed=10.0)
    times = [slow.plant.act_seconds("posture", "measure", {}) for _ in range(400)]
    assert float(np.mean(times)) == pytest.approx(1.0, rel=0.02)
    assert float(np.std(times)) == pytest.approx(0.05, rel=0.25)
    assert fast.plant.act_seconds("posture", "measure", {}) == pytest.approx(0.1, rel=0.2)
    assert slow.plant.move_seconds("posture", "capture") == pytest.approx(0.6, rel=0.2)
    assert slow.plant.move_seconds("sort", "bin:4") == pytest.approx(1.9, rel=0.2)
    assert slow.plant.act_seconds("page_turn", "turn", {"leaves": -3}) == pytest.approx(3.6, rel=0.2)


def test_the_same_seed_takes_the_same_times(line: Callable[..., Line]) -> None:
    def times() -> list[float]:
        plant = line("t-en-1").plant
        return [plant.move_seconds("supply", "posture") for _ in range(5)]

    assert times() == times()
