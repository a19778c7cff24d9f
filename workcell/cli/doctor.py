"""`workcell doctor`: what is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess  # tesseract is asked with fixed arguments
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import typer
from packaging.requirements import Requirement
from rich.markup import escape

from label_print.fonts import font_for
from marc.four_corner import unihan
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json
from workcell.kernel.errors import WorkcellError

_OURS = "cataloguing-workcell"

_EXTRAS: Mapping[str, str] = {
    "opcua": "the line's figures over OPC UA",
    "postgres": "a site store or catalogue on PostgreSQL",
    "tantivy": "faster searches in a catalogue of millions",
    "uhf": "UHF tag readers (LLRP)",
}
"""What each optional part of the installation is for."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for; one that is not ``needed`` may be missing, and is ``used_for`` this."""

    what: str
    ok: bool
    found: str
    mend: str = ""
    needed: bool = True
    used_for: str = ""


def doctor(json: Json = False) -> None:
    """Check Python, packages, programs, languages and fonts; exit 1 when something needed is missing."""
    findings = examine()
    whole = all(item.ok for item in findings if item.needed)
    if json:
        print_json({"ok": whole, "findings": [asdict(item) for item in findings]})
    else:
        for item in findings:
            paper.print(_line(item), soft_wrap=True)  # a command or a path is there to be copied
    raise typer.Exit(0 if whole else 1)


def _line(item: Finding) -> str:
    """One finding; below it what mends it, where something is missing."""
    said = f"{_mark(item)} {item.what:28} {escape(item.found)}"
    if item.ok:
        return said
    why = "" if item.needed else f"for {item.used_for}: "
    return f"{said}\n{'':10}{why}{escape(item.mend)}"


def _mark(item: Finding) -> str:
    if item.ok:
        return "[green]ok      [/]"
    return "[red]missing [/]" if item.needed else "[yellow]–       [/]"


def examine() -> list[Finding]:
    """Everything that the workcell needs, and what its optional parts need, looked for one by one."""
    return [
        _python(), *_packages(), _zbar(), *_tesseract(), *_fonts(), _yaz(), _four_corner(), _cups(), _disk(),
    ]  # fmt: skip


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    return Finding("Python ≥ 3.11", ok, platform.python_version(), "apt-get install python3")


def _packages() -> list[Finding]:
    """Every package that this installation says it needs, then those of its optional parts."""
    asked = [Requirement(text) for text in importlib.metadata.requires(_OURS) or ()]
    needed = [_package(each) for each in asked if _applies(each, "")]
    optional = [
        _package(each, extra)
        for extra in _EXTRAS
        for each in asked
        if _applies(each, extra) and not _applies(each, "")
    ]
    return needed + optional


def _applies(requirement: Requirement, extra: str) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


def _package(requirement: Requirement, extra: str = "") -> Finding:
    """A package in a version that will do; one of an ``extra`` may be missing."""
    mend = f"pip install '{_OURS}[{extra}]'" if extra else "script/bootstrap"
    try:
        version = importlib.metadata.version(requirement.name)
    except importlib.metadata.PackageNotFoundError:
        return Finding(requirement.name, False, "not installed", mend, not extra, _EXTRAS.get(extra, ""))
    fits = requirement.specifier.contains(version, prereleases=True)
    found = version if fits else f"{version}; {requirement.specifier} is needed"
    return Finding(requirement.name, fits, found, mend, not extra, _EXTRAS.get(extra, ""))


def _zbar() -> Finding:
    found = ctypes.util.find_library("zbar")
    return Finding("libzbar (pyzbar)", found is not None, found or "not found", "apt-get install libzbar0")


def _yaz() -> Finding:
    found = ctypes.util.find_library("yaz") or shutil.which("yaz-client")
    mend = "apt-get install libyaz5"
    return Finding("YAZ", found is not None, found or "not found", mend, False, "Z39.50 targets")


def _tesseract() -> list[Finding]:
    program = shutil.which("tesseract")
    if program is None:
        return [Finding("tesseract", False, "not found", "apt-get install tesseract-ocr")]
    listed = subprocess.run(
        [program, "--list-langs"], capture_output=True, text=True, check=False
    ).stdout.split()
    return [
        Finding(
            f"tesseract language {language}", language in listed, "yes" if language in listed else "no",
            f"apt-get install tesseract-ocr-{language.replace('_', '-')}",
        )
        for language in ("eng", "chi_sim", "osd")
    ]  # fmt: skip


def _fonts() -> list[Finding]:
    """The fonts that labels are set in."""
    findings = []
    for what, sample in (("Latin label font", "A"), ("Chinese label font", "书")):
        try:
            findings.append(Finding(what, True, str(font_for(sample, 20).path)))
        except WorkcellError as error:
            findings.append(Finding(what, False, error.what, error.remedy))
    return findings


def _four_corner() -> Finding:
    """The table of 四角号码, which Debian's Unicode data bring."""
    what, used_for = "Unihan (unicode-data)", "book numbers by four corners"
    try:
        return Finding(what, True, f"{len(unihan())} characters", "", False, used_for)
    except WorkcellError as error:
        return Finding(what, False, error.what, "apt-get install unicode-data", False, used_for)


def _cups() -> Finding:
    program = shutil.which("lp")
    mend = "apt-get install cups-client"
    return Finding("CUPS (lp)", program is not None, program or "not found", mend, False, "printers by queue")


def _disk() -> Finding:
    free = shutil.disk_usage(".").free / 2**30
    return Finding("free disk", free > 1, f"{free:.1f} GiB", "make room: images are kept 90 days by default")
