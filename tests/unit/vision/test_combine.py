"""Several images, one book: agreement, conflicts, and which page wins."""

import pytest

from vision.combine import combine
from workcell.kernel.evidence import (
    Barcode,
    Face,
    FieldValue,
    ImageEvidence,
    Measured,
    TextLine,
    evidence_from_json,
    evidence_to_json,
)

BOOK, OTHER = "9780306406157", "9787121233432"


def _image(face, *, barcode=None, accepted=True, addon=None, isbns=(), lines=(), **fields):
    codes = (
        ()
        if barcode is None
        else (Barcode(barcode, "EAN13", addon=addon, accepted=accepted, votes=("zxing",)),)
    )
    read = {name: FieldValue(v, v, 0.9, face.value) for name, v in fields.items()}
    if isbns:
        read["isbn"] = [
            FieldValue(i, i, 0.9, face.value, (0, n, 1, 1), qualifier=q) for n, (i, q) in enumerate(isbns)
        ]
    return ImageEvidence(
        f"{face}.jpg", "0" * 64, face, barcodes=codes, fields=read,
        lines=tuple(TextLine(text, 0.9, (0, 100 + n, 9, 9), "rapidocr") for n, text in enumerate(lines)),
    )  # fmt: skip


def test_barcode_and_printed_number_agree():
    isbn = combine([
        _image(Face.BACK_COVER, barcode=BOOK, isbns=[(BOOK, None)]),
        _image(Face.COPYRIGHT_PAGE, isbns=[(BOOK, "hardcover")]),
    ]).isbn  # fmt: skip
    assert (isbn.value, isbn.accepted) == (BOOK, True)
    assert isbn.sources == ("barcode:back_cover", "text:back_cover", "text:copyright_page")


def test_an_unconfirmed_barcode_is_confirmed_by_the_printed_number():
    back = _image(Face.BACK_COVER, barcode=BOOK, accepted=False, isbns=[(BOOK, None)])
    assert combine([back]).isbn.accepted


@pytest.mark.parametrize("image", [
    _image(Face.BACK_COVER, barcode=BOOK, accepted=False),
    _image(Face.BACK_COVER, isbns=[(BOOK, None)]),
])  # fmt: skip
def test_one_channel_alone_is_known_but_not_accepted(image):
    isbn = combine([image]).isbn
    assert (isbn.value, isbn.accepted) == (BOOK, False)


def test_the_digits_below_unreadable_bars_are_a_second_channel():
    back = _image(Face.BACK_COVER, isbns=[(BOOK, None)], lines=['780306"406157'])
    assert combine([back]).isbn.accepted
    elsewhere = _image(Face.BACK_COVER, isbns=[(BOOK, None)], lines=["0800 123 456 789"])
    assert not combine([elsewhere]).isbn.accepted


def test_the_ebooks_number_is_passed_over():
    page = _image(Face.COPYRIGHT_PAGE, isbns=[(OTHER, "ebook"), (BOOK, "paperback")])
    evidence = combine([page])
    assert evidence.isbn.value == BOOK
    assert [v.normalised for v in evidence.many("isbn")] == [OTHER, BOOK]


def test_two_bindings_and_no_barcode_leave_it_open():
    page = _image(Face.COPYRIGHT_PAGE, isbns=[(OTHER, "hardcover"), (BOOK, "paperback")])
    assert not combine([page]).isbn.accepted
    chosen = combine([page, _image(Face.BACK_COVER, barcode=BOOK)]).isbn
    assert (chosen.value, chosen.accepted) == (BOOK, True)


def test_two_accepted_barcodes_are_settled_by_nobody():
    isbn = combine([_image(Face.BACK_COVER, barcode=BOOK), _image(Face.FRONT_COVER, barcode=OTHER)]).isbn
    assert not isbn.accepted


def test_a_barcode_that_the_book_contradicts_is_less_sure():
    back = _image(Face.BACK_COVER, barcode=BOOK)
    sure = combine([back]).isbn.confidence
    assert combine([back, _image(Face.COPYRIGHT_PAGE, isbns=[(OTHER, None)])]).isbn.confidence < sure


def test_a_barcode_beside_another_printed_number_is_not_accepted():
    """A neighbour's barcode in the picture: the back cover itself prints, twice, whose book it is."""
    back = _image(Face.BACK_COVER, barcode=BOOK, isbns=[(OTHER, None), (OTHER, None)])
    assert not combine([back]).isbn.accepted
    read_once = _image(Face.BACK_COVER, barcode=BOOK, isbns=[(OTHER, None)])
    assert combine([read_once]).isbn.accepted
    other_binding = _image(Face.COPYRIGHT_PAGE, isbns=[(OTHER, None), (OTHER, None)])
    assert combine([_image(Face.BACK_COVER, barcode=BOOK), other_binding]).isbn.accepted


def test_goods_and_music_are_no_isbn():
    assert combine([_image(Face.BACK_COVER, barcode="4006381333931")]).isbn is None


def test_the_title_page_wins_for_transcription():
    evidence = combine([
        _image(Face.COPYRIGHT_PAGE, title="How forests think", publisher="UCP", price="79.00元"),
        _image(Face.TITLE_PAGE, title="How Forests Think", publisher="University of California Press",
               lines=["How Forests Think"]),
        _image(Face.FRONT_COVER, title="FORESTS"),
    ])  # fmt: skip
    assert evidence.text("title") == "How Forests Think"
    assert (evidence.text("publisher"), evidence.one("publisher").page) == (
        "University of California Press", "title_page",
    )  # fmt: skip
    assert evidence.text("price") == "79.00元"


def test_cip_data_confirm_a_title_that_type_size_misled():
    evidence = combine([
        _image(Face.COPYRIGHT_PAGE, title="The elements of typographic style"),
        _image(Face.TITLE_PAGE, title="Typographic Style", subtitle="A motto",
               lines=["The Elements of", "Typographic Style", "A motto"]),
    ])  # fmt: skip
    assert evidence.text("title") == "The elements of typographic style"
    assert evidence.one("subtitle") is None


def test_the_add_ons_price_and_the_printed_one():
    alone = combine([_image(Face.BACK_COVER, barcode=BOOK, addon="52495")])
    assert (alone.text("price"), alone.one("price").normalised) == ("52495", "USD 24.95")
    back = _image(Face.BACK_COVER, barcode=BOOK, addon="52495")
    printed = FieldValue("US $24.95", "USD 24.95", 0.9, "back_cover")
    both = combine(
        [ImageEvidence("b", "0" * 64, Face.BACK_COVER, barcodes=back.barcodes, fields={"price": printed})]
    )
    assert (both.text("price"), both.one("price").confidence) == ("US $24.95", 0.99)


@pytest.mark.parametrize(
    ("lines", "language"),
    [
        (["The history of the book and of the people who made it", "and of the trade"], "eng"),
        (["Die Geschichte der Bücher und das Handwerk von heute", "mit einer Einleitung zu den"], "ger"),
        (["世界文明启示录", "天津人民出版社出版发行", "版权所有侵权必究，未经许可不得翻印"], "chi"),
        (["Walden"], ""),
    ],
)  # fmt: skip
def test_the_language_is_told_by_script_and_common_words(lines, language):
    assert combine([_image(Face.OTHER, lines=lines)]).text("language") == language


def test_nothing_seen_is_no_evidence():
    evidence = combine([], Measured(height_mm=229))
    assert evidence.isbn is None and evidence.fields == {}
    assert evidence.measured.height_mm == 229


def test_evidence_survives_its_json():
    evidence = combine([_image(Face.BACK_COVER, barcode=BOOK, isbns=[(BOOK, None)])])
    assert evidence_from_json(evidence_to_json(evidence)) == evidence
