"""What the soft PLC does with its registers, rule by rule of docs/reference/plc-contract.md."""

from __future__ import annotations

from typing import Any

import pytest

from plc import UNKNOWN_BIT, builtin_tagmap
from workcell.kernel.errors import BadInput, ConfigError

NO_COMPARE = 0xFFFF


def release(hand: Any, station: str, track_id: int, destination: int = 0, guard: int = NO_COMPARE) -> str:
    return str(hand.do(station, "release", track_id=track_id, destination=destination, guard=guard))


# --- registers and freshness -----------------------------------------------------------------------------


def test_status_registers_can_not_be_written(hand: Any) -> None:
    """WC-RG-004."""
    before = hand.read("line")
    with pytest.raises(BadInput):
        hand.plc.image.write(hand.codec.span("line").address, [1, 2, 3])
    assert hand.read("line") == before


def test_a_write_across_the_end_of_the_command_region_changes_nothing(hand: Any) -> None:
    """WC-RG-005."""
    last = 1024 + 1023
    with pytest.raises(BadInput):
        hand.plc.image.write(last, [5, 5])
    assert hand.plc.image.read(last, 1) == [0]


def test_every_status_block_carries_the_header_of_its_scan(hand: Any) -> None:
    """WC-FR-001, WC-FR-002: all blocks show the same beat and stamp, one beat a scan."""
    hand.stamp = 4711
    hand.scan()
    beats = set()
    for name, block in hand.map.blocks.items():
        if block.region == "status":
            header = hand.codec.decode(name, hand.read(name))
            assert (header["signature"], header["map_version"]) == (0x5743, hand.map.version.word)
            assert (header["block_id"], header["stamp_echo"]) == (block.id, 4711)
            beats.add(header["beat"])
    assert len(beats) == 1
    before = beats.pop()
    hand.scan()
    assert hand.line["beat"] == before + 1


def test_a_line_without_stations_is_refused() -> None:
    from plc import SoftPlc

    with pytest.raises(ConfigError, match="needs a station"):
        SoftPlc(None, builtin_tagmap(), ())  # type: ignore[arg-type]


# --- handshake -------------------------------------------------------------------------------------------


def test_a_repeated_command_acts_once(hand: Any) -> None:
    """WC-HS-001."""
    seq = hand.give("supply", "feed", track_id=9)
    hand.scan(0.3)
    hand.give("supply", "feed", seq=seq, track_id=9)
    hand.scan(0.3)
    assert [act[1] for act in hand.plant.acts] == ["feed"]


def test_the_answer_and_the_end_are_separate(hand: Any) -> None:
    """WC-HS-001, WC-HS-003."""
    seq = hand.give("supply", "feed", track_id=9)
    assert hand.station("supply")["ack_seq"] == seq
    assert hand.ack("supply") == "accepted"
    assert hand.done("supply", seq) is None
    hand.scan(0.3)
    assert hand.done("supply", seq) == "ok"


def test_results_come_with_the_end(hand: Any) -> None:
    """WC-HS-003, WC-UC-002."""
    hand.do("supply", "feed", track_id=9)
    release(hand, "supply", 9)
    assert hand.do("posture", "measure") == "ok"
    assert hand.station("posture")["results"] == (2290, 1520, 240, 480)
    assert hand.do("posture", "align") == "ok"
    assert hand.station("posture")["results"] == (0, 0, 0, 0)


def test_number_zero_is_never_a_command(hand: Any) -> None:
    """WC-HS-004."""
    hand.give("supply", "feed", seq=0, track_id=9)
    hand.scan(0.3)
    assert hand.station("supply")["ack_seq"] == 0
    assert hand.plant.acts == []


def test_the_number_after_65535_is_1(hand: Any) -> None:
    """WC-HS-004."""
    hand.give("supply", "feed", seq=65535, track_id=9)
    hand.scan(0.3)
    seq = hand.give("supply", "release", seq=1, track_id=9, destination=0, guard=NO_COMPARE)
    hand.scan(0.3)
    assert hand.done("supply", seq) == "ok"


def test_a_refused_command_changes_nothing_else(hand: Any) -> None:
    """WC-HS-002, WC-PM-005."""
    hand.do("supply", "feed", track_id=9)
    hand.line_command("hold")
    hand.scan(0.2)
    before = hand.station("supply")
    seq = hand.give("supply", "release", track_id=9, destination=0, guard=NO_COMPARE)
    after = hand.station("supply")
    assert hand.ack("supply") == "wrong_state"
    assert after["ack_seq"] == seq
    assert {**after, "ack_seq": 0, "ack_code": 0} == {**before, "ack_seq": 0, "ack_code": 0}
    assert hand.zone("supply") == (9, "occupied")


def test_sequence_numbers_survive_a_silent_host(hand: Any) -> None:
    """WC-HS-005."""
    hand.do("supply", "feed", track_id=9)
    before = hand.station("supply")
    hand.silent = True
    hand.scan(30.0)
    assert hand.station("supply") == before


@pytest.mark.parametrize(
    ("prepare", "token", "verb", "words", "code"),
    [
        ("stopped", 5, 2, (0, 9), "not_owner"),
        ("manual", 77, 2, (0, 9), "wrong_mode"),
        ("stopped", 77, 999, (), "wrong_state"),
        ("execute", 77, 999, (), "bad_parameter"),
        ("execute", 77, 3, (), "bad_parameter"),
        ("execute", 77, 2, (0, 0), "bad_parameter"),
        ("execute", 77, 2, (0xFFFF, 0xFFFF), "bad_parameter"),
        ("unfree", 77, 2, (0, 9), "interlock"),
        ("execute", 77, 2, (0, 9), "accepted"),
    ],
    ids=["owner", "mode", "state", "verb", "other station's verb", "zero", "unknown bit", "interlock", "ok"],
)
def test_the_first_reason_that_applies_is_the_answer(
    make_hand: Any, prepare: str, token: int, verb: int, words: tuple[int, ...], code: str
) -> None:
    """WC-HS-007, WC-OW-002, WC-MD-002, WC-UC-001, WC-UC-004."""
    hand = make_hand()
    hand.scan(0.1)
    if prepare in ("execute", "unfree"):
        hand.start()
    if prepare == "unfree":
        hand.plant.zones["supply"] = "left there"
    if prepare == "manual":
        assert hand.plc.local_mode("manual")
    hand.scan()
    hand.give_words("supply", verb, words, token=token)
    assert hand.ack("supply") == code


# --- ownership and watchdog ------------------------------------------------------------------------------


def test_the_first_beating_token_owns_the_line(make_hand: Any) -> None:
    """WC-OW-001."""
    hand = make_hand()
    hand.scan(0.1)
    assert hand.line["owner"] == 77
    hand.beat(owner=99)
    hand.now += 0.02
    hand.plc.scan(hand.now)
    assert hand.line["owner"] == 77


def test_commands_of_another_host_are_refused(hand: Any) -> None:
    """WC-OW-002."""
    hand.line_command("stop", token=99)
    assert (hand.line_ack, hand.state) == ("not_owner", "execute")


def test_a_silent_owner_loses_the_line_and_old_registers_claim_nothing(hand: Any) -> None:
    """WC-OW-003, WC-WD-002."""
    hand.silent = True
    hand.scan(5.0)
    assert (hand.line["owner"], hand.state) == (0, "held")
    hand.silent, hand.token = False, 99
    hand.scan(0.1)
    assert (hand.line["owner"], hand.state) == (99, "held")


def test_an_owner_may_give_the_line_up(hand: Any) -> None:
    """WC-OW-003."""
    hand.token = 0
    hand.scan(0.2)
    assert (hand.line["owner"], hand.state, hand.reason) == (0, "held", "host_silent")


def test_silence_holds_the_line_in_time_and_running_acts_end(hand: Any) -> None:
    """WC-WD-001, WC-PM-004."""
    hand.plant.seconds = 3.0
    seq = hand.give("supply", "feed", track_id=9)
    hand.silent = True
    hand.scan(0.96)
    assert hand.state == "execute"
    hand.scan(0.12)
    assert (hand.state, hand.reason) == ("held", "host_silent")
    assert hand.done("supply", seq) is None
    hand.scan(3.0)
    assert hand.done("supply", seq) == "ok"


def test_no_movement_starts_after_the_host_fell_silent(hand: Any) -> None:
    """WC-WD-001, WC-WD-003."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    seq = hand.give("supply", "release", track_id=2, destination=0, guard=NO_COMPARE)
    hand.silent = True
    hand.scan(2.0)
    del hand.plant.zones["posture"]
    hand.scan(5.0)
    assert hand.done("supply", seq) == "withdrawn"
    assert hand.zone("supply") == (2, "occupied")


def test_a_held_line_does_not_restart_when_the_host_returns(hand: Any) -> None:
    """WC-WD-002."""
    hand.silent = True
    hand.scan(2.0)
    hand.silent = False
    hand.scan(5.0)
    assert hand.state == "held"
    hand.line_command("unhold")
    hand.scan(0.1)
    assert (hand.state, hand.reason) == ("execute", "none")


def test_one_late_scan_is_not_taken_for_silence(hand: Any) -> None:
    """A stalled unit must not blame the host."""
    hand.now += 3.0
    hand.scan()
    assert hand.state == "execute"


# --- boot ------------------------------------------------------------------------------------------------


def test_power_up_forgets_numbers_and_books_but_not_matter(hand: Any) -> None:
    """WC-BT-001, WC-BT-002, WC-TT-003."""
    hand.do("supply", "feed", track_id=9)
    hand.plc.reboot()
    hand.scan(0.2)
    assert (hand.line["boot_id"], hand.state) == (2, "stopped")
    assert hand.station("supply")["ack_seq"] == hand.station("supply")["done_seq"] == 0
    track_id, state = hand.zone("supply")
    assert (track_id & UNKNOWN_BIT, state) == (UNKNOWN_BIT, "occupied")
    assert [kind for _, kind, _, _ in hand.events()] == ["unknown"]


def test_the_boot_id_is_never_zero(make_hand: Any) -> None:
    """WC-BT-001."""
    hand = make_hand(boot_id=65535)
    hand.plc.reboot()
    hand.scan()
    assert hand.line["boot_id"] == 1


# --- track and trace -------------------------------------------------------------------------------------


def test_a_track_id_goes_with_its_book_to_the_bin(hand: Any) -> None:
    """WC-TT-001, WC-TT-002, WC-TT-006, WC-ZN-002, WC-ZN-006."""
    hand.do("supply", "feed", track_id=2**31 - 1)
    for zone, following in (("supply", "posture"), ("posture", "stamp"), ("stamp", "sort")):
        assert hand.zone(zone) == (2**31 - 1, "occupied")
        assert release(hand, zone, 2**31 - 1) == "ok"
        assert hand.zone(zone) == (0, "empty")
        assert hand.zone(following) == (2**31 - 1, "occupied")
    assert release(hand, "sort", 2**31 - 1, destination=4) == "ok"
    assert hand.plant.bins == ["bin:4"]
    assert (hand.line["entered"], hand.line["left"]) == (1, 1)
    kinds = [(kind, zone) for _, kind, zone, _ in hand.events()]
    assert kinds == [
        ("arrived", "supply"), ("departed", "supply"), ("arrived", "posture"), ("departed", "posture"),
        ("arrived", "stamp"), ("departed", "stamp"), ("arrived", "sort"), ("departed", "sort"),
        ("left", "sort"),
    ]  # fmt: skip


def test_an_unannounced_item_gets_an_unknown_id_and_can_be_released_under_it(hand: Any) -> None:
    """WC-TT-003."""
    hand.plant.zones["stamp"] = "whose?"
    hand.scan(0.1)
    track_id, _ = hand.zone("stamp")
    assert track_id & UNKNOWN_BIT
    assert release(hand, "stamp", track_id) == "ok"
    assert hand.zone("sort")[0] == track_id


def test_a_flickering_photo_eye_makes_no_item(hand: Any) -> None:
    """WC-TT-003: one scan of light is not a book."""
    hand.plant.zones["stamp"] = "a shadow"
    hand.scan()
    del hand.plant.zones["stamp"]
    hand.scan(0.2)
    assert hand.zone("stamp") == (0, "empty")
    assert hand.events() == []


def test_a_book_that_does_not_arrive_is_lost(hand: Any) -> None:
    """WC-TT-004."""
    hand.do("supply", "feed", track_id=9)
    hand.plant.vanishing.add("supply")
    seq = hand.give("supply", "release", track_id=9, destination=0, guard=NO_COMPARE)
    hand.scan(0.12)
    assert hand.done("supply", seq) is None
    hand.scan(0.1)
    assert hand.done("supply", seq) == "lost"
    assert hand.zone("posture") == (0, "unconfirmed")
    hand.scan(0.2)
    assert (hand.state, hand.reason) == ("held", "lost")
    assert hand.alarms == [202]
    assert hand.events()[-1][1:] == ("lost", "posture", 9)


def test_a_book_taken_away_is_noticed(hand: Any) -> None:
    """WC-TT-005."""
    hand.do("supply", "feed", track_id=9)
    del hand.plant.zones["supply"]
    hand.scan(0.3)
    assert hand.events()[-1][1:] == ("removed", "supply", 9)
    assert (hand.state, hand.alarms) == ("held", [201])
    assert hand.zone("supply") == (0, "unconfirmed")


def test_unconfirmed_zones_take_no_command_until_confirmed(hand: Any) -> None:
    """WC-UC-003, WC-AL-002."""
    hand.do("supply", "feed", track_id=9)
    hand.plant.safe = False
    hand.scan(0.1)
    hand.plant.safe = True
    assert hand.zone("supply") == (9, "unconfirmed")
    for command in ("clear", "reset", "start"):
        hand.line_command(command)
        hand.scan(0.1)
    assert (hand.zone("supply"), hand.state) == ((9, "occupied"), "execute")


# --- events ----------------------------------------------------------------------------------------------


def test_events_wait_for_the_acknowledgement_and_none_is_lost(hand: Any) -> None:
    """WC-EV-001."""
    for track_id in range(1, 6):
        hand.do("supply", "feed", track_id=track_id)
        for zone in ("supply", "posture", "stamp"):
            release(hand, zone, track_id)
        release(hand, "sort", track_id, destination=1)
    assert [seq for seq, *_ in hand.events()] == list(range(1, 17))
    seen = []
    for _ in range(5):
        fresh = [event for event in hand.events() if event[0] > hand.event_ack]
        seen += fresh
        hand.event_ack = fresh[-1][0] if fresh else hand.event_ack
        hand.scan(0.06)
    assert [seq for seq, *_ in seen] == list(range(1, 46))
    assert [kind for _, kind, _, _ in seen].count("left") == 5


def test_acknowledging_what_never_was_changes_nothing(hand: Any) -> None:
    """WC-EV-002."""
    hand.do("supply", "feed", track_id=1)
    hand.event_ack = 500
    for _ in range(2):
        release(hand, "supply", 1)
    hand.scan(0.1)
    assert [seq for seq, *_ in hand.events()] == [1, 2, 3]


# --- zones and release -----------------------------------------------------------------------------------


def test_a_granted_book_waits_for_the_next_zone(hand: Any) -> None:
    """WC-ZN-001."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    seq = hand.give("supply", "release", track_id=2, destination=0, guard=NO_COMPARE)
    hand.scan(2.0)
    assert hand.done("supply", seq) is None
    assert hand.station("supply")["flags"] == 0b011
    assert release(hand, "posture", 1) == "ok"
    hand.scan(0.3)
    assert hand.done("supply", seq) == "ok"
    assert hand.zone("posture") == (2, "occupied")


def test_a_release_names_its_book(hand: Any) -> None:
    """WC-ZN-003."""
    assert release(hand, "posture", 1) == "no_book"
    hand.do("supply", "feed", track_id=1)
    assert release(hand, "supply", 2) == "wrong_book"
    assert hand.zone("supply") == (1, "occupied")


def test_the_guard_is_compared_as_the_movement_starts(hand: Any) -> None:
    """WC-ZN-004: not when the release is granted."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    seq = hand.give("supply", "release", track_id=2, destination=0, guard=0)
    hand.scan(0.5)
    hand.plant.guards = 1
    release(hand, "posture", 1)
    hand.scan(0.3)
    assert hand.done("supply", seq) == "guard_changed"
    assert hand.zone("supply") == (2, "occupied")
    assert hand.line["guard"] == 1
    assert release(hand, "supply", 2, guard=1) == "ok"


def test_a_held_line_keeps_its_grants_and_goes_on_after_unhold(hand: Any) -> None:
    """WC-ZN-005: the way becomes free while the line is held, and nothing starts to move."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    seq = hand.give("supply", "release", track_id=2, destination=0, guard=NO_COMPARE)
    hand.plant.seconds = 0.5
    leaving = hand.give("posture", "release", track_id=1, destination=0, guard=NO_COMPARE)
    hand.scan(0.1)
    hand.line_command("hold")
    hand.scan(2.0)
    assert (hand.state, hand.done("posture", leaving), hand.zone("posture")) == ("held", "ok", (0, "empty"))
    assert hand.done("supply", seq) is None
    assert hand.zone("supply") == (2, "occupied")
    hand.line_command("unhold")
    hand.scan(0.7)
    assert hand.done("supply", seq) == "ok"
    assert hand.zone("posture") == (2, "occupied")


@pytest.mark.parametrize("command", ["stop", "complete", "abort"])
def test_stopping_takes_waiting_grants_back(hand: Any, command: str) -> None:
    """WC-ZN-005, WC-SF-003."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    seq = hand.give("supply", "release", track_id=2, destination=0, guard=NO_COMPARE)
    hand.line_command(command)
    hand.scan(0.1)
    assert hand.done("supply", seq) == "withdrawn"


@pytest.mark.parametrize(("station", "destination"), [("supply", 3), ("sort", 0)])
def test_only_the_last_station_has_bins(hand: Any, station: str, destination: int) -> None:
    """WC-ZN-006."""
    assert release(hand, station, 1, destination=destination) == "bad_parameter"


# --- acts ------------------------------------------------------------------------------------------------


def test_an_act_on_an_empty_zone_finds_no_book(hand: Any) -> None:
    """WC-UC-003."""
    assert hand.do("posture", "measure") == "no_book"
    assert hand.plant.acts == []


def test_parameters_reach_the_plant_as_they_were_meant(hand: Any) -> None:
    """WC-UC-001, WC-RG-002: also those below zero."""
    hand.do("supply", "feed", track_id=9)
    release(hand, "supply", 9)
    release(hand, "posture", 9)
    assert hand.do("stamp", "turn", leaves=-1) == "ok"
    assert hand.do("stamp", "turn", leaves=0xFFFF) == "ok"
    assert hand.do("stamp", "stamp", surface=4, x_mm10=760, y_mm10=-20) == "ok"
    assert hand.plant.acts[1:] == [
        ("stamp", "turn", {"leaves": -1}),
        ("stamp", "turn", {"leaves": -1}),
        ("stamp", "stamp", {"surface": 4, "x_mm10": 760, "y_mm10": -20}),
    ]


def test_the_plants_code_is_the_result(hand: Any) -> None:
    """WC-UC-002."""
    hand.plant.trouble["feed"] = "empty"
    assert hand.do("supply", "feed", track_id=9) == "empty"
    assert hand.station("supply")["flags"] == 0b100


def test_what_lies_in_the_zone_after_a_double_feed_is_unknown(hand: Any) -> None:
    """WC-UC-002, WC-TT-003."""
    hand.plant.trouble["feed"] = "double"
    assert hand.do("supply", "feed", track_id=9) == "double"
    hand.plant.zones["supply"] = "two books"
    hand.scan(0.1)
    assert hand.zone("supply")[0] & UNKNOWN_BIT


def test_a_station_does_one_thing_at_a_time(hand: Any) -> None:
    """WC-UC-005."""
    first = hand.give("supply", "feed", track_id=9)
    hand.give("supply", "feed", track_id=10)
    assert hand.ack("supply") == "wrong_state"
    hand.scan(0.3)
    assert hand.done("supply", first) == "ok"
    assert len(hand.plant.acts) == 1


def test_stations_work_at_the_same_time(hand: Any) -> None:
    """There is one handshake a station."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    one = hand.give("supply", "feed", track_id=2)
    two = hand.give("posture", "measure")
    hand.scan(0.12)
    assert (hand.done("supply", one), hand.done("posture", two)) == ("ok", "ok")


def test_progress_goes_up_while_an_act_runs(hand: Any) -> None:
    hand.plant.seconds = 1.0
    hand.give("supply", "feed", track_id=9)
    hand.scan(0.5)
    assert 40 <= hand.station("supply")["progress"] <= 60
    hand.scan(1.0)
    assert hand.station("supply")["progress"] == 0


# --- PackML and modes ------------------------------------------------------------------------------------


def test_a_command_that_the_state_does_not_have_is_refused(hand: Any) -> None:
    """WC-PM-002."""
    hand.line_command("clear")
    assert (hand.line_ack, hand.state) == ("wrong_state", "execute")


def test_a_line_command_is_done_in_its_wait_state(hand: Any) -> None:
    """WC-PM-003, WC-PM-004: Stopping waits for what runs."""
    hand.plant.seconds = 1.0
    hand.give("supply", "feed", track_id=9)
    seq = hand.line_command("stop")
    assert (hand.line["ack_seq"], hand.state) == (seq, "stopping")
    hand.scan(0.5)
    assert (hand.state, hand.line["done_seq"] == seq) == ("stopping", False)
    hand.scan(0.7)
    assert (hand.state, hand.line["done_seq"], hand.line["done_code"]) == ("stopped", seq, 0)


def test_a_line_command_that_was_overtaken_says_so(hand: Any) -> None:
    """WC-PM-003."""
    hand.plant.seconds = 1.0
    hand.give("supply", "feed", track_id=9)
    seq = hand.line_command("stop")
    hand.plant.safe = False
    hand.scan(0.1)
    assert hand.state == "aborted"
    assert (hand.line["done_seq"], hand.map.name("result", hand.line["done_code"])) == (seq, "aborted")


def test_a_command_that_is_neither_or_both_is_a_bad_parameter(hand: Any) -> None:
    """WC-HS-007."""
    hand.line_command("none")
    assert hand.line_ack == "bad_parameter"
    hand.line_command("stop", mode="manual")
    assert (hand.line_ack, hand.state) == ("bad_parameter", "execute")


def test_the_mode_changes_in_wait_states_only_and_back_at_the_machine(make_hand: Any) -> None:
    """WC-MD-001, WC-MD-002, WC-MD-003."""
    hand = make_hand()
    hand.start()
    hand.line_command(mode="maintenance")
    assert hand.line_ack == "wrong_state"
    hand.line_command("stop")
    hand.scan(0.1)
    seq = hand.line_command(mode="maintenance")
    hand.scan()
    assert (hand.line_ack, hand.line["mode"], hand.line["done_seq"]) == ("accepted", 2, seq)
    for again in ({"name": "reset"}, {"mode": "production"}):
        hand.line_command(**again)
        assert hand.line_ack == "wrong_mode"
    assert hand.plc.local_mode("production")
    hand.line_command("reset")
    assert hand.line_ack == "accepted"


# --- alarms and safety -----------------------------------------------------------------------------------


def test_one_jam_is_one_alarm(hand: Any) -> None:
    """WC-AL-001: also when the book is then taken out by hand."""
    hand.do("supply", "feed", track_id=9)
    hand.plant.trouble["supply"] = "jam"
    assert release(hand, "supply", 9) == "jam"
    hand.scan(0.3)
    assert (hand.state, hand.reason, hand.alarms) == ("held", "jam", [101])
    del hand.plant.zones["supply"]
    hand.scan(1.0)
    assert (hand.alarms, hand.line["alarm_count"]) == ([101], 1)


def test_unhold_confirms_what_the_photo_eyes_show(hand: Any) -> None:
    """WC-AL-002."""
    hand.do("supply", "feed", track_id=9)
    hand.plant.trouble["supply"] = "jam"
    release(hand, "supply", 9)
    hand.scan(0.3)
    hand.line_command("unhold")
    hand.scan(0.1)
    assert (hand.state, hand.alarms, hand.zone("supply")) == ("execute", [], (9, "occupied"))
    assert release(hand, "supply", 9) == "ok"


def test_a_book_taken_out_of_a_jam_is_removed_at_unhold(hand: Any) -> None:
    """WC-AL-002."""
    hand.do("supply", "feed", track_id=9)
    hand.plant.trouble["supply"] = "jam"
    release(hand, "supply", 9)
    del hand.plant.zones["supply"]
    hand.scan(0.3)
    hand.line_command("unhold")
    hand.scan(0.3)
    assert (hand.state, hand.alarms, hand.zone("supply")) == ("execute", [], (0, "empty"))
    assert hand.events()[-1][1:] == ("removed", "supply", 9)


def test_alarms_stand_in_the_order_in_which_they_came(hand: Any) -> None:
    """WC-AL-003."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    hand.plant.trouble |= {"posture": "jam", "supply": "jam"}
    hand.give("posture", "release", track_id=1, destination=0, guard=NO_COMPARE)
    hand.scan(0.3)
    assert hand.alarms == [102]
    hand.plant.safe = False
    hand.scan(0.1)
    assert (hand.alarms, hand.line["alarm_count"]) == ([102, 300], 2)


def test_a_trip_aborts_and_every_position_is_unconfirmed(hand: Any) -> None:
    """WC-SF-001, WC-SF-002, WC-SF-003."""
    hand.do("supply", "feed", track_id=1)
    release(hand, "supply", 1)
    hand.do("supply", "feed", track_id=2)
    hand.plant.seconds = 5.0
    acting = hand.give("posture", "measure")
    waiting = hand.give("supply", "release", track_id=2, destination=0, guard=NO_COMPARE)
    hand.plant.safe = False
    hand.scan(0.1)
    assert (hand.state, hand.reason, hand.line["safety"]) == ("aborted", "safety", 0b10)
    assert hand.done("posture", acting) == "aborted"
    assert hand.done("supply", waiting) == "withdrawn"
    assert hand.zone("supply") == (2, "unconfirmed")
    assert hand.zone("posture") == (1, "unconfirmed")
    hand.scan(10.0)
    assert len(hand.plant.acts) == 2, "what was aborted never happens"


def test_nothing_restarts_before_safety_is_reset(hand: Any) -> None:
    """WC-SF-004."""
    hand.plant.safe = False
    hand.scan(0.1)
    hand.line_command("clear")
    assert (hand.line_ack, hand.state) == ("interlock", "aborted")
    hand.plant.safe = True
    hand.scan(5.0)
    assert hand.state == "aborted"
    hand.line_command("clear")
    hand.scan(0.1)
    assert (hand.line_ack, hand.state, hand.line["safety"]) == ("accepted", "stopped", 0b01)


def test_a_move_that_an_abort_broke_off_does_not_happen(hand: Any) -> None:
    """WC-SF-003."""
    hand.do("supply", "feed", track_id=1)
    hand.plant.seconds = 1.0
    seq = hand.give("supply", "release", track_id=1, destination=0, guard=NO_COMPARE)
    hand.scan(0.3)
    hand.line_command("abort")
    hand.scan(3.0)
    assert hand.done("supply", seq) == "aborted"
    assert "supply" in hand.plant.zones


# --- times -----------------------------------------------------------------------------------------------


def test_times_are_kept_by_state(make_hand: Any) -> None:
    """WC-TM-001."""
    hand = make_hand()
    hand.scan(3.0)
    hand.start()
    hand.do("supply", "feed", track_id=1)
    hand.scan(10.0)
    times = hand.codec.decode("times", hand.read("times"))
    assert times["cumulative"][2] == pytest.approx(31, abs=2), "Stopped"
    assert times["cumulative"][6] == pytest.approx(100, abs=13), "Execute"
    assert times["state_time"] == pytest.approx(100, abs=13)
    assert times["since_reset"] == pytest.approx(sum(times["cumulative"]), abs=5)
    assert (times["consumed"], times["processed"]) == (1, 0)
