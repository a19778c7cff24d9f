"""A camera whose frames are judged as they come: poor ones are taken again, impossible ones never pass."""

from __future__ import annotations

from vision.quality import Quality, judge_bytes
from workcell.kernel.errors import DeviceFault
from workcell.kernel.ports import Camera, Clock, Frame, Worker

RETAKES = 2
_SETTLE_SECONDS = 0.15
"""Time for exposure, focus and a swaying book to settle before the next try."""


class CheckedCamera:
    """Takes up to ``retakes`` more frames of a scene and hands on the best.

    A dark or frozen picture is the camera's trouble, not the book's: when every try gives one, DeviceFault
    says so and the line waits for a person.  A blurred, washed out or mirrored picture that stays so is
    handed on: evidence that names these problems, and a person's case if the book can't be told from it.
    """

    def __init__(self, camera: Camera, clock: Clock, worker: Worker, retakes: int = RETAKES) -> None:
        self.name = camera.name
        self._camera = camera
        self._clock = clock
        self._worker = worker
        self._retakes = retakes
        self._last_digest = ""

    async def take(self, track_id: int, view: str) -> Frame:
        """The best frame of up to ``1 + retakes``; DeviceFault when all are dark, frozen or no image."""
        usable: list[tuple[Frame, Quality]] = []
        fault = ""
        for attempt in range(1 + self._retakes):
            if attempt:
                await self._clock.sleep(_SETTLE_SECONDS)
            frame = await self._camera.take(track_id, view)
            quality = await self._worker.run(judge_bytes, frame.data)
            fault = self._fault(quality) or fault
            if quality is not None and not self._fault(quality):
                usable.append((frame, quality))
                if not quality.worth_retaking:
                    break
            self._last_digest = quality.digest if quality else self._last_digest
        if not usable:
            what, remedy = _FAULTS[fault]
            raise DeviceFault(what, subject=self.name, remedy=remedy)
        frame, quality = min(usable, key=lambda pair: _rank(pair[1]))
        self._last_digest = quality.digest
        return frame

    async def close(self) -> None:
        """Close the camera."""
        await self._camera.close()

    def _fault(self, quality: Quality | None) -> str:
        if quality is None:
            return "no image"
        if quality.is_dark:
            return "dark"
        return "frozen" if quality.digest == self._last_digest else ""


_FAULTS = {
    "no image": ("sends something that is no image", "Check the camera's settings; JPEG or PNG is needed."),
    "dark": ("gives dark pictures", "Switch the light on and take the cap off the lens."),
    "frozen": ("gives the same picture again and again", "Restart the camera."),
}


def _rank(quality: Quality) -> tuple[int, float, float]:
    """Fewest problems first, then the least glare, then the sharpest."""
    return (len(quality.problems), quality.glare, quality.edge_px or 0.0)
