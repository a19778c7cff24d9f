"""box.json and the packing of a demo's pile."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from workcell.kernel.errors import ConfigError
from workcell.twin import Box, load_box, pack
from workcell.twin.box import ean13_check_digit

BOX_FILE = Path(__file__).with_name("box.json")


def _changed(tmp_path: Path, change: Any) -> Path:
    data = json.loads(BOX_FILE.read_text("utf-8"))
    change(data)
    path = tmp_path / "box.json"
    path.write_text(json.dumps(data), "utf-8")
    return path


def _drop_title_page(data: Any) -> None:
    del data["titles"][1]["title_page"]


def _misspell(data: Any) -> None:
    data["titles"][0]["colur"] = "#000000"


def _wrong_check_digit(data: Any) -> None:
    data["titles"][0]["isbn"] = "9780300000086"


def _twice(data: Any) -> None:
    data["titles"].append(data["titles"][0])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_drop_title_page, ("titles.1.title_page", "t-zh-1")),
        (_misspell, ("titles.0.colur", "unknown key", "Remove it")),
        (_wrong_check_digit, ("titles.0.isbn", "check digit 6 where 5 is right")),
        (_twice, ("t-en-1", "stands twice")),
    ],
)
def test_an_error_names_file_key_and_remedy(tmp_path: Path, change: Any, said: tuple[str, ...]) -> None:
    path = _changed(tmp_path, change)
    with pytest.raises(ConfigError) as caught:
        load_box(path)
    for part in (str(path), *said):
        assert part in str(caught.value)
    assert caught.value.remedy


def test_broken_json_and_a_missing_file_are_config_errors(tmp_path: Path) -> None:
    path = tmp_path / "box.json"
    with pytest.raises(ConfigError, match="no such file"):
        load_box(path)
    path.write_text("{", "utf-8")
    with pytest.raises(ConfigError, match="not valid JSON"):
        load_box(path)


def test_ean13_check_digit_of_a_published_example() -> None:
    # ISBN Users' Manual: 978-92-95055-02-5
    assert ean13_check_digit("978929505502") == "5"


def test_showcase_titles_come_with_all_their_copies_before_the_others(box: Box) -> None:
    packed = Counter(book.title.title_id for book in pack(box, 6, 3))
    assert packed["t-en-1"] == 2
    assert packed["t-zh-1"] == 3
    assert sum(packed.values()) == 6


def test_the_pile_is_the_same_for_a_seed_and_another_for_another(box: Box) -> None:
    def order(seed: int) -> list[str]:
        return [book.title.title_id for book in pack(box, 8, seed)]

    assert order(5) == order(5)
    assert len({tuple(order(seed)) for seed in range(20)}) > 5


def test_copies_are_named_in_feeding_order_and_numbered_within_their_title(box: Box) -> None:
    pile = pack(box, 8, 1)
    assert [book.name for book in pile] == [f"copy-{n:04d}" for n in range(1, 9)]
    assert [book.number for book in pile if book.title.title_id == "t-zh-1"] == [1, 2, 3]


def test_a_larger_demo_packs_the_boxes_once_more(box: Box) -> None:
    packed = Counter(book.title.title_id for book in pack(box, 16, 1))
    assert packed["t-zh-1"] == 6
    assert sum(packed.values()) == 16


@pytest.mark.parametrize("library", ["en", "zh"])
def test_the_sample_shipments_can_be_packed(library: str) -> None:
    path = Path(__file__).resolve().parents[3] / "examples" / "shipments" / library / "box.json"
    if not path.exists():
        pytest.skip(f"{path} is not there")
    box = load_box(path)
    shown = {title.title_id for title in box.titles if title.showcase}
    for seed in range(5):
        assert shown <= {book.title.title_id for book in pack(box, 24, seed)}
