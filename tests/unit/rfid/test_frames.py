"""FEIG frames: published bytes, damaged bytes, and answers that can't be."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stations.rfid import feig_frames as frames
from stations.rfid.feig_frames import AnswerFeed
from workcell.kernel.errors import DeviceFault

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "rfid_vectors.json"
UID = "E004010012345678"


def vector(name: str) -> dict[str, Any]:
    if not VECTORS.exists():
        pytest.skip(f"{VECTORS} is not here")
    return next(row for row in json.loads(VECTORS.read_text("utf-8")) if row["id"] == name)


def test_published_requests() -> None:
    assert frames.request(0, 0x22, b"\x00\xff").hex().upper() == vector("frame-feig-0194")["hex"]
    assert frames.request(0, 0x32).hex().upper() == vector("frame-feig-0195")["hex"]
    assert frames.request(0xFF, 0xB0, b"\x27\x00\xc2").hex().upper() == vector("frame-feig-0197")["hex"]


def test_a_published_answer() -> None:
    row = vector("frame-feig-0193")
    (answer,) = AnswerFeed().take(bytes.fromhex(row["hex"]))
    assert (answer.address, answer.command, answer.status) == (0, 0x22, row["expect"]["status"])
    assert len(answer.data) == row["expect"]["length"] - 8


def answer(status: int, data: bytes, command: int = 0xB0) -> bytes:
    body = b"\x02" + (8 + len(data)).to_bytes(2, "big") + bytes([0, command, status]) + data
    return body + frames.crc16(body).to_bytes(2, "little")


@given(st.binary(max_size=40), st.binary(max_size=60), st.integers(1, 7))
def test_an_answer_is_found_behind_any_garbage_however_it_is_cut(
    garbage: bytes, data: bytes, step: int
) -> None:
    feed = AnswerFeed()
    whole = garbage.replace(b"\x02", b"\x03") + answer(0, data)
    found = [one for at in range(0, len(whole), step) for one in feed.take(whole[at : at + step])]
    assert [one.data for one in found] == [data]


def test_a_damaged_answer_is_passed_over() -> None:
    damaged = bytearray(answer(0, b"abc"))
    damaged[6] ^= 1
    assert AnswerFeed().take(bytes(damaged)) == []
    assert [one.data for one in AnswerFeed().take(bytes(damaged) + answer(0, b"abc"))] == [b"abc"]


def test_every_tag_command_names_its_tag() -> None:
    for data in (
        frames.write_blocks(UID, 3, [b"abcd", b"efgh"]), frames.lock_blocks(UID, 0, 2),
        frames.write_afi(UID, 7), frames.write_dsfid(UID, 6), frames.read_blocks(UID, 0, 4),
        frames.system_information(UID), frames.block_security(UID, 0, 4),
    ):  # fmt: skip
        assert data[1] & 0x07 == 0x01
        assert data[2:10].hex().upper() == UID
    assert frames.write_blocks(UID, 3, [b"abcd", b"efgh"])[10:] == b"\x03\x02\x04abcdefgh"


@pytest.mark.parametrize(
    "data",
    ["", "02", "01 03 06 E004010012345678 00", "01 03 06 1234010012345678", "02 03 06 E004010012345678"],
)
def test_inventories_that_can_not_be_are_refused(data: str) -> None:
    with pytest.raises(DeviceFault, match="not an inventory"):
        frames.parse_inventory(bytes.fromhex(data))


def test_only_iso_15693_tags_are_listed() -> None:
    data = bytes.fromhex("02 03 06 E004010012345678 01 00 E004010087654321")
    assert frames.parse_inventory(data) == [UID]


@given(st.binary(max_size=40))
def test_answers_of_wrong_size_are_refused(data: bytes) -> None:
    for parse, plausible in (
        (lambda: frames.parse_blocks(data, 2, 4), len(data) == 12 and data[:2] == b"\x02\x04"),
        (lambda: frames.parse_block_security(data, 3), len(data) == 4 and data[0] == 3),
        (lambda: frames.parse_system_information(data), len(data) == 13),
    ):
        if not plausible:
            with pytest.raises(DeviceFault):
                parse()
