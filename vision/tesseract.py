"""Tesseract as the second opinion: as a library where tesserocr is installed, else through its command.

As a library it saves starting a process for every line.  Its languages are those of the trade that are
installed: English, Chinese in both scripts, and the other Latin ones for which data are there.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import cv2
import pytesseract
from PIL import Image

from vision.ocr import OcrEngine, Recognised
from vision.photo import Pixels
from workcell.kernel.errors import ConfigError

_LATIN = ("eng", "fra", "deu", "spa", "ita", "por", "nld")
_CHINESE = ("eng", "chi_sim", "chi_tra")
_RIM = 12
"""Pixels of paper round a line: Tesseract loses letters that touch the edge."""

_ONE_LINE = 7
"""Tesseract's page segmentation mode for a single line."""

# Four pages in parallel take twelve times as long when every process starts threads of its own.
os.environ["OMP_THREAD_LIMIT"] = "1"


def open_tesseract(*, chinese: bool) -> OcrEngine | None:
    """The library, else the command, for Chinese or for Latin lines; None where neither is installed."""
    languages = _CHINESE if chinese else _LATIN
    for engine in (TesseractLibrary, TesseractCommand):
        with suppress(ConfigError):
            return engine(languages)
    return None


class TesseractCommand:
    """Tesseract through pytesseract: a process a line."""

    name = "tesseract"

    def __init__(self, languages: Sequence[str]) -> None:
        self._languages = "+".join(_wanted(languages, _command_languages()))

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        """Recognise upright line images, each as a single line."""
        return [self._read_line(line) for line in lines]

    def _read_line(self, line: Pixels) -> Recognised:
        data = pytesseract.image_to_data(
            _framed(line),
            lang=self._languages,
            config=f"--psm {_ONE_LINE}",
            output_type=pytesseract.Output.DICT,
        )
        pairs = zip(data["text"], map(float, data["conf"]), strict=True)
        return _line([(text, confidence) for text, confidence in pairs if text.strip() and confidence >= 0])


class TesseractLibrary:
    """Tesseract through tesserocr, an optional package; one instance serves one thread."""

    name = "tesseract"

    def __init__(self, languages: Sequence[str]) -> None:
        try:
            library: Any = importlib.import_module("tesserocr")
        except ImportError as error:
            raise ConfigError(
                "tesserocr is not installed", subject="tesseract", remedy="Run: pip install tesserocr"
            ) from error
        data = _data_folder()
        wanted = _wanted(languages, library.get_languages(data)[1])
        self._engine = library.PyTessBaseAPI(path=data, lang="+".join(wanted), psm=_ONE_LINE)

    def read(self, lines: Sequence[Pixels]) -> list[Recognised]:
        """Recognise upright line images, each as a single line."""
        return [self._read_line(line) for line in lines]

    def _read_line(self, line: Pixels) -> Recognised:
        framed = _framed(line)
        colours = framed if framed.ndim == 2 else cv2.cvtColor(framed, cv2.COLOR_BGR2RGB)
        self._engine.SetImage(Image.fromarray(colours))
        words = self._engine.GetUTF8Text().split()
        confidence = float(self._engine.MeanTextConf())
        return _line([(word, confidence) for word in words])


def _wanted(languages: Sequence[str], installed: Iterable[str]) -> list[str]:
    have = set(installed)
    wanted = [language for language in languages if language in have]
    if not wanted:
        raise ConfigError(
            f"Tesseract has none of the languages {', '.join(languages)}",
            subject="tesseract",
            remedy="Run `workcell doctor` and install the language data that it names.",
        )
    return wanted


def _framed(line: Pixels) -> Any:
    return cv2.copyMakeBorder(line, _RIM, _RIM, _RIM, _RIM, cv2.BORDER_REPLICATE)


def _line(words: Sequence[tuple[str, float]]) -> Recognised:
    if not words:
        return Recognised("", 0.0)
    text = _CJK_GAP.sub("", " ".join(word for word, _ in words))
    return Recognised(text, sum(confidence for _, confidence in words) / len(words) / 100)


_CJK = r"[\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]"
_CJK_GAP = re.compile(rf"(?<={_CJK}) (?={_CJK})")
"""Tesseract puts a blank after every Chinese character."""


def _command_languages() -> list[str]:
    try:
        return list(pytesseract.get_languages())
    except (pytesseract.TesseractNotFoundError, OSError):
        return []


def _data_folder() -> str:
    """Where the language data lie: TESSDATA_PREFIX, else where the system's packages put them."""
    if named := os.environ.get("TESSDATA_PREFIX"):
        return named
    found = sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata"), reverse=True)
    return f"{found[0]}/" if found else "/usr/share/tessdata/"
