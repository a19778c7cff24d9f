"""The report of the kit: as JSON, and as a page of HTML that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import Any

from plc.conformance.kit import Finding, Report

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid #bbb; padding: .3rem .6rem; text-align: left; vertical-align: top; }
.pass td:nth-child(3) { color: #14532d; }
.fail { background: #fdecec; }
.fail td:nth-child(3) { color: #8b0000; font-weight: bold; }
"""


def as_json(report: Report) -> dict[str, Any]:
    """Give the report as `plc conform --json` prints it."""
    return {
        "level": report.level,
        "passed": report.passed,
        "vendor": report.vendor,
        "model": report.model,
        "endpoint": report.endpoint,
        "map": report.map_version,
        "counts": {"pass": report.count("pass"), "fail": report.count("fail"), "n/a": report.count("n/a")},
        "rules": [
            {
                "id": rule.id,
                "level": rule.level,
                "verdict": rule.verdict,
                "measured": rule.measured,
                "text": rule.text,
            }
            for rule in report.rules
        ],
    }


def as_html(report: Report) -> str:
    """Give the report as one page."""
    outcome = "passed" if report.passed else "not passed"
    title = f"{report.vendor} {report.model}: {report.level} {outcome}"
    rows = "".join(_row(rule) for rule in report.rules)
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>\n<h1>{escape(title)}</h1>\n"
        f"<p>Tag map {escape(report.map_version)}, {escape(report.endpoint)}. "
        f"{report.count('pass')} passed, {report.count('fail')} failed, "
        f"{report.count('n/a')} not applicable.</p>\n"
        "<table><thead><tr><th>rule</th><th>level</th><th>verdict</th><th>measured</th><th>text</th></tr>"
        f"</thead><tbody>\n{rows}</tbody></table>\n</body></html>\n"
    )


def _row(rule: Finding) -> str:
    kind = rule.verdict.replace("/", "")
    cells = (rule.id, rule.level, rule.verdict, rule.measured, rule.text)
    return f'<tr class="{kind}">' + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>\n"
