"""Stills over HTTP.

A frame that was taken before it was asked for, or that carries another book's TrackId, is refused: it would
be a picture of some other book.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import httpx

from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import Clock, Frame

_SECONDS = 10.0
_CLOCK_SKEW = timedelta(milliseconds=50)
_RETAKES = 2


class HttpCamera:
    """Stills by ``GET {base}/cameras/{name}/still?track_id=N&view=V``.

    The answer carries ``X-Frame-Number`` (rising), ``X-Captured-At`` (ISO 8601) and ``X-Track-Id``.
    """

    def __init__(self, name: str, base: str, clock: Clock, client: httpx.AsyncClient | None = None) -> None:
        self.name = name
        self._clock = clock
        self._client = client or httpx.AsyncClient(base_url=base, timeout=_SECONDS, trust_env=False)
        self._last = -1

    async def take(self, track_id: int, view: str) -> Frame:
        """A frame of this moment; a stale one is asked for again, then DeviceFault."""
        for _ in range(1 + _RETAKES):
            asked = self._clock.wall()
            frame = await self._still(track_id, view)
            fresh = frame.number > self._last and frame.captured_at >= asked - _CLOCK_SKEW
            if fresh and frame.track_id == track_id:
                self._last = frame.number
                return frame
        raise DeviceFault(
            "answers with stale pictures",
            subject=self.name,
            remedy="Restart the camera; its pictures are refused.",
        )

    async def _still(self, track_id: int, view: str) -> Frame:
        try:
            answer = await self._client.get(
                f"/cameras/{self.name}/still", params={"track_id": track_id, "view": view}
            )
            answer.raise_for_status()
            headers = answer.headers
            return Frame(
                answer.content,
                headers["content-type"],
                int(headers["x-frame-number"]),
                int(headers["x-track-id"]),
                datetime.fromisoformat(headers["x-captured-at"]),
            )
        except httpx.HTTPError as error:
            text = str(error) or type(error).__name__
            raise DeviceGone(
                f"no picture ({text})", subject=self.name, remedy="Check power and network."
            ) from error
        except (KeyError, ValueError) as error:
            raise DeviceFault(
                f"answers without a proper {error}",
                subject=self.name,
                remedy="It is not a camera of this contract.",
            ) from error

    async def close(self) -> None:
        """Close the connection."""
        await self._client.aclose()
