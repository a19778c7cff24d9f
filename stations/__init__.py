"""Stations: what happens to a book at one place, one file a station."""

from stations.barcode_label import BarcodeLabel
from stations.capture import Capture
from stations.identify import Identify
from stations.page_turn import PageTurn
from stations.posture import Posture
from stations.sort import Sort
from stations.spine_label import SpineLabel
from stations.stamp import Stamp
from stations.station import Station
from stations.tagging import Tagging
from stations.verify import Verify

STATIONS: dict[str, Station] = {
    station.name: station
    for station in (
        Posture(), Capture(), PageTurn(), Identify(), Stamp(),
        BarcodeLabel(), SpineLabel(), Tagging(), Verify(), Sort(),
    )
}  # fmt: skip
"""The stations that work on a book, in the order of the line; the supply only feeds."""

__all__ = ["STATIONS", "Station"]
