"""What ``--catalog`` and ``--targets`` of `run` and `desk` mean: files, a catalogue, or a target to ask."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

import marc
from workcell.kernel.errors import ConfigError

OWN = "catalogue"
"""The source name of the library's own records."""

Catalogs = Annotated[
    list[str] | None,
    typer.Option(
        "--catalog", metavar="PATH|URL",
        help="Records on file: MARC files, a catalogue (file or postgresql://…), or a target's address.",
    ),
]  # fmt: skip
TargetsFile = Annotated[
    Path | None, typer.Option("--targets", help="targets.toml: where else records may be asked for.")
]


def record_files(catalogs: Sequence[str] | None) -> tuple[Path, ...]:
    """The files among the entries of ``--catalog``."""
    return tuple(Path(entry) for entry in catalogs or () if "://" not in entry)


def shared_catalogue(catalogs: Sequence[str] | None) -> str:
    """The address of the PostgreSQL database among the entries of ``--catalog``, or ``""``."""
    return next((entry for entry in catalogs or () if marc.is_database_address(entry)), "")


def asked_targets(catalogs: Sequence[str] | None, targets: Path | None) -> tuple[marc.Target, ...]:
    """The targets of the file, and the one that is the library's own catalogue; raises ConfigError."""
    named = marc.load_targets(targets) if targets else ()
    addresses = [entry for entry in catalogs or () if marc.is_target_address(entry)]
    places = len(addresses) + bool(shared_catalogue(catalogs)) + bool(record_files(catalogs))
    if places + any(target.name == OWN for target in named) > 1:
        raise ConfigError(
            "the library's own records can't come from several places", subject="--catalog",
            remedy="Give files, or one address; other targets belong into --targets.",
        )  # fmt: skip
    own = [
        marc.target_at(address).model_copy(update={"name": OWN, "priority": 0, "cache_days": 0})
        for address in addresses
    ]
    return (*own, *named)
