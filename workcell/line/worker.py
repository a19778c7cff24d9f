"""A recognition or lookup process: jobs in, answers out, one JSON object a line.

Run as ``python -m workcell.line.worker TABLE`` by the pool, TABLE naming the jobs it knows; it lowers its
own priority so that the control loop keeps its rhythm, and ends with its standard input.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TextIO

_NICENESS = 10
_TABLES = {"recognition": "workcell.line.recognition", "fetching": "workcell.line.fetching"}
"""Where the jobs of a table stand; asking a target must not wait for the models of recognition to load."""


def main() -> None:
    """Serve jobs from standard input until it ends."""
    os.nice(_NICENESS)
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what libraries print must not mix with answers
    with suppress(BrokenPipeError, KeyboardInterrupt):  # nobody waits for the answer any more
        serve(sys.stdin, answers, *sys.argv[1:])
    os._exit(0)


def serve(jobs: TextIO, answers: TextIO, table: str = "recognition") -> None:
    """Answer each job line; a job that fails answers with its error and the process lives on."""
    known = importlib.import_module(_TABLES[table]).JOBS
    for line in jobs:
        job = json.loads(line)
        answers.write(json.dumps(answer(job, known), ensure_ascii=False) + "\n")
        answers.flush()


def answer(
    job: Mapping[str, Any], table: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]]
) -> dict[str, Any]:
    """The answer to one job: ``{"result": …}`` or ``{"error": …}``."""
    try:
        return {"result": table[job["kind"]](job["request"])}
    except Exception as error:  # the pool must hear of every failure, whatever its class
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
