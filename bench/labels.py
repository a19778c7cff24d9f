"""Barcode labels: how well ours are read beside python-barcode's and reportlab's, and how fast they come.

Every symbol is drawn by each at the same size for a printer of 203 or 300 dpi, printed with bars that grow or
shrink, photographed with few pixels a dot, blur and noise, and given to zxing-cpp and zbar.

    python bench/labels.py
    python bench/labels.py --numbers 20 --json figures.json
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import barcode
import cv2
import numpy as np
import numpy.typing as npt
import pypdfium2
import zxingcpp
from barcode.writer import ImageWriter
from pyzbar import pyzbar
from reportlab.graphics.barcode import code39, code128, common
from reportlab.graphics.barcode.eanbc import Ean13BarcodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.pdfgen.canvas import Canvas

from label_print import Stock, ZplPrinter, barcode_label, ean13_check_digit, library_check_digit, spine_label
from label_print.label import dots_per_mm
from label_print.layout import Label
from label_print.symbols import Symbol, scales, symbol_of
from workcell.kernel.clock import WallClock
from workcell.kernel.streams import connector

Bits = npt.NDArray[np.bool_]
Pixels = npt.NDArray[np.uint8]
_FINE = 8
_BARS_DOTS = 60
_LABEL_MM = 50
_GROWTHS = (-0.45, 0.0, 0.45)
_PEER = "python-barcode: bars and number to dots"
_UNASKED = "bytes to the port, nothing asked"
_MAKERS = ("workcell", "python-barcode", "reportlab")


@dataclass(frozen=True)
class Case:
    """A number in a symbology, and what a reader gives of it."""

    symbology: str
    number: str
    read: str


def cases(numbers: int, rng: np.random.Generator) -> Iterator[Case]:
    """Item numbers as libraries have them."""
    for _ in range(numbers):
        digits = "".join(map(str, rng.integers(0, 10, 12)))
        item = "3" + digits + library_check_digit("3" + digits)
        yield Case("codabar", item, f"A{item}B")
        yield Case("code128", item, item)
        yield Case("code39", f"A{digits[:7]}", f"A{digits[:7]}")
        isbn = "978" + digits[:9]
        yield Case("ean13", isbn + ean13_check_digit(isbn), isbn + ean13_check_digit(isbn))


# --- the three makers: the bars of a symbol as printer dots ----------------------------------------------


def ours(case: Case, dpi: int) -> Bits:
    """Bars with whole dots a module, as large as a label of 50 mm takes."""
    symbol, scale = _ours(case, dpi)
    row = np.concatenate([np.full(dots, place % 2 == 0) for place, dots in enumerate(symbol.dots(scale))])
    return np.tile(row, (_BARS_DOTS, 1))


def _ours(case: Case, dpi: int) -> tuple[Symbol, tuple[int, ...]]:
    symbol = symbol_of(case.number, case.symbology)
    room = int(_LABEL_MM * dots_per_mm(dpi))
    fitting = (scale for scale in scales(symbol, 6) if symbol.width_with_quiet(scale) <= room)
    return symbol, next(fitting)


def _width_mm(case: Case, dpi: int) -> float:
    symbol, scale = _ours(case, dpi)
    return symbol.width(scale) / dots_per_mm(dpi)


def with_python_barcode(case: Case, dpi: int, number: bool = False) -> Bits:
    """Its image writer at the printer's resolution, as wide as ours; with the ``number`` below or without."""
    text = case.read if case.symbology == "codabar" else case.number
    more = {"add_checksum": False} if case.symbology == "code39" else {}
    writer = ImageWriter(mode="L", dpi=round(dots_per_mm(dpi) * 25.4))
    made = barcode.get_barcode_class(case.symbology)(text, writer=writer, **more)
    modules = len(made.build()[0])
    image = made.render({
        "module_width": _width_mm(case, dpi) / modules, "module_height": _BARS_DOTS / dots_per_mm(dpi),
        "quiet_zone": 2, "margin_top": 1, "margin_bottom": 1, "write_text": number,
    })  # fmt: skip
    return _bars(np.asarray(image.convert("L")) < 128)


def with_reportlab(case: Case, dpi: int) -> Bits:
    """A PDF of its drawing as wide as ours, rendered at the printer's resolution."""
    return _bars(_drawn(_reportlab_pdf(case, dpi), dpi))


def _reportlab_pdf(case: Case, dpi: int) -> bytes:
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(60 / 25.4 * 72, 20 / 25.4 * 72))
    wanted = _width_mm(case, dpi) / 25.4 * 72
    height = _BARS_DOTS / dots_per_mm(dpi) / 25.4 * 72
    if case.symbology == "ean13":
        widget = Ean13BarcodeWidget(case.number, humanReadable=False, quiet=False, barHeight=height)
        widget.barWidth = wanted / 95
        drawing = Drawing(wanted, height)
        drawing.add(widget)
        drawing.drawOn(canvas, 8, 8)
    else:
        make: Callable[..., Any] = {
            "codabar": common.Codabar, "code128": code128.Code128, "code39": code39.Standard39,
        }[case.symbology]  # fmt: skip
        text = case.read if case.symbology == "codabar" else case.number
        more = {"checksum": 0} if case.symbology == "code39" else {}
        usual = make(text, barWidth=1, quiet=0, barHeight=height, **more)
        made = make(text, barWidth=wanted / usual.width, quiet=0, barHeight=height, **more)
        made.drawOn(canvas, 8, 8)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _drawn(pdf: bytes, dpi: int) -> Bits:
    scale = dots_per_mm(dpi) * 25.4 / 72
    return pypdfium2.PdfDocument(pdf)[0].render(scale=scale, grayscale=True).to_numpy().squeeze() < 128


def _bars(picture: Bits) -> Bits:
    """The bars alone: from the first dark column to the last, one row of dots repeated."""
    row = (
        picture[picture.shape[0] // 2] if picture[picture.shape[0] // 2].any() else picture[_middle(picture)]
    )
    columns = np.flatnonzero(row)
    return np.tile(row[columns[0] : columns[-1] + 1], (_BARS_DOTS, 1))


def _middle(picture: Bits) -> int:
    rows = np.flatnonzero(picture.any(axis=1))
    return int(rows[len(rows) // 2])


# --- print and camera ------------------------------------------------------------------------------------


def photographed(
    bars: Bits, growth: float, pixels_a_dot: float, phase: float, blur: float, rng: np.random.Generator
) -> Pixels:
    """Bars ``growth`` dots wider, at so many pixels a dot, blurred by ``blur`` pixels, with noise."""
    quiet = 40
    ink = np.repeat(np.pad(bars, ((0, 0), (quiet, quiet))), _FINE, axis=1)
    shift = round(abs(growth) / 2 * _FINE)
    grown = ink.copy()
    for step in range(1, shift + 1):
        for moved in (np.roll(ink, step, axis=1), np.roll(ink, -step, axis=1)):
            grown = grown | moved if growth > 0 else grown & moved
    paper = np.roll(np.where(grown, 30, 225).astype(np.float32), round(phase * _FINE), axis=1)
    paper = np.pad(paper, ((30, 30), (0, 0)), constant_values=225)
    size = (round(paper.shape[1] / _FINE * pixels_a_dot), round(paper.shape[0] * pixels_a_dot))
    seen = cv2.resize(paper, size, interpolation=cv2.INTER_AREA)
    if blur:
        seen = cv2.GaussianBlur(seen, (0, 0), blur)
    return np.clip(seen + rng.normal(0, 4, seen.shape), 0, 255).astype(np.uint8)


def reads(picture: Pixels, case: Case) -> tuple[bool, bool]:
    """Whether zxing-cpp and zbar give the number and nothing else.

    zbar stumbles over noise on linear symbols; it gets the picture averaged along the bars, black on white.
    """
    zxing = {result.text for result in zxingcpp.read_barcodes(picture)}
    _, clean = cv2.threshold(cv2.blur(picture, (1, 7)), 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)
    zbar = {result.data.decode("latin-1") for result in pyzbar.decode(clean)}
    return zxing == {case.read}, zbar == {case.read}


def decodability(numbers: int, seed: int) -> dict[str, dict[str, list[int]]]:
    """Pictures, and those that zxing-cpp, zbar and both read, by printer and maker."""
    rng = np.random.default_rng(seed)
    makers: dict[str, Callable[[Case, int], Bits]] = dict(
        zip(_MAKERS, (ours, with_python_barcode, with_reportlab), strict=True)
    )
    counts: dict[str, dict[str, list[int]]] = {}
    for dpi in (203, 300):
        for case in cases(numbers, rng):
            drawn = {name: make(case, dpi) for name, make in makers.items()}
            for growth in _GROWTHS:
                for pixels, blur in ((1.0, 0.0), (1.5, 0.6), (2.0, 1.0)):
                    phase = float(rng.random())
                    for name, bars in drawn.items():
                        seen = reads(photographed(bars, growth, pixels, phase, blur, rng), case)
                        for row in (
                            f"{dpi} dpi, {case.symbology}",
                            f"{dpi} dpi, growth {growth:+.2f}",
                            "all",
                        ):
                            count = counts.setdefault(row, {}).setdefault(name, [0, 0, 0, 0])
                            for place, one in enumerate((True, *seen, all(seen))):
                                count[place] += one
    return counts


# --- speed -----------------------------------------------------------------------------------------------


def a_second(make: Callable[[int], object], labels: int) -> float:
    """How many a second, by processor time, after one for warmth."""
    make(0)
    began = time.process_time()
    for number in range(labels):
        make(number)
    return labels / (time.process_time() - began)


def rendering(labels: int, rng: np.random.Generator) -> dict[str, float]:
    """Labels a second, from the number to dots or to a job."""
    numbers = (case for case in cases(10 * labels, rng) if case.symbology == "code128")
    stock, spine = Stock(50, 25), Stock(25, 38)

    def label(_: int) -> Label:  # each label has a number of its own: nothing comes from a cache
        return barcode_label(next(numbers).number, "code128", "Riverside Public Library", stock, 203)

    def spine_of(number: int) -> Label:
        return spine_label(["QA", f"76.{number}", f".P{number}", "L88", "2013"], spine, 203)

    return {
        "workcell: barcode label to dots": a_second(label, labels),
        "workcell: barcode label to a ZPL job": a_second(lambda n: label(n).zpl(), labels),
        "workcell: barcode label to a TSPL job": a_second(lambda n: label(n).tspl(), labels),
        "workcell: spine label to a ZPL job": a_second(lambda n: spine_of(n).zpl(), labels),
        _PEER: a_second(lambda n: with_python_barcode(next(numbers), 203, True), labels),
        "reportlab: bars alone to PDF": a_second(lambda n: _reportlab_pdf(next(numbers), 203), labels),
        "reportlab: bars alone to PDF, to dots": a_second(
            lambda n: with_reportlab(next(numbers), 203), labels
        ),
    }


_READY = (
    b"\x02030,0,0,0200,000,0,0,0,000,0,0,0\x03\r\n"
    b"\x02000,0,0,0,1,1,6,%d,00000000,1,000\x03\r\n\x021234,0\x03\r\n"
)


class _Sink:
    """A printer that takes any format at once and has its label taken off as soon as it was seen."""

    def __init__(self) -> None:
        self.printed = 0
        self._waits = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tail = b""
        while data := await reader.read(65536):
            seen = tail + data
            done = seen.count(b"^XZ") - tail.count(b"^XZ")
            self.printed += done
            self._waits = 1 if done else self._waits
            if seen.endswith(b"~HS"):
                writer.write(_READY % self._waits)
                self._waits = 0
            tail = seen[-2:]
        writer.close()


async def streaming(labels: int) -> dict[str, float]:
    """Labels a second over TCP to a printer that prints at once, on the wall clock."""
    sink = _Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    label = barcode_label("30234000517861", "codabar", "Riverside Public Library", Stock(50, 25), 203)
    plain, compact = label.zpl(), label.zpl(compact=True)
    jobs: dict[str, Callable[[int], bytes]] = {
        f"asked, sent, seen out (plain, {len(plain):,} bytes)": lambda _: plain,
        f"asked, sent, seen out (compact, {len(compact):,} bytes)": lambda _: compact,
        "rendered, asked, sent, seen out (each another number)": _another,
    }
    figures = {}
    for name, job in jobs.items():
        printer = ZplPrinter("label", connector(f"tcp://127.0.0.1:{port}"), WallClock())
        began = time.perf_counter()
        for number in range(labels):
            await printer.print(job(number))
        took = time.perf_counter() - began
        figures[f"workcell: {name}"] = labels / took
        await printer.close()
    figures[_UNASKED] = await _unasked(port, sink, label.zpl(), labels)
    server.close()
    await server.wait_closed()
    return figures


def _another(number: int) -> bytes:
    payload = f"30234{number:08d}"
    text = payload + library_check_digit(payload)
    return barcode_label(text, "codabar", "Riverside Public Library", Stock(50, 25), 203).zpl()


async def _unasked(port: int, sink: _Sink, job: bytes, labels: int) -> float:
    """Bytes to the port as `nc` sends them."""
    before = sink.printed
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    began = time.perf_counter()
    for _ in range(labels):
        writer.write(job)
        await writer.drain()
    while sink.printed < before + labels:
        await asyncio.sleep(0)
    took = time.perf_counter() - began
    writer.close()
    await writer.wait_closed()
    return labels / took


# --- tables ----------------------------------------------------------------------------------------------


def _decode_table(counts: dict[str, dict[str, list[int]]]) -> Iterator[str]:
    yield (
        "| printer, symbol | "
        + " | ".join(f"{name} %" for name in _MAKERS)
        + " | × python-barcode | × reportlab |"
    )
    yield "|---|" + "---|" * (len(_MAKERS) + 2)
    for row, by_maker in sorted(counts.items(), key=lambda entry: (entry[0] == "all", entry[0])):
        share = [100 * by_maker[name][3] / by_maker[name][0] for name in _MAKERS]
        ratios = [f"{share[0] / other:.2f}" if other else "–" for other in share[1:]]
        cells = [f"{value:.1f}" for value in share] + ratios
        yield f"| {row} ({by_maker['workcell'][0]} pictures) | " + " | ".join(cells) + " |"


def _speed_table(figures: dict[str, float], against: str) -> Iterator[str]:
    yield f"| what | labels/s | × {against} |"
    yield "|---|---|---|"
    for what, value in figures.items():
        yield f"| {what} | {value:,.0f} | {value / figures[against]:.2f} |"


def main() -> None:
    """Run all three and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--numbers", type=int, default=10, help="numbers in each symbology")
    parser.add_argument("--labels", type=int, default=200, help="labels for the speeds")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    counts = decodability(options.numbers, options.seed)
    print("Read by zxing-cpp and zbar both:\n")
    print("\n".join(_decode_table(counts)))
    rendered = rendering(options.labels, np.random.default_rng(options.seed))
    print("\nRendered:\n")
    print("\n".join(_speed_table(rendered, _PEER)))
    streamed = asyncio.run(streaming(options.labels))
    print("\nStreamed:\n")
    print("\n".join(_speed_table(streamed, _UNASKED)))
    if options.json:
        figures = {"read": counts, "rendered": rendered, "streamed": streamed}
        options.json.write_text(json.dumps(figures, indent=2), "utf-8")


if __name__ == "__main__":
    main()
