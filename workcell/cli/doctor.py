"""`workcell doctor`: what is installed, what is missing, and the command that mends it."""

from __future__ import annotations

import ctypes.util
import importlib.metadata
import importlib.util
import platform
import shutil
import subprocess  # tesseract is asked with fixed arguments
import sys
from dataclasses import asdict, dataclass

import typer
from rich.table import Table

from label_print.fonts import font_for
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json
from workcell.kernel.errors import WorkcellError

_PACKAGES = (
    ("pymarc", "pymarc"), ("opencv-python-headless", "cv2"), ("zxing-cpp", "zxingcpp"),
    ("pytesseract", "pytesseract"), ("rapidocr", "rapidocr"), ("transitions", "transitions"),
    ("pyserial", "serial"), ("pymodbus", "pymodbus"), ("sqlalchemy", "sqlalchemy"),
)  # fmt: skip


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for."""

    what: str
    ok: bool
    found: str
    mend: str = ""


def doctor(json: Json = False) -> None:
    """Check Python, packages, programs, languages and fonts; exit 1 when something is missing."""
    findings = examine()
    if json:
        print_json({"ok": all(item.ok for item in findings), "findings": [asdict(item) for item in findings]})
    else:
        table = Table("", "what", "found", "to mend it", box=None, pad_edge=False, header_style="bold")
        for item in findings:
            mark = "[green]ok[/]" if item.ok else "[red]missing[/]"
            table.add_row(mark, item.what, item.found, "" if item.ok else item.mend)
        paper.print(table)
    raise typer.Exit(0 if all(item.ok for item in findings) else 1)


def examine() -> list[Finding]:
    """Everything that the workcell needs, looked for one by one."""
    return [_python(), *(_package(*names) for names in _PACKAGES), _zbar(), *_tesseract(), *_fonts(), _disk()]


def _python() -> Finding:
    ok = sys.version_info >= (3, 11)
    return Finding("Python ≥ 3.11", ok, platform.python_version(), "apt-get install python3")


def _package(name: str, module: str) -> Finding:
    if importlib.util.find_spec(module) is None:
        return Finding(name, False, "not installed", "script/bootstrap")
    return Finding(name, True, importlib.metadata.version(name))


def _zbar() -> Finding:
    found = ctypes.util.find_library("zbar")
    return Finding("libzbar (pyzbar)", found is not None, found or "not found", "apt-get install libzbar0")


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
    findings = []
    for what, sample, package in (
        ("Latin font", "A", "fonts-dejavu-core"),
        ("Chinese font", "书", "fonts-wqy-microhei"),
    ):
        try:
            findings.append(Finding(what, True, str(font_for(sample, 20).path)))
        except WorkcellError as error:
            findings.append(Finding(what, False, error.what, f"apt-get install {package}"))
    return findings


def _disk() -> Finding:
    free = shutil.disk_usage(".").free / 2**30
    return Finding("free disk", free > 1, f"{free:.1f} GiB", "make room: images are kept 90 days by default")
