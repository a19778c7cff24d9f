"""`workcell camera`: sheets to print, calibration, measuring, and whether a picture is worth reading."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated, Any

import typer

import vision
from workcell.cli.options import Json
from workcell.cli.output import paper, print_json, print_line
from workcell.kernel.errors import BadInput, ConfigError

app = typer.Typer(
    help="Sheets to print, calibration, measuring, and the quality of pictures.", no_args_is_help=True
)

_Calibration = Annotated[Path, typer.Option("--calibration", help="What `workcell camera calibrate` wrote.")]
_Board = Annotated[
    str, typer.Option("--board", help="Columns x rows : a square's side in mm, as measured on the print.")
]
_Sheet = Annotated[Path, typer.Option("--out", "-o", help="The sheet: a .pdf or a .png.")]


@app.command()
def board(out: _Sheet, squares: _Board = "11x8:22") -> None:
    """Draw the ChArUco board at its true size, to print at 100 % and glue onto something flat."""
    vision.save_sheet(vision.draw_board(vision.parse_board(squares)), out)
    print_line(f"{out}: print at 100 %, measure the line of 100 mm, and glue it onto something flat")


@app.command()
def markers(
    out: _Sheet,
    side: Annotated[float, typer.Option("--mm", min=8, max=80, help="A marker's side in mm.")] = 30.0,
) -> None:
    """Draw the four markers for the tray's corners."""
    vision.save_sheet(vision.draw_tray_markers(side), out)
    print_line(f"{out}: cut them out with their white margin and glue them into the tray's corners")


@app.command()
def calibrate(
    files: Annotated[list[Path], typer.Argument(help="Pictures of the board, or folders of them.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The calibration to write.")],
    squares: _Board = "11x8:22",
    tray: Annotated[
        Path | None, typer.Option(help="A picture of the board lying flat between the tray's four markers.")
    ] = None,
    thickness: Annotated[float, typer.Option("--board-mm", min=0, help="How thick the board is.")] = 0.0,
    empty: Annotated[Path | None, typer.Option(help="A picture of the empty tray.")] = None,
    json: Json = False,
) -> None:
    """Find out the camera's lens, and with --tray and --empty what measuring books needs; report the errors.

    A set of pictures that won't do is refused with the reason, and nothing is written.
    """
    if empty and not tray:
        raise ConfigError("--empty needs --tray too", subject="workcell camera calibrate")
    found = vision.calibrate(_pictures(files), vision.parse_board(squares))
    if tray:
        found = vision.with_tray(found, tray, thickness)
    if found.tray and empty:
        vision.check_tray(empty, found)
        beside = out.with_name(f"{out.stem}-empty{empty.suffix.lower()}")
        shutil.copyfile(empty, beside)
        found = replace(found, tray=replace(found.tray, empty=beside.name))
    vision.save_calibration(found, out)
    if json:
        print_json(_report(found))
        return
    for picture in found.pictures:
        paper.print(
            f"{picture.file}: {picture.corners} corners, off by {picture.rms_px:.3f} px, "
            f"{picture.rms_mm:.3f} mm on the board", markup=False, soft_wrap=True,
        )  # fmt: skip
    paper.print(f"all: off by {found.rms_px:.3f} px; {_tray_words(found)}", markup=False, soft_wrap=True)


@app.command()
def measure(
    picture: Annotated[Path, typer.Argument(help="A picture of a book on the calibrated tray.")],
    calibration: _Calibration,
    thickness: Annotated[float, typer.Option(min=0, max=200, help="The book's thickness in mm.")],
    json: Json = False,
) -> None:
    """Height and width of a book in mm; exit code 1 when they can't be told."""
    found = vision.measure_book(picture, calibration, thickness)
    if json:
        print_json(vision.measurement_to_json(found))
    elif found.size:
        doubt = "; near a whole centimetre: measure by hand" if found.size.near_boundary else ""
        paper.print(
            f"{found.size.height_mm:.1f} x {found.size.width_mm:.1f} mm, {found.size.centimetres} cm{doubt}"
        )
    else:
        print_line(f"{picture}: {found.problem}")
    raise typer.Exit(0 if found.size else 1)


@app.command()
def check(
    files: Annotated[list[Path], typer.Argument(help="Pictures, or folders of them.")],
    calibration: Annotated[
        Path | None, typer.Option(help="Say also whether the tray's markers have drifted from it.")
    ] = None,
    json: Json = False,
) -> None:
    """Exposure, glare and focus of pictures, and the drift of the tray; exit code 1 for findings."""
    known = vision.load_calibration(calibration) if calibration else None
    found = [_checked(path, known) for path in _pictures(files)]
    if json:
        print_json({"pictures": found})
    else:
        for each in found:
            paper.print(
                f"{each['file']}: {'; '.join(each['problems']) or 'good'}", markup=False, soft_wrap=True
            )
    raise typer.Exit(1 if any(each["problems"] for each in found) else 0)


def _checked(path: Path, calibration: vision.Calibration | None) -> dict[str, Any]:
    image = vision.load(path)
    quality = asdict(vision.judge(image))
    problems = [*quality.pop("problems")]
    found = {"file": str(path), "problems": problems, **quality}
    if calibration is not None:
        drift = vision.drift(image, calibration)
        found["drift"] = asdict(drift)
        problems += [drift.alarm] if drift.alarm else []
    return found


def _pictures(files: list[Path]) -> list[Path]:
    found = [path for each in files for path in (vision.photos_in(each) if each.is_dir() else [each])]
    if not found:
        raise BadInput("no picture found", subject=", ".join(str(each) for each in files))
    return found


def _report(found: vision.Calibration) -> dict[str, Any]:
    return {
        "rms_px": found.rms_px,
        "size": list(found.size),
        "focal_px": [found.matrix[0][0], found.matrix[1][1]],
        "pictures": [asdict(picture) for picture in found.pictures],
        "tray": found.tray is not None,
        "empty": found.tray.empty if found.tray else "",
    }


def _tray_words(found: vision.Calibration) -> str:
    if found.tray is None:
        return "without the tray nothing can be measured yet (--tray, --empty)"
    return (
        "lens and tray" if found.tray.empty else "lens and tray, but no picture of the empty tray (--empty)"
    )
