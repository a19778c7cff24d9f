"""Posture: measure the book, see which face is up and how it lies, bring the back cover up and upright."""

from __future__ import annotations

from typing import ClassVar

from stations.station import ON, Bench, Leaving, to_review
from workcell.kernel.errors import DeviceFault
from workcell.kernel.evidence import Face, ImageEvidence, image_from_json

THIN_MM = 3.0
"""Below this a pamphlet can be neither gripped nor labelled on its spine (vendors' usual minimum)."""

_TRIES = 3


class Posture:
    """Measures and turns until the back cover lies upright under the camera; else a person is asked."""

    name: ClassVar[str] = "posture"

    async def process(self, bench: Bench) -> Leaving:
        """Measure, then look and turn at most three times."""
        if bench.profile.operations.measure:
            thickness = await self._measure(bench)
            if thickness < THIN_MM:
                return to_review("TOO_THIN", f"{thickness:.1f} mm thick: a pamphlet is processed by hand.")
        for _ in range(_TRIES):
            seen = await self._look(bench)
            if seen.face is Face.BACK_COVER and seen.rotation == 0:
                await bench.act("align")
                return ON
            if not await self._turn(bench, seen):
                break
        return to_review("POSTURE_UNSURE", "No face of this book could be told with certainty.")

    async def _measure(self, bench: Bench) -> float:
        done = await bench.act("measure")
        body = {
            "height_mm": done.results.get("height_mm10", 0) / 10,
            "width_mm": done.results.get("width_mm10", 0) / 10,
            "thickness_mm": done.results.get("thickness_mm10", 0) / 10,
            "weight_g": float(done.results.get("weight_g", 0)),
        }
        await bench.note("book.measured", body)
        return body["thickness_mm"]

    async def _look(self, bench: Bench) -> ImageEvidence:
        picture = await bench.picture("top", "cover")
        try:
            return image_from_json(await bench.recognise("glance", {"path": picture.path}))
        except DeviceFault:
            return ImageEvidence(picture.path, "", Face.UNSURE)

    async def _turn(self, bench: Bench, seen: ImageEvidence) -> bool:
        """Turn towards back cover up and upright; False when what is seen does not say how."""
        if seen.face is Face.BACK_COVER:
            await bench.act("rotate", quarters=seen.rotation // 90)
            return True
        if seen.face is Face.FRONT_COVER:
            if seen.rotation:
                await bench.act("rotate", quarters=seen.rotation // 90)
            await bench.act("flip")
            return True
        await bench.act("flip")
        return True
