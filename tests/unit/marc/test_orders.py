from marc_samples import evidence

from marc import find_order, match_order
from workcell.kernel.model import OrderLine, Verdict

LINES = (
    OrderLine("1", "9780465050659", "The Design of Everyday Things", "Norman, Donald A."),
    OrderLine("2", "9780140275018", "Cod", "Kurlansky, Mark"),
    OrderLine("3", "9780865978409", "Democracy in America", "Tocqueville, Alexis de", volume="1"),
    OrderLine("4", "9780865978409", "Democracy in America", "Tocqueville, Alexis de", volume="2"),
    OrderLine("5", "9780226458120", "The Structure of Scientific Revolutions", binding="paperback"),
    OrderLine("6", "9780226458113", "The Structure of Scientific Revolutions", binding="hardback"),
    OrderLine("7", "", "傅雷家书", "傅雷"),
)


def _line(**seen) -> str:
    found = match_order(evidence(**seen), LINES)
    return found.line if found else ""


def test_a_line_is_found_by_its_isbn_when_the_title_agrees() -> None:
    assert _line(isbn="9780465050659", title="The Design of Everyday Things") == "1"
    assert _line(isbn="9780465050659", title="The Desiqn of Everday Things: Revised") == "1"


def test_a_line_of_another_title_is_found_but_does_not_match() -> None:
    seen = evidence(isbn="9780140275018", title="Salt")
    assert match_order(seen, LINES) is None
    assert find_order(seen, LINES).title is Verdict.DIFFER


def test_volumes_under_one_isbn_are_told_apart() -> None:
    assert _line(isbn="9780865978409", title="Democracy in America", volume="Volume I") == "3"
    assert _line(isbn="9780865978409", title="Democracy in America", volume="Volume II") == "4"


def test_bindings_are_told_apart_by_the_books_own_isbn() -> None:
    numbers = ("9780226458113=cloth", "9780226458120=paper")
    title = "The Structure of Scientific Revolutions"
    assert _line(isbn="9780226458113", isbns=numbers, title=title) == "6"
    assert _line(isbn="9780226458120", isbns=numbers, title=title) == "5"


def test_a_book_without_a_number_is_found_by_title_and_author() -> None:
    assert _line(title="傅雷家书", names=("傅雷",)) == "7"
    assert _line(title="傅雷家书", names=("钱钟书",)) == ""


def test_another_isbn_read_for_certain_is_another_book() -> None:
    assert _line(isbn="9780262640374", title="The Design of Everyday Things") == ""


def test_nothing_seen_matches_nothing() -> None:
    assert _line() == ""
