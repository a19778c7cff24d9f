"""Templates: what is drawn where, what is refused, and that nothing is cut."""

import io
from pathlib import Path

import numpy as np
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from label_print import Label, Stock, Template, load_template, render, spine_label
from workcell.kernel.errors import BadInput, ConfigError

EXAMPLES = Path(__file__).resolve().parents[3] / "examples" / "labels"
ITEM = {
    "barcode": "30234000517861", "symbology": "codabar", "library_line": "Riverside Public Library",
    "call_number": "TP393.092-53/H637", "lines": ["TP393.092-53", "H637"], "accession": "250000001",
}  # fmt: skip


def template(*fields: dict[str, object], **more: object) -> Template:
    """A label of 40 by 20 mm with text fields that fill it unless said otherwise."""
    usual = {"kind": "text", "x_mm": 1, "y_mm": 1, "width_mm": 38, "height_mm": 18}
    named = [usual | {"name": f"field {nth}"} | field for nth, field in enumerate(fields, 1)]
    size = {"width_mm": 40, "height_mm": 20}
    return Template.model_validate({"schema": "label/1", "name": "test", **size, "fields": named} | more)


def box(label: Label) -> tuple[int, int, int, int]:
    """First and last row, first and last column of the ink."""
    rows, columns = np.nonzero(label.bitmap == 0)
    return int(rows.min()), int(rows.max()), int(columns.min()), int(columns.max())


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("[!s]*.toml")) + sorted(EXAMPLES.glob("sp*.toml")))
@pytest.mark.parametrize("dpi", [203, 300])
def test_every_example_is_drawn_at_its_size(path: Path, dpi: int) -> None:
    drawn = load_template(path)
    label = render(drawn, ITEM, dpi)
    turned = drawn.rotation in (90, 270)
    wanted = (drawn.height_mm, drawn.width_mm) if turned else (drawn.width_mm, drawn.height_mm)
    assert label.size_mm == pytest.approx(wanted, abs=0.15)
    assert (label.bitmap == 0).any()


@pytest.mark.parametrize(("rotation", "turns"), [(90, 1), (180, 2), (270, 3)])
def test_a_label_turns_clockwise(rotation: int, turns: int) -> None:
    upright = render(template({"value": "Abc"}), {}, 203).bitmap
    turned = render(template({"value": "Abc"}, rotation=rotation), {}, 203).bitmap
    np.testing.assert_array_equal(turned, np.rot90(upright, -turns))


@pytest.mark.parametrize("rotation", [90, 270])
def test_a_turned_field_uses_its_height_as_width(rotation: int) -> None:
    field = {"value": "TALL WORD", "x_mm": 1, "y_mm": 1, "width_mm": 4, "height_mm": 18, "rotation": rotation}
    top, bottom, left, right = box(render(template(field), {}, 203))
    assert bottom - top > 3 * (right - left)
    assert top >= 8 and bottom < 19 * 8 and left >= 8 and right < 5 * 8


def test_a_turned_symbol_is_read() -> None:
    field = {"kind": "symbol", "value": "{barcode}", "symbology": "code128", "rotation": 90,
             "x_mm": 0, "y_mm": 0, "width_mm": 20, "height_mm": 60}  # fmt: skip
    label = render(template(field, width_mm=20, height_mm=60), ITEM, 203)
    read = zxingcpp.read_barcodes(np.pad(label.bitmap, 40, constant_values=255))
    assert [result.text for result in read] == [ITEM["barcode"]]


@pytest.mark.parametrize("align", ["left", "centre", "right"])
@pytest.mark.parametrize("valign", ["top", "middle", "bottom"])
def test_text_stands_where_it_is_aligned(align: str, valign: str) -> None:
    field = {"value": "Hxq", "align": align, "valign": valign, "largest_mm": 3}
    top, bottom, left, right = box(render(template(field), {}, 203))
    assert {"left": left == 8, "right": right == 39 * 8 - 1, "centre": abs(left + right - 319) < 6}[align]
    middle = (top + bottom) / 2
    assert {"top": middle < 40, "middle": 60 < middle < 100, "bottom": middle > 120}[valign]
    assert top >= 8 and bottom < 19 * 8


def test_a_long_text_is_wrapped_smaller_and_whole() -> None:
    text = "Riverside Public Library and Archive of the Lower Valley"
    one_line = template({"value": text, "smallest_mm": 3})
    with pytest.raises(BadInput, match="field field 1 does not fit a label of 40 x 20 mm"):
        render(one_line, {}, 203)
    assert box(render(template({"value": text, "wrap": True, "smallest_mm": 3}), {}, 203))


def test_chinese_is_wrapped_between_characters_and_never_before_a_stop() -> None:
    narrow = {"width_mm": 12, "height_mm": 18, "wrap": True, "largest_mm": 3}
    label = render(template(narrow | {"value": "滨江市图书馆中文图书借阅区，二楼。"}), {}, 203)
    assert box(label)[3] < 13 * 8
    from label_print.setting import _words

    assert [word for _, word in _words("二楼，借阅 A1区")] == ["二", "楼，", "借", "阅", "A1", "区"]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.text("ABgjpqyQ0123456789.()中文图", min_size=1, max_size=14), min_size=1, max_size=8),
    st.floats(12, 40), st.floats(12, 50),
)  # fmt: skip
def test_ink_never_leaves_the_margins(lines: list[str], width: float, height: float) -> None:
    try:
        label = spine_label(lines, Stock(width, height), 203)
    except BadInput as error:
        assert "does not fit" in error.what
        return
    top, bottom, left, right = box(label)
    rows, columns = label.bitmap.shape
    assert top >= 8 and left >= 8 and bottom < rows - 7 and right < columns - 7


@pytest.mark.parametrize("text", ["Ågjpqy|", "ÁÉÍ", "g", "(){}[]"])
@pytest.mark.parametrize("height", [2.0, 2.4, 3.2])
def test_no_stroke_is_cut_at_a_field_s_edge(text: str, height: float) -> None:
    """A field drawn in a larger one of the same type size shows the same ink."""
    small = {"value": text, "height_mm": height, "y_mm": 5, "smallest_mm": 1}
    ink = render(template(small), {}, 300).bitmap == 0
    rows = np.flatnonzero(ink.any(axis=1))
    field = range(int(5 * 300 / 25.4 + 1e-6), int((5 + height) * 300 / 25.4 + 1e-6))
    assert rows.min() in field and rows.max() in field
    from label_print.setting import _drawn

    sizes = (_drawn(text, size, "")[0] for size in range(len(field), 5, -1))
    drawn = ink[rows.min() : rows.max() + 1][:, ink.any(axis=0).argmax() :]
    assert any(one.sum() == drawn.sum() for one in sizes)


def test_an_optional_field_without_a_value_is_left_out() -> None:
    fields = (
        {"value": "{title}", "optional": True, "height_mm": 5},
        {"value": "A", "y_mm": 8, "height_mm": 8},
    )
    assert box(render(template(*fields), {"title": " "}, 203))[0] > 6 * 8
    with pytest.raises(BadInput, match="field field 1 has no title"):
        render(template({"value": "{title}"}), {}, 203)
    with pytest.raises(BadInput, match="field field 1 has no lines"):
        render(template({"kind": "lines"}), {"lines": []}, 203)


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        ({"x_mm": 5}, "wider than the label"),
        ({"y_mm": 5}, "higher than the label"),
        ({"width_mm": 0}, "greater than 0"),
        ({"kind": "photo"}, "kind"),
        ({"rotation": 45}, "rotation"),
    ],
)
def test_a_template_that_can_not_be_is_named(field: dict[str, object], problem: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=problem):
        template({"value": "x"} | field)


def test_a_template_file_is_checked(tmp_path: Path) -> None:
    path = tmp_path / "label.toml"
    head = 'schema = "label/1"\nname = "n"\nwidth_mm = 40\nheight_mm = 20\n'
    place = "x_mm = 0\ny_mm = 0\nwidth_mm = 10\nheight_mm = 10\n"
    path.write_text(head + '[[fields]]\nkind = "picture"\nname = "logo"\nfile = "logo.png"\n' + place)
    with pytest.raises(ConfigError, match="no such file"):
        load_template(path)
    (tmp_path / "logo.png").write_bytes(b"no picture")
    with pytest.raises(ConfigError, match="logo can't be read"):
        render(load_template(path), {}, 203)
    path.write_text(head + 'colour = "no colour"\n')
    with pytest.raises(ConfigError, match="colour"):
        load_template(path)


def test_a_logo_keeps_its_proportions(tmp_path: Path) -> None:
    logo = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    logo.paste((0, 0, 0, 255), (0, 0, 200, 100))
    logo.save(tmp_path / "logo.png")
    field = {"kind": "picture", "file": str(tmp_path / "logo.png"), "width_mm": 10, "height_mm": 18}
    top, bottom, left, right = box(render(template(field), {}, 203))
    assert (right - left + 1, bottom - top + 1) == (80, 40)


def test_coloured_stock_shows_in_the_preview_only() -> None:
    label = render(template({"value": "A"}, colour="#fff3b0"), {}, 203)
    assert set(np.unique(label.bitmap)) == {0, 255}
    image = Image.open(io.BytesIO(label.png()))
    assert image.mode == "RGB" and image.getpixel((0, 0)) == (0xFF, 0xF3, 0xB0)
    assert label.zpl() == render(template({"value": "A"}), {}, 203).zpl()


def test_a_font_of_the_library_s_choice_is_taken() -> None:
    usual = render(template({"value": "il1"}), {}, 203)
    mono = render(template({"value": "il1", "font": "DejaVu Sans Mono"}), {}, 203)
    assert not np.array_equal(usual.bitmap, mono.bitmap)
    with pytest.raises(ConfigError, match="no font for"):
        render(template({"value": "x", "font": "No Such Font At All"}), {}, 203)
