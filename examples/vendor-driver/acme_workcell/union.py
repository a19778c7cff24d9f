"""The ACME Union Catalogue: ``GET /find?title=…&title=…&limit=N`` is answered with ISO 2709 records in a row.

How many there are in all stands in the header ``X-Total``.  Values of which one must be met are parted by
``|``.
"""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from workcell.kernel.drivers import Driver, SourceSurroundings
from workcell.kernel.errors import DeviceFault, DeviceGone
from workcell.kernel.ports import Terms

_RECORD_END = b"\x1d"


def open_union(name: str, endpoint: str, around: SourceSurroundings) -> UnionCatalogue:
    """The catalogue at ``http://HOST/``; it is connected to with the first question."""
    account = (around.user, around.password) if around.user else None
    return UnionCatalogue(name, httpx.Client(base_url=endpoint, auth=account), around)


class UnionCatalogue:
    """A RecordSource of ``workcell.kernel.ports``."""

    def __init__(self, name: str, client: httpx.Client, around: SourceSurroundings) -> None:
        self._name = name
        self._client = client
        self._around = around

    def find(self, terms: Terms) -> tuple[int, Sequence[bytes]]:
        """The records that meet all terms; raises DeviceGone and DeviceFault."""
        asked = [(index, "|".join(values)) for index, values in terms]
        query = httpx.QueryParams([*asked, ("limit", str(self._around.limit))])
        try:
            total, answer = self._answer(query)
        except httpx.HTTPError as error:
            raise DeviceGone(
                f"no answer ({type(error).__name__})", subject=self._name, remedy="Check address and network."
            ) from error
        *records, rest = answer.split(_RECORD_END)
        if rest or not total.isdigit():
            raise DeviceFault("the answer is not a Union Catalogue's", subject=self._name)
        return int(total), [record + _RECORD_END for record in records]

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _answer(self, query: httpx.QueryParams) -> tuple[str, bytes]:
        """The number in the header, and the body; however slowly that dribbles in, no longer than allowed."""
        until = self._around.clock.now() + self._around.timeout_s
        received = bytearray()
        with self._client.stream("GET", "find", params=query, timeout=self._around.timeout_s) as answer:
            for piece in answer.iter_bytes():
                received += piece
                if self._around.clock.now() > until:
                    raise httpx.ReadTimeout("the whole answer took too long")
            if answer.status_code != httpx.codes.OK:
                words = received.decode("utf-8", "replace").strip()
                raise DeviceFault(words or f"HTTP {answer.status_code}", subject=self._name)
            return answer.headers.get("X-Total", ""), bytes(received)


UNION = Driver(api=1, open=open_union, text="ACME Union Catalogue, 2", met_hardware=False)
"""What the entry point ``source.acme-union`` leads to."""
