"""Bits in order, most significant first, as compaction schemes lay them into bytes."""

from __future__ import annotations

from collections.abc import Iterable


def packed(codes: Iterable[int], width: int) -> str:
    """Codes of ``width`` bits each as a text of 0 and 1."""
    return "".join(f"{code:0{width}b}" for code in codes)


def to_bytes(bits: str, padding: str) -> bytes:
    """Whole bytes of a bit text; what the last byte lacks comes from the front of ``padding``."""
    missing = -len(bits) % 8
    whole = bits + padding[:missing]
    return int(whole, 2).to_bytes(len(whole) // 8, "big") if whole else b""


def to_bits(data: bytes) -> str:
    """Bytes as a text of 0 and 1."""
    return f"{int.from_bytes(data, 'big'):0{len(data) * 8}b}" if data else ""


def codes(bits: str, width: int) -> list[int]:
    """The whole codes of ``width`` bits; a rest that is shorter is left out."""
    return [int(bits[at : at + width], 2) for at in range(0, len(bits) - width + 1, width)]
