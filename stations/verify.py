"""Verify: read back everything that was put on and into the copy; release only when all of it agrees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from stations import rfid
from stations.areas import label_areas, prove_areas, prove_spot, size_in_view, spine_label_area
from stations.item_labels import item_labels, number_of
from stations.label_turn import spine_turn, symbol_turn
from stations.station import ON, Bench, Leaving, Picture, Way, to_review
from stations.surfaces import CAMERA, open_to
from stations.tag_proof import content_apart
from workcell.kernel.model import Marks, Proof, Reason
from workcell.kernel.ports import TagMemory, TagReader
from workcell.kernel.profile import Labels, Surface, TagPolicy
from workcell.kernel.symbologies import LINEAR_FORMATS

YES = frozenset({"y", "yes", "是"})

_STAMP = "stamp"
_TURNED = ("", " on its side", " upside down", " on its side")
"""How a label stands, by quarter turns."""

_UNSEEN = "not looked at: no camera sees it"

_JOINED = 1.25
"""Height over width of bars against that of their label: one label's stay below it, two labels' above."""


class Verify:
    """Labels by number, count and place, spine label by words and place, stamp, and the tag in the field."""

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
                proofs.append(_number_proof(label.surface, [marks.barcode], [scanned] if scanned else []))
        if bench.profile.operations.spine_label:
            lines = " / ".join(marks.spine_lines)
            answer = (await bench.ask(f"Does the spine label read: {lines}? (yes/no)")).strip().lower()
            proofs.append(Proof("spine label", lines, answer or "no answer", answer in YES))
        if bench.profile.operations.stamp:
            proofs += [_unseen_stamp(stamp.surface) for stamp in bench.profile.stamps]
        return proofs

    async def _photograph(self, bench: Bench) -> dict[Surface, Picture]:
        """A picture of each surface that carries a mark, or could by mistake, and that a camera sees."""
        await bench.act("hold")
        pictures = {}
        for surface in _surfaces(bench):
            role, view = CAMERA[surface]
            opened = await open_to(bench, surface)
            pictures[surface] = await bench.picture(role, view)
            if opened:
                await bench.act("close")
        return pictures

    async def _labels(self, bench: Bench, marks: Marks, pictures: Mapping[Surface, Picture]) -> list[Proof]:
        """Each surface carries exactly the item labels that the profile lists for it, each in its area."""
        if not bench.profile.operations.barcode_label:
            return []
        wanted = [label.surface for label in bench.profile.labels.copies]
        proofs = [
            _number_proof(surface, [marks.barcode] * wanted.count(surface), [_UNSEEN])
            for surface in dict.fromkeys(wanted)
            if surface not in pictures
        ]
        for surface, picture in pictures.items():
            proofs += await self._labels_on(bench, surface, picture, [marks.barcode] * wanted.count(surface))
        return proofs

    async def _labels_on(
        self, bench: Bench, surface: Surface, picture: Picture, expected: list[str]
    ) -> list[Proof]:
        rules = bench.profile.labels
        size = size_in_view(bench.copy, surface)
        found = await bench.recognise("read_label", {"path": picture.path, "size_mm": size})
        labels = list(item_labels(found["barcodes"], bench.profile))
        numbers = sorted(_as_it_stands(code, rules) for code in labels)
        if not (expected or numbers):
            return []
        proof = _number_proof(surface, expected, numbers, picture.name)
        if not (expected and labels):
            return [proof]
        seen = [code.get("place") for code in labels]
        areas = label_areas(rules, surface)
        what = f"label place on {surface}"
        return [proof, prove_areas(what, areas, seen, bench.copy, rules.tolerance_mm, picture.name)]

    async def _spine(self, bench: Bench, marks: Marks, pictures: Mapping[Surface, Picture]) -> list[Proof]:
        """The spine label says what it should, upright, where it belongs."""
        if not bench.profile.operations.spine_label:
            return []
        rules, lines = bench.profile.labels, " / ".join(marks.spine_lines)
        surface, area = spine_label_area(rules, bench.copy.thickness_mm)
        if surface not in pictures:
            return [Proof("spine label", lines, _UNSEEN, False)]
        picture, size = pictures[surface], size_in_view(bench.copy, surface)
        request = {"path": picture.path, "expected": list(marks.spine_lines), "size_mm": size}
        read = await bench.recognise("read_spine", request)
        said = " / ".join(read["lines"]) or "nothing"
        if not read["holds"]:
            return [Proof("spine label", lines, said, False, picture.name)]
        leans = _TURNED[(round(-read.get("rotation", 0) / 90) - spine_turn(rules)) % 4]
        seen = [read.get("place")]
        return [
            Proof("spine label", lines, said + leans, not leans, picture.name),
            prove_areas("spine label place", [area], seen, bench.copy, rules.tolerance_mm, picture.name),
        ]

    async def _stamps(self, bench: Bench, pictures: Mapping[Surface, Picture]) -> list[Proof]:
        if not bench.profile.operations.stamp:
            return []
        proofs = []
        for stamp in bench.profile.stamps:
            if stamp.surface not in pictures:
                proofs.append(_unseen_stamp(stamp.surface))
                continue
            picture, size = pictures[stamp.surface], size_in_view(bench.copy, stamp.surface)
            request = {"path": picture.path, "size_mm": size, "near_mm": [stamp.x_mm, stamp.y_mm]}
            seen = await bench.recognise("find_stamp", request)
            text = _stamp_as_it_stands(seen)
            proofs.append(Proof(f"{_STAMP} on {stamp.surface}", _STAMP, text, text == _STAMP, picture.name))
            if seen["present"]:
                what, at = f"{_STAMP} place on {stamp.surface}", seen.get("place_mm")
                proofs.append(prove_spot(what, stamp, at, bench.copy, picture.name))
        return proofs

    async def _tag(self, bench: Bench, marks: Marks) -> list[Proof]:
        if not bench.profile.operations.rfid or bench.place.reader is None:
            return []

        async def read(reader: TagReader) -> Mapping[str, Any]:
            memories = [await reader.read(uid) for uid in await reader.inventory()]
            return {"tags": [_tag_as_it_is(memory, marks, bench.profile.tag) for memory in memories]}

        tags: Sequence[Mapping[str, Any]] = (await bench.read_tags(read))["tags"]
        seen = ", ".join(f"{tag['pii'] or 'no PII'} in {tag['uid']}" for tag in tags) or "no tag"
        expected = f"{marks.barcode} in {bench.copy.tag_uid}"
        afi_right = all(tag["afi"] == bench.profile.tag.afi_on_shelf for tag in tags)
        proofs = [
            Proof("tag", expected, seen, seen == expected),
            Proof(
                "tag AFI", f"{bench.profile.tag.afi_on_shelf:02X}",
                ", ".join(f"{tag['afi']:02X}" for tag in tags) or "no tag", bool(tags) and afi_right,
            ),
        ]  # fmt: skip
        if seen == expected:
            wanted, said = tags[0]["content"]
            proofs.append(Proof("tag content", wanted, said, wanted == said))
        return proofs


def _tag_as_it_is(memory: TagMemory, marks: Marks, policy: TagPolicy) -> Mapping[str, Any]:
    return {
        "uid": memory.uid,
        "afi": memory.afi,
        "hex": memory.data.hex().upper(),
        "pii": rfid.pii(memory),
        "content": list(content_apart(memory, marks.tag_elements, policy)),
    }


def _surfaces(bench: Bench) -> list[Surface]:
    """The surfaces that carry a mark by the profile, and the covers that a label could be on by mistake."""
    operations, surfaces = bench.profile.operations, {Surface.BACK}
    if operations.spine_label:
        surfaces.add(spine_label_area(bench.profile.labels, bench.copy.thickness_mm)[0])
    if operations.barcode_label:
        surfaces.update(label.surface for label in bench.profile.labels.copies)
        surfaces.add(Surface.FRONT)
    if operations.stamp:
        surfaces.update(stamp.surface for stamp in bench.profile.stamps)
    return [
        surface for surface, (role, _) in CAMERA.items()
        if surface in surfaces and role in bench.place.cameras
    ]  # fmt: skip


def _number_proof(surface: Surface, expected: Sequence[str], seen: Sequence[str], image: str = "") -> Proof:
    agree = list(seen) == list(expected)
    return Proof(f"label on {surface}", _listed(expected), _listed(seen), agree, image)


def _unseen_stamp(surface: Surface) -> Proof:
    """Nobody but the person or unit that put it there has seen this stamp: a proof that says so."""
    return Proof(f"{_STAMP} on {surface}", _STAMP, _UNSEEN, True)


def _quarantine(failed: Sequence[Proof]) -> Leaving:
    """Everything that does not agree; a stamp that does not is said apart, for it alone can be redone."""
    text = "; ".join(f"{proof.what}: expected {proof.expected}, seen {proof.seen}" for proof in failed)
    reasons = [Reason("PROOF_FAILED", text)]
    if any(proof.what.startswith(_STAMP) for proof in failed):
        text = "The stamp is missing, illegible, not upright, or not in its place."
        reasons.append(Reason("STAMP_NOT_PROVEN", text))
    return Leaving(Way.REVIEW, tuple(reasons))


def _as_it_stands(code: Mapping[str, Any], stock: Labels) -> str:
    """The number on a label, with a word on it when it does not stand upright or there are two.

    A decoder joins equal symbols that stand above each other: bars higher than their label are two labels.
    """
    turned = (round(code.get("orientation", 0.0) / 90) - symbol_turn(stock)) % 4
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
