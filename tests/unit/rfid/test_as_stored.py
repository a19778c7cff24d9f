"""A tag that was decoded is written again as it was, with all that another encoder was free to choose."""

import json
from typing import Any

import pytest

from stations.rfid import Value, cultu, decode_dump, encode_told, iso28560_2, iso28560_3
from stations.rfid.iso28560_3 import Extension
from workcell.kernel.errors import BadInput


def told_of(*banks: bytes) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(json.dumps(decode_dump(*banks).to_json()))
    return told


def again(told: dict[str, Any], **options: Any) -> bytes:
    values = [Value(int(oid), text) for oid, text in told["elements"].items() if oid != "2"]
    return bytes.fromhex(encode_told(values, told["model"], told, **options).to_json()["hex"])


@pytest.mark.parametrize("behind", [b"", b"\0\0\0W_OK", b"\0" + b"\xff" * 20, b"\0" + bytes(range(60))])
def test_memory_comes_back_in_its_length_with_what_stands_behind(behind: bytes) -> None:
    memory = (iso28560_2.encode({1: "E555672", 6: "QA268.L55"}).data + behind).ljust(112, b"\0")
    assert again(told_of(memory)) == memory


def test_a_tag_too_small_for_the_layout_is_laid_out_anew() -> None:
    memory = iso28560_2.encode({1: "E555672"}).data.ljust(112, b"\0")
    assert len(again(told_of(memory), capacity=16)) <= 16


def test_a_short_basic_block_stays_short() -> None:
    memory = iso28560_3.encode({1: "11223344", 3: "DE-705"}, capacity=32).data
    assert len(memory) == 32 and again(told_of(memory)) == memory


def test_fillers_and_repeated_extension_blocks_stay() -> None:
    blocks = (
        Extension(101, b"\x07", fillers=3),
        Extension(4, b"Emma"),
        Extension(101, b"\x08\x09", fillers=1),
    )
    memory = iso28560_3.encode({1: "11223344", 3: "DE-705"}, extensions=blocks).data
    assert again(told_of(memory)) == memory
    told = told_of(memory)
    told["elements"]["17"] = "Persuasion"
    assert told_of(again(told))["elements"]["17"] == "Persuasion"
    told["extensions"] = {"101": "AA"}
    assert told_of(again(told))["extensions"] == {"4": b"Persuasion".hex().upper(), "101": "AA"}


def test_a_wide_epc_stays_wide_with_its_head() -> None:
    image = cultu.encode({1: "ABC012", 4: "1/2"}, wide=True)
    bank = image.pc.to_bytes(2, "big") + image.uii[:1] + b"\x44" + image.uii[2:]
    told = told_of(bank, image.user)
    assert len(image.uii) == cultu.WIDE_EPC and again(told) == bank + image.user
    lent = encode_told([Value(1, "ABC012")], "cultu", told, afi=0xC2).to_json()
    assert lent["afi"] == "00" and told_of(bytes.fromhex(lent["epc"]))["afi"] == "C2"


@pytest.mark.parametrize(
    "wrong", [{"bytes": -1}, {"bytes": 10**12}, {"bytes": "x"}, {"behind": "0"}, {"behind": 5}]
)
def test_what_is_not_as_it_was_given_is_refused_in_one_line(wrong: dict[str, Any]) -> None:
    told = told_of(iso28560_2.encode({1: "E555672"}).data) | wrong
    with pytest.raises(BadInput, match="as `tag decode` gives it"):
        again(told)
