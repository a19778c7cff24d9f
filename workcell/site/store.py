"""The site store: everything that outlives a line and is shared by all of a site's lines and desks.

Methods are synchronous, short and transactional; they take the time as an argument and never read a clock.
"""

from __future__ import annotations

from workcell.site.audit import Audit
from workcell.site.batches import Batches
from workcell.site.cases import Cases
from workcell.site.database import Database
from workcell.site.journal_copy import JournalCopy
from workcell.site.numbers import Numbers
from workcell.site.outbox import Outbox
from workcell.site.register import Register
from workcell.site.reworks import Reworks
from workcell.site.rolls import Rolls
from workcell.site.sequences import Sequences
from workcell.site.spot_checks import SpotChecks


class Site:
    """One open site store, by the things it keeps."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.numbers = Numbers(database)
        self.rolls = Rolls(database)
        self.sequences = Sequences(database)
        self.batches = Batches(database)
        self.cases = Cases(database)
        self.register = Register(database)
        self.journal = JournalCopy(database)
        self.outbox = Outbox(database)
        self.spot_checks = SpotChecks(database)
        self.audit = Audit(database)
        self.reworks = Reworks(self.audit)

    @classmethod
    def open(cls, url: str) -> Site:
        """Connect, and bring the tables up to date.

        ``url`` is ``sqlite:///FOLDER/site.db`` (a path), ``sqlite://`` (in memory) or a PostgreSQL URL.
        Raises ConfigError for a URL that can't be used, StorageFull for a database that can't be opened.
        """
        return cls(Database.open(url))

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()
