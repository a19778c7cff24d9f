import pytest

from marc import designations as d


@pytest.mark.parametrize(
    ("text", "number", "total"),
    [
        ("Volume II", 2, None), ("vol. 3", 3, None), ("上册", 1, None), ("下", 2, None), ("第二卷", 2, None),
        ("第十二册", 12, None), ("Book One", 1, None), ("全三册", None, 3), ("1-3", None, 3),
        ("全2册", None, 2), ("3", 3, None), ("", None, None), ("a novel", None, None),
    ],
)  # fmt: skip
def test_volume_statements_are_understood(text: str, number: int | None, total: int | None) -> None:
    assert d.parse_volume(text) == d.Volume(number, total)


def test_the_last_of_three_and_the_second_of_two_are_both_called_xia() -> None:
    assert d.same_volume("下册", "第三册") is True
    assert d.same_volume("下册", "2") is True
    assert d.same_volume("下册", "中册") is False
    assert d.same_volume("上册", "2") is False
    assert d.same_volume("", "2") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("2nd ed.", 2),
        ("Third edition", 3),
        ("第3版", 3),
        ("第二版", 2),
        ("Di 1 ban", 1),
        ("Revised edition", None),
    ],
)
def test_edition_numbers_are_understood(text: str, number: int | None) -> None:
    assert d.edition_number(text) == number


@pytest.mark.parametrize(
    ("extent", "pieces", "pages"),
    [
        ("xiv, 321 pages", 1, 321), ("3 volumes", 3, None), ("2册 (1606页)", 2, 1606), ("263页", 1, 263),
        ("1 v. (various pagings)", 1, None), ("p. cm.", 1, None), ("2 v. (x, 512 p.)", 2, 512),
    ],
)  # fmt: skip
def test_extents_are_understood(extent: str, pieces: int, pages: int | None) -> None:
    assert (d.pieces(extent), d.page_count(extent)) == (pieces, pages)
