"""Errors by what they mean for the caller.

Every error says what happened, to which book or file, and what to do.  ``code`` is stable and has an
entry in ``docs/reference/errors.md``; ``exit_code`` is what the command line returns.
"""

from __future__ import annotations


class WorkcellError(Exception):
    """Base of all foreseen errors.

    ``what`` is one sentence, ``subject`` the file, key, device or book it happened to, ``remedy`` what a
    person can do about it.
    """

    code = "WC-ERROR"
    exit_code = 1

    def __init__(self, what: str, *, subject: str = "", remedy: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.subject = subject
        self.remedy = remedy

    def __str__(self) -> str:
        """One line: ``subject: what. remedy``."""
        head = f"{self.subject}: {self.what}" if self.subject else self.what
        return f"{head.rstrip('.')}. {self.remedy}" if self.remedy else head


class ConfigError(WorkcellError):
    """A layout, profile, order file or manifest says something that can't be used."""

    code = "WC-CONFIG"
    exit_code = 2


class BadInput(WorkcellError):
    """A file or value from outside is not what it should be; nothing was changed."""

    code = "WC-INPUT"


class Refused(WorkcellError):
    """The line, a unit or the store refused a request in its present state."""

    code = "WC-REFUSED"
    exit_code = 3


class DeviceGone(WorkcellError):
    """A device does not answer or its wire is dead."""

    code = "WC-DEVICE"
    exit_code = 4


class DeviceFault(WorkcellError):
    """A device answered that it can't: paper out, head open, tag lost, bad parameter."""

    code = "WC-FAULT"


class Doubtful(WorkcellError):
    """An effect may or may not have happened, and the hardware can't tell."""

    code = "WC-DOUBT"


class StorageFull(WorkcellError):
    """The disk or database refused to keep what must be kept; the line holds."""

    code = "WC-STORAGE"
