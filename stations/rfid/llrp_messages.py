"""LLRP messages (EPCglobal LLRP 1.1) that a tag writer needs; bytes are made and read by sllurp.

sllurp is an optional dependency and only its codec is used: the wire is a ByteStream like any other.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

from workcell.kernel.errors import ConfigError, DeviceFault

HEADER_BYTES: Final = 10
SPEC_ID: Final = 1
_GEN2: Final = 1
_ROUND_MS: Final = 300
_OP_ID: Final = 1
_ALL: Final = 0


class Bank(IntEnum):
    """Memory banks of a Gen2 tag."""

    EPC = 1
    TID = 2
    USER = 3


class Result(IntEnum):
    """How an operation on a tag ended (C1G2ReadOpSpecResult, C1G2WriteOpSpecResult)."""

    OK = 0
    TAG_ERROR = 1
    NO_RESPONSE = 2
    READER_ERROR = 3
    OVERRUN = 4
    LOCKED = 5


@dataclass(frozen=True)
class Read:
    """Read words of a bank; ``count`` 0 is to its end."""

    bank: Bank
    word: int
    count: int


@dataclass(frozen=True)
class Write:
    """Write words of a bank."""

    bank: Bank
    word: int
    data: bytes


@dataclass(frozen=True)
class Outcome:
    """What became of an operation on one tag; ``data`` is what was read."""

    result: int
    data: bytes = b""


def encoded(name: str, number: int, body: Mapping[str, Any] | None = None) -> bytes:
    """A message; raises ConfigError when sllurp is not installed."""
    message: bytes = _codec().LLRPMessage(msgdict={name: {"Ver": 1, "ID": number, **(body or {})}}).msgbytes
    return message


def decoded(frame: bytes) -> tuple[str, int, Mapping[str, Any]]:
    """Name, number and body of a whole message; raises DeviceFault when it is none."""
    try:
        message = _codec().LLRPMessage(msgbytes=frame)
        body = message.msgdict[message.getName()]
        return message.getName(), int(body["ID"]), body
    except ConfigError:
        raise
    except Exception as error:  # the codec raises whatever its tables stumble over
        raise DeviceFault(
            f"a message can't be read ({frame[:16].hex().upper()}…)",
            remedy="Check that the endpoint is an LLRP reader.",
        ) from error


def message_length(buffer: bytes | bytearray) -> int | None:
    """The length of the message at the beginning of ``buffer``; None when that is not all here yet."""
    return int.from_bytes(buffer[2:6], "big") if len(buffer) >= HEADER_BYTES else None


def _codec() -> Any:
    try:
        return importlib.import_module("sllurp.llrp")
    except ImportError as error:
        raise ConfigError(
            "LLRP readers need the package sllurp",
            remedy='Install it: pip install "cataloguing-workcell[uhf]".',
        ) from error


# --- requests --------------------------------------------------------------------------------------------


def events() -> dict[str, Any]:
    """SET_READER_CONFIG: tell when a round ends."""
    states = {"ROSpecEvent": True}
    return {
        "ResetToFactoryDefaults": False,
        "ReaderEventNotificationSpec": {"EventNotificationState": states},
    }


def round_spec() -> dict[str, Any]:
    """ADD_ROSPEC: one round of reading on all antennas, reported at its end."""
    return {
        "ROSpec": {
            "ROSpecID": SPEC_ID, "Priority": 0, "CurrentState": "Disabled",
            "ROBoundarySpec": {
                "ROSpecStartTrigger": {"ROSpecStartTriggerType": "Null"},
                "ROSpecStopTrigger": {"ROSpecStopTriggerType": "Duration", "DurationTriggerValue": _ROUND_MS},
            },
            "AISpec": [{
                "AntennaID": [_ALL],
                "AISpecStopTrigger": {"AISpecStopTriggerType": "Null", "DurationTriggerValue": 0},
                "InventoryParameterSpec": [{"InventoryParameterSpecID": 1, "ProtocolID": _GEN2}],
            }],
            "ROReportSpec": {
                "ROReportTrigger": "Upon_N_Tags_Or_End_Of_ROSpec", "N": 0,
                "TagReportContentSelector": {"EnableROSpecID": True, "EnableAccessSpecID": True},
            },
        }
    }  # fmt: skip


def access_spec(tid: str, operation: Read | Write) -> dict[str, Any]:
    """ADD_ACCESSSPEC: an operation on the tag with this TID; without one, and only to read, on every tag."""
    if isinstance(operation, Write) and not tid:
        raise ValueError("a write without a TID would reach every tag in the field")
    return {
        "AccessSpec": {
            "AccessSpecID": SPEC_ID, "AntennaID": _ALL, "ProtocolID": _GEN2, "CurrentState": False,
            "ROSpecID": _ALL,
            "AccessSpecStopTrigger": {"AccessSpecStopTriggerType": 0, "OperationCountValue": 0},
            "AccessCommand": {
                "TagSpecParameter": {"C1G2TagSpec": {"C1G2TargetTag": [{
                    "MB": Bank.TID, "M": True, "Pointer": 0, "TagMask": "F" * len(tid), "TagData": tid,
                }]}},
                "OpSpecParameter": [_operation(operation)],
            },
            "AccessReportSpec": {"AccessReportTrigger": 0},
        }
    }  # fmt: skip


def _operation(operation: Read | Write) -> dict[str, Any]:
    head = {"OpSpecID": _OP_ID, "AccessPassword": 0, "MB": operation.bank, "WordPtr": operation.word}
    if isinstance(operation, Read):
        return {"C1G2Read": {**head, "WordCount": operation.count}}
    words = {"WriteDataWordCount": len(operation.data) // 2, "WriteData": operation.data}
    return {"C1G2Write": {**head, **words}}


# --- reports ---------------------------------------------------------------------------------------------


def outcomes(body: Mapping[str, Any]) -> list[Outcome]:
    """What became of the operation, tag by tag, of an RO_ACCESS_REPORT; a tag not asked gives none."""
    found = []
    for tag in body.get("TagReportData", []):
        read, written = tag.get("C1G2ReadOpSpecResult"), tag.get("C1G2WriteOpSpecResult")
        if read is not None:
            found.append(Outcome(int(read["Result"]), bytes(read["ReadData"])))
        elif written is not None:
            found.append(Outcome(int(written["Result"])))
    return found


def unasked(body: Mapping[str, Any]) -> int:
    """How many tags of an RO_ACCESS_REPORT answered without the operation having been tried on them."""
    asked = ("C1G2ReadOpSpecResult", "C1G2WriteOpSpecResult")
    return sum(not any(name in tag for name in asked) for tag in body.get("TagReportData", []))


def round_ended(body: Mapping[str, Any]) -> bool:
    """Whether a READER_EVENT_NOTIFICATION says that the round is over."""
    event = body.get("ReaderEventNotificationData", {}).get("ROSpecEvent", {})
    return bool(event.get("EventType") == "End_of_ROSpec")


def connected(body: Mapping[str, Any]) -> bool | None:
    """Whether a READER_EVENT_NOTIFICATION says that we are the reader's one client; None: not about it."""
    event = body.get("ReaderEventNotificationData", {}).get("ConnectionAttemptEvent")
    return None if event is None else event["Status"] in ("Success", 0)


def refusal(body: Mapping[str, Any]) -> str:
    """Why a request was refused; empty when it was not."""
    status = body.get("LLRPStatus", {})
    if status.get("StatusCode") in ("Success", 0):
        return ""
    return f"{status.get('StatusCode', 'no status')} {status.get('ErrorDescription', '')}".strip()
