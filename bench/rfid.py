"""Tags encoded and decoded a second, beside the plain way to write such a codec.

There is no package for ISO 28560 on PyPI to stand beside.  The peer is a straightforward codec of ISO 28560-2
written here from the standard: bits as text, every scheme tried in turn, no findings, no tolerance of damaged
or foreign memory.  What it reads is compared with ours, tag by tag.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from stations import rfid

_CAPACITY = 112
_LATCHES = {
    "U": ("-ABCDEFGHIJKLMNOPQRSTUVWXYZ:", 5),
    "L": ("-abcdefghijklmnopqrstuvwxyz/", 5),
    "N": ("0123456789-:", 4),
}


# --- the peer --------------------------------------------------------------------------------------------


def plain_encode(elements: dict[int, str]) -> bytes:
    """PII, content parameter, the others by OID; nothing locked."""
    others = [oid for oid in sorted(elements) if oid not in (1, 2)]
    out = _plain_element(1, elements[1])
    if others:
        bits = ["0"] * 24
        for oid in others:
            bits[oid - 3] = "1"
        index = int("".join(bits), 2).to_bytes(3, "big").rstrip(b"\0")
        out += bytes([2, len(index)]) + index
    return out + b"".join(_plain_element(oid, elements[oid]) for oid in others)


def _plain_element(oid: int, text: str) -> bytes:
    scheme, data = _plain_compact(oid, text)
    head = bytes([scheme << 4 | oid]) if oid < 15 else bytes([scheme << 4 | 15, oid - 15])
    return head + bytes([len(data)]) + data


def _plain_compact(oid: int, text: str) -> tuple[int, bytes]:
    if oid == 3:
        return 0, _plain_isil(text)
    if oid == 5:
        return 0, bytes.fromhex(text)
    if text.isascii() and text.isdigit() and 2 <= len(text) <= 19 and text[0] != "0":
        return 1, int(text).to_bytes((int(text).bit_length() + 7) // 8, "big")
    if text.isascii() and text.isdigit() and len(text) >= 2:
        return 2, bytes.fromhex(text + "F" * (len(text) % 2))
    for scheme, width, least, low, high, pad in (
        (3, 5, 3, 0x41, 0x5F, "0" * 8), (4, 6, 4, 0x20, 0x5F, "100000"), (5, 7, 8, 0x00, 0x7E, "1" * 8),
    ):  # fmt: skip
        if (
            len(text) >= least
            and all(low <= ord(c) <= high for c in text)
            and not (scheme == 4 and text[-1] == " ")
        ):
            bits = "".join(format(ord(c) & (1 << width) - 1, f"0{width}b") for c in text)
            return scheme, _plain_pack(bits, pad)
    try:
        return 6, text.encode("latin-1")
    except UnicodeEncodeError:
        return 7, text.encode("utf-8")


def _plain_pack(bits: str, pad: str) -> bytes:
    bits += pad[: -len(bits) % 8]
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def _plain_isil(text: str) -> bytes:
    bits, now = "", "U"
    codes = {
        ("U", "L"): "1110",
        ("U", "N"): "1111",
        ("L", "U"): "1110",
        ("L", "N"): "1111",
        ("N", "U"): "110",
        ("N", "L"): "111",
    }
    for at, character in enumerate(text):
        if character not in _LATCHES[now][0]:
            other = next(name for name, (letters, _) in _LATCHES.items() if character in letters)
            shift = at + 1 == len(text) or text[at + 1] in _LATCHES[now][0]
            bits += codes[now, other] + "01"[shift]
            letters, width = _LATCHES[other]
            bits += format(letters.index(character), f"0{width}b")
            now = now if shift else other
        else:
            letters, width = _LATCHES[now]
            bits += format(letters.index(character), f"0{width}b")
    return _plain_pack(bits, "1" * 8)


def plain_decode(memory: bytes) -> dict[int, str]:
    """The texts of all elements, to the first zero."""
    at, found = 0, {}
    while at < len(memory) and memory[at]:
        head, oid = memory[at], memory[at] & 15
        at += 1
        if oid == 15:
            oid += memory[at]
            at += 1
        padding = 0
        if head & 0x80:
            padding = memory[at]
            at += 1
        length = memory[at]
        data = memory[at + 1 : at + 1 + length]
        at += 1 + length + padding
        found[oid] = _plain_expand(oid, head >> 4 & 7, data)
    return found


def _plain_expand(oid: int, scheme: int, data: bytes) -> str:
    bits = "".join(format(byte, "08b") for byte in data)
    if oid == 2:
        return ",".join(str(3 + at) for at, bit in enumerate(bits) if bit == "1")
    if oid == 5:
        return data.hex().upper()
    if scheme == 0:
        return _plain_isil_text(bits)
    if scheme == 1:
        return str(int.from_bytes(data, "big"))
    if scheme == 2:
        return data.hex().upper().rstrip("F")
    if scheme == 3:
        codes = [int(bits[at : at + 5], 2) for at in range(0, len(bits) - 4, 5)]
        return "".join(chr(code | 0x40) for code in codes).rstrip("@")
    if scheme == 4:
        codes = [int(bits[at : at + 6], 2) for at in range(0, len(bits) - 5, 6)]
        text = "".join(chr(code if code & 0x20 else code | 0x40) for code in codes)
        return text.rstrip(" ")
    if scheme == 5:
        codes = [int(bits[at : at + 7], 2) for at in range(0, len(bits) - 6, 7)]
        return "".join(map(chr, codes)).rstrip("\x7f")
    return data.decode("latin-1" if scheme == 6 else "utf-8")


def _plain_isil_text(bits: str) -> str:
    at, now, once, text = 0, "U", "", ""
    changes = {"U": {28: "L", 29: "l", 30: "N", 31: "n"}, "L": {28: "U", 29: "u", 30: "N", 31: "n"},
               "N": {12: "U", 13: "u", 14: "L", 15: "l"}}  # fmt: skip
    while at + _LATCHES[once or now][1] <= len(bits):
        letters, width = _LATCHES[once or now]
        code = int(bits[at : at + width], 2)
        at += width
        if code < len(letters):
            text, once = text + letters[code], ""
        elif changes[now][code].isupper():
            now = changes[now][code]
        else:
            once = changes[now][code].upper()
    return text


# --- the run ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A line of the table: tags a second, and how many times the peer's speed that is."""

    what: str
    rate: float
    ratio: float | None = None


def made_up(count: int, seed: int) -> list[dict[int, str]]:
    """Elements as libraries write them: number, owner, usage, and here and there a shelf mark and a title."""
    rng = random.Random(seed)
    owners = ["US-InU-Mu", "CN-110108-1-NLC", "FI-Mamk-M", "DK-718500", "DE-705"]
    letters = "ABCDEFGHKLMNP0123456789"
    tags = []
    for _ in range(count):
        number = (
            str(rng.randrange(10**13, 10**14)) if rng.random() < 0.7 else "".join(rng.choices(letters, k=9))
        )
        elements = {1: number, 3: rng.choice(owners), 5: "10"}
        if rng.random() < 0.4:
            elements[6] = f"QA{rng.randrange(10, 900)}.{rng.choice(letters)}{rng.randrange(10, 99)}"
        if rng.random() < 0.2:
            elements[17] = rng.choice(["红楼梦", "The name of the rose", "Sømænd"])
        tags.append(elements)
    return tags


def rate(work: Callable[[], object], count: int, rounds: int) -> float:
    """Tags a second by processor time, the best of the rounds."""
    best = min(_timed(work) for _ in range(rounds))
    return count / best


def _timed(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(count: int, seed: int, rounds: int) -> list[Row]:
    """All rows; raises SystemExit when the peer and ours read a tag differently."""
    tags = made_up(count, seed)
    values = [[rfid.Value(oid, text) for oid, text in tag.items()] for tag in tags]
    memories = [rfid.encode_hf(rows, "28560-2").data.ljust(_CAPACITY, b"\0") for rows in values]
    for tag, memory in zip(tags, memories, strict=True):
        if plain_encode(tag) != memory[: len(plain_encode(tag))]:
            raise SystemExit(f"encoded differently: {tag}")
        if plain_decode(memory) != rfid.decode(memory).elements:
            raise SystemExit(f"decoded differently: {memory.hex()}")
    fixed = [[rfid.Value(1, f"{n:014d}"), rfid.Value(3, "DK-718500")] for n in range(count)]
    blocks = [rfid.encode_hf(rows, "28560-3").data.ljust(_CAPACITY, b"\0") for rows in fixed]
    uhf = [rfid.encode_uhf(rows, "28560-4") for rows in values]
    banks = [(image.pc.to_bytes(2, "big") + image.uii, image.user) for image in uhf]
    plain_in = rate(lambda: [plain_encode(tag) for tag in tags], count, rounds)
    plain_out = rate(lambda: [plain_decode(memory) for memory in memories], count, rounds)
    encoded = rate(lambda: [rfid.encode_hf(rows, "28560-2") for rows in values], count, rounds)
    decoded = rate(lambda: [rfid.decode(memory, 0x06) for memory in memories], count, rounds)
    return [
        Row("plain codec, 28560-2, encoded", plain_in, 1.0),
        Row("ours, 28560-2, encoded with locks and blocks", encoded, encoded / plain_in),
        Row("plain codec, 28560-2, decoded", plain_out, 1.0),
        Row("ours, model told, decoded with findings", decoded, decoded / plain_out),
        *(Row(what, rate(work, count, rounds)) for what, work in (
            ("ours, 28560-3, encoded", lambda: [rfid.encode_hf(rows, "28560-3") for rows in fixed]),
            ("ours, 28560-3, decoded", lambda: [rfid.decode(memory) for memory in blocks]),
            ("ours, 28560-4, encoded", lambda: [rfid.encode_uhf(rows, "28560-4") for rows in values]),
            ("ours, 28560-4, decoded", lambda: [rfid.decode_uhf(*pair) for pair in banks]),
        )),
    ]  # fmt: skip


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tags", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path, help="also write the figures here")
    given = parser.parse_args()
    rows = measure(given.tags, given.seed, given.rounds)
    print(f"{given.tags} tags, read and written alike by both\n")
    print("| what | tags/s | × plain |\n|---|---|---|")
    for row in rows:
        print(f"| {row.what} | {row.rate:,.0f} | {'' if row.ratio is None else f'{row.ratio:.2f}'} |")
    if given.json:
        given.json.write_text(json.dumps([row.__dict__ for row in rows], indent=1))


if __name__ == "__main__":
    main()
