import pytest

from vision.isbn import find_isbns, hyphenated, to_isbn13


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (["ISBN 978-7-121-23343-2"], [("9787121233432", "", "")]),
        (["ISBN978-7-121-43410-5"], [("9787121434105", "", "")]),
        (["LCCN 2018004893 | ISBN 9781138035454 (hardback : alk.", "paper)"],
         [("9781138035454", "hardback : alk. paper", "hardcover")]),
        (["2024.8.—ISBN 978-7-51", "98-8988-3"], [("9787519889883", "", "")]),
        (["ISBN-10: 0-13-949876-1"], [("9780139498763", "", "")]),
        (["ISBN 7-302-06123-8/TP.3672"], [("9787302061236", "", "")]),
        (["ISBN 0 306 40615 2 (pbk.)"], [("9780306406157", "pbk.", "paperback")]),
        (["ISBN 978-0-07-183045-4", "MHID 0-07-183045-6"], [("9780071830454", "", "")]),
        (['9"780139"498763"'], [("9780139498763", "", "")]),
        (["SBN 571 08989 5"], [("9780571089895", "", "")]),
        (["Hardback ISBN: 978-0-306-40615-7"], [("9780306406157", "Hardback", "hardcover")]),
        (["ISBN 978-0-306-40615-7 pbk"], [("9780306406157", "pbk", "paperback")]),
        (["ISBN: 978-0-306-40615-7 (v. 1)"], [("9780306406157", "v. 1", "")]),
        (["ISBN 978-7-121-23343-2（全套）"], [("9787121233432", "全套", "set")]),
        (["ISBN 978-O-306-40615-7"], [("9780306406157", "", "")]),
        (["eISBN 978-0-306-40615-7"], [("9780306406157", "e", "ebook")]),
        (["ISBN 0-306-40615-2 (pbk.) 0-8044-2957-X (hbk.)"],
         [("9780306406157", "pbk.", "paperback"), ("9780804429573", "hbk.", "hardcover")]),
        (["统一书号：10019·3452"], []),
        (["978-1-118-26"], []),
        (["call 212 555 0123 4", "10 9 8 7 6 5 4 3 2 1"], []),
        (["0-306-40615-2"], []),
    ],
)  # fmt: skip
def test_printed_numbers_are_found_with_their_qualifier(lines, found):
    assert [(i.isbn13, i.qualifier, i.kind) for i in find_isbns(lines)] == found


def test_the_ebooks_number_is_told_from_the_books():
    text = [
        "ISBN 978-1-118-02647-2 (paperback)",
        "eISBN 978-0-306-40615-7 (ebook)",
        "ISBN (set): 9787121233432",
    ]
    assert [(i.kind, i.is_this_book) for i in find_isbns(text)] == [
        ("paperback", True), ("ebook", False), ("set", True),
    ]  # fmt: skip


def test_a_wrong_check_digit_is_named_not_mended():
    (found,) = find_isbns(["ISBN 978-0-306-40615-3"])
    assert found.isbn13 == ""
    assert "978-0-306-40615-3" in found.problem


def test_every_number_knows_its_line():
    found = find_isbns(["Title", "ISBN 0-306-40615-2", "more", "ISBN 978-7-121-23343-2"])
    assert [i.line for i in found] == [1, 3]


def test_ten_digits_become_thirteen_and_get_their_hyphens():
    assert to_isbn13("0-8044-2957-X") == "9780804429573"
    assert to_isbn13("0-8044-2957-1") == ""
    assert hyphenated("9780306406157") == "978-0-306-40615-7"


def test_digits_of_several_lines_are_a_number_only_where_the_check_digit_holds():
    assert [found.isbn13 for found in find_isbns(["ISBN 978-0-306-", "40615-7"])] == ["9780306406157"]
    assert find_isbns(["ISBN", "736", "91780", "20.00"]) == []
    assert [found.isbn13 for found in find_isbns(["ISBN", "0-306-40615-2"])] == ["9780306406157"]
