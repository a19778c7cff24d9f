"""The PLC: one tag map, PackML, links over TCP and serial lines, and a soft PLC to run a line without one.

The map comes first, then who stands on its two sides: the host's link and the PLC, with the plant behind it.
"""

from plc.codec import Codec
from plc.dryrun import DryPlant
from plc.handshake import is_newer, next_seq
from plc.link import PlcLink
from plc.manifest import Manifest, default_manifest, load_manifest
from plc.mapdoc import as_csv, as_json, as_markdown
from plc.packml import COMMANDS, MODES, STATES, TRANSITIONS, WAIT_STATES, Unit
from plc.plant import Plant
from plc.pseudoterminal import PseudoTerminal
from plc.server import PlcHost
from plc.softplc import SoftPlc
from plc.structured_text import declarations
from plc.tagmap import TagMap, builtin_tagmap, load_tagmap
from plc.tracking import UNKNOWN_BIT

__all__ = [
    "COMMANDS",
    "MODES",
    "STATES",
    "TRANSITIONS",
    "UNKNOWN_BIT",
    "WAIT_STATES",
    "Codec",
    "DryPlant",
    "Manifest",
    "Plant",
    "PlcHost",
    "PlcLink",
    "PseudoTerminal",
    "SoftPlc",
    "TagMap",
    "Unit",
    "as_csv",
    "as_json",
    "as_markdown",
    "builtin_tagmap",
    "declarations",
    "default_manifest",
    "is_newer",
    "load_manifest",
    "load_tagmap",
    "next_seq",
]
