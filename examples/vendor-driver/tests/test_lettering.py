"""The driver against a box that reads, and one that does not."""

import cv2
import httpx
import numpy as np
import pytest
from acme_workcell.lettering import LETTERING, Lettering

from workcell.kernel.drivers import API
from workcell.kernel.errors import DeviceGone

LINES = [np.full((40, width, 3), 255, np.uint8) for width in (100, 300)]


def lettering(conduct):
    client = httpx.Client(transport=httpx.MockTransport(conduct), base_url="http://box.example/")
    return Lettering("lettering", client)


def test_it_is_written_for_this_workcell():
    assert LETTERING.api == API


def test_each_line_is_sent_as_it_is_and_its_text_comes_back():
    def read(request):
        picture = cv2.imdecode(np.frombuffer(request.content, np.uint8), cv2.IMREAD_COLOR)
        return httpx.Response(200, json={"text": f"{picture.shape[1]} wide", "sure": 87})

    assert lettering(read).read(LINES) == [("100 wide", 0.87), ("300 wide", 0.87)]


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.Response(200, text="tea?")])
def test_no_reading_is_no_text(answer):
    with pytest.raises(DeviceGone, match="no reading"):
        lettering(lambda _: answer).read(LINES)
