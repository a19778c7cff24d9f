"""Silver, with matter: unit commands, zones, release, a book's way through the line."""

from __future__ import annotations

from plc.conformance.checks import Catalogue, expect
from plc.conformance.host import LINE
from plc.conformance.probe import NO_COMPARE, NotApplicable, Probe
from plc.tagmap import FieldSpec

_SILVER = Catalogue("silver")
CHECKS = _SILVER.checks
check = _SILVER.check

_WATCH_SECONDS = 0.6
_ENDS = 4
_MEASURES = {"height_mm10": (300, 6000), "width_mm10": (300, 6000), "thickness_mm10": (5, 2000)}


# --- a book through the line -----------------------------------------------------------------------------


@check(
    "WC-TT-001", "WC-TT-002", "WC-ZN-002", start="execute",
    advice="Move the TrackId with the book; end release when the photo-eye of the next zone has the book.",
)  # fmt: skip
async def _journey(probe: Probe) -> str:
    """A TrackId goes with its book from zone to zone into the bin."""
    begun = probe.clock.now()
    track_id = await probe.feed()
    for here, following in zip(probe.stations, (*probe.stations[1:], ""), strict=True):
        seen = await probe.entry("zones", here)
        shown = (seen["track_id"], probe.map.name("zone_state", seen["state"]), seen["occupied"])
        expect(shown == (track_id, "occupied", 1), f"{here} shows {shown}, the book is {track_id}")
        code = await probe.release(here, track_id)
        expect(code == "ok", f"release at {here} ended {code}")
        left, state = await probe.zone(here)
        expect((left, state) == (0, "empty"), f"{here} shows {left}, {state} after the book has left")
        if following:
            there = (await probe.zone(following))[0]
            expect(there == track_id, f"{following} shows {there} when release has ended")
    return f"{len(probe.stations)} zones in {probe.clock.now() - begun:.1f} s"


@check(
    "WC-TT-006",
    start="execute",
    advice="Count each book once at the entry's and once at the exit's photo-eye.",
)
async def _counting(probe: Probe) -> str:
    """Entry and exit count each book once."""
    before = await probe.line()
    track_id = await probe.feed()
    entered = await probe.line()
    await probe.carry(track_id, probe.stations[-1])
    between = await probe.line()
    await probe.release(probe.stations[-1], track_id)
    after = await probe.line()
    counts = [
        (line["entered"] - before["entered"], line["left"] - before["left"])
        for line in (entered, between, after)
    ]
    expect(counts == [(1, 0), (1, 0), (1, 1)], f"one book counted as {counts}")
    return "1 in, 1 out"


@check("WC-HS-009", start="execute", advice="Act only when CmdSeq differs from AckSeq, at the stations too.")
async def _once(probe: Probe) -> str:
    """A unit command that is written twice under its number acts once."""
    await probe.need_matter()
    before = (await probe.line())["entered"]
    params = {"track_id": probe.next_track}
    probe.next_track += 1
    answer = await probe.give("supply", "feed", **params)
    expect(await probe.end("supply", answer.seq) == "ok", "feed did not end ok")
    before_again = await probe.hand("supply")
    words = probe.codec.encode_list(probe.map.verbs["feed"].params, params)
    await probe.write_unit("supply", probe.map.verbs["feed"].id, words, answer.seq)
    await probe.clock.sleep(_WATCH_SECONDS)
    entered = (await probe.line())["entered"] - before
    expect(entered == 1, f"{entered} books entered under one number")
    again = await probe.hand("supply")
    expect(again == before_again, f"written again, number {answer.seq} was answered anew: {again}")
    return "1 book"


@check("WC-UC-002", start="execute", advice="Put the results in the map's order and units, with DoneSeq.")
async def _results(probe: Probe) -> str:
    """A measured book has measures in the map's units."""
    if not probe.manifest.has("posture", "measure"):
        raise NotApplicable("no posture.measure in the manifest")
    await probe.book_at("posture")
    answer = await probe.give("posture", "measure")
    expect(await probe.end("posture", answer.seq) == "ok", "measure did not end ok")
    words = (await probe.hand("posture"))["results"]
    results = probe.codec.decode_list(probe.map.verbs["measure"].results, words)
    for name, (low, high) in _MEASURES.items():
        expect(low <= results[name] <= high, f"{name} is {results[name]}: {low} to {high} would be a book")
    return ", ".join(f"{name} {value}" for name, value in results.items())


@check("WC-UC-003", start="execute", advice="Accept an act on an empty zone and end it with no_book.")
async def _no_book(probe: Probe) -> str:
    """An act or a release on an empty zone ends with no_book."""
    await probe.need_matter()
    codes = {}
    for station in probe.stations:
        codes[f"{station} release"] = await probe.release(station, 7)
        for verb, spec in probe.map.verbs.items():
            if verb not in ("release", "feed") and probe.manifest.has(station, verb):
                for edge in (min, max):
                    params = {field.name: edge(_range(probe, field)) for field in spec.params}
                    codes[f"{station} {verb} {params or ''}"] = await probe.do(station, verb, **params)
    wrong = {command: code for command, code in codes.items() if code != "no_book"}
    expect(not wrong, f"on empty zones these ended otherwise: {wrong}")
    return f"{len(codes)} commands"


def _range(probe: Probe, field: FieldSpec) -> tuple[int, ...]:
    """What a parameter may be, at least by its ends."""
    return tuple(probe.map.enumerations[field.enum].values()) if field.enum else field.limits


@check("WC-ZN-006", start="execute", advice="Take a destination at the last station only: 1 to bins there.")
async def _destinations(probe: Probe) -> str:
    """Only the last station takes a destination, and must have one that is a bin."""
    asked, last = 0, probe.stations[-1]
    for station in probe.stations:
        bins = probe.manifest.bins
        for destination in {0, bins + 1} - {256} if station == last else {1, bins}:
            params = {"track_id": 7, "destination": destination, "guard": NO_COMPARE}
            answer = await probe.give(station, "release", **params)
            text = f"{station}: destination {destination} was answered {answer.code}, not bad_parameter"
            expect(answer.code == "bad_parameter", text)
            asked += 1
    answer = await probe.give(last, "release", track_id=7, destination=probe.manifest.bins, guard=NO_COMPARE)
    expect(answer.code == "accepted", f"{last}: destination {probe.manifest.bins} was answered {answer.code}")
    return f"{asked} refusals, bins 1 to {probe.manifest.bins}"


@check(
    "WC-HS-003", start="execute",
    advice="Write DoneSeq, DoneCode and results in one scan, not before the AckSeq of the same command.",
)  # fmt: skip
async def _end_not_before_answer(probe: Probe) -> str:
    """An end comes not before its answer, and its results come with it."""
    await probe.need_matter()
    for station in probe.stations:
        for _ in range(_ENDS):
            number = await probe.next_seq(station)
            words = probe.codec.encode_list(
                probe.map.verbs["release"].params, probe.params_of_release(station, 7)
            )
            await probe.write_unit(station, probe.map.verbs["release"].id, words, number)
            hand = await probe.hand_at_first(station, number)
            expect(hand["ack_seq"] == number, f"{station}: DoneSeq {number} was seen before AckSeq {number}")
            await probe.end(station, number)
    if probe.manifest.has("posture", "measure"):
        await _results_with_their_end(probe)
    return f"{_ENDS} ends at each of {len(probe.stations)} stations"


async def _results_with_their_end(probe: Probe) -> None:
    await probe.book_at("posture")
    for _ in range(3):
        answer = await probe.give("posture", "measure")
        before = (await probe.hand("posture"))["results"]
        hand = await probe.hand_at_end("posture", answer.seq)
        await probe.wait_scans(3)
        after = (await probe.hand("posture"))["results"]
        expect(hand["results"] == after, f"DoneSeq came with {hand['results']}, the results {after} later")
        expect(before == after or any(after), "measure has no results")
        await probe.release("posture", 7)  # another end, with results 0


@check("WC-UC-004", "WC-ZN-003", start="execute", advice="Compare the TrackId; feed into a free zone only.")
async def _wrong_book(probe: Probe) -> str:
    """A feed into an occupied zone is answered 4; a release of another book ends with wrong_book."""
    track_id = await probe.feed()
    again = await probe.give("supply", "feed", track_id=track_id + 1)
    expect(again.code == "interlock", f"feed into an occupied zone was answered {again.code}")
    code = await probe.release("supply", track_id + 1)
    expect(code == "wrong_book", f"release of another book ended {code}")
    expect((await probe.zone("supply"))[0] == track_id, "the book has moved")
    return "4, wrong_book"


@check("WC-UC-005", start="execute", advice="Answer 2 while the station is busy.")
async def _busy(probe: Probe) -> str:
    """A station that is busy answers 2 and goes on with what it does."""
    await probe.need_matter()
    first = await probe.give("supply", "feed", track_id=probe.next_track)
    second = await probe.give("supply", "feed", track_id=probe.next_track + 1)
    expect(second.code == "wrong_state", f"a busy station answered {second.code}")
    code = await probe.end("supply", first.seq)
    seen = (await probe.zone("supply"))[0]
    expect((code, seen) == ("ok", probe.next_track), f"the first feed ended {code}, the zone holds {seen}")
    probe.next_track += 2
    return "2"


# --- zones -----------------------------------------------------------------------------------------------


@check(
    "WC-ZN-001", start="execute", advice="Start a movement only when the next zone is empty and confirmed."
)
async def _accumulation(probe: Probe) -> str:
    """A granted book waits for the next zone to be free, and goes then."""
    behind, front, first, second = await probe.pair()
    grant = await probe.grant(behind, first)
    await probe.clock.sleep(_WATCH_SECONDS)
    here, there = await probe.zone(behind), await probe.zone(front)
    expect(here == (first, "occupied"), f"{behind} shows {here} while {front} is occupied")
    expect(there == (second, "occupied"), f"{front} shows {there}: a book was sent into it")
    flags = (await probe.hand(behind))["flags"]
    expect(flags & 3 == 3, f"{behind}: flags are {flags:#05b}, not busy and blocked")
    expect(await probe.release(front, second) == "ok", f"release at {front} failed")
    expect(await probe.end(behind, grant.seq) == "ok", "the waiting grant did not end ok")
    return "waited, then moved"


@check("WC-ZN-005", start="execute", advice="Check for Execute in the scan in which a movement starts.")
async def _held(probe: Probe) -> str:
    """No movement starts while held; hold and suspend keep the grant, stop withdraws it."""
    behind, front, first, second = await probe.pair()
    waiting = await probe.grant(behind, first)
    moving = await probe.grant(front, second)
    hold = await probe.order("hold")
    expect(hold.code == "accepted", f"hold was answered {hold.code}")
    expect(await probe.end(front, moving.seq) == "ok", "the move that ran into Held did not end ok")
    await probe.clock.sleep(2 * _WATCH_SECONDS)
    here = await probe.zone(behind)
    expect(here == (first, "occupied"), f"the book at {behind} moved while held: {here}")
    await probe.bring("execute")
    expect(await probe.end(behind, waiting.seq) == "ok", "the grant did not go on after unhold")
    third = await probe.book_at(behind)
    waiting = await probe.grant(behind, third)
    if "suspend" not in probe.manifest.left_out:
        await probe.bring("suspended")
        await probe.bring("execute")
        done = (await probe.hand(behind))["done_seq"]
        expect(done != waiting.seq, "a suspend has ended the waiting grant")
    stop = await probe.order("stop")
    code = await probe.end(behind, waiting.seq, 2.0)
    expect(code == "withdrawn", f"the grant ended {code} at stop, not withdrawn")
    expect(await probe.end(LINE, stop.seq) == "ok", "stop did not end ok")
    return "nothing moved while held"


@check("WC-ZN-004", start="execute", advice="Compare the guard counter in the scan that starts the movement.")
async def _guard(probe: Probe) -> str:
    """A release with another guard count than the present one moves nothing."""
    probe.need_stimuli()
    behind, front, first, second = await probe.pair()
    guard = (await probe.line())["guard"]
    waiting = await probe.grant(behind, first, guard)
    await probe.play("guard")
    await probe.until(probe.line, lambda line: line["guard"] == (guard + 1) % 0xFFFF, 5.0, "guard one up")
    expect(await probe.release(front, second) == "ok", f"release at {front} failed")
    code = await probe.end(behind, waiting.seq)
    expect(code == "guard_changed", f"the release ended {code} after somebody had reached in")
    expect((await probe.zone(behind))[0] == first, "the book has moved")
    code = await probe.release(behind, first, (guard + 1) % 0xFFFF)
    expect(code == "ok", f"the release with the new count ended {code}")
    return "guard_changed, then ok"


@check("WC-ZN-007", start="execute", advice="Latch the guard counter; count up, never reset it.")
async def _latched(probe: Probe) -> str:
    """The guard counter goes up by one for each reaching in, and stays."""
    probe.need_stimuli()
    guard = (await probe.line())["guard"]
    await probe.play("guard")
    await probe.clock.sleep(_WATCH_SECONDS)
    await probe.play("guard")
    await probe.clock.sleep(_WATCH_SECONDS)
    now = (await probe.line())["guard"]
    expect(now == (guard + 2) % 0xFFFF, f"after two times the counter went from {guard} to {now}")
    return f"{guard} → {now}"


@check("WC-WD-003", start="execute", advice="End waiting releases with withdrawn when the owner is gone.")
async def _withdrawn(probe: Probe) -> str:
    """With the owner gone, waiting releases end with withdrawn."""
    behind, _, first, _ = await probe.pair()
    waiting = await probe.grant(behind, first)
    await probe.stop_beating()
    code = await probe.end(behind, waiting.seq, 3.0)
    expect(code == "withdrawn", f"the grant ended {code}")
    expect((await probe.zone(behind))[0] == first, "the book has moved")
    await probe.claim()
    return "withdrawn"
