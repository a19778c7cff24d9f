"""Verify: read back everything that was put on and into the copy; release only when all of it agrees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from stations import rfid
from stations.item_labels import item_labels, number_of
from stations.spine_label import place
from stations.station import ON, Bench, Leaving, Picture, Way, to_review
from stations.surfaces import CAMERA, open_to
from workcell.kernel.model import Marks, Proof, Reason
from workcell.kernel.ports import TagReader
from workcell.kernel.profile import Labels, Surface
from workcell.kernel.symbologies import LINEAR_FORMATS

YES = frozenset({"y", "yes", "是"})

_STAMP = "stamp"
_TURNED = ("", " on its side", " upside down", " on its side")
"""How a label stands, by quarter turns."""

_JOINED = 1.25
"""Height over width of bars against that of their label: one label's stay below it, two labels' above."""


class Verify:
    """Labels by number and count, spine label by its words, stamp, and the tag in the field."""

    name: ClassVar[str] = "verify"

    async def process(self, bench: Bench) -> Leaving:
        """Photograph the marked surfaces, read them, and compare with the marks."""
        marks = bench.copy.marks
        if marks is None:
            return to_review("NO_MARKS", "No marks are reserved for this copy.")
        await bench.note("guard", {"count": await bench.guard()})
        proofs = [*await self._outside(bench, marks), *await self._tag(bench, marks)]
        await bench.prove(proofs)
        failed = [proof for proof in proofs if not proof.holds]
        if failed:
            return _quarantine(failed)
        await bench.number("verified", {})
        return ON

    async def _outside(self, bench: Bench, marks: Marks) -> list[Proof]:
        """What the cameras see of labels and stamps; at a desk without them, what the person reads."""
        if not bench.place.cameras:
            return await self._read_back(bench, marks)
        pictures = await self._photograph(bench)
        return [
            *await self._labels(bench, marks, pictures),
            *await self._spine(bench, marks, pictures),
            *await self._stamps(bench, pictures),
        ]

    async def _read_back(self, bench: Bench, marks: Marks) -> list[Proof]:
        """Each label scanned on the book, and the spine label's words confirmed."""
        proofs = []
        if bench.profile.operations.barcode_label:
            for label in bench.profile.labels.copies:
                scanned = number_of(await bench.ask(f"Scan the label on the {label.surface}"), bench.profile)
                proofs.append(
                    Proof(
                        f"label on {label.surface}",
                        marks.barcode,
                        scanned or "nothing",
                        scanned == marks.barcode,
                    )
                )
        if bench.profile.operations.spine_label:
            lines = " / ".join(marks.spine_lines)
            answer = (await bench.ask(f"Does the spine label read: {lines}? (yes/no)")).strip().lower()
            proofs.append(Proof("spine label", lines, answer or "no answer", answer in YES))
        return proofs

    async def _photograph(self, bench: Bench) -> dict[Surface, Picture]:
        await bench.act("hold")
        pictures = {}
        for surface in _surfaces(bench):
            opened = await open_to(bench, surface)
            role, view = CAMERA[surface]
            pictures[surface] = await bench.picture(role, view)
            if opened:
                await bench.act("close")
        return pictures

    async def _labels(self, bench: Bench, marks: Marks, pictures: Mapping[Surface, Picture]) -> list[Proof]:
        """Each surface carries exactly the item labels that the profile lists for it."""
        if not bench.profile.operations.barcode_label:
            return []
        wanted = [label.surface for label in bench.profile.labels.copies]
        proofs = []
        for surface, picture in pictures.items():
            expected = [marks.barcode] * wanted.count(surface)
            found = await bench.recognise("read_label", {"path": picture.path})
            numbers = sorted(
                _as_it_stands(code, bench.profile.labels)
                for code in item_labels(found["barcodes"], bench.profile)
            )
            if expected or numbers:
                proofs.append(
                    Proof(
                        f"label on {surface}",
                        _listed(expected),
                        _listed(numbers),
                        numbers == expected,
                        picture.name,
                    )
                )
        return proofs

    async def _spine(self, bench: Bench, marks: Marks, pictures: Mapping[Surface, Picture]) -> list[Proof]:
        if not bench.profile.operations.spine_label:
            return []
        surface, _, _ = place(bench.profile.labels.spine, bench.copy.thickness_mm)
        picture = pictures[surface]
        read = await bench.recognise(
            "read_spine", {"path": picture.path, "expected": list(marks.spine_lines)}
        )
        return [
            Proof(
                "spine label", " / ".join(marks.spine_lines), " / ".join(read["lines"]) or "nothing",
                bool(read["holds"]), picture.name,
            )
        ]  # fmt: skip

    async def _stamps(self, bench: Bench, pictures: Mapping[Surface, Picture]) -> list[Proof]:
        if not bench.profile.operations.stamp:
            return []
        proofs = []
        for stamp in bench.profile.stamps:
            picture = pictures[stamp.surface]
            seen = await bench.recognise("find_stamp", {"path": picture.path})
            text = _stamp_as_it_stands(seen)
            proofs.append(Proof(f"{_STAMP} on {stamp.surface}", _STAMP, text, text == _STAMP, picture.name))
        return proofs

    async def _tag(self, bench: Bench, marks: Marks) -> list[Proof]:
        if not bench.profile.operations.rfid or bench.place.reader is None:
            return []

        async def read(reader: TagReader) -> Mapping[str, Any]:
            uids = await reader.inventory()
            memories = [await reader.read(uid) for uid in uids]
            return {
                "tags": [
                    {
                        "uid": memory.uid,
                        "afi": memory.afi,
                        "hex": memory.data.hex().upper(),
                        "pii": rfid.pii(memory),
                    }
                    for memory in memories
                ]
            }

        tags: Sequence[Mapping[str, Any]] = (await bench.read_tags(read))["tags"]
        seen = ", ".join(f"{tag['pii'] or 'no PII'} in {tag['uid']}" for tag in tags) or "no tag"
        expected = f"{marks.barcode} in {bench.copy.tag_uid}"
        afi_right = all(tag["afi"] == bench.profile.tag.afi_on_shelf for tag in tags)
        return [
            Proof("tag", expected, seen, seen == expected),
            Proof(
                "tag AFI", f"{bench.profile.tag.afi_on_shelf:02X}",
                ", ".join(f"{tag['afi']:02X}" for tag in tags) or "no tag", bool(tags) and afi_right,
            ),
        ]  # fmt: skip


def _surfaces(bench: Bench) -> list[Surface]:
    """The surfaces that carry a mark by the profile, and those that a label could be on by mistake."""
    operations, surfaces = bench.profile.operations, [Surface.BACK]
    if operations.spine_label:
        surfaces.append(place(bench.profile.labels.spine, bench.copy.thickness_mm)[0])
    if operations.barcode_label:
        surfaces.extend(label.surface for label in bench.profile.labels.copies)
    if operations.stamp:
        surfaces.extend(stamp.surface for stamp in bench.profile.stamps)
    return sorted(set(surfaces), key=list(CAMERA).index)


def _quarantine(failed: Sequence[Proof]) -> Leaving:
    """Everything that does not agree; a stamp that does not is said apart, for it alone can be redone."""
    text = "; ".join(f"{proof.what}: expected {proof.expected}, seen {proof.seen}" for proof in failed)
    reasons = [Reason("PROOF_FAILED", text)]
    if any(proof.what.startswith(_STAMP) for proof in failed):
        reasons.append(Reason("STAMP_NOT_PROVEN", "The stamp is missing, illegible or upside down."))
    return Leaving(Way.REVIEW, tuple(reasons))


def _as_it_stands(code: Mapping[str, Any], stock: Labels) -> str:
    """The number on a label, with a word on it when it does not stand upright or there are two.

    A decoder joins equal symbols that stand above each other: bars higher than their label are two labels.
    """
    turned = round(code.get("orientation", 0.0) / 90) % 4
    highest = _JOINED * stock.height_mm / stock.width_mm
    twice = code["format"] in LINEAR_FORMATS and _slenderness(code.get("polygon", ())) > highest
    return str(code["text"]) + _TURNED[turned] + (" twice" if twice else "")


def _slenderness(polygon: Sequence[Sequence[float]]) -> float:
    """Height over width of a symbol whose corners run clockwise from its own top left; 0 without corners."""
    if len(polygon) != 4:
        return 0.0
    width, height = math.dist(polygon[0], polygon[1]), math.dist(polygon[1], polygon[2])
    return height / width if width else 0.0


def _stamp_as_it_stands(seen: Mapping[str, Any]) -> str:
    if not seen["present"]:
        return "no stamp"
    if not seen["legible"]:
        return "illegible stamp"
    return "stamp not upright" if seen.get("upright") is False else _STAMP


def _listed(numbers: Sequence[str]) -> str:
    return ", ".join(numbers) or "none"
