"""What commands print: one JSON object on standard output, everything for people on standard error."""

from __future__ import annotations

import json
import sys
from typing import Any

from rich.console import Console

from workcell.kernel.errors import WorkcellError

console = Console(stderr=True, highlight=False)
paper = Console(highlight=False)


def print_json(data: Any) -> None:
    """One JSON value on standard output."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2, default=str) + "\n")


def print_json_line(data: Any) -> None:
    """One JSON value on one line of standard output, at once."""
    sys.stdout.write(json.dumps(data, ensure_ascii=False, default=str) + "\n")
    sys.stdout.flush()


def print_line(text: str) -> None:
    """One line for people on standard error."""
    console.print(text, markup=False, soft_wrap=True)


def print_error(error: WorkcellError) -> None:
    """One clear line on standard error, with the error's stable code."""
    console.print(f"[bold red]{error.code}[/] ", end="")
    console.print(str(error), markup=False, soft_wrap=True)
