"""Title pages as lines of ``(text, height, top)`` on a page 1000 high."""

import pytest

from vision.cover import read_front_cover
from vision.extent import read_page_number
from vision.names import chinese_names, latin_names
from vision.titlepage import read_title_page


def _flat(fields):
    return {k: [x.value for x in v] if isinstance(v, list) else v.value for k, v in fields.items()}


def test_an_english_title_page(page_lines):
    lines = page_lines(
        ("Oxford Landmark Science", 18, 60), ("How Forests Think", 48, 150),
        ("Toward an Anthropology Beyond the", 27, 225),
        ("Human", 27, 256), ("Eduardo Kohn", 26, 340), ("Translated from the Spanish by Gregory", 26, 372),
        ("Rabassa", 26, 403), ("Second Edition", 22, 460), ("University of California Press", 25, 880),
        ("Berkeley · Los Angeles", 24, 910), ("2013", 24, 940),
    )  # fmt: skip
    assert _flat(read_title_page(lines)) == {
        "title": "How Forests Think",
        "subtitle": "Toward an Anthropology Beyond the Human",
        "responsibility": "Eduardo Kohn ; Translated from the Spanish by Gregory Rabassa",
        "names": ["Eduardo Kohn", "Gregory Rabassa"],
        "edition": "Second Edition",
        "publisher": "University of California Press",
        "place": "Berkeley · Los Angeles",
        "year": "2013",
    }


def test_a_chinese_title_page(page_lines):
    lines = page_lines(
        ("百年孤独", 60, 160), ("Cien años de soledad", 24, 240),
        ("［哥伦比亚］加西亚·马尔克斯 著", 28, 340), ("范晔 译", 28, 380),
        ("第2版", 24, 440), ("南海出版公司", 26, 880), ("海口", 24, 920),
    )  # fmt: skip
    fields = read_title_page(lines)
    assert _flat(fields) == {
        "title": "百年孤独",
        "responsibility": "［哥伦比亚］加西亚·马尔克斯 著 ; 范晔 译",
        "names": ["加西亚·马尔克斯", "范晔"],
        "edition": "第2版",
        "publisher": "南海出版公司",
        "place": "海口",
    }
    assert [n.role for n in fields["names"]] == ["author", "translator"]


@pytest.mark.parametrize("line", ["Volume II", "Vol. 3", "第三卷", "上册", "（下）"])
def test_a_volume_says_so(page_lines, line):
    fields = read_title_page(page_lines(("Capital", 50, 150), (line, 28, 230)))
    assert _flat(fields)["volume"] == line


def test_a_publisher_without_a_trade_word_stands_above_its_place(page_lines):
    fields = read_title_page(page_lines(("Republic", 50, 150), ("Harcourt", 25, 880), ("Orlando", 24, 910)))
    assert _flat(fields) == {"title": "Republic", "publisher": "Harcourt", "place": "Orlando"}


def test_a_title_in_two_lines_with_a_colon(page_lines):
    fields = read_title_page(
        page_lines(("Gödel, Escher, Bach:", 44, 150), ("an Eternal Golden Braid", 42, 205))
    )
    assert _flat(fields) == {"title": "Gödel, Escher, Bach", "subtitle": "an Eternal Golden Braid"}


def test_a_motto_is_not_a_subtitle(page_lines):
    lines = page_lines(
        ("Walden", 60, 150), ("Henry D. Thoreau", 28, 240), ("I do not propose to write an ode", 18, 420)
    )
    assert _flat(read_title_page(lines)) == {
        "title": "Walden", "responsibility": "Henry D. Thoreau", "names": ["Henry D. Thoreau"],
    }  # fmt: skip


def test_an_empty_page_has_no_fields():
    assert read_title_page([]) == {}
    assert read_front_cover([]) == {}


def test_a_covers_title_is_half_as_sure(page_lines):
    title = read_front_cover(page_lines(("Walden", 60, 150), ("Henry D. Thoreau", 28, 240)))["title"]
    assert (title.value, title.page) == ("Walden", "front_cover")
    assert title.confidence < 0.6


def test_names_with_roles():
    assert [(n.name, n.role) for n in latin_names("Jane Austen ; edited by Fiona Stafford and Ann Lee")] == [
        ("Jane Austen", "author"), ("Fiona Stafford", "editor"), ("Ann Lee", "editor"),
    ]  # fmt: skip
    assert [(n.name, n.role) for n in chinese_names("赵鸿萍,张艳敏主编;恩和汉译蒙")] == [
        ("赵鸿萍", "editor"), ("张艳敏", "editor"), ("恩和", "translator"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "pages"),
    [(("321", 20, 940), "321"), (("- 321 -", 20, 940), "321"), (("THE LAST CHAPTER 321", 20, 40), "321"),
     (("321", 20, 500), None), (("in 1914 and 1918", 20, 940), None)],
)  # fmt: skip
def test_the_last_page_number_stands_in_the_margin(page_lines, line, pages):
    lines = page_lines(("He closed the door behind him.", 20, 400), line)
    found = read_page_number(lines, (660.0, 1000.0)).get("pages")
    assert (found.value if found else None) == pages


def test_two_numbers_in_the_margins_settle_nothing(page_lines):
    assert read_page_number(page_lines(("12", 20, 40), ("321", 20, 940)), (660.0, 1000.0)) == {}


@pytest.mark.parametrize(
    ("below", "subtitle"),
    [("Roman", "Roman"), ("a novel", "a novel"), ("The History of a Coast", "The History of a Coast"),
     ("Le verger tranquille de la côte", None), ("Titre original : The Orchard", None)],
)  # fmt: skip
def test_an_original_title_is_no_subtitle(page_lines, below, subtitle):
    lines = page_lines(("The Orchard by the Sea", 50, 150), (below, 26, 240), ("Albert Moreau", 28, 330),
                       ("Translated from the French by Ann Lee", 22, 370))  # fmt: skip
    found = _flat(read_title_page(lines))
    assert found.get("subtitle") == subtitle
    assert found["names"] == ["Albert Moreau", "Ann Lee"]


@pytest.mark.parametrize(
    ("statement", "name", "role"),
    [("Aus dem Englischen von Anna Krüger", "Anna Krüger", "translator"),
     ("traduit de l’anglais par Claire Dubois", "Claire Dubois", "translator"),
     ("Traducción de Jaime Zulaika", "Jaime Zulaika", "translator"),
     ("Herausgegeben von Jürgen Weiß", "Jürgen Weiß", "editor")],
)  # fmt: skip
def test_statements_in_other_languages(page_lines, statement, name, role):
    names = read_title_page(page_lines(("La sombra", 60, 150), (statement, 26, 330)))["names"]
    assert [(n.value, n.role) for n in names] == [(name, role)]


@pytest.mark.parametrize(
    ("printed", "number"),
    [("Second Edition", "2"), ("2., überarbeitete Auflage", "2"), ("2e édition", "2"),
     ("Tercera edición", "3"), ("（第3版）", "3"), ("修订版", "修订版"),
     ("Revised Edition", "revised edition")],
)  # fmt: skip
def test_an_edition_in_any_language_gets_its_number(page_lines, printed, number):
    fields = read_title_page(page_lines(("Walden", 60, 150), (printed, 24, 420)))
    assert (fields["edition"].value, fields["edition"].normalised) == (printed.strip("（）"), number)


def test_an_author_of_one_word(page_lines):
    lines = page_lines(("Plato", 30, 60), ("The Republic", 60, 150), ("Translated by Ann Lee", 24, 330))
    assert _flat(read_title_page(lines))["names"] == ["Plato", "Ann Lee"]


def test_an_author_in_nearly_the_titles_size_is_not_its_first_line(page_lines):
    found = _flat(read_title_page(page_lines(("Jürgen Weiß", 34, 126), ("Die Bücher der Stille", 42, 194))))
    assert (found["title"], found["names"]) == ("Die Bücher der Stille", ["Jürgen Weiß"])


@pytest.mark.parametrize("head", ["Contents", "目　录", "Acknowledgements", "Table des matières", "前言"])
def test_another_kind_of_page_is_no_title_page(page_lines, head):
    assert (
        read_title_page(
            page_lines((head, 60, 60), ("1 The ferry 12", 24, 200), ("2 Early edition 30", 24, 240))
        )
        == {}
    )
