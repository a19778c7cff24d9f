"""The twin: the whole line simulated behind the same wires, around one world of books, labels and tags."""

from workcell.twin.box import Box, PackedBook, Title, load_box, pack
from workcell.twin.faults import FAULTS, PlantedMark, parse_faults, plan_faults, plan_planted_mark
from workcell.twin.look import look
from workcell.twin.matter import Tag
from workcell.twin.plant import TwinPlant
from workcell.twin.scene import Render, Scene, Still
from workcell.twin.stored import read_stored, stored_still
from workcell.twin.world import World

__all__ = [
    "FAULTS",
    "Box",
    "PackedBook",
    "PlantedMark",
    "Render",
    "Scene",
    "Still",
    "Tag",
    "Title",
    "TwinPlant",
    "World",
    "load_box",
    "look",
    "pack",
    "parse_faults",
    "plan_faults",
    "plan_planted_mark",
    "read_stored",
    "stored_still",
]
