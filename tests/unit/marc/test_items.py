from datetime import date
from decimal import Decimal

import pytest
from marc_samples import cnmarc, marc21, profile

from marc import add_item, record_facts, with_call_number
from marc.fields import values
from marc.items import copies_on_file, parted
from workcell.kernel.model import Marks

WHEN = date(2026, 5, 4)


def _marks(barcode: str, location: str, number: str, copy: int = 1, volume: str = "") -> Marks:
    return Marks(barcode, f"R{barcode}", location, number, (), copy=copy, volume=volume)


def _library(language: str = "en", location: dict | None = None, **keys):
    library = profile(language)
    first = library.locations[0].model_copy(update=location or {})
    return library.model_copy(
        update={
            "records": library.records.model_copy(update=keys),
            "locations": (first, *library.locations[1:]),
        }
    )


def test_a_koha_item_has_everything_that_is_known_of_the_copy() -> None:
    made = add_item(
        marc21("245 10 $aA."), _marks("31", "MAIN", "q 641.3 K87", 2, "v. 1"), _library(),
        price=Decimal("17"), currency="USD", source="purchase", on=WHEN,
    )  # fmt: skip
    assert str(made["952"]) == (
        "=952  \\\\$2ddc$aMAIN$bMAIN$d2026-05-04$epurchase$g17.00$hv. 1$iR31$oq 641.3 K87$p31$t2$v17.00$yBK"
    )


def test_a_location_inside_a_branch_is_its_shelving_location() -> None:
    library = _library(location={"branch": "CENTRAL"})
    made = add_item(marc21("245 10 $aA."), _marks("31", "MAIN", "641.3 K87"), library, on=WHEN)
    assert values(made, "952", "abc") == ["CENTRAL", "CENTRAL", "MAIN"]
    assert record_facts(made).items[0].at("MAIN")


def test_the_profile_says_which_subfield_takes_what() -> None:
    table = {"x": "barcode", "l": "branch", "z": "call_number", "m": "money"}
    library = _library(item_field="949", item_subfields=table)
    made = add_item(
        marc21("245 10 $aA."), _marks("31", "MAIN", "641.3 K87"), library, price=Decimal("17"),
        currency="USD", on=WHEN,
    )  # fmt: skip
    assert str(made["949"]) == "=949  \\\\$x31$lMAIN$z641.3 K87$m17.00 USD"
    again = add_item(made, _marks("31", "MAIN", "641.3 K88"), library, on=WHEN)
    assert [field["z"] for field in again.get_fields("949")] == ["641.3 K88"]


def test_an_852_parts_prefix_class_and_book_number() -> None:
    library = _library(item_field="852")
    made = add_item(marc21("245 10 $aA."), _marks("31", "MAIN", "q 641.3 K87"), library, on=WHEN)
    assert str(made["852"]) == "=852  1\\$aXxRvPL$bMAIN$kq$h641.3$iK87$p31$t1"


@pytest.mark.parametrize(
    ("number", "parts"),
    [("I247.55/12", ("", "I247.55", "12")), ("大/I247.55/12", ("大", "I247.55", "12")),
     ("I247.55", ("", "I247.55", "")),
     ("I247.55/12/2", ("", "I247.55", "12/2"))],
)  # fmt: skip
def test_a_chinese_call_number_is_parted_at_its_slashes(number: str, parts: tuple[str, ...]) -> None:
    assert parted(number, profile("zh").location("ZK")) == parts


def test_copies_at_one_place_may_share_a_field() -> None:
    library = _library("zh", item_grouping="location")
    record = cnmarc("200 1  $a三体")
    for number, place in (("1", "ZK"), ("2", "ZK"), ("3", "BC"), ("2", "ZK")):
        record = add_item(record, _marks(number, place, "I247.55/12"), library, on=WHEN)
    fields = {field["c"]: (field.get_subfields("b"), field["f"]) for field in record.get_fields("905")}
    assert fields == {"ZK": (["1", "2"], "2"), "BC": (["3"], "1")}


def test_volumes_of_a_set_have_items_of_their_own() -> None:
    library = _library("zh", item_grouping="location")
    record = cnmarc("200 1  $a三国")
    for number, volume in (("1", "上册"), ("2", "下册")):
        record = add_item(record, _marks(number, "ZK", "I242.4/7", volume=volume), library, on=WHEN)
    assert [field["v"] for field in record.get_fields("905")] == ["上册", "下册"]


def test_fields_of_others_are_not_touched() -> None:
    record = marc21("245 10 $aA.", "949    $p12.00$lMAIN")
    made = add_item(record, _marks("31", "MAIN", "641.3 K87"), _library(item_field="949"), on=WHEN)
    assert len(made.get_fields("949")) == 2
    assert len(record.get_fields("949")) == 1


@pytest.mark.parametrize(
    ("fields", "volume", "highest"),
    [
        ((), "", 0),
        (("952 __ $aMAIN$p31$t1", "952 __ $aEAST$p32$t2"), "", 2),
        (("952 __ $aMAIN$p31$tc.4",), "", 4),  # three others were withdrawn
        (("952 __ $aMAIN$p31", "952 __ $aEAST$p32"), "", 2),  # nobody has counted them
        (("852 __ $bMAIN$p31", "952 __ $aMAIN$p31"), "", 1),  # one item in two fields
        (("952 __ $aMAIN$p31$hv. 1$t3", "952 __ $aMAIN$p32$hv. 2"), "vol. 2", 1),
        (("952 __ $aMAIN$p31$hv. 1$t3", "952 __ $aMAIN$p32$hv. 2"), "volume 1", 3),
    ],
)
def test_the_copies_of_a_volume_on_file_are_counted(fields, volume, highest) -> None:
    record = marc21("245 10 $aA.", *fields)
    assert copies_on_file(record, _library(), volume) == highest


def test_copies_that_share_a_field_are_counted_by_their_barcodes() -> None:
    record = cnmarc("200 1_ $aA", "905 __ $aL$b0001$b0002$b0003$cZK$dI2$e1$f3")
    assert copies_on_file(record, _library("zh")) == 3


def test_another_call_number_goes_into_the_item_of_that_copy_alone() -> None:
    record = marc21("245 10 $aA.", "952 __ $aMAIN$oq 641.3 K87$p31", "952 __ $aMAIN$oq 641.3 K87$p32")
    made = with_call_number(record, "31", "641.5 K87", _library(), "MAIN")
    assert [values(made, "952", code) for code in "op"] == [["641.5 K87", "q 641.3 K87"], ["31", "32"]]
    assert values(record, "952", "o") == ["q 641.3 K87"] * 2


def test_a_copy_leaves_the_field_that_it_shares_when_its_call_number_changes() -> None:
    record = cnmarc("200 1_ $aA", "905 __ $aL$b0001$b0002$cZK$dI2$e1$f2")
    made = with_call_number(record, "0002", "I247.5/7", _library("zh"), "ZK")
    assert [str(field) for field in made.get_fields("905")] == [
        "=905  __$aL$b0001$cZK$dI2$e1$f1", "=905  __$aL$b0002$cZK$dI247.5$e7$f1",
    ]  # fmt: skip
