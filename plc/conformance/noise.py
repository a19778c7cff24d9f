"""Gold: noise on the line.  Broken frames do nothing, and the next whole one is answered."""

from __future__ import annotations

import struct
from contextlib import suppress

from plc.conformance.checks import Catalogue, expect
from plc.conformance.host import LINE, Broken
from plc.conformance.probe import NotApplicable, Probe
from plc.modbus import (
    MbapFramer,
    ModbusClient,
    ModbusRefusal,
    Patience,
    Request,
    crc16,
    read_request,
    write_request,
)
from workcell.kernel.errors import DeviceGone

_GOLD = Catalogue("gold")
CHECKS = _GOLD.checks
check = _GOLD.check

_GARBAGE = bytes(range(7, 60, 5))
_UNKNOWN_FUNCTION = 0x41
_NEW_CONNECTION_SECONDS = 1.0


def _frame(probe: Probe, pdu: bytes, unit: int) -> bytes:
    body = bytes((unit,)) + pdu
    return body + struct.pack("<H", crc16(body))


def _serial_only(probe: Probe) -> None:
    if probe.talk.numbered:
        raise NotApplicable("a rule of serial lines")


def _reset_pdu(probe: Probe, seq: int) -> bytes:
    fields = {**probe.talk.heart.values(), "cntrl_cmd": probe.map.number("command", "reset"), "cmd_seq": seq}
    words = probe.codec.encode("line_command", fields)
    return write_request(probe.codec.span("line_command").address, words).pdu


async def _nothing_heard(probe: Probe, frame: bytes, what: str) -> None:
    """Send a frame that must neither be answered nor obeyed; then ask something whole."""
    client = probe.talk.must_client()
    await client.send_raw(frame)
    heard = await client.listen(0.1 + probe.manifest.timing.reply_ms / 1000)
    expect(not heard, f"{what} was answered with {heard.hex()}")


@check("WC-LN-002", start="stopped", advice="Drop a frame whose CRC is wrong; answer and do nothing.")
async def _wrong_crc(probe: Probe) -> str:
    """A frame with a wrong CRC is neither answered nor obeyed."""
    _serial_only(probe)
    await probe.stop_beating()
    seq = await probe.next_seq(LINE)
    frame = bytearray(_frame(probe, _reset_pdu(probe, seq), probe.manifest.unit))
    frame[-1] ^= 0x55
    await _nothing_heard(probe, bytes(frame), "a wrong CRC")
    await probe.claim()
    line = await probe.line()
    expect(line["ack_seq"] != seq, "a command with a wrong CRC was obeyed")
    return "silence"


@check("WC-LN-003", start="stopped", advice="Leave frames for other unit ids alone.")
async def _other_unit(probe: Probe) -> str:
    """A frame for another unit id is neither answered nor obeyed."""
    _serial_only(probe)
    await probe.stop_beating()
    seq = await probe.next_seq(LINE)
    other = probe.manifest.unit % 247 + 1
    await _nothing_heard(probe, _frame(probe, _reset_pdu(probe, seq), other), "a frame for another unit")
    await probe.claim()
    line = await probe.line()
    expect(line["ack_seq"] != seq, "a command for another unit was obeyed")
    return f"unit {other}: silence"


@check(
    "WC-LN-004",
    start="stopped",
    advice="Start anew after a silence of 3.5 characters; close a broken TCP peer, and let a new one in.",
)
async def _after_noise(probe: Probe) -> str:
    """After garbage and half a frame the next whole request is answered."""
    await probe.stop_beating()
    if probe.talk.numbered:
        await _beside_the_old_connection(probe)
    whole = _frame(probe, read_request(0, 4).pdu, probe.manifest.unit)
    for noise in (_GARBAGE, whole[:5], b"\x00"):
        await _shout(probe, noise)
    boot = (await probe.line())["boot_id"]
    await probe.claim()
    return f"3 kinds of noise; BootId {boot} was read after each"


async def _beside_the_old_connection(probe: Probe) -> None:
    """A host whose cable was pulled comes back while its old connection still stands."""
    client = ModbusClient(
        await probe.connect(), MbapFramer(), probe.clock,
        unit=probe.manifest.unit, patience=Patience(_NEW_CONNECTION_SECONDS, retries=0),
    )  # fmt: skip
    try:
        await client.run(read_request(probe.codec.hot_span(LINE).address, 4))
    except DeviceGone as error:
        raise Broken("a new connection is not answered while the old one stands: take the new one") from error
    finally:
        await client.close()
    await probe.talk.hang_up()
    await probe.open()


async def _shout(probe: Probe, noise: bytes) -> None:
    """Put noise on the wire: on TCP through a connection of its own, which breaks off."""
    if not probe.talk.numbered:
        client = probe.talk.must_client()
        await client.send_raw(noise)
        await client.listen(0.1 + probe.manifest.timing.reply_ms / 1000)
        await probe.line()
        return
    await probe.talk.hang_up()
    with suppress(DeviceGone):
        stream = await probe.connect()
        await stream.write(noise)
        await probe.clock.sleep(0.05)
        await stream.close()
    await probe.open()
    await probe.line()


@check("WC-LN-005", start="any", advice="Answer an unknown function with exception 1, and go on serving.")
async def _unknown_function(probe: Probe) -> str:
    """An unknown function does nothing: an exception or silence, and the next request is answered."""
    said = "silence"
    strange = Request(bytes((_UNKNOWN_FUNCTION, 0, 0)), 3, bytes((_UNKNOWN_FUNCTION,)))
    try:
        await probe.talk.run(strange, retries=0)
        raise Broken(f"function {_UNKNOWN_FUNCTION:#04x} was carried out")
    except ModbusRefusal as refusal:
        said = refusal.what
    except DeviceGone:
        await probe.stop_beating()
        await probe.talk.hang_up()
        await probe.open()
    await probe.line()
    return said
