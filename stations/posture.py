"""Posture: measure the book, see which face is up and how it lies, bring the back cover up and upright."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import vision
from stations.station import ON, Bench, Leaving, Picture, to_review
from workcell.kernel.errors import DeviceFault
from workcell.kernel.evidence import Face, ImageEvidence, image_from_json

THIN_MM = 3.0
"""Below this a pamphlet can be neither gripped nor labelled on its spine (vendors' usual minimum)."""

MOST_APART_MM = 3.0
"""Camera and gauge agree when they are no further apart: beyond it one of them saw something else."""

_BARS, _TEXT = True, False
_LOOKS = (_BARS, _BARS, _TEXT, _TEXT, _TEXT)
"""How the faces are looked at in turn: bars tell the back cover at once, text takes ten times as long.

A cover without bars is the back cover when its other side is the front cover, hence the third look by text.
"""

_TRIES_TO_LAY_STRAIGHT = 2
_SIDES = ("height_mm", "width_mm")
_CALIBRATE_AGAIN = "Put the tray back, or calibrate the camera again: workcell camera calibrate."
_CAMERA_SIZE = (*_SIDES, "near_boundary", "problem")


class Posture:
    """Measures and turns until the back cover lies upright under the camera; else a person is asked."""

    name: ClassVar[str] = "posture"

    async def process(self, bench: Bench) -> Leaving:
        """Measure, find the back cover, lay it upright."""
        size: Mapping[str, float] = {}
        if bench.profile.operations.measure:
            measured = await bench.act("measure")
            if not measured.ok:
                return to_review("NOT_MEASURED", f"The posture unit reported {measured.code}.")
            size = await self._note_size(bench, measured.results)
            if size["thickness_mm"] < THIN_MM:
                text = f"{size['thickness_mm']:.1f} mm thick: a pamphlet is processed by hand."
                return to_review("TOO_THIN", text)
        picture, seen = await self._find_back_cover(bench)
        for _ in range(_TRIES_TO_LAY_STRAIGHT):
            if seen.face is not Face.BACK_COVER:
                break
            if seen.rotation == 0:
                await bench.act("align")
                return await self._check_size(bench, picture, size) if size else ON
            await bench.act("rotate", quarters=seen.rotation // 90)
            picture, seen = await self._look(bench, bars_only=bool(seen.barcodes))
        return to_review("POSTURE_UNSURE", "No face of this book could be told with certainty.")

    async def _note_size(self, bench: Bench, results: Mapping[str, int]) -> Mapping[str, float]:
        """Put the size on record; gives it in mm."""
        body = {
            "height_mm": results.get("height_mm10", 0) / 10,
            "width_mm": results.get("width_mm10", 0) / 10,
            "thickness_mm": results.get("thickness_mm10", 0) / 10,
            "weight_g": float(results.get("weight_g", 0)),
        }
        await bench.note("book.measured", body)
        return body

    async def _check_size(self, bench: Bench, picture: Picture, size: Mapping[str, float]) -> Leaving:
        """Let a calibrated camera measure the upright book too; who disagrees with the gauge is not believed.

        A camera that can't measure (its tray has moved, the book is like its tray) says so on record and
        changes nothing; a tray that has moved is an alarm besides.
        """
        if not picture.calibration:
            return ON
        request = {"path": picture.path, "calibration": picture.calibration}
        try:
            seen = await bench.recognise("measure_book", {**request, "thickness_mm": size["thickness_mm"]})
        except DeviceFault as fault:
            seen = {"height_mm": None, "width_mm": None, "problem": str(fault)}
        await bench.note("camera_measured", {name: seen.get(name) for name in _CAMERA_SIZE})
        if drifted := seen.get("drift", {}).get("alarm"):
            await bench.alarm("camera:tray", f"Posture camera: {drifted}.", _CALIBRATE_AGAIN)
        both = [name for name in _SIDES if seen[name] and size[name]]
        apart = [name for name in both if abs(seen[name] - size[name]) > MOST_APART_MM]
        if not apart:
            return ON
        text = "; ".join(
            f"{name.removesuffix('_mm')} {seen[name]:.1f} mm by the camera, {size[name]:.1f} by the gauge"
            for name in apart
        )
        return to_review("SIZE_DOUBTFUL", f"{text}.".capitalize())

    async def _find_back_cover(self, bench: Bench) -> tuple[Picture, ImageEvidence]:
        """Look at one face and the other, by bars and then by text, until the back cover is up."""
        picture, seen = await self._look(bench, bars_only=_LOOKS[0])
        for bars_only in _LOOKS[1:]:
            if seen.face is Face.BACK_COVER:
                break
            other_side = seen.face
            await bench.act("flip")
            picture, seen = await self._look(bench, bars_only=bars_only)
            if (
                other_side is Face.FRONT_COVER
                and seen.face is Face.UNSURE
                and vision.NO_WAY_UP not in seen.problems
            ):
                seen = replace(seen, face=Face.BACK_COVER)
        return picture, seen

    async def _look(self, bench: Bench, *, bars_only: bool) -> tuple[Picture, ImageEvidence]:
        picture = await bench.picture("top", "cover")
        try:
            request = {"path": picture.path, "bars_only": bars_only, "calibration": picture.calibration}
            return picture, image_from_json(await bench.recognise("glance", request))
        except DeviceFault:
            return picture, ImageEvidence(picture.name, "", Face.UNSURE)
