"""The twin as a process: all devices on real wires, a world that outlives the process."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from label_print import Stock, ZplPrinter, barcode_label
from plc import PlcLink
from stations.rfid import FeigReader
from workcell.kernel.clock import WallClock
from workcell.kernel.errors import ConfigError
from workcell.kernel.ids import SystemIds
from workcell.kernel.layout import Layout
from workcell.kernel.streams import connector
from workcell.twin.serve import serve

REPOSITORY = Path(__file__).resolve().parents[3]
BOX_FILE = Path(__file__).with_name("box.json")
LAYOUT_FILE = REPOSITORY / "examples" / "layouts" / "twin.toml"
NUMBER = "31940000010003"
CLOCK = WallClock()

_PROGRAM = """
import sys
from pathlib import Path
from workcell.kernel.layout import load_layout
from workcell.twin.serve import serve
box = Path(sys.argv[3]) if len(sys.argv) > 3 else None
serve(load_layout(Path(sys.argv[1])), box, Path(sys.argv[2]), books=2, seed=1, speed=50.0, faults=False)
"""


@asynccontextmanager
async def _twin(state: Path, *box: Path) -> AsyncIterator[dict[str, Any]]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _PROGRAM, str(LAYOUT_FILE), str(state), *map(str, box), cwd=REPOSITORY
    )
    try:
        yield await _published(process, state / "ports.json")
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        assert await process.wait() == 0


async def _published(process: asyncio.subprocess.Process, path: Path) -> dict[str, Any]:
    async with CLOCK.timeout(30):
        while not path.exists():
            assert process.returncode is None, "the twin ended before it published its ports"
            await CLOCK.sleep(0.02)
    ports = json.loads(path.read_text("utf-8"))
    assert ports["pid"] == process.pid
    return dict(ports)


@asynccontextmanager
async def _link(ports: dict[str, Any]) -> AsyncIterator[PlcLink]:
    link = PlcLink(connector(ports["plc"]), CLOCK, SystemIds())
    await link.open()
    try:
        yield link
    finally:
        await link.close()


async def _do(link: PlcLink, station: str, verb: str, **params: int) -> Any:
    done = await link.execute(station, await link.reserve(station), verb, params)
    assert done.ok, (station, verb, done)
    return done


async def _run_up(link: PlcLink) -> None:
    for name, state in (("reset", "Idle"), ("start", "Execute")):
        await link.command(name)
        await link.wait_view(lambda view, state=state: view.state.lower() == state.lower(), 5.0)


async def _carry(link: PlcLink, stations: list[str], track_id: int) -> None:
    for station in stations:
        await _do(link, station, "release", track_id=track_id, destination=0, guard=65535)


async def test_a_book_goes_through_on_real_wires_and_the_world_outlives_the_process(tmp_path: Path) -> None:
    state = tmp_path / "state"
    async with _twin(state, BOX_FILE) as ports, _link(ports) as link:
        await _run_up(link)
        await _do(link, "supply", "feed", track_id=77)
        await _carry(link, ["supply"], 77)
        seen = await _do(link, "posture", "measure")
        assert seen.results["height_mm10"] > 1000
        async with httpx.AsyncClient(base_url=ports["cameras"]) as cameras:
            still = await cameras.get("/cameras/posture-top/still?track_id=77&view=cover")
            assert still.headers["Content-Type"] == "image/jpeg"
            assert still.content[:2] == b"\xff\xd8"
            await _carry(link, ["posture", "capture", "page_turn", "identify", "stamp"], 77)
            printer = ZplPrinter("barcode", connector(ports["printer-barcode"]), CLOCK)
            label = barcode_label(NUMBER, "codabar", "Riverside", Stock(50.0, 25.0), 203)
            await printer.print(label.zpl())
            await printer.close()
            await _do(link, "barcode_label", "apply", surface=2, x_mm10=120, y_mm10=1500)
            await _carry(link, ["barcode_label", "spine_label"], 77)
            await _do(link, "rfid", "place_tag")
            reader = FeigReader("tag", connector(ports["reader-tag"]), CLOCK)
            (uid,) = await reader.inventory()
            await reader.write_blocks(uid, 0, [b"\x11\x02\x03\x04"])
            await reader.write_afi(uid, 7)
            await reader.close()
            truth = (await cameras.post("/twin/truth")).json()
    book = truth["books"][0]
    assert (book["track_id"], book["place"]) == (77, "rfid")
    assert [entry["barcode"] for entry in book["labels"]] == [NUMBER]
    assert (book["tag"]["uid"], book["tag"]["afi"], book["tag"]["hex"][:8]) == (uid, 7, "11020304")
    assert not (state / "ports.json").exists()
    assert json.loads((state / "truth.json").read_text("utf-8")) == truth

    async with _twin(state) as ports, httpx.AsyncClient(base_url=ports["cameras"]) as cameras:
        assert (await cameras.post("/twin/truth")).json() == truth
        assert (await cameras.get("/cameras/verify-top/still")).status_code == 200


async def test_every_power_up_of_the_plc_has_a_new_boot_id_and_matter_stays(tmp_path: Path) -> None:
    boots = []
    async with _twin(tmp_path, BOX_FILE) as ports, httpx.AsyncClient(base_url=ports["cameras"]) as cameras:
        async with _link(ports) as link:
            boots.append((await link.view()).boot_id)
            await _run_up(link)
            await _do(link, "supply", "feed", track_id=5)
        await cameras.post("/twin/reboot-plc")
        async with _link(ports) as link:
            view = await link.view()
            boots.append(view.boot_id)
            assert view.entered == 1
    async with _twin(tmp_path) as ports, _link(ports) as link:
        boots.append((await link.view()).boot_id)
        found = await link.wait_view(lambda view: any(zone.track_id for zone in view.zones), 5.0)
        assert [zone.zone for zone in found.zones if zone.track_id] == ["supply"]
    assert len(set(boots)) == 3


def test_without_box_and_world_it_says_what_to_give(layout: Layout, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="Give --box on the first start"):
        serve(layout, None, tmp_path, books=2, seed=1, speed=1.0, faults=False)
