"""Readers by URL, and what each of them can do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol

from stations.rfid.capability import Capability
from stations.rfid.feig import FeigReader
from stations.rfid.llrp import LlrpReader
from stations.rfid.rl866 import Rl866Reader
from workcell.kernel.errors import ConfigError
from workcell.kernel.ports import Clock, Connect, TagReader
from workcell.kernel.streams import connector


class Reader(TagReader, Protocol):
    """A tag reader that says what it can do; asking it for more raises DeviceFault."""

    @property
    def capabilities(self) -> Capability:
        """What this reader can do."""
        ...


def open_reader(url: str, clock: Clock, *, name: str = "reader") -> Reader:
    """A driver for ``[kind+]tcp://host:port`` or ``[kind+]serial:///dev/…?baud=…``, by itself feig.

    The wire is opened when it is first used.  Raises ConfigError for a kind that is not here.
    """
    head, plus, rest = url.partition("+")
    kind, endpoint = (head, rest) if plus and "://" not in head else ("feig", url)
    make = READER_KINDS.get(kind)
    if make is None:
        raise ConfigError(
            f"no kind of reader {kind!r}", subject=url, remedy=f"There are: {', '.join(READER_KINDS)}."
        )
    return make(name, connector(endpoint), clock)


READER_KINDS: Final[dict[str, Callable[[str, Connect, Clock], Reader]]] = {
    "feig": FeigReader,
    "llrp": LlrpReader,
    "rl866": Rl866Reader,
}
"""Drivers by the word that a URL or a layout names them by."""
