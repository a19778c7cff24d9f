"""The command line."""

from workcell.cli.app import main

__all__ = ["main"]
