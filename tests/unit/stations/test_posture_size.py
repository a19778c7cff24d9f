"""Where a calibrated camera and the posture unit's gauge disagree, a person measures."""

import pytest

from stations import STATIONS
from stations.station import Picture, Way
from workcell.kernel.errors import DeviceFault

GAUGE = {"height_mm10": 2290, "width_mm10": 1520, "thickness_mm10": 241, "weight_g": 480}
BACK = {"file": "x.jpg", "sha256": "", "face": "back_cover", "rotation": 0, "barcodes": [], "lines": []}


def seen(height, width, near=False, problem=""):
    return {"height_mm": height, "width_mm": width, "near_boundary": near, "problem": problem}


@pytest.fixture
def at(bench):
    """A posture station whose camera is calibrated, with an upright book in it."""
    made = bench("posture")
    made.results["measure"] = GAUGE

    async def picture(role, view="", use="moment"):
        return Picture("top.jpg", "/top.jpg", "top.json")

    made.picture = picture
    return made


async def leave(at, answer):
    at.jobs = [BACK, answer]
    return await STATIONS["posture"].process(at)


async def test_a_camera_that_agrees_lets_the_book_go_on(at):
    assert (await leave(at, seen(228.6, 151.2, near=True))).way is Way.ON
    assert ("measure_book", {"path": "/top.jpg", "calibration": "top.json", "thickness_mm": 24.1}) in at.calls
    assert at.notes["camera_measured"]["near_boundary"] is True
    assert at.notes["book.measured"]["height_mm"] == 229.0


@pytest.mark.parametrize("size", [(239.1, 152.0), (229.0, 148.0)])
async def test_a_camera_that_disagrees_sends_the_book_to_a_person(at, size):
    leaving = await leave(at, seen(*size))
    assert (leaving.way, leaving.reasons[0].code) == (Way.REVIEW, "SIZE_DOUBTFUL")
    assert "by the camera" in leaving.reasons[0].text and "by the gauge" in leaving.reasons[0].text


@pytest.mark.parametrize("answer", [seen(None, None, problem="the camera has moved"), DeviceFault("it died")])
async def test_a_camera_that_can_not_measure_says_so_and_changes_nothing(at, answer):
    assert (await leave(at, answer)).way is Way.ON
    assert at.notes["camera_measured"]["problem"]


async def test_a_tray_that_has_moved_is_an_alarm_and_the_book_goes_on(at):
    drift = {"shift_mm": 3.1, "residual_mm": 0.1, "markers": 4, "alarm": "the tray has moved by 3.1 mm"}
    moved = seen(None, None, problem=drift["alarm"]) | {"drift": drift}
    assert (await leave(at, moved)).way is Way.ON
    [(key, text, remedy)] = at.alarms
    assert key == "camera:tray" and "3.1 mm" in text and "calibrate" in remedy


async def test_without_a_calibration_nothing_is_measured_by_picture(bench):
    at = bench("posture")
    at.results["measure"] = GAUGE
    at.jobs = [BACK]
    assert (await STATIONS["posture"].process(at)).way is Way.ON
    assert "measure_book" not in at.verbs()
