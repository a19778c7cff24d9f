from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from marc_samples import cnmarc, evidence, marc21, profile

from marc import Catalogue, Source, autonomy_kind, match, to_iso2709
from workcell.kernel.evidence import Barcode, Face, ImageEvidence, TextLine
from workcell.kernel.model import DecisionKind, OrderLine

COD = {
    "isbn": "9780140275018", "title": "Cod", "subtitle": "A Biography of the Fish",
    "names": ("Mark Kurlansky",), "publisher": "Penguin Books", "year": "1998",
}  # fmt: skip
_FIELDS = (
    "020    $a9780140275018$qpaperback", "100 1  $aKurlansky, Mark,$eauthor.",
    "245 10 $aCod :$ba biography of the fish /$cMark Kurlansky.",
    "264  1 $aNew York :$bPenguin Books,$c1998.", "300    $a294 pages ;$c20 cm",
)  # fmt: skip
SALT = marc21(
    "001 salt", "020    $a9780142001615", "100 1  $aKurlansky, Mark.", "245 10 $aSalt :$ba world history",
    "952    $aMAIN$p33194000000036",
)  # fmt: skip


def cod(record_id: str, *more: str, level: str = " "):
    return marc21(f"001 {record_id}", *_FIELDS, *more, level=level)


def line(**changes) -> OrderLine:
    return replace(OrderLine("13", COD["isbn"], "Cod", "Kurlansky, Mark", price=Decimal("17.00")), **changes)


class Library:
    """A catalogue and a vendor's file, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def decide(self, seen, catalogue=(), vendor=(), orders=(), language: str = "en"):
        sources = []
        for name, records in (("catalogue", catalogue), ("vendor", vendor)):
            path = self.folder / f"{name}.mrc"
            form = "cnmarc" if language == "zh" else "marc21"
            path.write_bytes(b"\n" + b"".join(to_iso2709(record, form) for record in records))
            store = self.folder / f"{name}.sqlite"
            with Catalogue.open(store) as made:
                if records:
                    made.import_files([path], name)
            sources.append(Source(name, Catalogue(store)))
        return match(seen, sources, orders, profile(language)).decision


@pytest.fixture
def library(tmp_path) -> Library:
    return Library(tmp_path)


def codes(decision) -> list[str]:
    return [reason.code for reason in decision.reasons]


# --- the six duplicate outcomes ----------------------------------------------------------------------------


def test_outcome_0_the_orders_own_record_is_overlaid_even_when_the_vendor_has_a_better_one(library) -> None:
    brief = marc21("001 rv13", "020    $a9780140275018", "245 10 $aCod.", level="5")
    decision = library.decide(evidence(**COD), [brief], [cod("v1")], [line(record_id="rv13")])
    assert (decision.decision, decision.record_id, decision.source) == (
        DecisionKind.EXISTING,
        "rv13",
        "order",
    )
    assert codes(decision) == ["ORDER_RECORD_OVERLAID"]
    assert autonomy_kind(decision) == "order_record"


def test_outcome_1_a_title_without_a_record_takes_the_vendors(library) -> None:
    decision = library.decide(evidence(**COD), [SALT], [cod("v1")], [line()])
    assert (decision.decision, decision.record_id, decision.source) == (DecisionKind.COPY, "v1", "vendor")
    assert codes(decision) == ["NO_RECORD", "COPY_RECORD"]
    assert (decision.order_line, autonomy_kind(decision)) == ("13", "copy_record")


def test_outcome_2_a_record_without_items_is_used(library) -> None:
    decision = library.decide(evidence(**COD), [cod("c1")], [cod("v1")], [line()])
    assert (decision.decision, decision.record_id) == (DecisionKind.EXISTING, "c1")
    assert codes(decision) == ["RECORD_WITHOUT_ITEMS"]


def test_outcome_3_items_exist_and_none_is_wanted(library) -> None:
    held = cod("c1", "952    $aMAIN$p1", "952    $aEAST$p2")
    cancelled = line(copies=0, distribution={"MAIN": 0, "EAST": 0})
    decision = library.decide(evidence(**COD), [held], [cod("v1")], [cancelled])
    assert decision.decision is DecisionKind.REVIEW
    assert codes(decision) == ["NOT_WANTED_HERE"]


def test_outcomes_4_and_5_are_told_for_each_location(library) -> None:
    held = cod("c1", "952    $aEAST$p2")
    decision = library.decide(
        evidence(**COD), [held], [], [line(copies=2, distribution={"MAIN": 1, "EAST": 1})]
    )
    assert decision.decision is DecisionKind.EXISTING
    assert codes(decision) == ["ADD_AT_LOCATION", "FURTHER_COPY"]


# --- other outcomes ----------------------------------------------------------------------------------------


def test_a_cip_record_is_upgraded(library) -> None:
    cip = marc21("001 v8", *_FIELDS[:4], "263    $a9803", "300    $apages cm", level="8")
    decision = library.decide(evidence(**COD), [], [cip], [line()])
    assert decision.decision is DecisionKind.UPGRADE_CIP
    assert "CIP_RECORD" in codes(decision)


def test_no_record_makes_a_draft_but_weak_evidence_does_not(library) -> None:
    assert library.decide(evidence(**COD), [SALT], [], [line()]).decision is DecisionKind.DRAFT
    weak = library.decide(evidence(title="Cod"), [SALT], [], [])
    assert (weak.decision, codes(weak)) == (DecisionKind.REVIEW, ["NO_RECORD", "WEAK_EVIDENCE"])
    assert codes(library.decide(evidence(), [SALT], [], [])) == ["WEAK_EVIDENCE"]


def test_a_new_edition_beside_the_old_gets_its_own_record(library) -> None:
    old = marc21(
        "001 c3", "020    $a9780226065663", "100 1  $aBooth, Wayne C.", "245 14 $aThe craft of research",
        "250    $aThird edition.", "264  1 $aChicago :$bThe University of Chicago Press,$c[2008]",
        "952    $aMAIN$p1",
    )  # fmt: skip
    new = marc21(
        "001 v4", "020    $a9780226239736", "100 1  $aBooth, Wayne C.", "245 14 $aThe craft of research",
        "250    $aFourth edition.", "264  1 $aChicago :$bThe University of Chicago Press,$c2016.",
    )  # fmt: skip
    seen = evidence(
        isbn="9780226239736", title="The Craft of Research", names=("Wayne C. Booth",),
        edition="Fourth Edition", year="2016", publisher="The University of Chicago Press",
    )  # fmt: skip
    assert library.decide(seen, [old], [new]).record_id == "v4"


def test_without_a_record_of_its_own_a_new_edition_is_drafted_and_the_old_one_named(library) -> None:
    old = marc21(
        "001 c3", "020    $a9780226065663", "100 1  $aBooth, Wayne C.", "245 14 $aThe craft of research",
        "250    $aThird edition.",
    )  # fmt: skip
    seen = evidence(
        isbn="9780226239736",
        title="The Craft of Research",
        names=("Wayne C. Booth",),
        edition="Fourth Edition",
    )
    decision = library.decide(seen, [old])
    assert decision.decision is DecisionKind.DRAFT
    assert "c3" in next(reason.text for reason in decision.reasons if reason.code == "OTHER_EDITION")


SET = marc21(
    "001 v19", "020    $a9780865978409$qset", "100 1  $aTocqueville, Alexis de.",
    "245 10 $aDemocracy in America",
    "264  1 $aIndianapolis :$bLiberty Fund,$c2012.", "300    $a2 volumes ;$c23 cm",
)  # fmt: skip
TOCQUEVILLE = {
    "isbn": "9780865978409", "title": "Democracy in America", "names": ("Alexis de Tocqueville",),
    "publisher": "Liberty Fund",
}  # fmt: skip


def test_two_volumes_under_one_isbn_are_no_duplicates(library) -> None:
    for said in ("Volume I", "Volume II"):
        decision = library.decide(evidence(**TOCQUEVILLE, volume=said), [], [SET])
        assert (decision.decision, decision.record_id) == (DecisionKind.VOLUME, "v19")
        assert codes(decision)[-1] == "VOLUME_OF_SET"
    assert codes(library.decide(evidence(**TOCQUEVILLE), [], [SET])) == ["VOLUME_UNKNOWN"]


def test_a_set_in_its_case_goes_to_a_person_and_its_volumes_one_by_one_do_not(library) -> None:
    held = cnmarc(
        "001 v22", "010    $a978-7-5302-1200-4$dCNY79.80 (全3册)", "200 1  $a平凡的世界$f路遥著",
        "701  0 $a路遥", "210    $a北京$c北京十月文艺出版社$d2012", "215    $a3册$d23cm",
    )  # fmt: skip
    ordered = OrderLine("22", "9787530212004", "平凡的世界", "路遥", binding="slipcase", volume="全三册")
    seen = {
        "isbn": "9787530212004",
        "title": "平凡的世界",
        "names": ("路遥",),
        "volume": "第一部",
        "pages": "413",
    }
    cased = library.decide(evidence(**seen, thickness=68.0), [], [held], [ordered], "zh")
    assert codes(cased) == ["WHOLE_SET"]
    alone = library.decide(evidence(**seen, thickness=23.0), [], [held], [ordered], "zh")
    assert alone.decision is DecisionKind.VOLUME


def test_a_cased_set_that_nobody_ordered_as_one_is_known_by_its_thickness(library) -> None:
    cased = evidence(**TOCQUEVILLE, volume="Volume I", pages="400", thickness=90.0)
    assert codes(library.decide(cased, [], [SET])) == ["WHOLE_SET"]
    single = evidence(**TOCQUEVILLE, volume="Volume I", pages="400", thickness=38.0)
    assert library.decide(single, [], [SET]).decision is DecisionKind.VOLUME


# --- what a person must see ---------------------------------------------------------------------------------


def test_an_isbn_of_another_title_goes_to_a_person_even_when_a_fitting_record_exists(library) -> None:
    seen = evidence(**(COD | {"isbn": "9780142001615"}), isbns=("9780140275018",))
    decision = library.decide(seen, [SALT], [cod("v1")], [line()])
    assert decision.decision is DecisionKind.REVIEW
    assert codes(decision) == ["ISBN_OTHER_TITLE"]
    assert "Salt" in decision.reasons[0].text
    assert "Cod" in decision.reasons[0].text


def test_an_isbn_that_two_titles_share_on_file_is_told_apart_by_the_title(library) -> None:
    reused = marc21(
        "001 old", "020    $a9780140275018", "245 10 $aOld fishing songs", "100 1  $aNobody, Ann."
    )
    decision = library.decide(evidence(**COD), [reused], [cod("v1")], [line()])
    assert (decision.decision, decision.record_id) == (DecisionKind.COPY, "v1")


def test_a_book_that_was_not_ordered_or_ordered_as_another_title_goes_to_a_person(library) -> None:
    other = OrderLine("1", "9780142001615", "Salt", "Kurlansky, Mark")
    assert codes(library.decide(evidence(**COD), [], [cod("v1")], [other])) == ["NOT_ORDERED"]
    wrong = library.decide(evidence(**COD), [], [cod("v1")], [line(title="The Hobbit")])
    assert codes(wrong) == ["ORDER_OTHER_TITLE"]


def test_a_pamphlet_is_diverted(library) -> None:
    decision = library.decide(evidence(**COD, thickness=2.0), [], [cod("v1")], [line()])
    assert codes(decision) == ["PAMPHLET"]


@pytest.mark.parametrize("where", ["record", "order", "cover"])
def test_other_material_is_shown_to_a_person(library, where: str) -> None:
    held = (
        marc21("001 v1", *_FIELDS[:4], "300    $a294 pages ;$c20 cm +$e1 CD-ROM.")
        if where == "record"
        else cod("v1")
    )
    ordered = line(note="book with CD") if where == "order" else line()
    seen = evidence(**COD)
    if where == "cover":
        printed = TextLine("CD-ROM included with this book", 0.9, (0, 0, 1, 1))
        seen = replace(seen, images=(ImageEvidence("b.jpg", "0", Face.BACK_COVER, lines=(printed,)),))
    assert codes(library.decide(seen, [], [held], [ordered])) == ["ACCOMPANYING_MATERIAL"]


def test_two_records_that_fit_equally_are_ambiguous(library) -> None:
    decision = library.decide(evidence(**COD), [cod("c1"), cod("c2")], [], [line()])
    assert (decision.decision, codes(decision)) == (DecisionKind.REVIEW, ["AMBIGUOUS"])


def test_a_near_match_is_never_drafted_past(library) -> None:
    seen = evidence(**(COD | {"title": "Codx Bxography", "names": ("Mxrk Kxrlxnsxy",), "year": "1988"}))
    decision = library.decide(seen, [], [cod("v1")], [])
    assert decision.decision is DecisionKind.REVIEW


def test_a_wrong_check_digit_is_said_and_the_record_found_by_the_number_as_printed(library) -> None:
    held = marc21("001 c1", "020    $z9780140275010", *_FIELDS[1:])
    seen = evidence(**(COD | {"isbn": ""}), isbns=("978-0-14-027501-0",))
    decision = library.decide(seen, [held])
    assert decision.record_id == "c1"
    assert "WRONG_CHECK_DIGIT" in codes(decision)


def test_a_book_with_only_a_unified_number_is_known_by_title_and_author(library) -> None:
    held = cnmarc(
        "001 v17", "091    $a10002·53", "200 1  $a傅雷家书$f傅敏编", "701  0 $a傅雷",
        "210    $a北京$c生活·读书·新知三联书店$d1984",
    )  # fmt: skip
    seen = evidence(title="傅雷家书", names=("傅雷",), publisher="生活·读书·新知三联书店", year="1984")
    printed = TextLine("统一书号：10002·53", 0.9, (0, 0, 1, 1))
    seen = replace(seen, images=(ImageEvidence("c.jpg", "0", Face.COPYRIGHT_PAGE, lines=(printed,)),))
    decision = library.decide(seen, [], [held], [], "zh")
    assert decision.record_id == "v17"
    assert "UNIFIED_BOOK_NUMBER" in codes(decision)


def test_every_candidate_is_explained_field_by_field(library) -> None:
    decision = library.decide(evidence(**COD), [SALT], [cod("v1")], [line()])
    best = decision.candidates[0]
    assert (best.record_id, best.source) == ("v1", "vendor")
    assert {"isbn", "title", "names", "publisher", "year"} <= set(best.fields)
    assert decision.threshold == profile().records.threshold


def test_a_shared_barcode_does_not_join_two_titles_in_one_case(library, tmp_path) -> None:
    salt_code = Barcode("9780142001615", "EAN13", accepted=True)
    image = ImageEvidence("b.jpg", "0", Face.BACK_COVER, barcodes=(salt_code,))
    seen = replace(evidence(**(COD | {"isbn": "9780142001615"})), images=(image,))
    library.decide(seen, [SALT], [])
    with Catalogue(tmp_path / "catalogue.sqlite") as catalogue:
        found = match(seen, [Source("catalogue", catalogue)], [], profile())
    assert found.title_key.startswith("title:cod")
