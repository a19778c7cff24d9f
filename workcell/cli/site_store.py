"""The site store of a command: opened, and closed again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workcell.cli.options import default_store
from workcell.kernel.errors import BadInput
from workcell.site import Site


@contextmanager
def site_of(store: Path | None) -> Iterator[Site]:
    """The site store in ``store`` (or the default one); raises BadInput where there is none."""
    path = (store or default_store()) / "site.sqlite"
    if not path.exists():
        raise BadInput("no site store here", subject=str(path), remedy="Give --store DIR.")
    site = Site.open(f"sqlite:///{path}")
    try:
        yield site
    finally:
        site.close()
