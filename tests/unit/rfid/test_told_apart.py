"""Which data model a dump is of, where it is damaged, cut off, turned round or written over another one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stations.rfid import TagContent, Value, cultu, decode, decode_dump, iso28560_2, iso28560_3, iso28560_4

NUMBERS = st.from_regex(r"[A-Z]{0,3}[0-9]{5,12}", fullmatch=True)
OTHERS = st.dictionaries(
    st.sampled_from([4, 6, 8, 12, 17, 24]),
    st.from_regex(r"[A-Z]{1,3}[0-9.]{1,6}", fullmatch=True),
    max_size=4,
)
FEW = settings(max_examples=60, deadline=None)


def codes_of(content: TagContent) -> set[str]:
    return {finding.code for finding in content.findings}


# --- ISO 28560-2 cut off or turned round -----------------------------------------------------------------


@FEW
@given(NUMBERS, OTHERS.filter(bool), st.data())
def test_a_memory_cut_off_anywhere_gives_nothing_but_what_it_had(
    number: str, others: dict[int, str], data: st.DataObject
) -> None:
    whole = iso28560_2.encode({1: number, **others})
    first, index, *_ = iso28560_2.split(whole.data)[0]
    end = index.offset + len(index.to_bytes())
    cut = whole.data[: data.draw(st.integers(end, len(whole.data)))]
    assert first.oid == 1
    there = decode(cut).elements.items()
    assert there <= decode(whole.data).elements.items() and (1, number) in there


def test_a_memory_that_ends_inside_the_item_number_is_one_cut_off() -> None:
    content = decode(bytes.fromhex("9100051CBE99"))
    assert (content.model, content.elements, content.truncated) == ("28560-2", {}, True)
    assert decode(b"12345678").model == "unknown"


@FEW
@given(NUMBERS, OTHERS, st.sampled_from([(4, 4), (8, 8), (8, 4)]), st.integers(0, 12))
def test_blocks_turned_whole_or_by_fours_are_read(
    number: str, others: dict[int, str], sizes: tuple[int, int], behind: int
) -> None:
    block, turn = sizes
    memory = iso28560_2.encode({1: number, **others}, block_size=block).data + bytes(block * (1 + behind))
    content = decode_dump(iso28560_3.turned(memory, turn), block_size=block).content
    assert content.elements.items() >= {1: number, **others}.items()
    assert codes_of(content) == {"reversed_blocks"}


def test_a_reading_of_chance_does_not_outdo_a_memory_cut_off() -> None:
    fragment = bytes.fromhex("510f66c1bb666c983266d98b362e5bb07302032099400501000b0a1b81e1")
    content = decode(fragment)
    assert content.truncated and content.elements[1] == "30763202361319709"


# --- damaged basic blocks --------------------------------------------------------------------------------


@FEW
@given(
    st.from_regex(r"[A-Z]{0,2}[0-9]{6,12}", fullmatch=True),
    st.integers(1, 9),
    st.sampled_from(["DE-705", "FI-Mamk-M", "US-ct/ht"]),
    st.integers(1, 0xFFFF),
)
def test_a_wrong_check_sum_never_makes_a_number_of_another_model(
    number: str, parts: int, owner: str, flipped: int
) -> None:
    block = bytearray(iso28560_3.encode({1: number, 3: owner, 4: f"{parts}1"}).data)
    block[19] ^= flipped & 0xFF
    block[20] ^= flipped >> 8
    content = decode_dump(bytes(block).ljust(112, b"\0")).content
    assert (content.model, content.pii, codes_of(content)) == ("28560-3", number, {"bad_crc"})


@FEW
@given(st.from_regex(r"[A-Z]{0,2}[0-9]{8,12}", fullmatch=True), st.integers(20, 28))
def test_a_basic_block_cut_off_is_said(number: str, length: int) -> None:
    content = decode_dump(iso28560_3.encode({1: number, 3: "DK-718500"}).data[:length]).content
    assert (content.model, content.pii, content.truncated) == ("28560-3", number, True)


# --- UHF -------------------------------------------------------------------------------------------------


def test_a_pc_word_before_other_data_is_chance() -> None:
    """A basic block for one part of seven begins with 1107, the PC word of a two-word identifier."""
    block = bytearray(iso28560_3.encode({1: "A33219860", 3: "GB-UkOxU", 4: "77"}).data)
    block[19] ^= 1
    assert decode_dump(bytes(block)).content.model == "28560-3"


def test_an_identifier_that_stands_alone_is_read() -> None:
    content = decode_dump(iso28560_4.urn40("CH-000134-1.12345678.31")).content
    assert (content.model, content.elements) == ("28560-4", {1: "12345678.31", 3: "CH-000134-1"})
    assert codes_of(content) == {"no_pc"}
    assert decode_dump(iso28560_4.urn40("12345678.31")).content.model != "28560-4"


def test_the_tag_of_a_shop_is_no_library_tag() -> None:
    bank = bytes.fromhex("30003034257BF400B7800004CB2F")  # SGTIN-96
    content = decode_dump(iso28560_4.epc_crc(bank).to_bytes(2, "big") + bank).content
    assert (content.model, content.elements) == ("unknown", {})


@pytest.mark.parametrize("afi", [0x07, 0xC2])
@pytest.mark.parametrize("number", ["178982408", "CWT18PWFD", "ABC-1234"])
def test_a_bank_without_its_check_sum_is_read_whatever_its_length_spells(afi: int, number: str) -> None:
    image = iso28560_4.encode({1: number, 3: "FI-MAMK"}, afi=afi)
    content = decode_dump(image.pc.to_bytes(2, "big") + image.uii).content
    assert (content.model, content.elements, content.afi) == ("28560-4", {1: number, 3: "FI-MAMK"}, afi)


def test_a_number_of_any_byte_order_begins_with_letters_or_digits() -> None:
    little = cultu.encode({1: "X1935301105556"})
    bank = little.pc.to_bytes(2, "big") + little.uii[:4] + little.uii[4:][::-1]
    content = decode_dump(bank).content
    assert (content.pii, codes_of(content)) == ("X1935301105556", {"big_endian"})
    assert Value(1, content.pii).text == content.pii
