"""`workcell label …`: lines, files in every language, printing and a printer's state."""

import asyncio
import contextlib
import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image

from workcell.kernel.clock import WallClock
from workcell.kernel.streams import TcpStream
from workcell.twin.printer import ZplPrinter
from workcell.twin.tspl_printer import TsplPrinter

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
NUMBER = "30234000517861"


def read(picture: np.ndarray) -> list[str]:
    return sorted(result.text for result in zxingcpp.read_barcodes(np.ascontiguousarray(picture)))


# --- lines -----------------------------------------------------------------------------------------------


def test_lines_scheme_and_key_as_json(workcell):
    code, out, _ = workcell(
        "label", "spine", "--call-number", "HE8700.7 .P6T44 1983", "--scheme", "lcc", "--json"
    )
    assert (code, json.loads(out)) == (
        0,
        {
            "lines": ["HE", "8700.7", ".P6", "T44", "1983"],
            "scheme": "LCC",
            "sort_key": "HE 08700.7 P6 T44 000001983",
        },
    )


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (("--scheme", "DDC", "--decimals", 3), ["338", ".476", "77", "B12"]),
        (("--scheme", "DDC", "--prefix", "Ref", "--volume", "v.2", "--copy", "c.3"),
         ["Ref", "338.47677", "B12", "v.2", "c.3"]),
        (("--profile", EXAMPLES / "profiles" / "en.toml"), ["338.47677", "B12"]),
        (("--scheme", "LOCAL", "--local-pattern", r"(\d+)(\.\d+) (.*)"), ["338", ".47677", "B12"]),
        (("--scheme", "LOCAL", "--local-rule", r"\s=>\n"), ["338.47677", "B12"]),
    ],
)  # fmt: skip
def test_options_of_the_lines(workcell, options, lines):
    code, out, err = workcell("label", "spine", "--call-number", "338.47677 B12", *options)
    assert (code, out.splitlines()) == (0, lines), err


def test_class_letters_may_be_joined(workcell):
    _, out, _ = workcell("label", "spine", "--call-number", "QA76 .D3", "--scheme", "LCC", "--join-class")
    assert out.splitlines() == ["QA76", ".D3"]


@pytest.mark.parametrize(
    ("arguments", "exit_code", "problem"),
    [
        (("spine", "--call-number", "QA76"), 2, "no scheme"),
        (("spine", "--call-number", " ", "--scheme", "LCC"), 1, "call number is empty"),
        (("spine", "--call-number", "QA76", "--scheme", "UDC"), 1, "no call-number scheme"),
        (("spine", "--call-number", "a", "--scheme", "LOCAL", "--local-rule", "x"), 1, "PATTERN=>TEXT"),
        (("spine", "--call-number", "a", "--scheme", "LOCAL", "--local-pattern", "()a"), 2, "not the same"),
        (("render", "--kind", "barcode", "-o", "x"), 1, "no number"),
        (("render", "--kind", "spine", "-o", "x"), 1, "no call number"),
        (("render", "--kind", "sheet", "-o", "x"), 1, "no items"),
        (("render", "--kind", "barcode", "--number", "1", "--symbology", "x", "-o", "x"), 1, "no symbology"),
        (("render", "--kind", "barcode", "--number", NUMBER, "--width-mm", "20", "-o", "x"), 1, "too wide"),
        (("render", "--kind", "barcode", "--number", "1", "--value", "x", "-o", "x"), 1, "NAME=TEXT"),
        (("print", "none.zpl", "--printer", "file:x"), 1, "No such file"),
        (("status", "--printer", "usb:1"), 2, "not a printer's address"),
        (("status", "--printer", "tcp://127.0.0.1:9"), 4, "no connection"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_one_line(workcell, tmp_path, monkeypatch, arguments, exit_code, problem):
    monkeypatch.chdir(tmp_path)
    code, out, err = workcell("label", *arguments)
    assert (code, out) == (exit_code, "")
    assert problem in err and len(err.splitlines()) == 1
    assert not list(tmp_path.iterdir())


# --- files -----------------------------------------------------------------------------------------------


def rendered(workcell, tmp_path: Path, *arguments) -> bytes:
    path = tmp_path / "label.out"
    code, _, err = workcell("label", "render", *arguments, "-o", path)
    assert code == 0, err
    return path.read_bytes()


@pytest.mark.parametrize("symbology", ["code39", "code128", "qr", "datamatrix"])
@pytest.mark.parametrize("dpi", [203, 300])
def test_png_and_pdf_are_read(workcell, tmp_path, symbology, dpi):
    asked = ("--kind", "barcode", "--number", "A0012345", "--symbology", symbology, "--dpi", dpi)
    image = Image.open(io.BytesIO(rendered(workcell, tmp_path, *asked)))
    assert image.info["dpi"][0] == pytest.approx(dpi, abs=0.3)
    assert read(np.asarray(image)) == ["A0012345"]
    pdf = pypdfium2.PdfDocument(rendered(workcell, tmp_path, *asked, "--language", "pdf"))
    assert [side / 72 * 25.4 for side in pdf[0].get_size()] == pytest.approx([50, 25], abs=0.1)
    assert read(pdf[0].render(scale=4, grayscale=True).to_numpy().squeeze()) == ["A0012345"]


def test_every_language_says_the_same_label(workcell, tmp_path):
    asked = ("--kind", "spine", "--call-number", "TP393/H637/第2册", "--scheme", "CLC")
    png = np.asarray(Image.open(io.BytesIO(rendered(workcell, tmp_path, *asked))))
    for language, *options in (("zpl",), ("zpl", "--compact", "--speed", 4), ("tspl", "--speed", 4)):
        job = rendered(workcell, tmp_path, *asked, "--language", language, *options)
        assert np.array_equal(_on_paper(job, language), png)


@pytest.mark.parametrize(("name", "begins"), [("a.zpl", b"^XA"), ("a.TSPL", b"SIZE"), ("a.pdf", b"%PDF"),
                                              ("a.png", b"\x89PNG"), ("a.bin", b"\x89PNG")])  # fmt: skip
def test_the_file_s_ending_says_the_language(workcell, tmp_path, name, begins):
    file = tmp_path / name
    workcell("label", "render", "--kind", "spine", "--call-number", "QA76", "--scheme", "LCC", "-o", file)
    assert file.read_bytes().startswith(begins)


def _on_paper(job: bytes, language: str) -> np.ndarray:
    """What an emulator prints of a job."""
    out: list[np.ndarray] = []

    class Roll:
        def label_printed(self, printer, bitmap, dpi):
            out.append(bitmap)

        def label_waiting(self, printer):
            return False

    pieces = [job, b""]

    class Wire:
        async def read(self, limit=65536):
            return pieces.pop(0)

    async def run() -> None:
        twin = {"zpl": ZplPrinter, "tspl": TsplPrinter}[language](Roll(), "p", WallClock(), print_seconds=0)
        await twin.serve(Wire())
        while not out:
            await asyncio.sleep(0)

    asyncio.run(run())
    return out[0]


def test_a_template_takes_values_and_the_profile_s_line(workcell, tmp_path):
    asked = ("--kind", "barcode", "--template", EXAMPLES / "labels" / "barcode-38x19-matrix.toml",
             "--profile", EXAMPLES / "profiles" / "zh.toml", "--value", f"barcode={NUMBER}",
             "--call-number", "I247.5/12")  # fmt: skip
    image = np.asarray(Image.open(io.BytesIO(rendered(workcell, tmp_path, *asked))))
    assert image.shape == (152, 304)
    assert read(image) == [NUMBER]


@pytest.fixture
def items(tmp_path) -> Path:
    path = tmp_path / "items.csv"
    path.write_text("barcode,call_number\nA1,QA76 .D3\nA2,QA77 .D3\nA3,QA78 .D3\n", "utf-8")
    return path


def test_a_sheet_as_pdf_png_and_a_stream_of_jobs(workcell, tmp_path, items):
    asked = ("--kind", "sheet", "--items", items, "--symbology", "code128", "--start", 39, "--used", "39")
    pdf = pypdfium2.PdfDocument(rendered(workcell, tmp_path, *asked, "--language", "pdf"))
    pages = [page.render(scale=3, grayscale=True).to_numpy().squeeze() for page in pdf]
    assert [read(page) for page in pages] == [["A1"], ["A2", "A3"]]
    assert rendered(workcell, tmp_path, *asked, "--language", "zpl").count(b"^XA") == 3
    first = np.asarray(Image.open(io.BytesIO(rendered(workcell, tmp_path, *asked))))
    second = np.asarray(Image.open(tmp_path / "label-2.out"))
    assert (read(first), read(second)) == (["A1"], ["A2", "A3"])


def test_a_sheet_of_spine_labels(workcell, tmp_path, items):
    asked = ("--kind", "sheet", "--labels", "spine", "--scheme", "LCC", "--items", items, "--language", "pdf",
             "--sheet", EXAMPLES / "labels" / "sheet-letter-7x6.toml")  # fmt: skip
    assert len(pypdfium2.PdfDocument(rendered(workcell, tmp_path, *asked))) == 1


# --- printers --------------------------------------------------------------------------------------------


class Roll:
    """Labels that came out; each is taken off after the printer was asked for it twice."""

    def __init__(self) -> None:
        self.labels: list[np.ndarray] = []
        self._asked = 2

    def label_printed(self, printer, bitmap, dpi):
        self.labels.append(bitmap)
        self._asked = 0

    def label_waiting(self, printer):
        self._asked += 1
        return self._asked <= 2


@contextlib.contextmanager
def printer(kind: type) -> Iterator[tuple[str, ZplPrinter, Roll]]:
    """A printer's emulator on a port of this machine, in a thread of its own."""
    loop, roll, ready = asyncio.new_event_loop(), Roll(), threading.Event()
    twin = kind(roll, "label", WallClock(), print_seconds=0.05)
    ports: list[int] = []

    serving = set()

    async def host(reader, writer):
        serving.add(asyncio.current_task())
        stream = TcpStream(reader, writer, "twin")
        await twin.serve(stream)
        await stream.close()

    async def serve(stop: asyncio.Event) -> None:
        async with await asyncio.start_server(host, "127.0.0.1", 0) as server:
            ports.append(server.sockets[0].getsockname()[1])
            ready.set()
            await stop.wait()
        await asyncio.gather(*serving)

    stop = asyncio.Event()
    thread = threading.Thread(target=loop.run_until_complete, args=(serve(stop),))
    thread.start()
    ready.wait()
    try:
        yield f"tcp://127.0.0.1:{ports[0]}", twin, roll
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.mark.parametrize(("language", "kind"), [("zpl", ZplPrinter), ("tspl", TsplPrinter)])
def test_labels_are_printed_once_and_the_state_is_told(workcell, tmp_path, language, kind):
    png = tmp_path / "label.png"
    workcell("label", "render", "--kind", "barcode", "--number", "A1", "--symbology", "code128", "-o", png)
    with printer(kind) as (address, twin, roll):
        to = ("--printer", address, "--language", language)
        code, out, _ = workcell("label", "status", *to, "--json")
        assert (code, json.loads(out)["ready"]) == (0, True)
        twin.paper_out = True
        code, out, _ = workcell("label", "status", *to)
        assert (code, out) == (1, "paper out: Load labels and close the head.\n")
        record = ("--record", tmp_path / "run.jsonl")
        code, _, err = workcell("label", "print", png, png, *to, *record)
        assert code == 1 and "paper out" in err and "Nothing was sent" in err
        twin.paper_out = False
        for printed in (2, 0):
            code, out, err = workcell("label", "print", png, png, *to, *record, "--json", "--wait", 2)
            assert (code, json.loads(out)) == (0, {"labels": 2, "printed": printed, "ledger": None}), err
        assert [read(label) for label in roll.labels] == [["A1"], ["A1"]]


def test_a_picture_without_resolution_is_no_label(workcell, tmp_path):
    Image.new("L", (10, 10)).save(tmp_path / "x.png")
    code, _, err = workcell("label", "print", tmp_path / "x.png", "--printer", f"file:{tmp_path}/out")
    assert code == 1 and "not a label's PNG" in err
