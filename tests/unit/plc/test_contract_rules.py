"""Every rule of the contract is kept by a test or a check of the kit that names it."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

from plc import builtin_tagmap, default_manifest
from plc.conformance import CHECKS, LEVELS
from plc.modbus import crc16, read_request, write_request

TESTS = Path(__file__).parents[2]
CONTRACT = TESTS.parent / "docs" / "reference" / "plc-contract.md"
PROGRAM = TESTS.parent / "plc"
TEXT = CONTRACT.read_text("utf-8")
RULE = re.compile(r"WC-[A-Z]{2}-\d{3}")
RANGE = re.compile(r"(WC-[A-Z]{2}-)(\d{3})\.\.(\d{3})")


def _named_in(*folders: Path) -> set[str]:
    named: set[str] = set()
    for folder in folders:
        for path in folder.rglob("*.py"):
            text = path.read_text("utf-8")
            named |= set(RULE.findall(text))
            for prefix, first, last in RANGE.findall(text):
                named |= {f"{prefix}{number:03}" for number in range(int(first), int(last) + 1)}
    return named


def _rules() -> list[str]:
    return re.findall(r"^- \*\*(WC-[A-Z]{2}-\d{3})\*\*", TEXT, re.MULTILINE)


def test_every_rule_is_named_by_a_test_or_a_check_of_the_kit() -> None:
    proved = _named_in(TESTS / "unit" / "plc", TESTS / "contract" / "plc") | {check.rule for check in CHECKS}
    assert not set(_rules()) - proved


def test_nothing_names_a_rule_that_is_not_there() -> None:
    named = _named_in(TESTS / "unit" / "plc", TESTS / "contract" / "plc", PROGRAM) | set(RULE.findall(TEXT))
    program = TESTS.parent / "examples" / "plc" / "workcell.st"
    named |= set(RULE.findall(program.read_text("utf-8")))
    assert not named - set(_rules())


def test_a_rule_has_one_id_and_an_id_one_rule() -> None:
    rules = _rules()
    assert len(rules) == len(set(rules)) > 70
    assert rules == sorted(rules, key=lambda rule: (rules.index(_first_of(rule, rules)), rule))


def _first_of(rule: str, rules: list[str]) -> str:
    return next(other for other in rules if other[:5] == rule[:5])


@pytest.mark.parametrize("level", LEVELS)
def test_the_page_lists_what_the_kit_asks(level: str) -> None:
    listed = re.search(rf"^- {level}: (.*?)(?=^- |\Z)", TEXT, re.MULTILINE | re.DOTALL)
    assert listed
    assert set(RULE.findall(listed[1])) == {check.rule for check in CHECKS if check.level == level}


def test_the_table_of_blocks_is_that_of_the_map() -> None:
    tagmap, codec = builtin_tagmap(), default_manifest().codec(builtin_tagmap())
    shown = re.findall(r"^\| (\w+) \| (\d+)–(\d+) \| (\d+) \|", TEXT, re.MULTILINE)
    assert {name: (int(first), int(last), int(words)) for name, first, last, words in shown} == {
        name: (span.address, span.address + span.count - 1, span.count)
        for name in tagmap.blocks
        for span in (codec.span(name),)
    }


def _frames() -> list[tuple[str, bytes]]:
    found = re.findall(r"^(TCP|RTU)  ([0-9A-F ]+)$", TEXT, re.MULTILINE)
    return [(kind, bytes.fromhex(text)) for kind, text in found]


def test_the_worked_examples_are_right() -> None:
    """WC-RG-002, WC-LN-002: every frame of the page, as the codec and the framers make it."""
    codec = default_manifest().codec(builtin_tagmap())
    token = {"owner": 0x1234_5678}
    claim = codec.encode("line_command", {**token, "heartbeat": 1, "stamp": 256})[:5]
    reset = codec.encode(
        "line_command", {**token, "heartbeat": 2, "stamp": 257, "cntrl_cmd": 1, "cmd_seq": 1}
    )
    feed = codec.encode_entry(
        "station_command", {**token, "verb": 2, "params": (0, 9, 0, 0, 0, 0), "cmd_seq": 1}
    )
    hot = codec.encode(
        "line",
        {
            "signature": 0x5743, "map_version": 258, "block_id": 1, "beat": 512, "stamp_echo": 257,
            "boot_id": 7, "state": 4, "mode": 1, "ack_seq": 1, "ack_code": 1, "done_seq": 1, "safety": 1,
            "line_change": 2,
        },
    )[:16]  # fmt: skip
    pdus = [
        write_request(1024, claim).pdu,
        write_request(1024, reset).pdu,
        read_request(0, 16).pdu,
        bytes((3, 32)) + struct.pack(">16H", *hot),
        write_request(1088, feed).pdu,
    ]
    numbers = [1, 2, 3, 3, 4]
    expected = []
    for number, pdu in zip(numbers, pdus, strict=True):
        expected.append(("TCP", struct.pack(">HHHB", number, 0, len(pdu) + 1, 1) + pdu))
        body = b"\x01" + pdu
        expected.append(("RTU", body + struct.pack("<H", crc16(body))))
    assert _frames() == expected


def test_every_key_of_the_manifest_is_explained() -> None:
    section = TEXT[TEXT.index("## The vendor's manifest") :]
    manifest = type(default_manifest())
    keys = [
        field.alias or name for name, field in manifest.model_fields.items() if name not in ("base", "timing")
    ]
    keys += [*type(default_manifest().base).model_fields, *type(default_manifest().timing).model_fields]
    assert not [key for key in keys if f"`{key}`" not in section]
