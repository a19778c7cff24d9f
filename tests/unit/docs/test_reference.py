"""The hand-written reference: every code, event and key that the source has, and none that it lacks."""

import ast
import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from workcell.kernel import errors
from workcell.kernel.layout import load_layout
from workcell.kernel.model import Decision, DecisionKind, Outcome, Reason
from workcell.kernel.profile import load_profile
from workcell.site import BatchResult, BookResult, Case, CaseKind, Pace
from workcell.site.counts import batch_json
from workcell.site.delivery import ITEM_COLUMNS
from workcell.site.review import case_to_json
from workcell.twin import load_box
from workcell.twin.serve import Run, build_world

ROOT = Path(__file__).resolve().parents[3]
REFERENCE = ROOT / "docs" / "reference"
EXAMPLES = ROOT / "examples"
_CODE = re.compile(r"[A-Z]{3,}(?:_[A-Z]+)*")
_PACKAGES = ("stations", "workcell", "marc", "vision", "plc", "label_print")
_REASONS = frozenset({"Reason", "to_review", "to_reject", "lose", "void"})


def _nodes(*packages: str) -> Iterator[ast.AST]:
    """Every node of the source."""
    for package in packages:
        root = ROOT / package
        for path in [root] if root.is_file() else sorted(root.rglob("*.py")):
            yield from ast.walk(ast.parse(path.read_text("utf-8")))


def _calls(*packages: str) -> Iterator[tuple[str, ast.Call]]:
    """Every call in the source, with the name of what is called."""
    for node in _nodes(*packages):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", "")), node


def _pairs(*packages: str) -> Iterator[tuple[str, str]]:
    """Every pair of constant texts: tables hold a code and its sentence so."""
    for node in _nodes(*packages):
        if isinstance(node, ast.Tuple) and len(node.elts) == 2:
            first, second = (getattr(element, "value", None) for element in node.elts)
            if isinstance(first, str) and isinstance(second, str):
                yield first, second


def _texts(call: ast.Call) -> list[str]:
    """Constant texts in the arguments of a call."""
    return [
        node.value
        for argument in call.args
        for node in ast.walk(argument)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]


def _first_cells(page: str, *headings: str) -> set[str]:
    """What stands in backticks in the first cells of the tables, below ``headings`` or all."""
    text = (REFERENCE / page).read_text("utf-8")
    sections = re.split(r"^(#{2,3} .+)$", text, flags=re.MULTILINE)
    cells: set[str] = set()
    for heading, body in zip(sections[1::2], sections[2::2], strict=True):
        if not headings or heading.lstrip("# ") in headings:
            for row in re.findall(r"^\|([^|]+)\|", body, re.MULTILINE):
                cells.update(re.findall(r"`([^`]+)`", row))
    return cells


def _section(page: str, heading: str) -> set[str]:
    """Everything in backticks in one section."""
    text = (REFERENCE / page).read_text("utf-8")
    found = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, heading
    return set(re.findall(r"`([^`]+)`", found[1]))


# --- errors.md -------------------------------------------------------------------------------------------


def test_every_error_class_has_its_entry_with_its_exit_code():
    kinds = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    codes = {kind.code: kind.exit_code for kind in kinds if issubclass(kind, errors.WorkcellError)}
    page = (REFERENCE / "errors.md").read_text("utf-8")
    rows = dict(re.findall(r"^\| `(WC-[A-Z]+)` \|.*\| (\d) \|$", page, re.MULTILINE))
    assert {code: int(exit_code) for code, exit_code in rows.items()} == codes


def test_every_reason_code_has_its_entry_and_no_other():
    called = [text for name, call in _calls(*_PACKAGES) if name in _REASONS for text in _texts(call)]
    tabled = [code for code, sentence in _pairs(*_PACKAGES) if sentence.endswith(".")]
    made = {text for text in (*called, *tabled) if _CODE.fullmatch(text)}
    # A station that fails gives the code of its error without "WC-".
    failing = (errors.Doubtful, errors.DeviceFault, errors.Refused, errors.BadInput)
    made |= {kind.code.removeprefix("WC-") for kind in failing}
    listed = {cell for cell in _first_cells("errors.md") if _CODE.fullmatch(cell)}
    assert sorted(made - listed) == [], "without an entry in docs/reference/errors.md"
    assert sorted(listed - made) == [], "in docs/reference/errors.md only"


def test_every_end_of_a_tag_transaction_has_its_entry():
    write = "stations/rfid/write.py"
    ends = {"written", "unchanged"}
    ends |= {_texts(call)[0] for name, call in _calls(write) if name == "_Stop" and _texts(call)}
    assert _first_cells("errors.md", "Tags") == ends


def test_every_alarm_has_its_entry():
    keys = set()
    for path in sorted((ROOT / "workcell" / "line").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            keys |= {_alarm(value) for value in _alarm_keys(node)} - {""}
    listed = {cell.partition(":")[0] for cell in _first_cells("errors.md", "Alarms") if " " not in cell}
    assert {"jam", "device", "counts"} <= keys
    assert keys <= listed


def _alarm_keys(node: ast.AST) -> list[ast.expr]:
    if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "alarm":
        return node.args[:1]
    named_key = isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == "key" for target in node.targets
    )
    return [node.value] if named_key and isinstance(node, ast.Assign) else []


def _alarm(value: ast.expr) -> str:
    """The fixed beginning of an alarm's key."""
    if isinstance(value, ast.JoinedStr):
        value = value.values[0]
    text = value.value if isinstance(value, ast.Constant) else ""
    return str(text).partition(":")[0]


# --- events.md -------------------------------------------------------------------------------------------


def test_every_type_of_event_has_its_entry_and_no_other():
    written = set()
    for name, call in _calls("workcell/line", "stations"):
        if name in ("write", "note") and call.args and isinstance(call.args[0], ast.Constant):
            written.add(str(call.args[0].value))
    written = {text for text in written if re.fullmatch(r"[a-z]+\.[a-z_]+", text)}
    written |= _folded()
    listed = {cell for cell in _first_cells("events.md") if "." in cell}
    assert listed == written


def _folded() -> set[str]:
    """The types that the fold understands, those with a computed name among them."""
    tree = ast.parse((ROOT / "workcell" / "line" / "projection.py").read_text("utf-8"))
    table = next(
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "_HANDLERS"
    )
    assert isinstance(table, ast.Dict)
    return {str(key.value) for key in table.keys if isinstance(key, ast.Constant)}


# --- outputs.md ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def batch():
    book = BookResult("twin-20261120-01-0001", 1, Outcome.REVIEW, (Reason("SURPLUS", "One too many."),))
    profile = load_profile(EXAMPLES / "profiles" / "en.toml")
    return BatchResult(
        "twin-20261120-01", "twin", profile, datetime(2026, 11, 20, tzinfo=UTC), 60.0, Pace(100.0), (book,)
    )


def test_every_key_of_batch_json_is_described(batch):
    content = batch_json(batch)
    assert set(content) | set(content["books"][0]) <= _section("outputs.md", "batch.json")


def test_every_column_of_items_csv_is_described():
    assert set(ITEM_COLUMNS) <= _section("outputs.md", "items.csv")


def test_every_key_of_case_json_is_described():
    decision = Decision(DecisionKind.REVIEW, None, 0.0, 0.85)
    case = Case("R00001", CaseKind.TITLE, "b", "isbn:9780140275018", ("b-1",), (), {}, decision)
    content = case_to_json(case)
    described = _section("outputs.md", "case.json")
    assert set(content) | set(content["decision"]) <= described


def test_every_key_of_truth_json_is_described():
    layout = load_layout(EXAMPLES / "layouts" / "twin.toml")
    world = build_world(layout, load_box(EXAMPLES / "shipments" / "en" / "box.json"), None, Run(1, 1))
    truth = world.truth()
    world.close()
    assert set(truth) | set(truth["books"][0]) <= _section("outputs.md", "truth.json")
