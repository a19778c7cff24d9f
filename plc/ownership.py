"""Who may write to the line, and when the one who may is taken for gone."""

from __future__ import annotations

from collections.abc import Mapping

WATCHDOG_SECONDS = 1.0
_ROUNDING = 1e-6  # of added scan times
_LONGEST_SCAN = 0.1  # one scan that came late must not look like a silent host


class Ownership:
    """One writer, known by its token and its moving heartbeat (WC-OW-001..003, WC-WD-001)."""

    def __init__(self, scan_seconds: float) -> None:
        """``scan_seconds`` is the longest scan that is no late one."""
        self._longest_scan = max(_LONGEST_SCAN, scan_seconds)
        self.token = 0
        self.heartbeat = 0
        self.stamp = 0
        self._silent = 0.0

    def owns(self, token: int) -> bool:
        """Whether a command with this token is the owner's."""
        return token != 0 and token == self.token

    def watch(self, command: Mapping[str, int], elapsed: float) -> bool:
        """Look at the line's command block once a scan; True when the owner has just gone."""
        token, heartbeat = command["owner"], command["heartbeat"]
        lost = False
        if heartbeat != self.heartbeat and token and self.token in (0, token):
            self.token, self.heartbeat, self._silent = token, heartbeat, 0.0
        elif self.token:
            self._silent += min(elapsed, self._longest_scan)
            lost = self._silent >= WATCHDOG_SECONDS - _ROUNDING or token == 0
        if lost:
            self.token, self.heartbeat = 0, heartbeat
        if self.owns(token):
            self.stamp = command["stamp"]
        return lost
