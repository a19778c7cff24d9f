"""The ZPL driver against the twin's printer: in memory on virtual time, and over TCP."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from label_print import FilePrinter, Stock, ZplPrinter, barcode_label, spine_label
from workcell.kernel.clock import VirtualClock, WallClock, run_virtual
from workcell.kernel.errors import DeviceFault, DeviceGone, Doubtful
from workcell.kernel.ports import ByteStream, Printer
from workcell.kernel.streams import TcpStream, connector, memory_connect
from workcell.kernel.worker import InlineWorker
from workcell.twin.printer import ZplPrinter as PrinterTwin

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


class Bench:
    """A driver, its emulator and the world between them."""

    def __init__(self, clock: WallClock = CLOCK) -> None:
        self.bar = PeelBar()
        self.twin = PrinterTwin(self.bar, "spine", clock, print_seconds=0.8)
        self.printer = ZplPrinter("spine", memory_connect(self.twin.serve), clock, print_seconds=5.0)


def on_bench(story: Callable[[Bench], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        await story(Bench())

    run_virtual(run())


def test_a_label_waits_exactly_as_it_was_drawn() -> None:
    async def story(bench: Bench) -> None:
        started = CLOCK.now()
        await bench.printer.print(LABEL.zpl())
        assert 0.79 < CLOCK.now() - started < 1.2
        status = await bench.printer.status()
        assert status.label_waiting and not status.ready
        assert len(bench.bar.labels) == 1
        np.testing.assert_array_equal(bench.bar.labels[0], LABEL.bitmap)

    on_bench(story)


def test_a_width_that_is_no_multiple_of_eight_keeps_its_dots() -> None:
    async def story(bench: Bench) -> None:
        label = spine_label(["HE", "8700.7"], Stock(24.6, 37.3), 203)
        assert label.bitmap.shape[1] % 8
        await bench.printer.print(label.zpl())
        np.testing.assert_array_equal(bench.bar.labels[0], label.bitmap)

    on_bench(story)


def test_nothing_is_sent_while_a_label_waits() -> None:
    async def story(bench: Bench) -> None:
        await bench.printer.print(LABEL.zpl())
        with pytest.raises(DeviceFault, match="a label waits"):
            await bench.printer.print(LABEL.zpl())
        bench.bar.waiting = False
        await CLOCK.sleep(10)
        assert len(bench.bar.labels) == 1

    on_bench(story)


@pytest.mark.parametrize("fault", ["paper_out", "ribbon_out", "head_open", "paused"])
def test_a_printer_that_is_not_ready_gets_nothing(fault: str) -> None:
    async def story(bench: Bench) -> None:
        setattr(bench.twin, fault, True)
        assert (await bench.printer.status()).problems == (fault,)
        with pytest.raises(DeviceFault, match=fault.replace("_", " ")) as refused:
            await bench.printer.print(LABEL.zpl())
        assert "Nothing was sent" in refused.value.remedy
        setattr(bench.twin, fault, False)
        await CLOCK.sleep(10)
        assert not bench.bar.labels
        await bench.printer.print(LABEL.zpl())
        assert len(bench.bar.labels) == 1

    on_bench(story)


def test_a_job_stopped_by_paper_goes_on_without_being_sent_again() -> None:
    async def story(bench: Bench) -> None:
        async def run_out() -> None:
            await CLOCK.sleep(0.3)
            bench.twin.paper_out = True

        ending = asyncio.ensure_future(run_out())
        with pytest.raises(DeviceFault, match="paper out"):
            await bench.printer.print(LABEL.zpl())
        await ending
        bench.twin.paper_out = False
        await bench.printer.wait()
        assert len(bench.bar.labels) == 1

    on_bench(story)


def test_silence_before_the_job_is_a_device_gone() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.silent = True
        with pytest.raises(DeviceGone, match="no answer") as gone:
            await bench.printer.print(LABEL.zpl())
        assert "paper" in gone.value.remedy
        bench.twin.silent = False
        await CLOCK.sleep(10)
        assert not bench.bar.labels

    on_bench(story)


def test_silence_after_the_job_is_doubtful_and_is_asked_not_repeated() -> None:
    async def story(bench: Bench) -> None:
        async def fall_silent() -> None:
            await CLOCK.sleep(0.3)
            bench.twin.silent = True

        ending = asyncio.ensure_future(fall_silent())
        with pytest.raises(Doubtful, match="may or may not"):
            await bench.printer.print(LABEL.zpl())
        await ending
        bench.twin.silent = False
        assert (await bench.printer.status()).label_waiting
        assert len(bench.bar.labels) == 1

    on_bench(story)


def test_a_printer_that_never_prints_is_a_fault() -> None:
    async def story(bench: Bench) -> None:
        bench.twin.print_seconds = 1000.0
        with pytest.raises(DeviceFault, match="no label after 5 s"):
            await bench.printer.print(LABEL.zpl())

    on_bench(story)


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


@pytest.fixture
async def tcp_printer() -> AsyncIterator[tuple[Printer, PeelBar]]:
    bar = PeelBar()
    twin = PrinterTwin(bar, "spine", WallClock(), print_seconds=0.05)

    async def host(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await twin.serve(TcpStream(reader, writer, "twin"))
        writer.close()

    server = await asyncio.start_server(host, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    printer = ZplPrinter("spine", connector(f"tcp://127.0.0.1:{port}"), WallClock())
    yield printer, bar
    await printer.close()
    server.close()
    await server.wait_closed()


async def test_the_same_over_tcp(tcp_printer: tuple[Printer, PeelBar]) -> None:
    printer, bar = tcp_printer
    assert (await printer.status()).ready
    await printer.print(LABEL.zpl())
    np.testing.assert_array_equal(bar.labels[0], LABEL.bitmap)


async def test_a_printer_that_is_not_there_is_named() -> None:
    printer = ZplPrinter("spine", connector("tcp://127.0.0.1:9"), WallClock())
    with pytest.raises(DeviceGone, match="Check power, cable and address"):
        await printer.status()


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
