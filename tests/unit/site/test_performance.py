"""What the report and batch.json say of a batch's time, in both languages; the chart is whole and small."""

import dataclasses
import json
import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from workcell.line.alarms import KINDS
from workcell.site import write_output
from workcell.site.chart import GROUPS, group_of, pieces_of, time_state_chart
from workcell.site.oee import Span, Stop, Times, UnitTimes
from workcell.site.words import words_of

ROOT = Path(__file__).resolve().parents[3]
START = datetime(2026, 1, 5, 8, tzinfo=UTC)


def spans(*lengths):
    at, found = START, []
    for state, interlock, seconds in lengths:
        until = at + timedelta(seconds=seconds)
        found.append(Span(state, "Production", interlock, at, until))
        at = until
    return tuple(found)


TIMES = Times(
    UnitTimes("", spans(("Execute", "", 60), ("Held", "", 20), ("Execute", "", 20)), 5),
    (UnitTimes("stamp", spans(("Execute", "", 30), ("Suspended", "starved", 70)), 4),),
    (Stop("jam", "stamp", "Jam <at> stamp.", START, START + timedelta(seconds=20), "b4"),),
    10.0,
)


def test_the_report_shows_oee_chart_and_stops_in_the_profiles_language(language, batch, tmp_path):
    content = write_output(tmp_path / "out", dataclasses.replace(batch, times=TIMES))
    page = (tmp_path / "out" / "report.html").read_text("utf-8")
    words = words_of(language)
    for name in ("oee_title", "oee_availability", "time_chart", "time_held", "stops", "stop_jam"):
        assert words[name] in page
    assert "Jam &lt;at&gt; stamp." in page
    chart = ET.fromstring(re.search(r"<svg class=\"timestate\".*?</svg>", page, re.DOTALL)[0])
    rows = [text.text for text in chart.iter("text") if text.get("text-anchor") == "end"]
    assert rows == [words["line"], words["station_stamp"]]
    assert content["oee"]["availability"] == 0.8
    # four of five left the line, two of them ready; 4 x 10 s in 80 s
    assert (content["oee"]["performance"], content["oee"]["quality"], content["oee"]["oee"]) == (
        0.5,
        0.5,
        0.2,
    )
    assert sum(content["times"]["states"].values()) == 100
    assert content["stops"][0]["reason"] == "jam"
    assert content["stations"]["stamp"] == {"processed": 4, "states": {"starved": 70, "Execute": 30}}
    page_of_outputs = (ROOT / "docs" / "reference" / "outputs.md").read_text("utf-8")
    assert all(f"| `{name}` |" in page_of_outputs for name in ("oee", "times", "stops", "stations"))
    json.dumps(content)


def test_every_reason_that_a_stop_can_have_is_in_words():
    reasons = [
        *KINDS,
        "request:hold",
        "request:stop",
        "request:abort",
        "startup",
        "closing",
        "unattended",
        "unit",
    ]
    for language in ("en", "zh"):
        assert all(f"stop_{reason}" in words_of(language) for reason in reasons)
        assert all(f"time_{group}" in words_of(language) for group in GROUPS)


def test_short_spans_are_drawn_as_they_are():
    found = pieces_of(spans(("Execute", "", 30), ("Suspended", "starved", 70)), timedelta(seconds=100))
    assert found == [("execute", 0.0, 0.3), ("starved", 0.3, 1.0)]


def test_very_many_spans_are_drawn_in_columns_that_keep_shares_and_leave_no_gap():
    many = spans(*[("Execute", "", 3), ("Suspended", "starved", 1)] * 20_000, ("Held", "", 40_000))
    length = timedelta(seconds=120_000)
    found = pieces_of(many, length)
    assert len(found) < 1000
    assert all(left[2] == pytest.approx(right[1]) for left, right in pairwise(found))
    assert sum(end - start for group, start, end in found if group == "held") == pytest.approx(
        1 / 3, abs=0.005
    )
    chart = time_state_chart([UnitTimes("", many)] * 3, ["<unit>"] * 3, "a & b")
    assert len(chart) < 75_000
    assert "&lt;unit&gt;" in chart and "a &amp; b" in chart


def test_a_kind_of_time_that_nobody_knows_is_shown_as_unknown():
    assert group_of("Dancing") == "unknown"
    assert time_state_chart([], [], "") == ""
