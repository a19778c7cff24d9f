"""The framer alone, and against pymodbus as an independent peer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU, FramerSocket
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersResponse,
    ReadWriteMultipleRegistersResponse,
    WriteMultipleRegistersResponse,
    WriteSingleRegisterResponse,
)

from plc.modbus import (
    BadFrame,
    MbapFramer,
    ModbusClient,
    ModbusRefusal,
    Patience,
    Request,
    RtuFramer,
    crc16,
    read_request,
    read_write_request,
    write_request,
    write_single_request,
)
from workcell.kernel.clock import VirtualClock, run_virtual
from workcell.kernel.errors import DeviceGone
from workcell.kernel.streams import MemoryStream, memory_pair

WORDS = st.integers(0, 0xFFFF)
UNIT = st.integers(1, 247)

REQUESTS = st.one_of(
    st.builds(read_request, WORDS, st.integers(1, 125)),
    st.builds(write_single_request, WORDS, WORDS),
    st.builds(write_request, WORDS, st.lists(WORDS, min_size=1, max_size=123)),
    st.builds(
        read_write_request, WORDS, st.integers(1, 125), WORDS, st.lists(WORDS, min_size=1, max_size=121)
    ),
)


def test_crc_of_the_standards_example() -> None:
    """MODBUS over Serial Line 1.02, appendix B: 02 07 gives 41 12 on the wire."""
    assert crc16(bytes.fromhex("0207")).to_bytes(2, "little") == bytes.fromhex("4112")


@given(st.binary(max_size=300))
def test_crc_agrees_with_pymodbus(data: bytes) -> None:
    assert crc16(data).to_bytes(2, "little") == FramerRTU.compute_CRC(data).to_bytes(2, "big")


@pytest.mark.parametrize("framers", [(MbapFramer, FramerSocket), (lambda: RtuFramer(19200), FramerRTU)])
@given(unit=UNIT, request_=REQUESTS)
def test_pymodbus_understands_our_requests(framers: tuple[type, type], unit: int, request_: Request) -> None:
    """WC-RG-001: functions 3, 6, 16 and 23."""
    ours, theirs = framers[0](), framers[1](DecodePDU(True))
    frame = ours.encode(unit, request_)
    used, pdu = theirs.handleFrame(frame, 0, 0)
    assert used == len(frame)
    assert (pdu.dev_id, pdu.function_code) == (unit, request_.function)
    assert theirs.buildFrame(pdu) == frame


def _answer_of_pymodbus(request: Request, values: list[int]) -> object:
    """What a right server answers."""
    address = int.from_bytes(request.pdu[1:3], "big")
    if request.function == 3:
        return ReadHoldingRegistersResponse(registers=values)
    if request.function == 23:
        return ReadWriteMultipleRegistersResponse(registers=values)
    if request.function == 16:
        return WriteMultipleRegistersResponse(address=address, count=int.from_bytes(request.pdu[3:5], "big"))
    return WriteSingleRegisterResponse(address=address, registers=[int.from_bytes(request.pdu[3:5], "big")])


@pytest.mark.parametrize("rtu", [False, True])
@given(unit=UNIT, request_=REQUESTS, data=st.data())
def test_we_understand_the_answers_of_pymodbus_in_any_portions(
    rtu: bool, unit: int, request_: Request, data: st.DataObject
) -> None:
    """WC-RG-001."""
    values = data.draw(st.lists(WORDS, min_size=request_.registers, max_size=request_.registers))
    ours = RtuFramer(115200) if rtu else MbapFramer()
    theirs = (FramerRTU if rtu else FramerSocket)(DecodePDU(True))
    ours.encode(unit, request_)
    answer = _answer_of_pymodbus(request_, values)
    answer.dev_id, answer.transaction_id = unit, 1  # type: ignore[attr-defined]
    frame = theirs.buildFrame(answer)
    cut = data.draw(st.integers(0, len(frame)))
    buffer = bytearray(frame[:cut])
    pdu = ours.take(buffer, unit, request_)
    if pdu is None:
        buffer += frame[cut:]
        pdu = ours.take(buffer, unit, request_)
    assert pdu is not None
    assert request_.parse(pdu) == tuple(values)
    assert not buffer


@given(st.binary(min_size=1, max_size=40), REQUESTS)
def test_serial_noise_is_never_an_answer(noise: bytes, request_: Request) -> None:
    """Whatever bytes come: more is awaited, or they are refused; 1 in 65536 has a right CRC by chance."""
    framer = RtuFramer(115200)
    framer.encode(7, request_)
    try:
        pdu = framer.take(bytearray(noise), 7, request_)
    except BadFrame:
        return
    assert pdu is None or crc16(noise[:-2]) == int.from_bytes(noise[-2:], "little")


@given(REQUESTS, st.data())
def test_one_flipped_bit_on_a_serial_line_is_noticed(request_: Request, data: st.DataObject) -> None:
    framer, theirs = RtuFramer(115200), FramerRTU(DecodePDU(True))
    answer = _answer_of_pymodbus(request_, [0xAAAA] * request_.registers)
    answer.dev_id = 7  # type: ignore[attr-defined]
    frame = bytearray(theirs.buildFrame(answer))
    bit = data.draw(st.integers(0, len(frame) * 8 - 1))
    frame[bit // 8] ^= 1 << bit % 8
    try:
        pdu = framer.take(frame, 7, request_)
    except BadFrame:
        return
    assert pdu is None


def test_an_exception_answer_is_a_refusal_with_its_meaning() -> None:
    with pytest.raises(ModbusRefusal, match=r"has no such registers \(Modbus exception 2\)"):
        read_request(0, 4).parse(bytes((0x83, 2)))


@pytest.mark.parametrize(
    ("code", "key"), [(1, "fc23"), (2, "base addresses"), (3, "max_block"), (6, "busy"), (11, "unit id")]
)
def test_an_exception_answer_names_the_key_of_the_manifest_to_look_at(code: int, key: str) -> None:
    with pytest.raises(ModbusRefusal) as refused:
        read_request(0, 4).parse(bytes((0x83, code)))
    assert key in refused.value.remedy


def test_an_answer_to_another_request_is_no_answer() -> None:
    with pytest.raises(BadFrame):
        read_request(0, 4).parse(bytes((3, 4, 0, 0, 0, 0)))
    with pytest.raises(BadFrame):
        write_request(5, [1]).parse(bytes((16, 0, 6, 0, 1)))


def test_the_silent_interval_is_that_of_the_standard() -> None:
    """MODBUS over Serial Line 1.02, 2.5.1.1: 3.5 characters, 1.75 ms above 19200 baud."""
    assert RtuFramer(9600).silence == pytest.approx(0.00401, rel=0.01)
    assert RtuFramer(19200).silence == pytest.approx(0.002005, rel=0.01)
    assert RtuFramer(115200).silence == 0.00175


# --- transactions on a wire that we hold by hand ---------------------------------------------------------

CLOCK = VirtualClock(datetime(2026, 1, 1, tzinfo=UTC))
Serve = Callable[[MemoryStream], Awaitable[None]]


def _with_server(serve: Serve, use: Callable[[ModbusClient], Awaitable[None]], *, rtu: bool) -> None:
    async def main() -> None:
        near, far = memory_pair()
        task = asyncio.create_task(serve(far))  # type: ignore[arg-type]
        framer = RtuFramer(115200) if rtu else MbapFramer()
        await use(ModbusClient(near, framer, CLOCK, unit=1, patience=Patience(0.2, 2)))
        task.cancel()

    run_virtual(main())


def _rtu(pdu: bytes) -> bytes:
    frame = b"\x01" + pdu
    return frame + crc16(frame).to_bytes(2, "little")


def _value(number: int) -> bytes:
    return bytes((3, 2, 0, number))


def test_an_answer_after_its_timeout_is_not_taken_for_the_next() -> None:
    """WC-FR-003: the first answer comes late, into the silence; the next value is the next one's."""

    async def serve(stream: MemoryStream) -> None:
        await stream.read()
        await CLOCK.sleep(0.3)
        await stream.write(_rtu(_value(1)))
        for number in (2, 3):
            await stream.read()
            await stream.write(_rtu(_value(number)))

    async def use(client: ModbusClient) -> None:
        assert await client.read(0, 1) == (2,)
        assert client.suspect
        client.trust()
        assert await client.read(0, 1) == (3,)
        assert not client.suspect

    _with_server(serve, use, rtu=True)


def test_a_doubled_answer_makes_the_wire_suspect_and_is_dropped() -> None:
    """WC-FR-003."""

    async def serve(stream: MemoryStream) -> None:
        await stream.read()
        await stream.write(_rtu(_value(1)))
        await CLOCK.sleep(0.05)
        await stream.write(_rtu(_value(1)))
        await stream.read()
        await stream.write(_rtu(_value(2)))

    async def use(client: ModbusClient) -> None:
        assert await client.read(0, 1) == (1,)
        await CLOCK.sleep(0.1)
        assert await client.read(0, 1) == (2,)
        assert client.suspect

    _with_server(serve, use, rtu=True)


def test_a_broken_frame_is_asked_for_again() -> None:
    async def serve(stream: MemoryStream) -> None:
        await stream.read()
        await stream.write(b"\x01\x03\x02\x00\x09\xff\xff")
        await stream.read()
        await stream.write(_rtu(_value(9)))

    async def use(client: ModbusClient) -> None:
        assert await client.read(0, 1) == (9,)

    _with_server(serve, use, rtu=True)


@pytest.mark.parametrize("rtu", [False, True], ids=["tcp", "rtu"])
def test_a_busy_device_is_asked_again_and_then_believed(rtu: bool) -> None:
    """Modbus Application Protocol 1.1b3, clause 7: after code 06 the client sends the message again."""
    answers = [b"\x83\x06", _value(9), *[b"\x83\x06"] * 9]

    async def serve(stream: MemoryStream) -> None:
        for pdu in answers:
            request = await stream.read()
            mbap = request[:4] + bytes((0, len(pdu) + 1, 1))
            await stream.write(_rtu(pdu) if rtu else mbap + pdu)

    async def use(client: ModbusClient) -> None:
        assert await client.read(0, 1) == (9,)
        with pytest.raises(ModbusRefusal, match="is busy"):
            await client.read(0, 1)

    _with_server(serve, use, rtu=rtu)


def test_a_late_tcp_answer_is_dropped_by_its_number() -> None:
    async def serve(stream: MemoryStream) -> None:
        first = await stream.read()
        await CLOCK.sleep(0.25)
        second = await stream.read()
        for request, number in ((first, 1), (second, 2)):
            await stream.write(request[:4] + b"\x00\x05\x01" + _value(number))

    async def use(client: ModbusClient) -> None:
        assert await client.read(0, 1) == (2,)
        assert not client.suspect

    _with_server(serve, use, rtu=False)


async def _say_nothing(stream: MemoryStream) -> None:
    while await stream.read():
        pass


@pytest.mark.parametrize("rtu", [False, True])
def test_silence_is_a_dead_device_after_all_tries(rtu: bool) -> None:
    async def use(client: ModbusClient) -> None:
        with pytest.raises(DeviceGone, match="no valid answer in 3 tries"):
            await client.read(0, 1)

    _with_server(_say_nothing, use, rtu=rtu)


def test_a_line_that_babbles_is_a_dead_device() -> None:
    async def serve(stream: MemoryStream) -> None:
        while True:
            await stream.write(b"\x55")
            await CLOCK.sleep(0.001)

    async def use(client: ModbusClient) -> None:
        with pytest.raises(DeviceGone, match="never silent"):
            await client.read(0, 1)

    _with_server(serve, use, rtu=True)


def test_what_is_no_modbus_tcp_is_named() -> None:
    async def serve(stream: MemoryStream) -> None:
        await stream.read()
        await stream.write(b"HTTP/1.1 400 Bad Request\r\n")

    async def use(client: ModbusClient) -> None:
        with pytest.raises(DeviceGone, match="no Modbus TCP frame"):
            await client.read(0, 1)

    _with_server(serve, use, rtu=False)


def test_a_closed_wire_is_a_dead_device_at_once() -> None:
    async def serve(stream: MemoryStream) -> None:
        await stream.read()
        await stream.close()

    async def use(client: ModbusClient) -> None:
        started = CLOCK.now()
        with pytest.raises(DeviceGone, match="closed the wire"):
            await client.read(0, 1)
        assert CLOCK.now() - started < 0.1

    _with_server(serve, use, rtu=False)
