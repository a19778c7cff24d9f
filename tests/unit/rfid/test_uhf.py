"""UHF tags: ISO 28560-4 and the format of the Chinese university libraries."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stations.rfid import Value, cultu, decode_dump, decode_uhf, encode_uhf, iso28560_4
from stations.rfid.content import TagContent
from stations.rfid.iso28560_4 import ProtocolControl, epc_crc, urn40, urn40_text
from workcell.kernel.errors import BadInput

VECTORS = Path(__file__).resolve().parents[4] / "shared" / "data" / "rfid_vectors.json"


def vectors(*families: str) -> list[Any]:
    if not VECTORS.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{VECTORS} is not here"))]
    rows = json.loads(VECTORS.read_text("utf-8"))
    return [pytest.param(row, id=row["id"]) for row in rows if row["family"] in families]


# --- ISO 28560-4 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors("iso28560-4-uii"))
def test_published_identifiers(vector: dict[str, Any]) -> None:
    assert urn40(vector["text"]).hex().upper() == vector["hex"]
    assert urn40_text(bytes.fromhex(vector["hex"])) == vector["text"]


@pytest.mark.parametrize("vector", vectors("epc-crc16"))
def test_published_check_sums(vector: dict[str, Any]) -> None:
    assert f"{epc_crc(bytes.fromhex(vector['hex'])):04X}" == vector["crc"]


@pytest.mark.parametrize("vector", vectors("iso28560-4-userbank"))
def test_published_user_banks(vector: dict[str, Any]) -> None:
    content = iso28560_4.decode_user(bytes.fromhex(vector["hex"]))
    assert content.sound
    assert {str(oid): text for oid, text in content.elements.items() if oid != 2} == vector["expect"]


def test_the_pc_word_of_the_standard() -> None:
    assert ProtocolControl.parse(0x45C2) == ProtocolControl(8, True, False, True, 0xC2)
    image = iso28560_4.encode({1: "12345678.31", 3: "CH-000134-1", 4: "1203"})
    assert (image.pc, image.uii.hex().upper()) == (0x45C2, "141CC04FC70BADB5C6E2DA1DED4DD319")


@given(st.text("ABCXYZ-:.0123456789abc/中é", min_size=1, max_size=30))
def test_every_identifier_comes_back(text: str) -> None:
    assert urn40_text(urn40(text)) == text


@given(st.dictionaries(st.sampled_from([4, 6, 8, 12, 17, 26]), st.text(min_size=1, max_size=20), max_size=4))
def test_a_uhf_tag_comes_back(others: dict[int, str]) -> None:
    elements = {1: "30234000517861", 3: "US-INU", **others}
    image = iso28560_4.encode(elements)
    content = decode_uhf(image.pc.to_bytes(2, "big") + image.uii, image.user)
    assert (content.model, content.findings) == ("28560-4", ())
    assert {oid: text for oid, text in content.elements.items() if oid != 2} == elements


def test_an_identifier_that_can_not_be_coded_is_said() -> None:
    with pytest.raises(BadInput, match="no character"):
        urn40("\U0001f4d6")
    with pytest.raises(BadInput, match="no primary item identifier"):
        iso28560_4.encode({3: "CH-1"})
    for elements in ({1: "12345678.31"}, {1: "1", 3: "CH.1"}):
        with pytest.raises(BadInput, match="can't be told apart"):
            iso28560_4.encode(elements)


# --- CULTU -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vector", vectors("cultu-ipc96", "cultu-ipc128"))
def test_published_item_numbers(vector: dict[str, Any]) -> None:
    size = 8 if vector["family"] == "cultu-ipc96" else 12
    data = bytes.fromhex(vector["hex"])
    if vector["byte_order"].startswith("big"):
        data = data[::-1]
    data = data.ljust(size, b"\x00")
    assert cultu.pack_number(vector["text"], size) == data
    assert cultu.unpack_number(data) == vector["text"]


@pytest.mark.parametrize("vector", vectors("cultu-epc"))
def test_published_university_tags(vector: dict[str, Any]) -> None:
    bank, expect = bytes.fromhex(vector["epc_bank"]), vector["expect"]
    assert (epc_crc(bank[2:]) == int.from_bytes(bank[:2], "big")) == expect["crc16_ok"]
    content = decode_uhf(bank[2:], bytes.fromhex(vector["user_bank"]))
    head = cultu.Head.parse(bank[4:8])
    assert (head.version, list(head.indexed)) == (expect["version"], expect["content_oids"])
    assert head.on_loan == bool(expect["security"])
    assert head.to_bytes() == bank[4:8]
    assert (content.model, content.pii) == ("cultu", expect["item_id"])
    assert {str(oid): text for oid, text in content.elements.items() if oid != 2} == vector["dp2"]["elements"]


@given(st.from_regex(r"[0-9A-Za-o]{3}[0-9]{4,10}[0-9A-Za-z]", fullmatch=True))
def test_every_item_number_comes_back(number: str) -> None:
    image = cultu.encode({1: number, 3: "55700", 4: "2/1"})
    content = decode_uhf(image.pc.to_bytes(2, "big") + image.uii, image.user)
    assert content.elements == {1: number, 2: "3,4", 3: "55700", 4: "2/1"}
    assert content.findings == ()


def test_the_other_byte_order_is_read_and_said() -> None:
    number = bytes.fromhex("98130803F4040000")
    assert cultu.unpack_number(number) == "32103179"
    content = decode_uhf(bytes.fromhex("300000000000") + number[::-1])
    assert content.pii == "32103179"
    assert [finding.code for finding in content.findings] == ["big_endian"]


@pytest.mark.parametrize("number", ["ABCD12345678901", "AB-CDEFGHIJKLMN", "书"])
def test_a_number_that_does_not_fit_is_said(number: str) -> None:
    with pytest.raises(BadInput, match="does not fit a CULTU tag"):
        cultu.encode({1: number})


# --- any tag ---------------------------------------------------------------------------------------------


def test_a_factory_tag_is_blank() -> None:
    assert decode_uhf(bytes.fromhex("3000E2003412013456789012345A")) == TagContent("blank")


@settings(max_examples=800, deadline=None)
@given(st.binary(max_size=40), st.binary(max_size=40))
def test_no_uhf_tag_whatever_makes_a_decoder_fail(epc_bank: bytes, user: bytes) -> None:
    json.dumps(decode_uhf(epc_bank, user).to_json())
    json.dumps(cultu.decode(epc_bank, user).to_json())
    json.dumps(iso28560_4.decode(epc_bank, user).to_json())


# --- dumps -----------------------------------------------------------------------------------------------

ISO = {1: "12345678.31", 3: "CH-000134-1", 4: "1203", 6: "QA268.L55"}
UNIVERSITY = {1: "ABC01234567", 3: "55700", 4: "2/1"}


def banks(elements: dict[int, str], model: str, *, afi: int | None = None) -> tuple[bytes, bytes]:
    image = encode_uhf([Value(oid, text) for oid, text in elements.items()], model, afi=afi)
    return image.pc.to_bytes(2, "big") + image.uii, image.user


@pytest.mark.parametrize(("elements", "model"), [(ISO, "28560-4"), (UNIVERSITY, "cultu")])
def test_a_dump_is_told_with_and_without_crc_in_one_piece_and_in_two(
    elements: dict[int, str], model: str
) -> None:
    bank, user = banks(elements, model)
    crc = epc_crc(bank).to_bytes(2, "big")
    for pieces in (
        (bank, user),
        (bank + user,),
        (crc + bank, user),
        (crc + bank + user,),
        (crc + bank + bytes(4), user),
    ):
        content = decode_dump(*pieces).content
        assert (content.model, content.findings) == (model, ())
        assert {oid: text for oid, text in content.elements.items() if oid != 2} == elements
    for empty in (bytes(2), bytes([crc[0] ^ 1, crc[1]])):
        content = decode_dump(empty + bank, user).content
        assert [finding.code for finding in content.findings] == ["bad_epc_crc"]
        assert content.pii == elements[1]


def test_words_behind_the_identifier_are_not_taken_for_user_memory() -> None:
    bank, _ = banks({1: "12345678.31", 3: "CH-000134-1"}, "28560-4")
    content = decode_dump(epc_crc(bank).to_bytes(2, "big") + bank + b"\x23\xef").content
    assert (content.pii, content.findings) == ("12345678.31", ())


@pytest.mark.parametrize(("afi", "told"), [(0x07, 0x07), (0xC2, 0xC2), (None, 0x07)])
def test_security_of_a_university_tag_stands_for_an_afi(afi: int | None, told: int) -> None:
    content = decode_uhf(*banks(UNIVERSITY, "cultu", afi=afi))
    assert (content.afi, content.to_json()["afi"]) == (told, f"{told:02X}")
    with pytest.raises(BadInput, match="no AFI 12"):
        encode_uhf([Value(1, "ABC")], "cultu", afi=0x12)
