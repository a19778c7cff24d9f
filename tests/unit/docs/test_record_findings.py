"""Every finding of the record checks is explained on its page, and no other."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PAGE = ROOT / "docs" / "reference" / "record-files.md"
_MADE_BY = {"error", "warning", "notice", "told"}


def _codes() -> set[str]:
    """The second argument wherever a finding is made."""
    modules = [*(ROOT / "marc").glob("rules_*.py"), ROOT / "marc" / "checking.py"]
    calls = [node for path in modules for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    return {
        node.args[1].value
        for node in calls
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in _MADE_BY and len(node.args) == 3
    }


def test_every_finding_is_on_the_page_and_no_other():
    listed = re.findall(r"^\| `([A-Z_]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE)
    assert sorted(listed) == sorted(_codes())
