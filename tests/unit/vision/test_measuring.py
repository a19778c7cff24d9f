"""Calibration, outline and measures on rendered scenes, whose truth is known to the micrometre."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import vision
from vision.board import DEFAULT_BOARD, Board, find_board, find_tray_markers
from vision.calibration import LEAST_PICTURES
from vision.measuring import centimetres, measure, near_boundary
from vision.outline import masked
from workcell.cli.app import app
from workcell.kernel.errors import BadInput, ConfigError

BENCH = Path(__file__).parents[3] / "bench" / "tray_scenes.py"
_spec = importlib.util.spec_from_file_location("tray_scenes", BENCH)
scenes = sys.modules["tray_scenes"] = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(scenes)

CAMERA = scenes.Camera(size=(1200, 900), focal=1380.0, off=(9.0, -6.0))
STAND = scenes.over_the_tray()
BOOK = scenes.Lie(152.3, 229.4, 23.0, turn=2.0)


@pytest.fixture(scope="module")
def studio():
    return scenes.Studio(CAMERA, 1)


@pytest.fixture(scope="module")
def boards(studio, tmp_path_factory):
    folder = tmp_path_factory.mktemp("boards")
    for n, stand in enumerate(scenes.board_stands(10, 3)):
        cv2.imwrite(str(folder / f"{n}.png"), studio.picture(stand, [scenes.board_flat()]))
    return folder


@pytest.fixture(scope="module")
def tray_files(studio, tmp_path_factory):
    """The board lying in the tray, and the empty tray."""
    folder = tmp_path_factory.mktemp("tray")
    board = [scenes.tray_flat(), scenes.board_flat(at=(89, 77))]
    cv2.imwrite(str(folder / "tray.png"), studio.picture(STAND, board))
    cv2.imwrite(str(folder / "empty.png"), studio.picture(STAND, [scenes.tray_flat()]))
    return folder


@pytest.fixture(scope="module")
def calibration(boards, tray_files):
    lens = vision.calibrate(vision.photos_in(boards), DEFAULT_BOARD)
    return vision.with_tray(lens, tray_files / "tray.png")


@pytest.fixture(scope="module")
def empty(tray_files):
    return vision.load(tray_files / "empty.png")


@pytest.fixture(scope="module")
def picture(studio):
    def take(*flats, stand=STAND, **how):
        return studio.picture(stand, [scenes.tray_flat(), *flats], **how)

    return take


@pytest.fixture(scope="module")
def shot(picture):
    return picture(*scenes.book_flats(BOOK, 4))


# --- calibration -----------------------------------------------------------------------------------------


def test_the_lens_is_found_as_it_was_built(calibration):
    matrix = np.array(calibration.matrix)
    assert matrix[0, 0] == pytest.approx(CAMERA.focal, rel=0.002)
    assert matrix[:2, 2] == pytest.approx(CAMERA.matrix[:2, 2], abs=4)
    assert calibration.rms_px < 0.2
    assert all(report.rms_mm < 0.1 and report.corners >= 8 for report in calibration.pictures)


def test_the_trays_markers_are_found_where_they_lie(calibration):
    corners = {n: np.array(quad[0]) for n, quad in calibration.tray.markers.items()}
    assert np.hypot(*(corners[1] - corners[0])) == pytest.approx(366, abs=0.5)
    assert np.hypot(*(corners[2] - corners[0])) == pytest.approx(276, abs=0.5)


def test_a_board_of_known_thickness_lies_higher_than_the_tray(boards, studio, calibration, tmp_path):
    flats = [scenes.tray_flat(), scenes.board_flat(at=(89, 77), z=-6.0)]
    path = tmp_path / "thick.png"
    cv2.imwrite(str(path), studio.picture(STAND, flats))
    for thickness, right in ((6.0, True), (0.0, False)):
        tray = vision.with_tray(calibration, path, thickness).tray
        wide = np.hypot(*(np.array(tray.markers[1][0]) - np.array(tray.markers[0][0])))
        assert bool(abs(wide - 366) < 0.5) is right


def test_a_calibration_survives_its_file(calibration, tmp_path):
    path = tmp_path / "calibration.json"
    vision.save_calibration(calibration, path)
    assert vision.load_calibration(path) == calibration


@pytest.mark.parametrize("text", ["", "{}", '{"schema": "calibration/1"}', "[1]"])
def test_a_file_that_is_no_calibration_is_named(tmp_path, text):
    path = tmp_path / "wrong.json"
    path.write_text(text)
    with pytest.raises(BadInput, match=r"wrong\.json.*no calibration"):
        vision.load_calibration(path)


def test_too_few_pictures_are_refused(boards):
    with pytest.raises(BadInput, match=f"{LEAST_PICTURES} are needed"):
        vision.calibrate(vision.photos_in(boards)[:3], DEFAULT_BOARD)


def test_pictures_without_the_board_do_not_count(boards):
    with pytest.raises(BadInput, match="seen in 0 of 3"):
        vision.calibrate(vision.photos_in(boards)[:3], Board(7, 5, 22.0))


def test_pictures_of_several_sizes_are_refused(boards, tmp_path):
    small = tmp_path / "small.png"
    cv2.imwrite(str(small), cv2.resize(vision.load(vision.photos_in(boards)[0]), (600, 450)))
    with pytest.raises(BadInput, match=r"small\.png.*600 x 450"):
        vision.calibrate([vision.photos_in(boards)[0], small], DEFAULT_BOARD)


def test_a_board_that_always_lies_in_one_place_is_refused(studio, tmp_path):
    stands = [replace(s, shift=(-125, -90, 900)) for s in scenes.board_stands(8, 4)]
    for n, stand in enumerate(stands):
        cv2.imwrite(str(tmp_path / f"{n}.png"), studio.picture(stand, [scenes.board_flat()]))
    with pytest.raises(BadInput, match=r"only ever lies in \d+% of the picture"):
        vision.calibrate(vision.photos_in(tmp_path), DEFAULT_BOARD)


def test_a_board_never_tilted_is_refused(studio, tmp_path):
    for n, stand in enumerate(scenes.board_stands(9, 5, most_tilt=0.5)):
        cv2.imwrite(str(tmp_path / f"{n}.png"), studio.picture(stand, [scenes.board_flat()]))
    with pytest.raises(BadInput, match="too much alike"):
        vision.calibrate(vision.photos_in(tmp_path), DEFAULT_BOARD)


def test_a_bent_board_is_refused(studio, tmp_path):
    for n, stand in enumerate(scenes.board_stands(8, 6)):
        image = studio.picture(stand, [scenes.board_flat()])
        y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(np.float32)
        wavy = cv2.remap(image, x + 6 * np.sin(y / 60 + n), y, cv2.INTER_LINEAR)
        cv2.imwrite(str(tmp_path / f"{n}.png"), wavy)
    with pytest.raises(BadInput, match="corners are off by"):
        vision.calibrate(vision.photos_in(tmp_path), DEFAULT_BOARD)


def test_a_tray_without_its_markers_is_refused(calibration, boards):
    with pytest.raises(BadInput, match="0 of the 4 markers and the board"):
        vision.with_tray(calibration, vision.photos_in(boards)[4])


# --- outline ---------------------------------------------------------------------------------------------


def test_the_outline_follows_the_books_four_sides(shot, empty):
    outline = vision.find_outline(shot, empty)
    width, height = (np.hypot(*(np.subtract(*outline.corners[k : k + 2]))) for k in (0, 1))
    assert height / width == pytest.approx(229.4 / 152.3, rel=0.02)
    assert all(len(side) > 100 for side in outline.sides)


def test_without_an_empty_tray_there_is_no_outline(shot, empty):
    assert vision.find_outline(shot, None) is None
    assert vision.find_outline(shot, empty[:-2]) is None


def test_an_empty_tray_has_no_outline(picture, empty):
    assert vision.find_outline(picture(), empty) is None


def test_a_book_like_its_tray_has_no_outline(picture, empty):
    hidden = scenes.book_flats(replace(BOOK, thickness=0.1), 4)[-1]
    same = scenes.Flat(np.full_like(hidden.texture, (72, 68, 62)), hidden.corners)
    assert vision.find_outline(picture(same), empty) is None


def test_two_books_that_touch_have_no_outline(picture, empty):
    one = scenes.Lie(120, 180, 20, middle=(150, 165))
    other = scenes.Lie(110, 120, 20, middle=(265, 190), turn=3)
    flats = [*scenes.book_flats(one, 1), *scenes.book_flats(other, 2)]
    assert vision.find_outline(picture(*flats), empty) is None


def test_a_book_that_reaches_out_of_the_picture_has_no_outline(picture, empty):
    flats = scenes.book_flats(replace(BOOK, middle=(5, 165)), 4)
    assert vision.find_outline(picture(*flats), empty) is None


def test_a_shadow_beside_the_book_is_not_the_book(picture, empty, calibration):
    x = np.arange(empty.shape[1])
    shade = (0.65 + 0.35 / (1 + np.exp((850 - x) / 25.0)))[:, np.newaxis]
    dark = (picture(*scenes.book_flats(BOOK, 4)) * shade).astype(np.uint8)
    size = measure(dark, calibration, BOOK.thickness, empty).size
    assert size is None or size.height_mm == pytest.approx(BOOK.height, abs=1.0)


def test_a_neighbours_symbol_is_not_this_books(shot, empty):
    outline = vision.find_outline(shot, empty)
    x, y = np.mean(outline.corners, axis=0)
    on_it = [(x - 30, y - 10), (x + 30, y - 10), (x + 30, y + 10), (x - 30, y + 10)]
    beside = [(px + 500, py) for px, py in on_it]
    right = outline.corners[1][0]
    across = [(px - x + right, py) for px, py in on_it]
    assert vision.inside(outline, on_it)
    assert not vision.inside(outline, beside)
    assert not vision.inside(outline, across)
    assert vision.inside(outline, across, slack_px=70)
    assert not vision.inside(outline, [])


def test_what_lies_beside_the_book_is_masked(shot, empty):
    outline = vision.find_outline(shot, empty)
    shown = masked(shot, outline)
    x, y = (int(v) for v in np.mean(outline.corners, axis=0))
    assert (shown[y, x] == shot[y, x]).all()
    assert (shown[5, 5] == 128).all()


# --- measures --------------------------------------------------------------------------------------------


def test_books_are_measured_to_the_right_centimetre(picture, empty, calibration):
    draw = np.random.default_rng(11)
    for n in range(8):
        lie = scenes.random_lie(draw)
        found = measure(picture(*scenes.book_flats(lie, n)), calibration, lie.thickness, empty)
        assert (found.size.height_mm, found.size.width_mm) == pytest.approx((lie.height, lie.width), abs=0.35)
        assert found.size.near_boundary or found.size.centimetres == centimetres(lie.height)


def test_without_its_thickness_a_book_comes_out_too_large(shot, empty, calibration):
    flat = measure(shot, calibration, 0.0, empty).size
    assert flat.height_mm - BOOK.height > 5


def test_a_wall_that_the_camera_sees_is_not_taken_for_the_cover(picture, empty, calibration):
    aside = replace(BOOK, width=110.0, middle=(120, 165), turn=0.0, thickness=40.0)
    found = measure(picture(*scenes.book_flats(aside, 5)), calibration, 40.0, empty).size
    assert (found.height_mm, found.width_mm) == pytest.approx((aside.height, aside.width), abs=0.5)


def test_a_marker_under_the_book_is_not_missed(picture, empty, calibration):
    over = scenes.Lie(150, 250, 15, middle=(100, 165))
    found = measure(picture(*scenes.book_flats(over, 5)), calibration, 15.0, empty)
    assert found.drift.markers == 2
    assert found.size.height_mm == pytest.approx(250, abs=0.6)


def test_a_camera_that_was_pushed_is_noticed(picture, empty, calibration):
    pushed = picture(*scenes.book_flats(BOOK, 4), stand=scenes.over_the_tray(off=(14.0, -4.0)))
    found = measure(pushed, calibration, BOOK.thickness, empty)
    assert found.size is None
    assert found.drift.shift_mm == pytest.approx(8, abs=1)
    assert "has moved" in found.drift.alarm


def test_a_marker_that_came_off_is_noticed(shot, calibration):
    x, y = (round(v) for v in find_tray_markers(shot)[3].min(axis=0))
    moved = shot.copy()
    patch = moved[y - 10 : y + 90, x - 10 : x + 90].copy()
    moved[y - 10 : y + 90, x - 10 : x + 90] = (62, 66, 70)
    moved[y - 16 : y + 84, x - 16 : x + 84] = patch
    assert "calibrate" in vision.drift(moved, calibration).alarm


def test_a_tray_without_markers_measures_nothing(shot, empty, calibration):
    bare = shot.copy()
    for quad in find_tray_markers(shot).values():
        cv2.fillConvexPoly(bare, quad.astype(np.int32), (70, 70, 70))
    found = measure(bare, calibration, 20.0, empty)
    assert found.size is None
    assert "markers can be seen" in found.problem


def test_a_picture_of_another_size_is_refused(shot, calibration, empty):
    with pytest.raises(BadInput, match="the calibration's were 1200 x 900"):
        measure(shot[:-2], calibration, 20.0, empty)


@pytest.mark.parametrize(
    ("mm", "cm", "near"),
    [(229.4, 23, True), (225.0, 23, False), (230.0, 23, True), (230.6, 24, True), (231.1, 24, False)],
)
def test_centimetres_are_rounded_up_and_boundaries_flagged(mm, cm, near):
    assert (centimetres(mm), near_boundary(mm)) == (cm, near)


# --- sheets and commands ---------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["11x8:22", "9x6:14.5"])
def test_a_board_is_drawn_at_its_true_size(tmp_path, text):
    board, path = vision.parse_board(text), tmp_path / "board.png"
    vision.save_sheet(vision.draw_board(board), path)
    with Image.open(path) as sheet:
        dpi, picture = sheet.info["dpi"][0], np.asarray(sheet.convert("RGB"))
    found = find_board(picture, board)
    assert len(found.ids) == (board.columns - 1) * (board.rows - 1)
    there, here = found.in_picture[[0, -1]], found.on_board[[0, -1], :2]
    printed = np.hypot(*np.subtract(*there)) / dpi * 25.4
    assert printed == pytest.approx(np.hypot(*np.subtract(*here)), rel=0.002)


def test_the_pdf_has_the_papers_size(tmp_path):
    path = tmp_path / "board.pdf"
    vision.save_sheet(vision.draw_board(DEFAULT_BOARD), path)
    box = path.read_bytes().split(b"/MediaBox")[1].split(b"]")[0].split(b"[")[1].split()
    assert [float(side) / 72 * 25.4 for side in box[2:]] == pytest.approx([297, 210], abs=0.2)


def test_the_four_markers_are_on_their_sheet():
    sheet = np.asarray(vision.draw_tray_markers(20).convert("RGB"))
    assert set(find_tray_markers(cv2.resize(sheet, None, fx=0.3, fy=0.3))) == {0, 1, 2, 3}


@pytest.mark.parametrize("text", ["", "11x8", "3x3:20", "11x8:0", "axb:c"])
def test_a_board_that_can_not_be_is_refused(text):
    with pytest.raises(ConfigError, match="board"):
        vision.parse_board(text)


def test_from_pictures_to_a_measure_on_the_command_line(boards, tray_files, shot, tmp_path):
    run, book, out = CliRunner().invoke, tmp_path / "book.png", tmp_path / "top.json"
    cv2.imwrite(str(book), shot)
    tray = ["--tray", str(tray_files / "tray.png"), "--empty", str(tray_files / "empty.png")]
    made = run(app, ["camera", "calibrate", str(boards), "-o", str(out), *tray])
    assert made.exit_code == 0, made.output
    assert "all: off by 0." in made.stdout and (tmp_path / "top-empty.png").is_file()
    given = ["--calibration", str(out), "--thickness", "23"]
    measured = run(app, ["camera", "measure", str(book), *given])
    assert measured.exit_code == 0
    assert "23 cm; near a whole centimetre" in measured.stdout
    nothing = run(app, ["camera", "measure", str(tray_files / "empty.png"), *given])
    assert nothing.exit_code == 1
    good = run(app, ["camera", "check", str(book), "--calibration", str(out), "--json"])
    assert good.exit_code == 0 and '"alarm": ""' in good.stdout


def test_a_set_that_will_not_do_writes_nothing(boards, tmp_path):
    files = [str(path) for path in vision.photos_in(boards)[:2]]
    refused = CliRunner().invoke(app, ["camera", "calibrate", *files, "-o", str(tmp_path / "x.json")])
    assert isinstance(refused.exception, BadInput)
    assert not (tmp_path / "x.json").exists()


@pytest.mark.parametrize("command", ["board", "markers"])
def test_sheets_are_written_for_the_printer(tmp_path, command):
    path = tmp_path / "sheet.pdf"
    assert CliRunner().invoke(app, ["camera", command, "-o", str(path)]).exit_code == 0
    assert path.read_bytes().startswith(b"%PDF")
    refused = CliRunner().invoke(app, ["camera", command, "-o", str(tmp_path / "sheet.docx")])
    assert isinstance(refused.exception, BadInput)
