"""Covers and spines as lines of ``(text, height, top)`` on a page 1000 high."""

from vision.cover import read_front_cover, read_spine_face


def _flat(fields):
    return {k: [x.value for x in v] if isinstance(v, list) else v.value for k, v in fields.items()}


def test_a_front_cover_gives_title_author_and_publisher_half_as_sure(page_lines):
    fields = read_front_cover(
        page_lines(
            ("A NEW YORK TIMES BESTSELLER", 18, 60),
            ("The Quiet Orchard", 60, 150),
            ("Margaret Holloway", 30, 300),
            ("Harvill Press", 24, 900),
        )
    )
    assert _flat(fields) == {
        "title": "The Quiet Orchard",
        "names": ["Margaret Holloway"],
        "publisher": "Harvill Press",
    }
    assert all(0 < v.confidence <= 0.5 for v in (fields["title"], *fields["names"], fields["publisher"]))
    assert fields["title"].page == "front_cover"


def test_praise_is_not_taken_for_a_name_or_a_subtitle(page_lines):
    fields = read_front_cover(
        page_lines(
            ("Salt", 80, 200),
            ("“A masterpiece” Daily Review", 20, 320),
            ("Winner of the Costa Prize", 20, 900),
        )
    )
    assert _flat(fields) == {"title": "Salt"}


def test_a_spine_gives_its_pieces(page_lines):
    fields = read_spine_face(
        page_lines(
            ("Margaret Holloway", 24, 60),
            ("THE QUIET ORCHARD", 40, 300),
            ("2", 30, 600),
            ("Harvill Press", 18, 900),
        )
    )
    assert _flat(fields) == {
        "publisher": "Harvill Press",
        "volume": "2",
        "names": ["Margaret Holloway"],
        "title": "THE QUIET ORCHARD",
    }
    assert fields["title"].page == "spine"


def test_a_chinese_spine(page_lines):
    fields = read_spine_face(
        page_lines(("王建国　著", 24, 60), ("江南旧事", 50, 300), ("下", 30, 600), ("中华书局", 20, 900))
    )
    assert _flat(fields) == {
        "publisher": "中华书局",
        "volume": "下",
        "names": ["王建国"],
        "title": "江南旧事",
    }


def test_a_spine_of_many_pieces_or_none_says_nothing(page_lines):
    assert read_spine_face([]) == {}
    assert read_spine_face(page_lines(*[(f"Piece {n}", 20, 50 * n) for n in range(12)])) == {}
