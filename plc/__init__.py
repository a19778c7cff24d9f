"""The PLC: one tag map, PackML, links over TCP and serial lines, and a soft PLC to run a line without one.

The map comes first, then who stands on its two sides: the host's link and the PLC, with the plant behind it.
"""

from plc.handshake import is_newer, next_seq
from plc.link import PlcLink
from plc.manifest import Manifest, default_manifest, load_manifest
from plc.packml import COMMANDS, MODES, STATES, TRANSITIONS, WAIT_STATES, Unit
from plc.plant import Plant
from plc.server import PlcHost
from plc.softplc import SoftPlc
from plc.tagmap import Codec, TagMap, builtin_tagmap, load_tagmap
from plc.tracking import UNKNOWN_BIT

__all__ = [
    "COMMANDS",
    "MODES",
    "STATES",
    "TRANSITIONS",
    "UNKNOWN_BIT",
    "WAIT_STATES",
    "Codec",
    "Manifest",
    "Plant",
    "PlcHost",
    "PlcLink",
    "SoftPlc",
    "TagMap",
    "Unit",
    "builtin_tagmap",
    "default_manifest",
    "is_newer",
    "load_manifest",
    "load_tagmap",
    "next_seq",
]
