"""Tag data models against published vectors, round trips, and any bytes whatever."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stations.rfid import TagContent, decode, decode_dump, encode, encode_told, iso28560_2, iso28560_3
from stations.rfid.compaction import Compaction, best_scheme, compact, expand
from stations.rfid.isil import compact_isil, expand_isil
from stations.rfid.iso28560_2 import Value
from stations.rfid.iso28560_3 import Extension
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import TagPolicy

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "rfid_vectors.json"
SCHEMES = {
    "integer": Compaction.INTEGER, "numeric": Compaction.NUMERIC, "bit5": Compaction.FIVE_BIT,
    "bit6": Compaction.SIX_BIT, "bit7": Compaction.SEVEN_BIT,
}  # fmt: skip


def vectors(*families: str) -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{VECTORS} is not here"))]
    rows = json.loads(VECTORS.read_text("utf-8"))
    return [pytest.param(row, id=row["id"]) for row in rows if row["family"] in families]


def malformed(vector: dict[str, Any]) -> bool:
    return bool(vector.get("malformed"))


# --- compaction ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors(*(f"compaction-{name}" for name in SCHEMES)))
def test_published_compactions(vector: dict[str, Any]) -> None:
    scheme = SCHEMES[vector["family"].removeprefix("compaction-")]
    data = bytes.fromhex(vector["hex"])
    assert compact(vector["text"], scheme) == data
    assert expand(data, scheme) == vector["text"]


@pytest.mark.parametrize("vector", vectors("compaction-reject"))
def test_what_a_scheme_can_not_carry_is_refused(vector: dict[str, Any]) -> None:
    with pytest.raises(BadInput, match="not encodable"):
        compact(vector["text"], SCHEMES[vector["scheme"]])


@pytest.mark.parametrize("vector", vectors("compaction-isil"))
def test_published_isils(vector: dict[str, Any]) -> None:
    assert compact_isil(vector["text"]).hex().upper() == vector["hex"]
    assert expand_isil(bytes.fromhex(vector["hex"])) == vector["text"]


@pytest.mark.parametrize(
    ("text", "data"), [("US-InU-Mu", "ACC09EBAA06F6B"), ("FI-Mamk-M", "3240DE05AB075B"), ("ZYLS", "D6593F")]
)
def test_more_isils(text: str, data: str) -> None:
    assert compact_isil(text).hex().upper() == data
    assert expand_isil(bytes.fromhex(data)) == text


@pytest.mark.parametrize(
    ("text", "scheme"),
    [
        ("123456789012", Compaction.INTEGER), ("091", Compaction.NUMERIC), ("1", Compaction.OCTET),
        ("JPN", Compaction.FIVE_BIT), ("QA268.L55", Compaction.SIX_BIT), ("BA", Compaction.OCTET),
        ("Lib01abc", Compaction.SEVEN_BIT), ("Lib01", Compaction.OCTET), ("Ærø", Compaction.OCTET),
        ("书", Compaction.UTF8), ("12345678901234567890", Compaction.NUMERIC),
    ],
)  # fmt: skip
def test_the_scheme_is_chosen_in_the_standards_order(text: str, scheme: Compaction) -> None:
    assert best_scheme(text) is scheme


TEXTS = st.one_of(
    st.text(min_size=1, max_size=60),
    st.text("0123456789", min_size=1, max_size=22),
    st.text([chr(c) for c in range(0x41, 0x60)], min_size=1, max_size=20),
    st.text([chr(c) for c in range(0x20, 0x60)], min_size=1, max_size=20),
    st.text([chr(c) for c in range(0x7F)], min_size=1, max_size=20),
)


@given(TEXTS)
def test_every_text_comes_back_from_its_scheme(text: str) -> None:
    scheme = best_scheme(text)
    assert expand(compact(text, scheme), scheme) == text


@given(st.text("-:ABCXYZabcxyz/0123456789", min_size=1, max_size=16))
def test_every_isil_comes_back(text: str) -> None:
    assert expand_isil(compact_isil(text)) == text


# --- ISO 28560-2 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors("iso28560-2-memory"))
def test_published_memories(vector: dict[str, Any]) -> None:
    memory = bytes.fromhex(vector["hex"])
    content = decode(memory)
    assert content.model == "28560-2"
    assert content.truncated == vector["truncated"]
    if malformed(vector):
        assert not content.sound
        return
    expected = {int(oid): row["value"] for oid, row in vector["expect"].items()}
    for oid, value in expected.items():
        assert oid in content.elements
        assert value is None or content.elements[oid] == value
    assert content.sound or content.truncated


@pytest.mark.parametrize("vector", vectors("iso28560-2-memory"))
def test_published_memories_are_written_again_byte_for_byte(vector: dict[str, Any]) -> None:
    memory = bytes.fromhex(vector["hex"])
    stored, _, truncated = iso28560_2.split(memory)
    again = iso28560_2.join(stored)
    assert memory.startswith(again)
    if not truncated and not malformed(vector):
        assert memory[len(again) :][:1] in (b"", b"\x00")
        for element in stored:
            coded = vector["expect"][str(element.oid)]
            assert (element.compaction, element.data.hex().upper()) == (
                coded["compaction"],
                coded["data_hex"],
            )


@pytest.mark.parametrize("vector", vectors("iso28560-2-layout"))
def test_published_layouts(vector: dict[str, Any]) -> None:
    values = [Value(row["oid"], row["text"], row["lock"]) for row in vector["elements"]]
    image = iso28560_2.encode(values, block_size=vector["block_size"], capacity=vector["max_bytes"])
    assert image.data.hex().upper() == vector["hex"]
    assert image.lock_map == vector["lock_map"].replace("w", "l")


def test_the_worked_example_of_the_standard() -> None:
    values = [Value(1, "123456789012", lock=True), Value(4, "1203"), Value(6, "QA268.L55"),
              Value(3, "US-InU-Mu", lock=True)]  # fmt: skip
    assert iso28560_2.encode(values).to_json() == {
        "hex": "9100051CBE991A140201D0140204B34607441CB6E2E335D6830207ACC09EBAA06F6B0000",
        "blocks": ["9100051C", "BE991A14", "0201D014", "0204B346", "07441CB6", "E2E335D6", "830207AC",
                   "C09EBAA0", "6F6B0000"],
        "lock_map": "ll....lll",
        "afi": "07",
        "dsfid": "06",
    }  # fmt: skip


ELEMENTS = st.dictionaries(
    st.integers(3, 26).filter(lambda oid: oid not in (5, 19)), st.text(min_size=1, max_size=40), max_size=8
)


@given(
    ELEMENTS,
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=16),
    st.sampled_from([4, 8]),
    st.sets(st.sampled_from([1, *range(3, 27)])),
)
def test_every_set_of_elements_comes_back(
    elements: dict[int, str], pii: str, block_size: int, locked: set[int]
) -> None:
    values = [Value(oid, text, oid in locked) for oid, text in {1: pii, **elements}.items()]
    image = iso28560_2.encode(values, block_size=block_size)
    content = iso28560_2.decode(image.data + bytes(8))
    assert content.sound and not content.findings
    assert {oid: text for oid, text in content.elements.items() if oid != 2} == {1: pii, **elements}
    open_blocks = {number for number in range(len(image.blocks)) if number not in image.locked}
    for element in iso28560_2.split(image.data)[0]:
        blocks = range(element.offset // block_size,
                       (element.offset + len(element.to_bytes()) - 1) // block_size + 1)  # fmt: skip
        assert (
            image.locked.isdisjoint(blocks) if element.oid not in locked else open_blocks.isdisjoint(blocks)
        )


@pytest.mark.parametrize(
    ("memory", "elements"),
    [
        ("6104414C4C41 0202 0080 6F0401 01", {19: "1"}),  # a number although the compaction says octets
        ("6104414C4C41 0202 0080 0F0401 02", {19: "2"}),
        ("6104414C4C41 0202 0020 0D06 08E6BD483C05", {13: "9787111128069"}),
        ("6104414C4C41 0201 80 0307 3240DE05AB075B", {3: "FI-Mamk-M"}),
        ("6104414C4C41 0201 80 0304 9940CE88", {3: "SE-Lb"}),  # padded with zeros
    ],
)
def test_values_are_read_as_real_tags_mean_them(memory: str, elements: dict[int, str]) -> None:
    content = decode(bytes.fromhex(memory) + bytes(4))
    assert content.sound and content.pii == "ALLA"
    assert {oid: text for oid, text in content.elements.items() if oid > 2} == elements


def test_long_and_extended_elements() -> None:
    image = iso28560_2.encode({1: "12", 17: "書" * 60, 19: "1", 26: "local"})
    assert bytes.fromhex("7F028134") in image.data  # OID 17 = F + 2, length 180 in EBV-8
    content = iso28560_2.decode(image.data)
    assert content.elements == {1: "12", 2: "17,19,26", 17: "書" * 60, 19: "1", 26: "local"}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({3: "US-InU-Mu"}, "no primary item identifier"),
        ([Value(1, "12"), Value(1, "13")], "named twice"),
        ({1: "12", 300: "x"}, "no element 300"),
        ({1: "12\n"}, "has control characters"),
        ([Value(1, "12", compaction=Compaction.FIVE_BIT)], "not encodable in five bit"),
    ],
)
def test_what_can_not_be_written_is_said(values: Any, problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        iso28560_2.encode(values)


def test_a_tag_too_small_is_said_with_figures() -> None:
    with pytest.raises(BadInput, match="need 20 bytes and the tag has 16"):
        iso28560_2.encode({1: "30234000517861", 3: "US-InU-Mu"}, capacity=16)


@pytest.mark.parametrize(
    ("memory", "codes"),
    [
        ("11030AA8AE 80 80 0201D0 00", {"index_differs"}),
        ("0201D0 1402 04B3 00", {"no_pii", "index_differs"}),
        ("11030AA8AE 11030AA8AF 00", {"twice"}),
        ("11030AA8AE 1003112233 00", {"bad_oid"}),
        ("11030AA8AE E5 40 01 10 00", {"padding_past_end"}),
        ("11030AA8AE 56 7F 41", {"truncated"}),
        ("11030AA8AE 56 FFFFFFFFFFFFFFFFFF", {"truncated"}),
        ("2103 12A45F 00", {"bad_data", "no_pii"}),
        ("1109 FFFFFFFFFFFFFFFFFF 00", {"bad_data", "no_pii"}),
        ("11030AA8AE 0302 FFC0 00", {"bad_data"}),
    ],
)
def test_what_is_wrong_becomes_a_finding(memory: str, codes: set[str]) -> None:
    assert {finding.code for finding in iso28560_2.decode(bytes.fromhex(memory)).findings} == codes


# --- ISO 28560-3 -----------------------------------------------------------------------------------------

STANDARD = bytes.fromhex("1101013130303030303030353600000000000098A4444B3731383530300000000000")
EXAMPLE = {1: "1000000056", 3: "DK-718500", 4: "11", 5: "10"}


@pytest.mark.parametrize("vector", vectors("iso28560-3", "iso28560-3-fragment"))
def test_published_basic_blocks(vector: dict[str, Any]) -> None:
    content, expect = decode(bytes.fromhex(vector["hex"])), vector["expect"]
    assert content.model == "28560-3"
    assert content.elements[1] == expect["pii"]
    assert content.elements[4] == f"{expect['parts']}{expect['part']}"
    owner = content.elements[3].replace("-", "")
    assert owner == expect.get("owner", owner) and owner.startswith(expect.get("owner_prefix", ""))
    assert content.sound == expect.get("crc_ok", False)
    assert content.truncated == (vector["family"] == "iso28560-3-fragment")


def test_the_check_sum_of_the_standard() -> None:
    assert iso28560_3.crc16(b"RFID tag data model") == 0x1AEE


def test_the_example_of_the_standard_both_ways() -> None:
    assert decode(STANDARD) == TagContent("28560-3", EXAMPLE)
    assert iso28560_3.encode(EXAMPLE).data == STANDARD + bytes(2)
    assert iso28560_3.encode(EXAMPLE, capacity=32).data == STANDARD[:32]
    assert decode(STANDARD[:32]).elements == EXAMPLE


def codes_of(content: TagContent) -> set[str]:
    return {finding.code for finding in content.findings}


def test_blocks_that_lie_reversed_are_read() -> None:
    memory = STANDARD + bytes(2)
    turned = b"".join(memory[at : at + 4][::-1] for at in range(0, 36, 4))
    content = decode(turned)
    assert content.elements == EXAMPLE
    assert codes_of(content) == {"reversed_blocks"}


def test_swapped_nibbles_and_swapped_part_numbers_are_said() -> None:
    block = bytearray(STANDARD)
    block[0], block[1], block[2] = 0x21, 1, 3
    block[19:21] = iso28560_3.crc16(bytes(block[:19] + block[21:])).to_bytes(2, "little")
    content = decode(bytes(block))
    assert content.elements[5] == "20"
    assert codes_of(content) == {"swapped_nibbles", "ordinal_above_parts"}


def test_a_wrong_check_sum_is_an_error_with_the_values() -> None:
    block = bytearray(STANDARD)
    block[5] ^= 1
    content = decode(bytes(block))
    assert (content.model, content.sound) == ("28560-3", False)
    assert "bad_crc" in codes_of(content)


def test_a_title_is_an_extension_block() -> None:
    image = iso28560_3.encode({**EXAMPLE, 17: "红楼梦"})
    content = decode(image.data)
    assert content.elements == {**EXAMPLE, 17: "红楼梦"}
    broken = bytearray(image.data)
    broken[40] ^= 1
    assert codes_of(decode(bytes(broken))) == {"bad_extension"}


@pytest.mark.parametrize(
    ("elements", "problem"),
    [
        ({1: "12345678901234567"}, "takes 16 bytes"),
        ({3: "DK-718500"}, "no primary item identifier"),
        ({1: "1", 14: "x", 15: "y"}, "no place for elements 14, 15"),
        ({1: "1", 19: "x"}, "media format"),
        ({1: "1", 4: "²²"}, "not parts and ordinal"),
        ({1: "1", 4: "1"}, "not parts and ordinal"),
        ({1: "1", 5: "x"}, "not hexadecimal"),
        ({1: "1", 3: "DK-123456789012"}, "takes 11 bytes"),
    ],
)
def test_what_a_basic_block_can_not_hold_is_said(elements: dict[int, str], problem: str) -> None:
    with pytest.raises(BadInput, match=problem):
        iso28560_3.encode(elements)


# --- any model -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "model"),
    [(TagPolicy(elements=(3, 5)), "28560-2"), (TagPolicy(model="28560-3", elements=(3, 5)), "28560-3")],
)
def test_a_policy_makes_a_tag_that_says_what_it_should(policy: TagPolicy, model: str) -> None:
    image = encode({1: "30234000517861", 3: "US-InU-Mu", 6: "A1"}, policy, block_size=4, capacity=112)
    content = decode(image.data.ljust(112, b"\x00"), image.dsfid)
    assert (content.model, content.pii, content.findings) == (model, "30234000517861", ())
    assert (content.elements[3], content.elements[5]) == ("US-InU-Mu", "10")
    assert 6 not in content.elements


def test_an_empty_tag_is_blank_and_noise_is_unknown() -> None:
    assert decode(bytes(112)) == TagContent("blank")
    assert decode(b"\xff" * 16).model == "unknown"
    assert decode(b"").model == "blank"


@settings(max_examples=1500, deadline=None)
@given(st.binary(max_size=128), st.sampled_from([None, 0x00, 0x06, 0x3E]))
def test_no_memory_whatever_makes_a_decoder_fail(memory: bytes, dsfid: int | None) -> None:
    content = decode(memory, dsfid)
    json.dumps(content.to_json())
    iso28560_2.decode(memory)
    iso28560_3.decode(memory)


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_no_damage_to_a_good_tag_makes_a_decoder_fail(data: st.DataObject) -> None:
    model = data.draw(st.sampled_from(["28560-2", "28560-3"]))
    policy = TagPolicy(model=model, elements=(3, 5))
    memory = bytearray(encode({1: "30234000517861", 3: "US-InU-Mu"}, policy, block_size=4, capacity=112).data)
    for _ in range(data.draw(st.integers(1, 4))):
        memory[data.draw(st.integers(0, len(memory) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(memory)))
    content = decode(bytes(memory[:cut]))
    assert content.model in ("28560-2", "28560-3", "unknown", "blank")


# --- extension blocks ------------------------------------------------------------------------------------


def test_extension_blocks_are_given_by_payload_and_written_again() -> None:
    blocks = (Extension(1, b"\x01ALT"), Extension(4, "红楼梦".encode()), Extension(101, b"\xc0\xff\xee"))
    image = iso28560_3.encode({**EXAMPLE, 17: "石头记", 19: "1", 22: "ALT"}, extensions=blocks)
    content = decode(image.data)
    assert content.elements == {**EXAMPLE, 17: "石头记", 19: "1", 22: "ALT"}
    assert content.extensions == {1: b"\x01ALT", 4: "石头记".encode(), 101: b"\xc0\xff\xee"}
    assert content.to_json()["extensions"]["101"] == "C0FFEE"
    told = decode_dump(image.data).to_json()
    values = [Value(int(oid), text) for oid, text in told["elements"].items()]
    assert encode_told(values, "28560-3", told).data == image.data  # type: ignore[union-attr]


def test_an_item_number_that_stands_elsewhere_is_said() -> None:
    block = bytearray(STANDARD)
    block[3:19] = b"\x01".ljust(16, b"\0")
    block[19:21] = iso28560_3.crc16(bytes(block[:19] + block[21:])).to_bytes(2, "little")
    content = decode(bytes(block))
    assert content.pii == "" and codes_of(content) == {"pii_in_extension"}
    library = Extension(1, b"\x01LONGER-THAN-SIXTEEN-1\0")
    content = decode(bytes(block) + library.to_bytes())
    assert content.sound and content.elements.items() >= {1: "LONGER-THAN-SIXTEEN-1", 19: "1"}.items()


def test_an_isil_without_a_country_stands_whole() -> None:
    content = decode(iso28560_3.encode({1: "1000000056", 3: "OCLC-ABC"}).data)
    assert content.elements[3] == "OCLC-ABC" and content.sound
    with pytest.raises(BadInput, match="255 bytes"):
        iso28560_3.encode({1: "1", 17: "x" * 252})


# --- any dump --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors("iso28560-2-memory"))
def test_blocks_that_lie_reversed_are_read_in_any_model(vector: dict[str, Any]) -> None:
    memory = bytes.fromhex(vector["hex"])
    plain = decode(memory)
    if not plain.sound:
        return
    content = decode(iso28560_3.turned(memory.ljust(-(-len(memory) // 4) * 4, b"\0")))
    assert content.elements == plain.elements
    assert "reversed_blocks" in codes_of(content)


def dumps() -> list[Any]:
    return [*vectors("iso28560-2-memory"), *vectors("iso28560-3")]


@pytest.mark.parametrize("vector", dumps())
def test_what_is_decoded_is_encoded_again_byte_for_byte(vector: dict[str, Any]) -> None:
    if malformed(vector):
        return
    memory = bytes.fromhex(vector["hex"])
    told = json.loads(json.dumps(decode_dump(memory).to_json()))
    values = [Value(int(oid), text) for oid, text in told["elements"].items() if oid != "2"]
    image = encode_told(values, told["model"], told)
    whole = bytes.fromhex(image.to_json()["hex"]).rstrip(b"\0")
    assert memory.startswith(whole)
    assert told["truncated"] or len(whole) >= len(memory) or memory[len(whole)] == 0


def test_a_changed_element_is_laid_out_anew() -> None:
    told = decode_dump(bytes.fromhex("E1020745353535363732000002 01B8".replace(" ", "") + "00" * 4)).to_json()
    again = encode_told([Value(1, "E555673")], "28560-2", told)
    assert decode(bytes.fromhex(again.to_json()["hex"])).elements == {1: "E555673"}


DUMPS = st.one_of(
    st.binary(max_size=128),
    st.builds(
        lambda pc, rest: pc + rest,
        st.sampled_from([b"\x34\x00", b"\x45\xc2", b"\x30\x00"]),
        st.binary(max_size=60),
    ),
)


@settings(max_examples=1500, deadline=None)
@given(st.lists(DUMPS, min_size=1, max_size=3), st.sampled_from([None, 0x06, 0x3E]), st.integers(1, 32))
def test_no_dump_whatever_makes_a_decoder_fail(
    banks: list[bytes], dsfid: int | None, block_size: int
) -> None:
    json.dumps(decode_dump(*banks, dsfid=dsfid, block_size=block_size).to_json())


@settings(max_examples=600, deadline=None)
@given(DUMPS)
def test_what_is_told_of_any_dump_is_taken_or_refused_in_one_line(memory: bytes) -> None:
    told = json.loads(json.dumps(decode_dump(memory).to_json()))
    values = [Value(int(oid), text) for oid, text in told["elements"].items() if oid != "2"]
    try:
        image = encode_told(values, told["model"], told)
    except BadInput as error:
        assert "\n" not in str(error)
        return
    again = decode_dump(bytes.fromhex(image.to_json()["hex"])).content
    assert again.pii == told["elements"].get("1", "")
