"""Every printer under one contract: in memory on virtual time, TCP, a serial line, CUPS, and a folder."""

import asyncio
import os
import stat
import tty
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from label_print import (
    CupsPrinter,
    FilePrinter,
    Label,
    NotReady,
    Stock,
    TsplPrinter,
    ZplPrinter,
    barcode_label,
    open_printer,
    spine_label,
)
from workcell.kernel.clock import VirtualClock, WallClock, run_virtual
from workcell.kernel.errors import BadInput, ConfigError, DeviceFault, DeviceGone, Doubtful
from workcell.kernel.ports import ByteStream, Printer
from workcell.kernel.streams import TcpStream, connector, memory_connect
from workcell.kernel.worker import InlineWorker
from workcell.twin.printer import ZplPrinter as ZplTwin
from workcell.twin.tspl_printer import TsplPrinter as TsplTwin

CLOCK = VirtualClock(datetime(2026, 1, 5, 8, tzinfo=UTC))
LABEL = barcode_label("30234000517861", "codabar", "Riverside Public Library", Stock(50, 25), 203)


class PeelBar:
    """The world of these tests: one place where a label can hang, and all that ever hung there."""

    def __init__(self) -> None:
        self.labels: list[np.ndarray] = []
        self.waiting = False

    def label_printed(self, printer: str, bitmap: np.ndarray, dpi: int) -> None:
        assert (printer, dpi) == ("spine", 203)
        assert not self.waiting
        self.labels.append(bitmap)
        self.waiting = True

    def label_waiting(self, printer: str) -> bool:
        return self.waiting


@dataclass(frozen=True)
class Language:
    """A printer language: driver, emulator, and how a label is said in it."""

    name: str
    driver: Any
    twin: Any
    job: Callable[[Label], bytes]


ZPL = Language("zpl", ZplPrinter, ZplTwin, lambda label: label.zpl())
COMPACT = Language("zpl, compact", ZplPrinter, ZplTwin, lambda label: label.zpl(compact=True))
TSPL = Language("tspl", TsplPrinter, TsplTwin, lambda label: label.tspl())
LANGUAGES = [pytest.param(language, id=language.name) for language in (ZPL, COMPACT, TSPL)]


class Bench:
    """A driver, its emulator and the world between them."""

    def __init__(self, language: Language = ZPL) -> None:
        self.bar = PeelBar()
        self.twin = language.twin(self.bar, "spine", CLOCK, print_seconds=0.8)
        self.printer = language.driver("spine", memory_connect(self.twin.serve), CLOCK, print_seconds=5.0)
        self.job = language.job


def on_bench(story: Callable[[Bench], Coroutine[Any, Any, None]], language: Language = ZPL) -> None:
    async def run() -> None:
        await story(Bench(language))

    run_virtual(run())


# --- the contract of every printer on a wire -------------------------------------------------------------

every_language = pytest.mark.parametrize("language", LANGUAGES)


@every_language
def test_a_label_waits_exactly_as_it_was_drawn(language: Language) -> None:
    async def story(bench: Bench) -> None:
        started = CLOCK.now()
        await bench.printer.print(bench.job(LABEL))
        assert 0.79 < CLOCK.now() - started < 1.2
        status = await bench.printer.status()
        assert status.label_waiting and not status.ready
        assert len(bench.bar.labels) == 1
        np.testing.assert_array_equal(bench.bar.labels[0], LABEL.bitmap)

    on_bench(story, language)


@every_language
def test_a_width_that_is_no_multiple_of_eight_keeps_its_dots(language: Language) -> None:
    async def story(bench: Bench) -> None:
        label = spine_label(["HE", "8700.7"], Stock(24.6, 37.3), 203)
        assert label.bitmap.shape[1] % 8
        await bench.printer.print(bench.job(label))
        np.testing.assert_array_equal(bench.bar.labels[0], label.bitmap)

    on_bench(story, language)


@every_language
def test_nothing_is_sent_while_a_label_waits(language: Language) -> None:
    async def story(bench: Bench) -> None:
        await bench.printer.print(bench.job(LABEL))
        with pytest.raises(DeviceFault, match="a label waits"):
            await bench.printer.print(bench.job(LABEL))
        bench.bar.waiting = False
        await CLOCK.sleep(10)
        assert len(bench.bar.labels) == 1

    on_bench(story, language)


@every_language
@pytest.mark.parametrize("fault", ["paper_out", "ribbon_out", "head_open", "paused"])
def test_a_printer_that_is_not_ready_gets_nothing(fault: str, language: Language) -> None:
    async def story(bench: Bench) -> None:
        setattr(bench.twin, fault, True)
        assert (await bench.printer.status()).problems == (fault,)
        with pytest.raises(NotReady, match=fault.replace("_", " ")) as refused:
            await bench.printer.print(bench.job(LABEL))
        assert "Nothing was sent" in refused.value.remedy
        setattr(bench.twin, fault, False)
        await CLOCK.sleep(10)
        assert not bench.bar.labels
        await bench.printer.print(bench.job(LABEL))
        assert len(bench.bar.labels) == 1

    on_bench(story, language)


@every_language
def test_a_job_stopped_by_paper_goes_on_without_being_sent_again(language: Language) -> None:
    async def story(bench: Bench) -> None:
        async def run_out() -> None:
            await CLOCK.sleep(0.3)
            bench.twin.paper_out = True

        ending = asyncio.ensure_future(run_out())
        with pytest.raises(DeviceFault, match="paper out"):
            await bench.printer.print(bench.job(LABEL))
        await ending
        bench.twin.paper_out = False
        await bench.printer.wait()
        assert len(bench.bar.labels) == 1

    on_bench(story, language)


@every_language
def test_silence_before_the_job_is_a_device_gone(language: Language) -> None:
    async def story(bench: Bench) -> None:
        bench.twin.silent = True
        with pytest.raises(DeviceGone, match="no answer") as gone:
            await bench.printer.print(bench.job(LABEL))
        assert "paper" in gone.value.remedy
        bench.twin.silent = False
        await CLOCK.sleep(10)
        assert not bench.bar.labels

    on_bench(story, language)


@every_language
def test_silence_after_the_job_is_doubtful_and_is_asked_not_repeated(language: Language) -> None:
    async def story(bench: Bench) -> None:
        async def fall_silent() -> None:
            await CLOCK.sleep(0.3)
            bench.twin.silent = True

        ending = asyncio.ensure_future(fall_silent())
        with pytest.raises(Doubtful, match="may or may not"):
            await bench.printer.print(bench.job(LABEL))
        await ending
        bench.twin.silent = False
        assert (await bench.printer.status()).label_waiting
        assert len(bench.bar.labels) == 1

    on_bench(story, language)


@every_language
def test_a_printer_that_never_prints_is_a_fault(language: Language) -> None:
    async def story(bench: Bench) -> None:
        bench.twin.print_seconds = 1000.0
        with pytest.raises(DeviceFault, match="no label after 5 s"):
            await bench.printer.print(bench.job(LABEL))

    on_bench(story, language)


# --- ZPL -------------------------------------------------------------------------------------------------


def test_an_answer_that_is_no_status_is_a_fault() -> None:
    async def babble(stream: ByteStream) -> None:
        while await stream.read():
            await stream.write(b"\x02hello\x03\x02you,1\x03\x02there\x03")

    async def story() -> None:
        with pytest.raises(DeviceFault, match="can't be read"):
            await ZplPrinter("spine", memory_connect(babble), CLOCK).status()

    run_virtual(story())


def test_a_printer_that_tears_off_is_done_when_its_buffer_is_empty() -> None:
    async def tear_off(stream: ByteStream) -> None:
        polls = 0
        while data := await stream.read():
            if data.endswith(b"~HS"):
                polls += 1
                left = 1 if 2 < polls < 8 else 0
                await stream.write(b"\x02030,0,0,0200,000,0,0,0,000,0,0,0\x03\r\n")
                await stream.write(b"\x02000,0,0,0,1,2,6,0,%08d,1,000\x03\r\n\x021234,0\x03\r\n" % left)

    async def story() -> None:
        started = CLOCK.now()
        await ZplPrinter("desk", memory_connect(tear_off), CLOCK).print(LABEL.zpl())
        assert CLOCK.now() - started >= 0.5

    run_virtual(story())


def test_the_emulator_reads_compressed_graphics_and_other_peoples_commands() -> None:
    # 16 dots wide: a black row, the same again, a half row, white rows; G-Y and g-z repeat
    job = b"^XA^MMP^PW16^LL5^FX a remark ^FS^FO0,0^GFA,10,10,2,JF:HF,,I0F^FS^BY2^PQ2^XZ"

    async def story(bench: Bench) -> None:
        async def take() -> None:
            for _ in range(2):
                while not bench.bar.waiting:
                    await CLOCK.sleep(0.1)
                bench.bar.waiting = False

        taking = asyncio.ensure_future(take())
        await (wire := await memory_connect(bench.twin.serve)()).write(job[:20])
        await wire.write(job[20:])
        await taking
        rows = ["".join("#" if dot == 0 else "." for dot in row) for row in bench.bar.labels[0]]
        assert rows == ["#" * 16, "#" * 16, "########........", "................", "............####"]
        assert len(bench.bar.labels) == 2

    on_bench(story)


# --- TSPL ------------------------------------------------------------------------------------------------


def test_an_older_tspl_printer_is_done_when_it_stops_printing() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.answers_in_full = False
        started = CLOCK.now()
        await bench.printer.print(bench.job(LABEL))
        assert CLOCK.now() - started >= 0.8
        np.testing.assert_array_equal(bench.bar.labels[0], LABEL.bitmap)
        status = await bench.printer.status()
        assert status.ready and not status.label_waiting

    on_bench(story, TSPL)


def test_a_tspl_printer_that_answered_in_full_once_and_no_more_is_silent() -> None:
    async def story(bench: Bench) -> None:
        assert (await bench.printer.status()).ready
        bench.twin.answers_in_full = False
        with pytest.raises(DeviceGone, match="no answer"):
            await bench.printer.status()

    on_bench(story, TSPL)


def test_a_label_of_the_line_is_said_in_tspl() -> None:
    async def story(bench: Bench) -> None:
        label = spine_label(["HE", "8700.7"], Stock(24.6, 37.3), 203)
        await bench.printer.print(label.zpl())
        np.testing.assert_array_equal(bench.bar.labels[0], label.bitmap)
        bench.bar.waiting = False
        for job in (b"^XA^FO0,0^FDtext^FS^XZ", label.zpl(copies=2), label.zpl(compact=True)):
            with pytest.raises(BadInput, match="not a label of ours"):
                await bench.printer.print(job)
        assert len(bench.bar.labels) == 1

    on_bench(story, TSPL)


@pytest.mark.parametrize("copies", [1, 3])
def test_the_tspl_emulator_prints_as_often_as_it_is_told(copies: int) -> None:
    async def story(bench: Bench) -> None:
        async def take() -> None:
            while len(bench.bar.labels) < copies or bench.bar.waiting:
                await CLOCK.sleep(0.1)
                bench.bar.waiting = False

        taking = asyncio.ensure_future(take())
        wire = await memory_connect(bench.twin.serve)()
        job = LABEL.tspl(copies=copies, speed=4)
        for start in range(0, len(job), 997):
            await wire.write(job[start : start + 997])
        await taking
        await CLOCK.sleep(5)
        assert len(bench.bar.labels) == copies

    on_bench(story, TSPL)


# --- real wires ------------------------------------------------------------------------------------------

Wired = tuple[Printer, PeelBar, Callable[[Label], bytes]]


@pytest.fixture(params=LANGUAGES)
async def tcp(request: pytest.FixtureRequest) -> AsyncIterator[Wired]:
    language, bar = request.param, PeelBar()
    twin = language.twin(bar, "spine", WallClock(), print_seconds=0.05)

    serving = set()

    async def host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        serving.add(asyncio.current_task())
        stream = TcpStream(reader, writer, "twin")
        await twin.serve(stream)
        await stream.close()

    server = await asyncio.start_server(host, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = language.driver("spine", connector(f"tcp://127.0.0.1:{port}"), WallClock())
    yield printer, bar, language.job
    await printer.close()
    server.close()
    await asyncio.gather(*serving)


class _Pty:
    """The printer's end of a serial line."""

    def __init__(self, descriptor: int) -> None:
        self._fd = descriptor
        self._loop = asyncio.get_running_loop()
        self._inbox: asyncio.Queue[bytes] = asyncio.Queue()
        self._loop.add_reader(descriptor, lambda: self._inbox.put_nowait(os.read(descriptor, 4096)))

    async def read(self, limit: int = 65536) -> bytes:
        return await self._inbox.get()

    async def write(self, data: bytes) -> None:
        os.write(self._fd, data)

    async def close(self) -> None:
        self._loop.remove_reader(self._fd)


@pytest.fixture(params=LANGUAGES)
async def serial_line(request: pytest.FixtureRequest) -> AsyncIterator[Wired]:
    language, bar = request.param, PeelBar()
    master, slave = os.openpty()
    tty.setraw(slave)
    far = _Pty(master)
    twin = language.twin(bar, "spine", WallClock(), print_seconds=0.05)
    serving = asyncio.ensure_future(twin.serve(far))
    printer = language.driver("spine", connector(f"serial://{os.ttyname(slave)}?baud=9600"), WallClock())
    yield printer, bar, language.job
    await printer.close()
    await far.close()
    serving.cancel()
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("wire", ["tcp", "serial_line"])
async def test_the_same_over_real_wires(wire: str, tcp: Wired, serial_line: Wired) -> None:
    printer, bar, job = {"tcp": tcp, "serial_line": serial_line}[wire]
    assert (await printer.status()).ready
    await printer.print(job(LABEL))
    np.testing.assert_array_equal(bar.labels[0], LABEL.bitmap)


async def test_a_printer_that_is_not_there_is_named() -> None:
    printer = ZplPrinter("spine", connector("tcp://127.0.0.1:9"), WallClock())
    with pytest.raises(DeviceGone, match="Check power, cable and address"):
        await printer.status()


@pytest.mark.parametrize(
    ("endpoint", "language", "kind"),
    [
        ("tcp://127.0.0.1:9100", "zpl", ZplPrinter),
        ("tcp://127.0.0.1:9100", "tspl", TsplPrinter),
        ("serial:///dev/ttyUSB0?baud=9600", "tspl", TsplPrinter),
        ("cups:labels", "zpl", CupsPrinter),
        ("file:out", "pdf", FilePrinter),
    ],
)
def test_an_address_opens_its_printer(endpoint: str, language: str, kind: type) -> None:
    assert type(open_printer("p", endpoint, language, CLOCK, InlineWorker())) is kind


@pytest.mark.parametrize(
    ("endpoint", "language"),
    [("usb:1", "zpl"), ("cups:", "zpl"), ("tcp://h", "zpl"), ("tcp://h:9100", "pdf")],
)
def test_an_address_that_is_none_is_said(endpoint: str, language: str) -> None:
    with pytest.raises(ConfigError):
        open_printer("p", endpoint, language, CLOCK, InlineWorker())


# --- CUPS ------------------------------------------------------------------------------------------------

LPSTAT = """#!/bin/sh
case "$1" in
-o) cat "{0}/waiting" ;;
*) [ -f "{0}/no-queue" ] && {{ echo 'lpstat: Invalid destination name' >&2; exit 1; }}; cat "{0}/state" ;;
esac
"""
LP = """#!/bin/sh
[ -f "{0}/refuses" ] && {{ echo 'lp: Unsupported document-format' >&2; exit 1; }}
cat > "{0}/job"; echo "$@" > "{0}/arguments"
echo 'request id is labels-7 (0 file(s))'
"""
IDLE = "printer labels is idle.  enabled since Fri 20 Nov 2026\n\tAlerts: none\n"


@pytest.fixture
def queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, script in (("lp", LP), ("lpstat", LPSTAT)):
        path = tmp_path / name
        path.write_text(script.format(tmp_path))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "state").write_text(IDLE)
    (tmp_path / "waiting").write_text("")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    return tmp_path


def cups(language: str = "zpl") -> CupsPrinter:
    return CupsPrinter("spine", "labels", CLOCK, InlineWorker(), language=language)


@pytest.mark.parametrize(
    ("language", "option", "begins"),
    [
        ("zpl", "-o raw", LABEL.zpl()),
        ("tspl", "-o raw", LABEL.tspl()),
        ("pdf", "-o print-scaling=none", b"%PDF-"),
        ("png", "-o print-scaling=none", LABEL.png()),
    ],
)
def test_a_queue_gets_the_line_s_label_in_its_language(
    queue: Path, language: str, option: str, begins: bytes
) -> None:
    async def story() -> None:
        assert (await cups().status()).ready
        await cups(language).print(LABEL.zpl())

    run_virtual(story())
    assert (queue / "job").read_bytes().startswith(begins)
    assert option in (queue / "arguments").read_text()


def test_an_address_names_the_language_of_queue_and_folder(tmp_path: Path) -> None:
    printer = open_printer("spine", f"file:{tmp_path}?language=png&dpi=300", "zpl", CLOCK, InlineWorker())
    run_virtual(printer.print(LABEL.zpl()))
    made = Image.open(tmp_path / "spine-0001.png")
    assert (np.asarray(made.convert("L")) == LABEL.bitmap).all()
    assert round(made.info["dpi"][0]) == 300
    assert isinstance(
        open_printer("s", "cups:office?language=pdf", "zpl", CLOCK, InlineWorker()), CupsPrinter
    )


@pytest.mark.parametrize(
    ("told", "problem"),
    [
        ("printer labels is idle.\n\tAlerts: media-empty-error\n", "paper_out"),
        ("printer labels is idle.\n\tAlerts: marker-supply-empty\n", "ribbon_out"),
        ("printer labels is idle.\n\tAlerts: cover-open-error\n", "cover_open"),
        ("printer labels disabled since Fri 20 Nov 2026 -\n\tPaused\n", "paused"),
    ],
)
def test_a_stopped_queue_gets_nothing(queue: Path, told: str, problem: str) -> None:
    (queue / "state").write_text(told)

    async def story() -> None:
        assert (await cups().status()).problems == (problem,)
        with pytest.raises(NotReady, match=problem.replace("_", " ")):
            await cups().print(b"job")

    run_virtual(story())
    assert not (queue / "job").exists()


def test_a_job_that_stays_in_its_queue_is_doubtful(queue: Path) -> None:
    async def story() -> None:
        printer = cups()

        (queue / "lp").write_text(LP.format(queue) + f"echo 'labels-7 clerk 1024' > {queue}/waiting\n")
        with pytest.raises(Doubtful, match="labels-7"):
            await printer.print(b"job")
        (queue / "state").write_text("printer labels is idle.\n\tAlerts: media-empty-error\n")
        with pytest.raises(DeviceFault, match="paper out"):
            await printer.wait()
        (queue / "waiting").write_text("")
        await printer.wait()

    run_virtual(story())


def test_a_queue_that_refuses_or_is_not_there_is_said(queue: Path) -> None:
    async def story() -> None:
        (queue / "refuses").touch()
        with pytest.raises(DeviceFault, match="Unsupported document-format"):
            await cups().print(b"job")
        (queue / "no-queue").touch()
        with pytest.raises(DeviceGone, match="no queue labels"):
            await cups().status()

    run_virtual(story())


# --- a folder --------------------------------------------------------------------------------------------


async def test_a_folder_takes_one_file_a_job(tmp_path: Path) -> None:
    printer = FilePrinter("spine", tmp_path / "labels", InlineWorker())
    assert (await printer.status()).ready
    await printer.print(b"^XA^XZ")
    await printer.print(LABEL.zpl())
    files = sorted(path.name for path in (tmp_path / "labels").iterdir())
    assert files == ["spine-0001.zpl", "spine-0002.zpl"]
    assert (tmp_path / "labels" / "spine-0002.zpl").read_bytes() == LABEL.zpl()


async def test_a_folder_that_is_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text("")
    with pytest.raises(DeviceFault, match="can't be written"):
        await FilePrinter("spine", tmp_path / "labels", InlineWorker()).print(b"^XA^XZ")
