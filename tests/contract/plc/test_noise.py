"""Serial lines with late, lost, doubled and broken answers: no shifted value is ever used.

What the link takes over is compared with what the PLC held when that poll began: a value that belongs to an
earlier question shows by its age, at every speed of the line.
"""

from __future__ import annotations

import asyncio
from typing import Any

import numpy as np
import pytest

from workcell.kernel.errors import Refused

SCAN_SECONDS = 0.02
FRESH_SCANS = 3
"""Scans by which a value may seem older than its poll: the PLC scans while a question is on its way."""
REPLY_SECONDS = 0.25


def _watch(rig: Any, link: Any) -> list[int]:
    """The age in scans, at the beginning of its poll, of every hot block that the link uses."""
    ages: list[int] = []
    use, read_changed = link._use, link._read_changed
    begun = 0

    async def beginning(everything: bool) -> Any:
        nonlocal begun
        begun = rig.plc._publisher.beat
        return await read_changed(everything)

    def watched(read: Any) -> None:
        ages.append(begun - read.hot["beat"])
        use(read)

    link._use, link._read_changed = watched, beginning
    return ages


async def _books(rig: Any, link: Any, count: int) -> None:
    """Bring so many books through the line, holding and releasing it again when noise has held it."""

    async def keep_going() -> None:
        while True:
            await link.wait_view(lambda seen: seen.linked and seen.state == "Held", 1e6)
            await link.command("unhold")

    unholding = asyncio.create_task(keep_going())
    for track_id in range(1, count + 1):
        for station, verb, params in _journey(track_id):
            await _insist(rig, link, station, verb, params)
    unholding.cancel()


def _journey(track_id: int) -> list[tuple[str, str, dict[str, int]]]:
    release = {"track_id": track_id, "destination": 0, "guard": 0xFFFF}
    return [
        ("supply", "feed", {"track_id": track_id}),
        ("supply", "release", release),
        ("posture", "measure", {}),
        ("posture", "release", release),
        ("sort", "release", {**release, "destination": 1}),
    ]


async def _insist(rig: Any, link: Any, station: str, verb: str, params: dict[str, int]) -> None:
    while True:
        seq = await link.reserve(station)
        try:
            done = await link.execute(station, seq, verb, params)
        except Refused:
            await rig.clock.sleep(0.05)
            continue
        assert (done.seq, done.code) == (seq, "ok")
        if verb == "measure":
            assert done.results["height_mm10"] == 2290
        return


def test_an_answer_one_poll_late_shifts_nothing(play_with_noise: Any) -> None:
    """WC-FR-003: each late answer comes while the next question waits for its own."""

    async def scenario(rig: Any, noise: Any) -> None:
        link = await rig.started(give_up_seconds=120.0)
        ages = _watch(rig, link)
        count = 0

        def one_in_forty_late(answer: bytes) -> list[tuple[float, bytes]]:
            nonlocal count
            count += 1
            return [(1.2 * REPLY_SECONDS if count % 40 == 0 else 0.0, answer)]

        noise.treat = one_in_forty_late
        await _books(rig, link, 10)
        assert count > 200
        assert max(ages) <= FRESH_SCANS
        assert rig.plant.left == 10
        await link.close()

    play_with_noise(scenario)


@pytest.mark.parametrize("late_by", [1.2, 2.05, 2.3, 3.5])
def test_a_line_that_has_fallen_one_answer_behind_is_caught(play_with_noise: Any, late_by: float) -> None:
    """WC-FR-003: from some moment on, every answer is the one to the question before."""

    async def scenario(rig: Any, noise: Any) -> None:
        link = await rig.started(give_up_seconds=120.0)
        ages = _watch(rig, link)
        kept: list[bytes] = []
        behind = False

        def one_behind(answer: bytes) -> list[tuple[float, bytes]]:
            if not behind:
                return [(0.0, answer)]
            kept.append(answer)
            return [(0.0, kept[-2])] if len(kept) > 1 else [(late_by * REPLY_SECONDS, answer)]

        noise.treat = one_behind
        await rig.feed(link, 1)
        behind = True
        await rig.clock.sleep(10.0)
        assert not (await link.view()).linked
        assert rig.plc.unit.state == "held"
        behind = False
        await link.wait_view(lambda seen: seen.linked, 20.0)
        assert max(ages) <= FRESH_SCANS
        await link.command("unhold")
        assert (await rig.release(link, "supply", 1)).ok
        await link.close()

    play_with_noise(scenario)


def test_a_gateway_that_repeats_an_old_answer_is_caught(play_with_noise: Any) -> None:
    """WC-FR-002: right shape, right block, right checksum, a stamp of ours, and half a second old."""

    async def scenario(rig: Any, noise: Any) -> None:
        link = await rig.started(give_up_seconds=120.0)
        ages = _watch(rig, link)
        kept: dict[int, list[bytes]] = {}
        count = 0

        def repeat_one_in_thirty(answer: bytes) -> list[tuple[float, bytes]]:
            nonlocal count
            count += 1
            alike = kept.setdefault(len(answer), [])
            alike.append(answer)
            return [(0.0, alike[-25] if count % 30 == 0 and len(alike) >= 25 else answer)]

        noise.treat = repeat_one_in_thirty
        await rig.clock.sleep(20.0)
        assert count > 100
        assert len(ages) > 3
        assert max(ages) <= FRESH_SCANS
        assert (await link.view()).linked
        await link.close()

    play_with_noise(scenario)


def test_a_slow_device_is_caught_whatever_its_delay(play_with_noise: Any) -> None:
    """WC-FR-003: delays around the timeout, so that answers fall just before and just after it."""

    async def scenario(rig: Any, noise: Any) -> None:
        link = await rig.started(give_up_seconds=600.0)
        ages = _watch(rig, link)
        draw = np.random.default_rng(11)

        def slow(answer: bytes) -> list[tuple[float, bytes]]:
            return [(float(draw.uniform(0.0, 2.4)) * REPLY_SECONDS if draw.random() < 0.1 else 0.0, answer)]

        noise.treat = slow
        await _books(rig, link, 6)
        slack = FRESH_SCANS + int(3 * REPLY_SECONDS / SCAN_SECONDS)
        assert max(ages) <= slack, "as old as the answers of its own poll were slow, never older"
        assert rig.plant.left == 6
        await link.close()

    play_with_noise(scenario)


@pytest.mark.parametrize("seed", range(3))
def test_a_noisy_line_brings_every_book_through(play_with_noise: Any, seed: int) -> None:
    """One per cent each of lost, broken, doubled and late answers: no error, no wrong value."""

    async def scenario(rig: Any, noise: Any) -> None:
        link = await rig.started(give_up_seconds=120.0)
        ages = _watch(rig, link)
        draw = np.random.default_rng(seed)

        def noisy(answer: bytes) -> list[tuple[float, bytes]]:
            kind = draw.random()
            if kind < 0.01:
                return []
            if kind < 0.02:
                place = int(draw.integers(len(answer)))
                return [(0.0, answer[:place] + bytes((answer[place] ^ 0x10,)) + answer[place + 1 :])]
            if kind < 0.03:
                return [(0.0, answer), (float(draw.uniform(0.001, 0.03)), answer)]
            if kind < 0.04:
                return [(float(draw.uniform(1.0, 3.0)) * REPLY_SECONDS, answer)]
            return [(0.0, answer)]

        noise.treat = noisy
        await _books(rig, link, 12)
        assert max(ages) <= FRESH_SCANS
        assert rig.plant.left == rig.plant.entered == 12
        assert rig.plant.acts == ["feed", "measure"] * 12
        await link.close()

    play_with_noise(scenario)
