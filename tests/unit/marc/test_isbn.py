import pytest

from marc import isbn


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("978-7-121-23343-2", "9787121233432"),
        ("0-907132-03-0", "9780907132035"),
        ("080442957X (pbk.)", "9780804429573"),
        ("ISBN 978 0 465 05065 9", "9780465050659"),
        ("9780465050658", ""),
        ("4-7981-0000-1", ""),
        ("Vol. 2", ""),
    ],
)
def test_an_isbn_is_found_and_only_with_its_right_check_digit(text: str, expected: str) -> None:
    assert isbn.normalise(text) == expected


def test_ten_and_thirteen_digits_are_twins() -> None:
    assert isbn.to_13("080442957X") == "9780804429573"
    assert isbn.to_10("9780804429573") == "080442957X"
    assert isbn.to_10("9791090636071") == ""


def test_a_number_with_a_wrong_check_digit_is_known_as_misprinted() -> None:
    assert isbn.misprinted("ISBN 978-0-465-05065-8") == "9780465050658"
    assert isbn.misprinted("978-0-465-05065-9") == ""


@pytest.mark.parametrize("written", ["9780140275018 51995", "978-0-14-027501-8 05", "978014027501851995"])
def test_a_price_behind_the_number_is_not_part_of_it(written: str) -> None:
    assert isbn.normalise(written) == "9780140275018"


def test_more_digits_than_a_number_and_its_add_on_are_no_isbn() -> None:
    assert isbn.normalise("9780140275018519") == ""
