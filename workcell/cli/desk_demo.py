"""`workcell demo --desk`: the desk, on photographs of the sample books."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workcell.cli.options import EXAMPLES
from workcell.cli.output import console
from workcell.kernel.errors import WorkcellError
from workcell.kernel.layout import load_layout
from workcell.line.desk import SimulatedPerson
from workcell.line.running import Desk, Plan, run_batch
from workcell.twin import load_box
from workcell.twin.photographs import photograph


def desk_demo(profile: str, books: int, seed: int, out: Path) -> dict[str, Any]:
    """Photograph the books, then run them over the desk with a simulated operator."""
    shipment, photos = EXAMPLES / "shipments" / profile, out / "photos"
    console.print(f"Photographing {books} books into {photos} …")
    box = load_box(shipment / "box.json")
    photograph(load_layout(EXAMPLES / "layouts" / "twin.toml"), box, books, seed, photos)
    console.print("Every kind of decision on [bold]auto[/]; the operator is simulated.")
    ended = run_batch(
        Plan(
            layout=EXAMPLES / "layouts" / "desk.toml",
            profile=EXAMPLES / "profiles" / f"{profile}.toml",
            orders=(shipment / "orders.csv",),
            store=out / "store",
            out=out,
            sources={"catalogue": (shipment / "catalogue.mrc",), "vendor": (shipment / "vendor.mrc",)},
            invoice=shipment / "invoice.csv",
            auto=True,
            partial=books < sum(title.copies for title in box.titles),
            desk=Desk(lambda state, files: SimulatedPerson(state, files, _say), photos),
        )
    )
    if ended.summary is None:
        raise WorkcellError(f"the desk was stopped ({ended.stopped_by})", subject="demo")
    return ended.summary


def _say(text: str) -> None:
    console.print(f"operator (simulated): {text}", markup=False, style="dim")
