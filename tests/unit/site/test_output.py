"""The output folder: every file that is relied on, whole, escaped, and true to the batch."""

import csv
import io
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pymarc
import pytest

from workcell.kernel.errors import BadInput, StorageFull
from workcell.kernel.model import Outcome, Proof
from workcell.kernel.profile import Surface
from workcell.site import ImageResult, LabelResult, Pace, pictures, write_output
from workcell.site.atomic import put
from workcell.site.counts import tally
from workcell.site.words import words_of

BATCH_KEYS = {
    "books_fed", "catalogued", "review", "rejected", "lost", "barcodes", "duplicates_of_barcode",
    "proofs_failed", "seconds", "books_per_hour", "overhead_ratio", "books",
}  # fmt: skip
BOOK_KEYS = {
    "book", "isbn", "outcome", "reason", "record_id", "barcode", "call_number", "tag_uid", "tag_pii", "bin",
}  # fmt: skip


class Page(HTMLParser):
    """Links, pictures without words for them, and whether anything runs or is fetched from elsewhere."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.faults: list[str] = []
        self.lang = ""
        self.feed(path.read_text("utf-8"))

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        if tag == "html":
            self.lang = found.get("lang", "")
        if tag in ("script", "link", "iframe") or any(name.startswith("on") for name in found):
            self.faults.append(f"active: {tag}")
        if tag == "img" and not found.get("alt"):
            self.faults.append("img without alt")
        if tag == "svg" and not found.get("aria-label"):
            self.faults.append("svg without label")
        self.links += [found[name] for name in ("href", "src") if found.get(name)]


@pytest.fixture
def out(tmp_path):
    return tmp_path / "out"


def rows(path, encoding="utf-8"):
    return list(csv.DictReader(io.StringIO(path.read_text(encoding))))


def test_every_file_of_the_contract_is_there(batch, out):
    write_output(out, batch)
    for name in (
        "records.mrc",
        "records.xml",
        "items.csv",
        "register.csv",
        "tags.json",
        "report.html",
        "batch.json",
    ):
        assert (out / name).is_file(), name
    for book in batch.books:
        assert (out / "passports" / f"{book.book_id}.html").is_file()
        if book.outcome is Outcome.CATALOGUED:
            for suffix in (".png", ".zpl", "-spine.png", "-spine.zpl"):
                assert (out / "labels" / f"{book.marks.barcode}{suffix}").is_file()
    assert (out / "review" / "R00001" / "case.json").is_file()
    assert (out / "review" / "R00001" / "case.html").is_file()
    assert not list(out.rglob(".*"))


def test_batch_json_has_its_keys_and_is_what_was_returned(batch, out):
    content = write_output(out, batch)
    assert content == json.loads((out / "batch.json").read_text("utf-8"))
    assert content.keys() >= BATCH_KEYS
    assert all(book.keys() >= BOOK_KEYS for book in content["books"])
    assert [content[key] for key in ("books_fed", "catalogued", "review", "rejected", "lost")] == [
        5,
        2,
        1,
        1,
        1,
    ]
    assert (content["barcodes"], content["duplicates_of_barcode"], content["proofs_failed"]) == (2, 0, 0)
    assert content["books_per_hour"] == pytest.approx(3600 * 5 / 95, abs=0.01)


def test_only_copies_that_passed_carry_a_number_in_batch_json(batch, out):
    books = write_output(out, batch)["books"]
    assert [bool(book["barcode"]) for book in books] == [True, True, False, False, False]
    assert books[2]["voided"] == [batch.books[2].labels[0].barcode]
    assert "31940000099999" in books[2]["reason"]


def test_writing_again_gives_the_same_files(batch, out):
    write_output(out, batch)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    write_output(out, batch)
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before


def test_pages_lead_only_to_files_that_are_there(batch, out):
    write_output(out, batch)
    pages = sorted(out.rglob("*.html"))
    assert len(pages) == 7
    for path in pages:
        page = Page(path)
        assert page.faults == []
        assert page.lang == ("en" if batch.profile.language == "en" else "zh-CN")
        for link in page.links:
            assert (path.parent / unquote(link)).is_file(), (path.name, link)


def test_what_was_read_from_books_is_escaped(batch, out):
    write_output(out, batch)
    for path in out.rglob("*.html"):
        text = path.read_text("utf-8")
        assert "<script>" not in text
        assert "<b>in</b>" not in text
    if batch.profile.language == "en":
        assert "&lt;b&gt;in&lt;/b&gt;" in (out / "report.html").read_text("utf-8")


def test_the_report_opens_with_the_batch_in_a_sentence(language, batch, out):
    write_output(out, batch)
    heading = re.search("<h1>(.*)</h1>", (out / "report.html").read_text("utf-8"))[1]
    assert (
        heading
        == {
            "en": "5 fed, 2 ready, 1 needs you, 1 returned, 1 missing; the invoice differs on 3 titles",
            "zh": "送入 5 册，完成 2 册，待您处理 1 册，退回 1 册，失踪 1 册；与发票有 3 种不符",
        }[language]
    )


def test_the_sentence_of_a_smooth_batch_has_no_more_than_it_needs(english_batch, out):
    first, second = english_batch.books[:2]
    smooth = replace(english_batch, books=(first, second), orders=english_batch.orders[:1], invoice=None)
    write_output(out, replace(smooth, books=(first,), cases=(), voided=()))
    assert "<h1>1 fed, 1 ready; the order agrees (no invoice came)</h1>" in (out / "report.html").read_text(
        "utf-8"
    )


def test_records_hold_one_record_a_title_with_an_item_a_copy(batch, out, copies_of):
    several = copies_of(batch, 3)
    write_output(out, several)
    with (out / "records.mrc").open("rb") as file:
        records = list(pymarc.MARCReader(file))
    item_field = batch.profile.records.item_field
    code = "p" if item_field == "952" else "b"
    assert len(records) == 1
    assert [field[code] for field in records[0].get_fields(item_field)] == [
        book.marks.barcode for book in several.books
    ]
    assert [row["barcode"] for row in rows(out / "items.csv")] == [
        book.marks.barcode for book in several.books
    ]
    assert len(pymarc.parse_xml_to_array(str(out / "records.xml"))) == 1
    assert len(several.books[0].record.get_fields(item_field)) == 1, "the batch itself is not changed"


def test_items_say_where_each_copy_belongs(english_batch, out):
    write_output(out, english_batch)
    first = rows(out / "items.csv")[0]
    book = english_batch.books[0]
    assert (first["barcode"], first["tag_pii"], first["location"]) == (
        book.marks.barcode,
        book.tag.pii,
        "MAIN",
    )
    assert (first["price"], first["currency"], first["afi"], first["record_id"]) == (
        "24.50",
        "USD",
        "07",
        "rec1",
    )


def test_each_label_copy_of_a_number_has_its_file(batch, out):
    book = batch.books[0]
    labels = tuple(
        LabelResult(surface, "X1", b"png", b"zpl") for surface in (Surface.BACK, Surface.FRONT, Surface.FRONT)
    )
    marks = replace(book.marks, barcode="X1")
    write_output(out, replace(batch, books=(replace(book, labels=labels, marks=marks),)))
    names = sorted(path.name for path in (out / "labels").glob("*.png"))
    assert names == ["X1-front-2.png", "X1-front.png", "X1-spine.png", "X1.png"]


def test_labels_of_copies_that_did_not_pass_stand_apart(batch, out):
    write_output(out, batch)
    number = batch.books[2].labels[0].barcode
    assert not (out / "labels" / f"{number}.png").exists()
    assert (out / "labels" / "not-used" / "b3" / f"{number}.png").is_file()


def test_tags_are_listed_with_their_elements(batch, out):
    write_output(out, batch)
    tags = json.loads((out / "tags.json").read_text("utf-8"))
    assert [tag["book"] for tag in tags] == ["b1", "b2", "b3"]
    assert tags[0]["pii"] == tags[0]["elements"]["1"] == batch.books[0].marks.barcode


def test_a_case_folder_says_in_plain_words_what_can_be_answered(english_batch, out):
    write_output(out, english_batch)
    data = json.loads((out / "review" / "R00001" / "case.json").read_text("utf-8"))
    assert (data["books"], data["answers"]) == (["b3"], ["redo_marks", "give_back", "keep_aside"])
    page = (out / "review" / "R00001" / "case.html").read_text("utf-8")
    assert "Take the labels off" in page
    assert "WC-R00001" in page


def test_a_picture_is_copied_once_and_its_path_stays_inside(english_batch, out, tmp_path):
    write_output(out, english_batch)
    assert len(list((out / "images").iterdir())) == 12
    for path in ("../secret.jpg", "/etc/passwd", "images/../../x.jpg", "x.jpg"):
        image = ImageResult("page", path, tmp_path / "secret.jpg")
        book = replace(english_batch.books[0], images=(image,))
        with pytest.raises(BadInput, match="below images"):
            write_output(out, replace(english_batch, books=(book,)))


def test_a_picture_that_is_gone_is_said_to_be_gone(english_batch, out):
    image = ImageResult("page", "images/gone.jpg", None)
    write_output(out, replace(english_batch, books=(replace(english_batch.books[0], images=(image,)),)))
    assert "no longer kept" in (out / "passports" / "b1.html").read_text("utf-8")


def test_names_from_outside_can_not_leave_the_folder(english_batch, out):
    book = replace(
        english_batch.books[0], book_id="../../evil", labels=(LabelResult(Surface.BACK, "../x", b"p", b"z"),)
    )
    write_output(out, replace(english_batch, books=(book,), cases=()))
    assert sorted(path.name for path in (out / "passports").iterdir()) == ["_.._evil.html"]
    assert not (out.parent / "x.png").exists()


def test_a_place_that_can_not_be_written_is_named(english_batch, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(StorageFull, match="file"):
        write_output(blocked, english_batch)


def test_a_number_on_two_books_is_counted(english_batch):
    first, second, *rest = english_batch.books
    twice = replace(second, labels=(LabelResult(Surface.BACK, first.marks.barcode),))
    assert tally(replace(english_batch, books=(first, twice, *rest))).duplicates == 1


def test_a_release_against_a_failed_proof_is_counted(english_batch):
    book = replace(english_batch.books[0], proofs=(Proof("tag", "1", "2", False),))
    assert tally(replace(english_batch, books=(book, *english_batch.books[1:]))).proofs_failed == 1


def paced(batch, exits, pace):
    books = tuple(replace(batch.books[0], book_id=f"p{n}", left_after=at) for n, at in enumerate(exits))
    return replace(batch, books=books, pace=pace)


def test_the_overhead_is_measured_from_the_twelfth_exit_on(english_batch):
    exits = [100.0 * n for n in range(12)] + [1100.0 + 10 * n for n in range(1, 9)]
    counts = tally(paced(english_batch, exits, Pace(400.0)))
    assert (counts.steady_from, counts.steady_per_hour, counts.overhead_ratio) == (12, 360.0, 0.9)


def test_a_short_batch_is_measured_from_its_first_exit(english_batch):
    counts = tally(paced(english_batch, [50.0, 60.0, 70.0], Pace(400.0)))
    assert (counts.steady_from, counts.overhead_ratio) == (1, 0.9)


def test_no_ratio_where_computing_was_the_limit_but_both_figures(english_batch, out):
    slow = paced(english_batch, [10.0 * n for n in range(20)], Pace(1200.0, 380.0, compute_bound=True))
    content = write_output(out, slow)
    assert (content["overhead_ratio"], content["limit_per_hour"], content["compute_per_hour"]) == (
        None,
        1200.0,
        380.0,
    )
    report = (out / "report.html").read_text("utf-8")
    assert "1200" in report
    assert "380" in report
    assert "Computing time" in report


def test_crops_lie_upright_where_the_value_was_read(english_batch, out):
    write_output(out, english_batch)
    page = (out / "passports" / "b1.html").read_text("utf-8")
    assert 'viewBox="39.0 99.0 522.0 102.0"' in page
    assert "translate(600 0) rotate(90)" in page
    assert "translate(600 800) rotate(180)" in page


def test_both_languages_say_everything():
    english, chinese = words_of("en"), words_of("zh")
    for name, text in english.items():
        assert chinese[name], name
        assert text or name.startswith("reason_")
        if text:
            assert len(re.findall(r"\{\w*\}", text)) == len(re.findall(r"\{\w*\}", chinese[name])), name


@pytest.mark.parametrize(
    ("rotation", "upright"),
    [(0, (10, 20, 30, 40)), (90, (240, 10, 40, 30)), (180, (360, 240, 30, 40)), (270, (20, 360, 40, 30))],
)
def test_a_box_turns_with_its_picture(rotation, upright):
    assert pictures._upright((10, 20, 30, 40), (400, 300), rotation) == upright


def test_a_file_that_can_not_be_written_leaves_the_old_one_and_no_draft(tmp_path):
    put(tmp_path / "report.html", "old")
    with pytest.raises(StorageFull, match=r"report\.html.*can't be written"):
        put(tmp_path / "report.html" / "inside.html", "new")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageFull):
        put(tmp_path / "folder", "new")
    assert (tmp_path / "report.html").read_text("utf-8") == "old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder", "report.html"]
