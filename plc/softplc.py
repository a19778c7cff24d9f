"""The soft PLC: control and tracking of the line over a Plant, one ``scan`` at a time.

It keeps no clock and does no I/O: its host calls ``scan(now)`` at the PLC's cycle and lets the wire read and
write ``image``.  All state changes happen in ``scan``.  The rules are those of
docs/reference/plc-contract.md, whose ids stand beside the code that keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from plc.dryrun import DryPlant
from plc.handshake import Handshake
from plc.image import Image
from plc.linestate import LineState
from plc.manifest import Manifest, default_manifest
from plc.ownership import Ownership
from plc.packml import MODES, TARGETS, WAIT_STATES, Unit
from plc.plant import Plant
from plc.publishing import Publisher
from plc.stationwork import StationWork
from plc.tagmap import TagMap
from workcell.kernel.errors import ConfigError

_HOLDING_SECONDS = 0.04
_OPERATOR_CONFIRMS = ("unhold", "clear", "reset")
_NEEDS_SAFETY = ("clear", "reset", "start", "unhold", "unsuspend")
_RETIRES_GRANTS = ("stop", "complete", "abort")
_WAIT_FOR_ACTS = ("stopping", "completing", "suspending")


class SoftPlc:
    """A line's PLC.  ``stations`` are those that exist, in the order in which a book meets them.

    With a ``DryPlant`` it is in dry run and obeys stimuli.
    """

    def __init__(
        self,
        plant: Plant,
        tagmap: TagMap,
        stations: Sequence[str],
        *,
        manifest: Manifest | None = None,
        boot_id: int = 1,
    ) -> None:
        manifest = manifest or default_manifest()
        if not stations:
            raise ConfigError("a line needs a station", subject="soft PLC", remedy="Name its stations.")
        self._plant = plant
        self._dry = plant if isinstance(plant, DryPlant) else None
        self._map = tagmap
        self._manifest = manifest
        self._names = tuple(stations)
        self.image = Image(manifest.codec(tagmap), manifest.base)
        self._codec = self.image.codec
        self._commands = {number: name for name, number in tagmap.enumerations["command"].items()}
        self._power_up(boot_id)

    def _power_up(self, boot_id: int) -> None:
        self.boot_id = boot_id
        self.image.reset()
        self._line = LineState(self._plant, self._map)
        self._owner = Ownership(self._manifest.timing.scan_ms / 1000)
        self._stations = StationWork(self._line, self._owner, self.image, self._names, self._manifest)
        self._publisher = Publisher(self.image, self._line, self._owner, self._stations)
        self._hand = Handshake()
        self._pending = ""
        self._pending_seq = 0
        self._stimulus_seq = 0

    @property
    def unit(self) -> Unit:
        """The line's PackML unit."""
        return self._line.unit

    def reboot(self) -> None:
        """Power off and on: registers, sequence numbers, TrackIds are lost, matter stays (WC-BT-002)."""
        self._power_up(self.boot_id % 0xFFFF + 1)

    def local_mode(self, mode: str) -> bool:
        """Turn the mode switch at the machine; False where the state forbids it (WC-MD-003)."""
        return self.unit.change_mode(mode)

    # --- one scan ----------------------------------------------------------------------------------------

    def scan(self, now: float) -> None:
        """One cycle at ``now``, monotonic seconds."""
        elapsed = self._line.start_scan(now)
        self._take_stimulus()
        self._complete_state()
        self._watch_safety()
        self._take_line_commands(elapsed)
        self._stations.scan()
        self._publisher.publish(self.boot_id, self._hand, self._stimulus_seq if self._dry else None)

    # --- PackML ------------------------------------------------------------------------------------------

    def _complete_state(self) -> None:
        if self._state_is_complete():
            self._line.fire("sc")
        if self._pending and self.unit.state in (*WAIT_STATES, "execute"):
            self._end_pending("ok" if self.unit.state == TARGETS[self._pending] else "aborted")

    def _state_is_complete(self) -> bool:
        """WC-PM-004: what an acting state waits for; Holding is bounded so that it ends in time."""
        if self.unit.state == "holding":
            return not self._stations.running or self._line.in_state >= _HOLDING_SECONDS
        return not (self.unit.state in _WAIT_FOR_ACTS and self._stations.running)

    def _end_pending(self, code: str) -> None:
        """WC-PM-003: the end stands under the number of the command that it ends."""
        if self._pending:
            self._hand.finish(self._pending_seq, code)
            self._pending = ""

    def _abort(self, reason: str) -> None:
        if self._line.fire("abort", reason):
            self._stations.abort()

    def _watch_safety(self) -> None:
        """WC-SF-002: a trip arrives as Abort."""
        if not self._plant.safety_ok():
            self._abort("safety")
            self._line.raise_alarm("safety", 0)

    # --- commands to the line ----------------------------------------------------------------------------

    def _take_line_commands(self, elapsed: float) -> None:
        words = self.image.get(self._codec.span("line_command"))
        command = cast("dict[str, int]", self._codec.decode("line_command", words))
        if self._owner.watch(command, elapsed):
            self._stations.withdraw_grants()
            self._line.fire("hold", "host_silent")
        if self._owner.owns(command["owner"]):
            self._line.ring.acknowledge(command["event_ack"])
        if self._hand.is_new(command["cmd_seq"]):
            self._hand.answer(command["cmd_seq"], self._obey(command))

    def _obey(self, command: Mapping[str, int]) -> str:
        """Carry out a line command; its ack code.  The order of the questions is WC-HS-007."""
        name, mode = self._commands.get(command["cntrl_cmd"], ""), command["unit_mode"]
        if not self._owner.owns(command["owner"]):
            return "not_owner"
        if self.unit.mode != "production":
            return "wrong_mode"
        if name == "none" and 1 <= mode <= len(MODES):
            return self._obey_mode(MODES[mode - 1], command["cmd_seq"])
        if name in ("", "none") or mode:
            return "bad_parameter"
        return self._obey_state(name, command["cmd_seq"])

    def _obey_mode(self, mode: str, seq: int) -> str:
        if not self.unit.change_mode(mode):
            return "wrong_state"
        self._hand.finish(seq, "ok")
        return "accepted"

    def _obey_state(self, name: str, seq: int) -> str:
        if not self.unit.may(name) or name in self._manifest.left_out:
            return "wrong_state"
        if name in _NEEDS_SAFETY and not self._plant.safety_ok():
            return "interlock"
        self._end_pending("aborted")
        self._pending, self._pending_seq = name, seq
        if name == "abort":
            self._abort("command")
        else:
            self._line.fire(name, "" if name in _NEEDS_SAFETY else "command")
        if name in _RETIRES_GRANTS:
            self._stations.withdraw_grants()
        if name in _OPERATOR_CONFIRMS:
            self._line.alarms.clear()
            self._stations.confirm()
        return "accepted"

    # --- dry run -----------------------------------------------------------------------------------------

    def _take_stimulus(self) -> None:
        """WC-DR-002, WC-DR-003: in dry run only, each once."""
        if self._dry is None:
            return
        words = self.image.get(self._codec.span("dry_run"))
        stimulus = cast("dict[str, int]", self._codec.decode("dry_run", words))
        if stimulus["cmd_seq"] in (0, self._stimulus_seq):
            return
        kind = self._map.name("stimulus", stimulus["kind"])
        zone = self._map.name("station", stimulus["zone"]) if stimulus["zone"] else ""
        if kind == "restart":
            now = self._line.now
            self.reboot()
            self._line.start_scan(now)
            return
        self._stimulus_seq = stimulus["cmd_seq"]
        if kind == "production":
            self.local_mode("production")
        else:
            self._dry.stimulate(kind, zone)
