"""A tag that was decoded is written again as it was, with all that another encoder was free to choose."""

import json
from typing import Any

import pytest

from stations.rfid import Value, cultu, decode_dump, encode_told, iso28560_2, iso28560_3, iso28560_4
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
    user = image.user.ljust(32, b"\0")
    told = told_of(bank, user)
    assert len(image.uii) == cultu.WIDE_EPC and again(told) == bank + user
    lent = encode_told([Value(1, "ABC012")], "cultu", told, afi=0xC2).to_json()
    assert lent["afi"] == "00" and told_of(bytes.fromhex(lent["epc"]))["afi"] == "C2"


def test_an_identifier_stays_as_another_encoder_coded_it() -> None:
    short = iso28560_4.urn40("DE-705.12345") + iso28560_4.urn40("6789")  # nine digits without the escape
    bank = (len(short) // 2 << 11 | 0x0500 | 0x07).to_bytes(2, "big") + short  # user memory, not at hand
    told = told_of(bank)
    assert told["elements"] == {"1": "123456789", "3": "DE-705"} and again(told) == bank
    told["elements"]["1"] = "123456780"
    changed = decode_dump(again(told)).content
    assert changed.elements == {1: "123456780", 3: "DE-705"} and changed.afi == 0x07


def test_user_memory_of_a_uhf_tag_keeps_its_length_and_what_stands_behind() -> None:
    image = iso28560_4.encode({1: "12345678.31", 3: "CH-000134-1", 6: "QA268.L55"})
    bank = image.pc.to_bytes(2, "big") + image.uii
    for user in (image.user.ljust(64, b"\0"), image.user + b"\0\0\x55\xaa".ljust(8, b"\0")):
        assert again(told_of(bank, user)) == bank + user


@pytest.mark.parametrize(
    "wrong", [{"bytes": -1}, {"bytes": 10**12}, {"bytes": "x"}, {"behind": "0"}, {"behind": 5}]
)
def test_what_is_not_as_it_was_given_is_refused_in_one_line(wrong: dict[str, Any]) -> None:
    told = told_of(iso28560_2.encode({1: "E555672"}).data) | wrong
    with pytest.raises(BadInput, match="as `tag decode` gives it"):
        again(told)


# --- elements in extension blocks ------------------------------------------------------------------------


EVERYTHING = {
    1: "11223344", 3: "DE-526", 4: "11", 5: "10", 6: "QA 76", 8: "ta", 9: "SUP", 10: "2026/7", 11: "DE-1",
    13: "9787111128069", 17: "Åsa", 19: "1", 22: "ALT-1", 24: "Branch 2",
}  # fmt: skip


def test_elements_stand_in_the_extension_blocks_that_hold_them() -> None:
    image = iso28560_3.encode(EVERYTHING)
    told = told_of(image.data)
    assert {int(oid): text for oid, text in told["elements"].items()} == EVERYTHING
    assert told["extensions"]["3"] == b"QA 76\0ta\0\0Branch 2\0".hex().upper()
    assert again(told) == image.data


def test_only_the_block_of_a_changed_element_is_made_anew() -> None:
    blocks = (Extension(2, b"SUP\0\0"), Extension(3, b"QA 76"), Extension(200, b"\xff"))
    told = told_of(iso28560_3.encode({1: "11223344", 6: "QA 76", 9: "SUP"}, extensions=blocks).data)
    assert told["extensions"]["2"] == b"SUP\0\0".hex().upper()
    told["elements"]["6"] = "QA 77"
    del told["elements"]["9"]
    assert told_of(again(told))["extensions"] == {"3": b"QA 77\0".hex().upper(), "200": "FF"}


def test_a_payload_that_is_not_laid_out_like_that_is_given_as_it_is() -> None:
    blocks = (Extension(1, b"\x07X\0"), Extension(3, b"a\0b\0c\0d\0e\0"), Extension(5, b"\x02"))
    told = told_of(iso28560_3.encode({1: "11223344"}, extensions=blocks).data)
    assert set(told["elements"]) == {"1", "4", "5"} and len(told["extensions"]) == 3
    assert again(told) == iso28560_3.encode({1: "11223344"}, extensions=blocks).data


# --- published by others ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("memory", "elements", "codes"),
    [
        # BibliothekTHWildau node RFID server, README: bytes of a tag
        ("110101666F6F62617200000000000000000000" "88AF" "44453532360000000000000000",
         {1: "foobar", 3: "DE-526", 4: "11", 5: "10"}, []),
        # a patron's card in a test of a Russian reader service (rfid_items.rs), its last zeros cut off
        ("810101323933353030303030333634390000008793525532393300" "0000",
         {1: "2935000003649", 3: "RU-293", 4: "11", 5: "80"}, ["swapped_nibbles"]),
    ],
)  # fmt: skip
def test_basic_blocks_of_others(memory: str, elements: dict[int, str], codes: list[str]) -> None:
    content = decode_dump(bytes.fromhex(memory)).content
    assert content.elements == elements and not content.truncated
    assert [finding.code for finding in content.findings] == codes
