"""Remote targets: where records can be asked for over SRU or Z39.50, how, and what they may be used for.

``targets.toml`` is data, validated like a profile; a target can also be named by its address alone.
Sources: SRU 1.1, 1.2 (Library of Congress) and 2.0 (OASIS searchRetrieve), Z39.50:2003 (bib-1 attributes).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from workcell.kernel.errors import ConfigError
from workcell.kernel.tables import Table, load_toml

Use = Literal["copy", "overlay"]
"""What a record may be used for: taken over as a copy record, or laid over the order's own brief record."""

_SCHEMES = {"z3950": "z3950", "z39.50": "z3950", "tcp": "z3950", "http": "sru", "https": "sru"}
_PORT_Z3950 = 210


class Indexes(Table):
    """How a target names what is searched.

    For Z39.50 a bib-1 Use attribute ("7"), for SRU one or more CQL indexes; of several the first that the
    target supports is used.
    """

    isbn: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    author: tuple[str, ...] = ()
    year: tuple[str, ...] = ()
    any: tuple[str, ...] = ()
    id: tuple[str, ...] = ()

    @field_validator("*", mode="before")
    @classmethod
    def _one_is_a_list(cls, value: object) -> object:
        return (value,) if isinstance(value, str) else value


_BIB1 = {"isbn": "7", "title": "4", "author": "1003", "year": "31", "any": "1016", "id": "12"}
_CQL = {
    "isbn": ("bath.isbn", "bib.isbn", "dc.identifier", "isbn"),
    "title": ("dc.title", "bath.title", "title"),
    "author": ("dc.creator", "bath.author", "author"),
    "year": ("dc.date", "bath.date", "date"),
    "any": ("cql.serverChoice", "cql.anywhere"),
    "id": ("rec.id", "rec.identifier", "id"),
}


class Target(Table):
    """One target; the one named ``catalogue`` is the library's own and asked for every book.

    ``url`` is ``z3950://host:port/database`` or the base address of an SRU service; where ``driver`` names
    another maker's driver it is whatever that takes for an address.  Targets of the lowest
    ``priority`` are asked first, those of the same together; the next only when these gave nothing.
    ``timeout_s`` bounds a whole answer.  After ``failures`` in a row a target rests for ``rest_s``.  An
    answer is believed for ``cache_days``.  ``may`` and ``republish`` say what its records may be used for:
    one that may not be republished is shown to the cataloguer and never taken over.  ``stripped`` fields
    (tags with ``.`` as a wildcard) are left out of its records.  ``charset`` is what Z39.50 questions are
    agreed to be in; empty leaves it to the target.
    """

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]*$")]
    url: str
    driver: str = ""
    title: str = ""
    priority: int = 50
    timeout_s: Annotated[float, Field(gt=0, le=120)] = 8.0
    limit: Annotated[int, Field(ge=1, le=100)] = 10
    failures: Annotated[int, Field(ge=1)] = 3
    rest_s: Annotated[float, Field(ge=0)] = 60.0
    cache_days: Annotated[int, Field(ge=0)] = 30
    may: tuple[Use, ...] = ("copy", "overlay")
    republish: bool = True
    stripped: tuple[str, ...] = ()
    syntax: Literal["usmarc", "unimarc", "xml"] = "usmarc"
    elements: str = "F"
    charset: str = "utf-8"
    sru_version: Literal["1.1", "1.2", "2.0"] = "1.2"
    record_schema: str = "marcxml"
    isbn_forms: tuple[Literal["13", "10", "hyphenated"], ...] = ("13", "10")
    indexes: Indexes = Indexes()
    user: str = ""
    password_env: str = ""

    @model_validator(mode="after")
    def _check(self) -> Target:
        if self.driver:
            return self
        parts = urlsplit(self.url)
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ValueError("url must be z3950://host:port/database or an http(s) address")
        if self.kind == "z3950":
            try:
                port = parts.port or _PORT_Z3950
            except ValueError as error:
                raise ValueError("the port in url is not a number below 65536") from error
            if not port:
                raise ValueError("the port in url is 0")
        return self

    @property
    def kind(self) -> Literal["sru", "z3950", "driver"]:
        """Which protocol the address asks for."""
        if self.driver:
            return "driver"
        return "z3950" if _SCHEMES[urlsplit(self.url).scheme] == "z3950" else "sru"

    @property
    def host(self) -> str:
        """Z39.50: ``host:port``."""
        parts = urlsplit(self.url)
        name = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{name}:{parts.port or _PORT_Z3950}"

    @property
    def database(self) -> str:
        """Z39.50: the database's name."""
        return urlsplit(self.url).path.strip("/") or "Default"

    @property
    def password(self) -> str:
        """The password, from the environment variable that the configuration names."""
        return os.environ.get(self.password_env, "") if self.password_env else ""

    def allows(self, use: Use) -> bool:
        """Whether its records may be used so."""
        return self.republish and use in self.may

    def names(self, index: str) -> tuple[str, ...]:
        """What the target calls ``isbn``, ``title`` …: its own configuration, else the usual names."""
        own: tuple[str, ...] = getattr(self.indexes, index)
        return own or ((_BIB1[index],) if self.kind == "z3950" else _CQL[index])


class Targets(Table):
    """A ``targets.toml``."""

    schema_: Literal["targets/1"] = Field(alias="schema")
    target: tuple[Target, ...] = ()

    @model_validator(mode="after")
    def _names_differ(self) -> Targets:
        names = [target.name for target in self.target]
        double = {name for name in names if names.count(name) > 1 or name in ("order", "vendor")}
        if double:
            raise ValueError(f"the name {sorted(double)[0]} is taken")
        return self


def load_targets(path: Path) -> tuple[Target, ...]:
    """The targets of a file, those to be asked first leading; raises ConfigError naming file and key."""
    return tuple(sorted(load_toml(path, Targets).target, key=lambda target: target.priority))


def is_target_address(text: str) -> bool:
    """Whether this is an address of a target rather than a path."""
    return urlsplit(text).scheme in _SCHEMES and "://" in text


def target_at(url: str) -> Target:
    """The target at an address, with the usual settings; raises ConfigError."""
    try:
        return Target(name="target", url=url)
    except ValidationError as error:
        said = str(error.errors()[0]["msg"]).removeprefix("Value error, ")
        raise ConfigError(said, subject=url, remedy="For instance z3950://localhost:9999/Default.") from error
