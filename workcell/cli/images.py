"""The images that a command is given: files, and folders of them."""

from __future__ import annotations

from pathlib import Path

from workcell.kernel.errors import BadInput

_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp"}


def image_files(paths: list[Path]) -> list[Path]:
    """The images named, and those in the folders named, sorted; raises BadInput when there is none."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found.extend(sorted(file for file in path.iterdir() if file.suffix.lower() in _SUFFIXES))
        elif path.exists():
            found.append(path)
        else:
            raise BadInput("no such file", subject=str(path), remedy="Check the path.")
    if not found:
        raise BadInput("no image found", subject=", ".join(map(str, paths)), remedy="Give JPEG or PNG files.")
    return found


def images_below(paths: list[Path]) -> list[Path]:
    """The files named as they are, and all images in the folders named and below, sorted."""
    found: list[Path] = []
    for path in paths:
        found.extend(_images_in(path) if path.is_dir() else [path])
    if not found:
        raise BadInput("no image found", subject=", ".join(map(str, paths)), remedy="Give JPEG or PNG files.")
    return found


def _images_in(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in _SUFFIXES and file.is_file())
