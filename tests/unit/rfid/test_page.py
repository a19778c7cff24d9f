"""Every finding of the tag decoders is explained on its page with its severity, and no other."""

import ast
import re
from pathlib import Path

from stations.rfid import ELEMENT_NAMES, MODELS

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reference" / "rfid.md").read_text("utf-8")


def made() -> set[tuple[str, str]]:
    calls = [
        node
        for path in (ROOT / "stations" / "rfid").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
    ]
    return {(node.args[0].value, node.args[1].value) for node in calls}  # type: ignore[attr-defined]


def test_every_finding_is_on_the_page_and_no_other() -> None:
    listed = re.findall(r"^\| `([a-z_]+)` \| (error|warning) \|", PAGE, re.MULTILINE)
    assert sorted(listed) == sorted(made())


def test_every_model_and_every_element_is_on_the_page() -> None:
    assert set(re.findall(r"^\| `([a-z0-9-]+)` \| (?:ISO 15693|UHF)", PAGE, re.MULTILINE)) == set(MODELS)
    table = PAGE[PAGE.index("| OID | element |") : PAGE.index("`28560-3` has places")]
    cells = re.findall(r"\| ([0-9, ]+) (?=\|)", table)
    assert {int(number) for cell in cells for number in cell.split(",")} == set(ELEMENT_NAMES)
