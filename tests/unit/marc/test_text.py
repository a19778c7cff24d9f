import pytest

from marc import text


@pytest.mark.parametrize(
    ("one", "other", "low", "high"),
    [
        ("The Design of Everyday Things", "the design of everyday things.", 1.0, 1.0),
        ("Désign of Every day Things", "Design of everyday things", 1.0, 1.0),
        ("Braiding Sweetgrass", "Bra1ding Sweetgrss", 0.9, 0.99),
        ("三体", "三 体", 1.0, 1.0),
        ("图书馆学基础", "图书馆学墓础", 0.8, 0.95),
        ("Calculus 1", "Calculus 2", 0.0, 0.6),
        ("Salt", "Cod", 0.0, 0.5),
        ("", "Cod", 0.0, 0.0),
    ],
)
def test_likeness_bears_reading_errors_but_not_other_numbers(
    one: str, other: str, low: float, high: float
) -> None:
    assert low <= text.similarity(one, other) <= high


def test_chinese_is_indexed_by_overlapping_pairs() -> None:
    assert text.tokens("中国图书馆 Netty") == ["中国", "国图", "图书", "书馆", "netty"]


def test_a_digit_misread_inside_a_word_is_no_other_number() -> None:
    assert text.similarity("Everyday th1ngs", "Everyday things") > 0.9


def test_words_of_a_name_are_found_in_any_order() -> None:
    assert text.contains_words("Norman, Donald A.", "Donald Norman") == 1.0
    assert text.contains_words("Norman, Donald A.", "Jane Austen") == 0.0
