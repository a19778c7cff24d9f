"""The conformance kit: proves that a PLC keeps the contract, and says what to do where it does not."""

from plc.conformance.checks import LEVELS, Check, Level
from plc.conformance.kit import CHECKS, Finding, Kit, Report
from plc.conformance.report import as_html, as_json

__all__ = ["CHECKS", "LEVELS", "Check", "Finding", "Kit", "Level", "Report", "as_html", "as_json"]
