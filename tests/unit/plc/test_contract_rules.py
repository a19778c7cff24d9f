"""Every rule of the contract is kept by a test that names it."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).parents[2]
CONTRACT = TESTS.parent / "docs" / "reference" / "plc-contract.md"
PROGRAM = TESTS.parent / "plc"
RULE = re.compile(r"WC-[A-Z]{2}-\d{3}")
RANGE = re.compile(r"(WC-[A-Z]{2}-)(\d{3})\.\.(\d{3})")


def _named_in(*folders: Path) -> set[str]:
    named: set[str] = set()
    for folder in folders:
        for path in folder.glob("*.py"):
            text = path.read_text("utf-8")
            named |= set(RULE.findall(text))
            for prefix, first, last in RANGE.findall(text):
                named |= {f"{prefix}{number:03}" for number in range(int(first), int(last) + 1)}
    return named


def _rules() -> list[str]:
    return re.findall(r"^- \*\*(WC-[A-Z]{2}-\d{3})\*\*", CONTRACT.read_text("utf-8"), re.MULTILINE)


def test_every_rule_is_named_by_a_test() -> None:
    missing = set(_rules()) - _named_in(TESTS / "unit" / "plc", TESTS / "contract" / "plc")
    assert not missing


def test_tests_and_program_name_no_rule_that_is_not_there() -> None:
    named = _named_in(TESTS / "unit" / "plc", TESTS / "contract" / "plc", PROGRAM)
    assert not named - set(_rules())


def test_a_rule_has_one_id_and_an_id_one_rule() -> None:
    rules = _rules()
    assert len(rules) == len(set(rules)) > 40
    assert rules == sorted(rules, key=lambda rule: (rules.index(_first_of(rule, rules)), rule))


def _first_of(rule: str, rules: list[str]) -> str:
    return next(other for other in rules if other[:5] == rule[:5])
