"""A PostgreSQL server of our own for tests and benchmarks, in a folder, on a Unix socket."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_HOMES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))


def installed() -> bool:
    """Whether a server is there; as root it also needs the account ``postgres``, for it refuses root."""
    return bool(_HOMES) and (os.geteuid() != 0 or (shutil.which("runuser") is not None and _has_account()))


def _has_account() -> bool:
    return subprocess.run(["id", "postgres"], capture_output=True, check=False).returncode == 0


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A fresh server; gives the address of its database."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        for place in (folder, *folder.parents):
            if place == Path("/tmp"):
                break
            place.chmod(0o755)
        shutil.chown(folder, "postgres")
    data = folder / "data"
    _run("initdb", "-D", data, "-U", "workcell", "-A", "trust", "-E", "UTF8", "--no-sync")
    options = f"-k {folder} -c listen_addresses= -c fsync=off"
    _run("pg_ctl", "-D", data, "-l", folder / "log", "-o", options, "-w", "start")
    try:
        yield f"postgresql://workcell@/postgres?host={folder}"
    finally:
        _run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


def _run(program: str, *arguments: object) -> None:
    command = [str(_HOMES[-1] / program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/tmp", check=False
    )
    assert done.returncode == 0, done.stderr
