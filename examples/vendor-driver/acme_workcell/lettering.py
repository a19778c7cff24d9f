"""The ACME Lettering box: a line's picture is posted to it as PNG; text and ``sure`` (0 to 100) come back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import httpx

from workcell.kernel.drivers import Driver, Surroundings
from workcell.kernel.errors import DeviceGone

_ANSWER_SECONDS = 5.0


def open_lettering(name: str, endpoint: str, around: Surroundings) -> Lettering:
    """The box at ``http://HOST/``; it is connected to with the first page."""
    return Lettering(name, httpx.Client(base_url=endpoint, timeout=_ANSWER_SECONDS))


class Lettering:
    """A TextReader of ``workcell.kernel.ports``."""

    def __init__(self, name: str, client: httpx.Client) -> None:
        self._name = name
        self._client = client

    def read(self, lines: Sequence[Any]) -> list[tuple[str, float]]:
        """Text and confidence of each line; raises DeviceGone when the box does not answer."""
        return [self._one(line) for line in lines]

    def _one(self, line: Any) -> tuple[str, float]:
        picture = cv2.imencode(".png", line)[1].tobytes()
        try:
            answer = self._client.post("read", content=picture, headers={"Content-Type": "image/png"})
            read = answer.raise_for_status().json()
            return str(read["text"]), float(read["sure"]) / 100
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as error:
            raise DeviceGone(
                f"no reading ({type(error).__name__})", subject=self._name, remedy="Check cable and power."
            ) from error


LETTERING = Driver(api=1, open=open_lettering, text="ACME Lettering, firmware 1", met_hardware=False)
"""What the entry point ``ocr.acme-lettering`` leads to."""
