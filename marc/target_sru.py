"""SRU: one HTTP request a question, answered in XML.

Sources: SRU 1.1 and 1.2 (Library of Congress), searchRetrieve 2.0 (OASIS); SRU diagnostics list (5 version,
15/16 context set and index, 66/67 record schema).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import httpx

from marc.target_answers import Answer, answer_of, gone, late, refused
from marc.target_queries import Question, cql
from marc.targets import Target
from workcell.kernel.ports import Clock

_LARGEST = 32 * 1024 * 1024
_MARC_SPACES = (
    "{http://www.loc.gov/MARC21/slim}",
    "{info:lc/xmlns/marcxchange-v1}",
    "{info:lc/xmlns/marcxchange-v2}",
)
_UNSUPPORTED_VERSION = ("5",)
_UNSUPPORTED_INDEX = ("15", "16")
_CODE = re.compile(r"(\d+)\s*$")


class _Diagnostic(Exception):
    """The target's own word on why it can't answer."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


class SruConnection:
    """An SRU service; keeps its HTTP connection, and remembers which version and index names it takes."""

    def __init__(self, target: Target, clock: Clock) -> None:
        self._target = target
        self._clock = clock
        self._version = target.sru_version
        self._names: dict[str, int] = {}
        self._runner: asyncio.Runner | None = None
        self._client: httpx.AsyncClient | None = None

    def ask(self, question: Question) -> Answer:
        """As ``Connection.ask``."""
        self._runner = self._runner or asyncio.Runner()
        try:
            return self._runner.run(self._within_time(question))
        except TimeoutError as error:
            self.close()
            raise late(self._target) from error

    def close(self) -> None:
        """Close the HTTP connection."""
        if self._runner is not None:
            if self._client is not None:
                self._runner.run(self._client.aclose())
            self._runner.close()
        self._runner = self._client = None

    async def _within_time(self, question: Question) -> Answer:
        async with self._clock.timeout(self._target.timeout_s):
            return await self._ask(question)

    async def _ask(self, question: Question) -> Answer:
        """Ask, and ask anew by the next index name or an older version where the target takes that."""
        while True:
            names = {term.index: self._name(term.index) for term in question.terms}
            try:
                return self._answer(await self._fetch(cql(question, names)))
            except _Diagnostic as said:
                if said.code in _UNSUPPORTED_VERSION and self._version != "1.1":
                    self._version = "1.1"
                elif not (said.code in _UNSUPPORTED_INDEX and self._next_name(question, str(said))):
                    raise refused(self._target, f"refuses the question: {said}") from said

    def _name(self, index: str) -> str:
        return self._target.names(index)[self._names.get(index, 0)]

    def _next_name(self, question: Question, said: str) -> bool:
        """Turn to the next name of the index that the target complains of; False when there is none left."""
        indexes = list(dict.fromkeys(term.index for term in question.terms))
        named = [index for index in indexes if self._name(index).rpartition(".")[2] in said] or indexes
        for index in named:
            place = self._names.get(index, 0) + 1
            if place < len(self._target.names(index)):
                self._names[index] = place
                return True
        return False

    async def _fetch(self, query: str) -> bytes:
        target = self._target
        params = {
            "version": self._version, "operation": "searchRetrieve", "query": query,
            "maximumRecords": str(target.limit), "recordSchema": target.record_schema,
        }  # fmt: skip
        if self._version == "2.0":
            params |= {"queryType": "cql", "httpAccept": "application/sru+xml"}
        auth = httpx.BasicAuth(target.user, target.password) if target.user else None
        try:
            async with self._http().stream("GET", target.url, params=params, auth=auth) as response:
                if response.status_code != httpx.codes.OK:
                    raise refused(target, f"answers HTTP {response.status_code}")
                return await self._body(response)
        except httpx.TimeoutException as error:
            raise late(target) from error
        except httpx.DecodingError as error:
            raise refused(target, f"answers what is no SRU ({error})") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise gone(target, f"the connection failed ({_said(error)})") from error

    async def _body(self, response: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > _LARGEST:
                raise refused(self._target, "answers more than 32 MB")
        return bytes(body)

    def _http(self) -> httpx.AsyncClient:
        if self._client is None:
            self._client = httpx.AsyncClient(timeout=self._target.timeout_s, follow_redirects=True)
        return self._client

    def _answer(self, body: bytes) -> Answer:
        root = self._parsed(body)
        if not _local(root.tag).lower().endswith("response"):
            raise refused(self._target, f"answers <{_local(root.tag)}>, which is no SRU")
        for element in root:
            if _local(element.tag) == "diagnostics":
                raise _diagnostic(element)
        total = next((e.text or "" for e in root if _local(e.tag) == "numberOfRecords"), "")
        if not total.strip().isdigit():
            raise refused(self._target, "answers without a number of records")
        pieces = [ET.tostring(record) for record in self._records(root)]
        found = int(total)
        if found and not pieces:
            raise refused(self._target, f"found {found} records but sent none as MARCXML")
        return answer_of(found, pieces[: self._target.limit], self._target)

    def _records(self, root: ET.Element) -> Iterator[ET.Element]:
        """MARC records of an answer, packed as XML or as text (recordPacking)."""
        for element in root.iter():
            if element.tag.startswith(_MARC_SPACES) and _local(element.tag) == "record":
                yield element
            elif _local(element.tag) == "recordData" and not len(element) and (element.text or "").strip():
                packed = self._parsed((element.text or "").strip().encode("utf-8"))
                yield from (held for held in packed.iter() if _local(held.tag) == "record")

    def _parsed(self, body: bytes) -> ET.Element:
        if b"<!DOCTYPE" in body[:4096] or b"<!ENTITY" in body:
            raise refused(self._target, "answers XML with a document type declaration")
        try:
            return ET.fromstring(body)  # noqa: S314 - without declarations there are no entities to expand
        except (ET.ParseError, ValueError, LookupError) as error:
            raise refused(self._target, f"answers what is no XML ({error})") from error


def _diagnostic(element: ET.Element) -> _Diagnostic:
    held = {_local(child.tag): (child.text or "").strip() for child in element.iter()}
    code = _CODE.search(held.get("uri", ""))
    words = [held[key] for key in ("message", "details") if held.get(key)]
    return _Diagnostic(code[1] if code else "", ": ".join(words) or held.get("uri", "") or "no reason given")


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
