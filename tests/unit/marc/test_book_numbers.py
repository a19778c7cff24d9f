import bz2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marc_samples import cnmarc, evidence, marc21, profile

from marc import Catalogue, record_facts, to_iso2709
from marc.author_numbers import author_number, look_up
from marc.callnumbers import plan
from marc.cutter import cutter, fitted, free_number, from_ordinal, is_cutter, ordinal
from marc.four_corner import number as four_corner
from marc.shelf_list import ShelfList
from workcell.kernel.errors import BadInput
from workcell.kernel.profile import CallNumberRules


def test_a_free_number_in_its_place_stays() -> None:
    assert fitted("K87", "Kurlansky, Mark", [("Kafka, Franz", "K34"), ("Kyle, John", "K95")]) == "K87"


def test_a_number_that_would_stand_before_its_neighbour_moves_behind_it() -> None:
    shelf = [("Kunze, A", "K87"), ("Kyle, John", "K9")]
    made = fitted("K87", "Kurlansky, Mark", shelf)
    assert "K87" < made < "K9"
    assert made[-1] not in "01"


def test_a_second_book_of_the_same_author_stands_behind_the_first() -> None:
    assert fitted("K87", "Kurlansky, Mark", [("Kurlansky, Mark", "K87")]) > "K87"


_SURNAMES = st.lists(
    st.text(alphabet="abcdefghijklmnopqrstuvwxyz", min_size=3, max_size=9).map(lambda s: "k" + s),
    min_size=1, max_size=40, unique=True,
)  # fmt: skip


@given(_SURNAMES)
def test_a_shelf_that_is_filled_one_by_one_stays_in_order_and_has_no_number_twice(names) -> None:
    shelf: list[tuple[str, str]] = []
    for name in names:
        shelf.append((name, fitted(cutter(name), name, shelf)))
    numbers = [number for _, number in sorted(shelf)]
    decimals = [float("0." + number[1:]) for number in numbers]
    assert decimals == sorted(decimals)
    assert len(set(decimals)) == len(decimals)


@given(st.from_regex(r"[A-Z][2-9]{1,9}", fullmatch=True), st.from_regex(r"[A-Z][2-9]{1,9}", fullmatch=True))
def test_ordinals_keep_the_order_of_cutters(one, other) -> None:
    assert from_ordinal(ordinal(one)) == one
    assert (ordinal(one) < ordinal(other)) == ((one[0], "0." + one[1:]) < (other[0], "0." + other[1:]))


@pytest.mark.parametrize(
    ("heading", "number"),
    [("Dickens, Charles", "D548"), ("Shakespeare, William", "S527"), ("Tolstoy, Leo", "T654"),
     ("Goethe, Johann Wolfgang von", "G599"), ("鲁迅", "L926"), ("1984", "")],
)  # fmt: skip
def test_cutter_sanborn_gives_the_published_numbers(heading: str, number: str) -> None:
    made = author_number(heading, CallNumberRules(book_number="cutter_sanborn"))
    assert made == number or (heading == "鲁迅" and made.startswith("L"))


CODES = {"鲁": "2760", "迅": "3730", "马": "7712", "伯": "2620", "庸": "0022", "王": "1010", "五": "1010"}


@pytest.mark.parametrize(
    ("heading", "number"), [("鲁迅", "2737"), ("马伯庸", "7720"), ("王", "1010"), ("Kafka", ""), ("马龘", "")]
)
def test_four_corner_numbers_take_the_corners_by_the_length_of_the_name(heading: str, number: str) -> None:
    assert four_corner(heading, CODES) == number


def test_the_four_corner_database_is_read_as_debian_packs_it(tmp_path, monkeypatch) -> None:
    file = tmp_path / "Unihan.txt.bz2"
    file.write_bytes(
        bz2.compress(b"# data\nU+9B6F\tkFourCornerCode\t2760.3\nU+8FC5\tkFourCornerCode\t3730.1\n")
    )
    monkeypatch.setattr("marc.four_corner._FILES", (file,))
    assert four_corner("魯迅") == "2737"
    monkeypatch.setattr("marc.four_corner._FILES", (tmp_path / "none",))
    with pytest.raises(BadInput, match="not installed"):
        four_corner("魯迅")


def test_an_author_table_of_the_library_is_looked_up_by_its_longest_heading(tmp_path) -> None:
    file = tmp_path / "authors.csv"
    file.write_text("heading,number\n马,M10\n马伯,M14\nKa,K20\nKu,K80\n", "utf-8")
    rules = CallNumberRules(book_number="author_table", author_table=str(file))
    assert author_number("马伯庸", rules) == "M14"
    assert author_number("马克", rules) == "M10"
    assert author_number("王朔", rules) == ""
    assert author_number("Kent, Clark", rules) == "K20"
    assert look_up("Abel", (("ka", "K20"),)) == ""
    with pytest.raises(BadInput, match="can't be read"):
        author_number("马", rules.model_copy(update={"author_table": str(tmp_path / "none.csv")}))


@pytest.fixture
def catalogue(tmp_path):
    records = [
        marc21(
            f"001 {id_}",
            "082 04 $a641.3$223",
            f"100 1  $a{name}.",
            "245 10 $aSoup",
            f"952    $aMAIN$o641.3 {number}$p{id_}",
        )
        for id_, name, number in (("1", "Kunze, Anna", "K87"), ("2", "Kyle, John", "K9"))
    ]
    chinese = cnmarc("001 c", "200 1  $a三体", "690    $aI247.55", "905    $aX$b9$cZK$dI247.55$e41")
    files = [tmp_path / "a.mrc", tmp_path / "c.mrc"]
    files[0].write_bytes(b"".join(to_iso2709(record, "marc21") for record in records))
    files[1].write_bytes(to_iso2709(chinese, "cnmarc"))
    with Catalogue.open(tmp_path / "cat.sqlite") as opened:
        opened.import_files(files, "catalogue")
        yield opened


def test_the_shelf_list_knows_numbers_and_running_numbers_of_a_class(catalogue) -> None:
    with ShelfList.of(catalogue) as shelf:
        assert shelf.numbers("DDC", "641.3") == [("kunze, anna", "K87"), ("kyle, john", "K9")]
        assert shelf.highest("CLC", "I247.55") == 41
        assert shelf.highest("CLC", "TP312") == 0


def test_the_shelf_list_follows_the_catalogue(catalogue) -> None:
    with ShelfList.of(catalogue) as shelf:
        assert len(shelf.numbers("DDC", "641.3")) == 2
    more = marc21("001 d", "082 04 $a641.3$223", "245 10 $aTea", "952    $aMAIN$o641.3 T43$p3")
    catalogue.import_records([more], "catalogue")
    with ShelfList.of(catalogue) as shelf:
        assert len(shelf.numbers("DDC", "641.3")) == 3


def test_a_new_book_is_fitted_among_those_on_the_shelf(catalogue) -> None:
    book = marc21("082 04 $a641.3$223", "100 1  $aKurlansky, Mark.", "245 10 $aSalt")
    library = profile("en")
    seen = evidence(title="Salt")
    with ShelfList.of(catalogue) as shelf:
        made = plan(record_facts(book), seen, library.location("MAIN"), library, shelf.numbers)
    assert made.pattern == "641.3 {number}"
    assert "K87" < made.fitted < "K9"


def test_a_number_that_another_title_got_meanwhile_is_followed_by_a_free_one() -> None:
    def number(*given: str) -> str:
        return from_ordinal(free_number("K87", "Kurlansky, Mark", [ordinal(other) for other in given]))

    assert number("K8", "K9") == "K87"
    second = number("K87")
    assert len({"K87", second, number("K87", second)}) == 3
    assert "K87" < number("K87", "K88") < "K88"


@pytest.mark.parametrize(("number", "is_one"), [("K87", True), ("2733", False), ("", False), ("Ab25", False)])
def test_only_a_letter_and_a_decimal_can_be_fitted(number, is_one) -> None:
    assert is_cutter(number) is is_one
