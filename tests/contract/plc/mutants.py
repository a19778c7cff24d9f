"""Soft PLCs that break one rule each: what a vendor's program may get wrong.

A mutant is a patch of one instance.  Each stands under the rule that the kit must report.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

MUTANTS: list[tuple[str, Callable[[Any], None]]] = []


def mutant(rule: str) -> Callable[[Callable[[Any], None]], Callable[[Any], None]]:
    def register(patch: Callable[[Any], None]) -> Callable[[Any], None]:
        MUTANTS.append((rule, patch))
        return patch

    return register


def _as_if_execute(plc: Any, call: Callable[..., Any]) -> Callable[..., Any]:
    """The call, made to believe that the line is in Execute."""

    def believing(*args: Any) -> Any:
        state, plc.unit.state = plc.unit.state, "execute"
        try:
            return call(*args)
        finally:
            if plc.unit.state == "execute":
                plc.unit.state = state

    return believing


def _on_rewrite(plc: Any, block_of: Callable[[int], Any]) -> None:
    """Forget what was answered whenever a command block is written."""
    write = plc.image.write

    def forgetting(address: int, values: Any) -> None:
        hand = block_of(address)
        if hand is not None and len(values) > 5:
            hand.ack_seq = 0
        write(address, values)

    plc.image.write = forgetting


# --- handshake -------------------------------------------------------------------------------------------


@mutant("WC-HS-001")
def acts_twice_on_one_number(plc: Any) -> None:
    line = plc._codec.span("line_command").address
    _on_rewrite(plc, lambda address: plc._hand if address == line else None)


@mutant("WC-HS-001")
def forgets_ack_seq(plc: Any) -> None:
    plc._hand.answer = lambda seq, code: None


@mutant("WC-HS-009")
def a_station_acts_twice_on_one_number(plc: Any) -> None:
    supply = plc._codec.entry_span("station_command", 0).address
    _on_rewrite(plc, lambda address: plc._stations[0].hand if address == supply else None)


@mutant("WC-HS-002")
def a_refusal_changes_the_end(plc: Any) -> None:
    for station in plc._stations:
        answer, hand = station.hand.answer, station.hand

        def spoil(seq: int, code: str, answer: Any = answer, hand: Any = hand) -> None:
            answer(seq, code)
            if code != "accepted":
                hand.finish(seq, "interlock")

        station.hand.answer = spoil


@mutant("WC-HS-003")
def reports_a_refused_command_as_done(plc: Any) -> None:
    answer = plc._hand.answer

    def double(seq: int, code: str) -> None:
        answer(seq, code)
        if code != "accepted":
            plc._hand.finish(seq, "ok")

    plc._hand.answer = double


@mutant("WC-HS-004")
def obeys_number_zero(plc: Any) -> None:
    plc._hand.is_new = lambda seq: seq != plc._hand.ack_seq


@mutant("WC-HS-007")
def asks_for_the_state_before_the_owner(plc: Any) -> None:
    begin = plc._stations._begin
    plc._stations._begin = lambda station, seq, command: (
        "wrong_state" if plc.unit.state != "execute" else begin(station, seq, command)
    )


@mutant("WC-HS-008")
def takes_a_command_for_nothing(plc: Any) -> None:
    obey = plc._obey
    plc._obey = lambda command: "accepted" if command["cntrl_cmd"] == 0 else obey(command)


@mutant("WC-HS-010")
def answers_late(plc: Any) -> None:
    take, count = plc._take_line_commands, [0]

    def seldom(elapsed: float) -> None:
        count[0] += 1
        plc._line.ring.acknowledge(0)
        if count[0] % 6 == 0:
            take(6 * elapsed)

    plc._take_line_commands = seldom


# --- registers and headers -------------------------------------------------------------------------------


@mutant("WC-RG-002")
def swaps_words(plc: Any) -> None:
    plc._codec._low_first = True


@mutant("WC-RG-004")
def lets_status_be_written(plc: Any) -> None:
    write, boot = plc.image.write, plc._codec.address("line", "boot_id")

    def anything(address: int, values: Any) -> None:
        if address == boot:
            plc.boot_id = values[0]
        else:
            write(address, values)

    plc.image.write = anything


@mutant("WC-FR-001")
def names_a_block_wrongly(plc: Any) -> None:
    plc.image.put("zones", {"block_id": 2})


@mutant("WC-FR-002")
def shows_a_stale_status(plc: Any) -> None:
    beat = plc.image.beat
    plc.image.beat = lambda number, stamp: beat(7, stamp)


@mutant("WC-FR-004")
def echoes_no_stamp(plc: Any) -> None:
    beat = plc.image.beat
    plc.image.beat = lambda number, stamp: beat(number, 0)


@mutant("WC-FR-006")
def moves_no_change_counter(plc: Any) -> None:
    plc._publisher._count = lambda counter: None


@mutant("WC-FR-007")
def has_no_news(plc: Any) -> None:
    put = plc.image.put
    plc.image.put = lambda block, values: put(block, {**values, "news": 0} if block == "pulse" else values)


@mutant("WC-FR-007")
def has_news_every_scan(plc: Any) -> None:
    show = plc._publisher._show_pulse

    def busy(hot: Any, hand: Any) -> None:
        show({**hot, "scan": plc._publisher.beat}, hand)

    plc._publisher._show_pulse = busy


@mutant("WC-HS-011")
def leaves_the_answers_of_stations_out(plc: Any) -> None:
    put = plc.image.put_entry
    plc.image.put_entry = lambda block, index, values: put(
        block, index, {"answer": 0} if block == "pulse" else values
    )


@mutant("WC-BT-001")
def starts_with_boot_id_zero(plc: Any) -> None:
    plc.boot_id = 0


@mutant("WC-BT-002")
def keeps_its_boot_id(plc: Any) -> None:
    plc.reboot = lambda: plc._power_up(plc.boot_id)


# --- ownership and watchdog ------------------------------------------------------------------------------


@mutant("WC-OW-002")
def obeys_anyone(plc: Any) -> None:
    owns = plc._owner.owns
    plc._owner.owns = lambda token: owns(token) or token != 0


@mutant("WC-OW-003")
def lets_old_registers_claim(plc: Any) -> None:
    watch = plc._owner.watch

    def claiming(command: Any, elapsed: float) -> bool:
        lost = watch(command, elapsed)
        if plc._owner.token == 0:
            plc._owner.token = command["owner"]
        return bool(lost)

    plc._owner.watch = claiming


@mutant("WC-OW-004")
def lets_a_second_host_take_over(plc: Any) -> None:
    watch = plc._owner.watch

    def yielding(command: Any, elapsed: float) -> bool:
        if command["owner"]:
            plc._owner.token = command["owner"]
        return bool(watch(command, elapsed))

    plc._owner.watch = yielding


@mutant("WC-WD-001")
def never_watchdogs(plc: Any) -> None:
    watch = plc._owner.watch
    plc._owner.watch = lambda command, elapsed: watch(command, 0.0)


@mutant("WC-WD-002")
def restarts_by_itself(plc: Any) -> None:
    scan = plc.scan

    def eager(now: float) -> None:
        if plc.unit.state == "held" and plc._owner.token:
            plc._line.fire("unhold")
        scan(now)

    plc.scan = eager


@mutant("WC-WD-003")
def keeps_grants_of_a_silent_host(plc: Any) -> None:
    plc._stations.withdraw_grants = lambda: None


# --- PackML ----------------------------------------------------------------------------------------------


@mutant("WC-PM-001")
def never_reaches_aborted(plc: Any) -> None:
    complete = plc._state_is_complete
    plc._state_is_complete = lambda: plc.unit.state != "aborting" and complete()


@mutant("WC-PM-002")
def accepts_in_the_wrong_state(plc: Any) -> None:
    obey = plc._obey_state
    plc._obey_state = lambda name, seq: obey(name, seq) if plc.unit.may(name) else "accepted"


@mutant("WC-PM-002")
def gives_no_refusal(plc: Any) -> None:
    answer = plc._hand.answer
    plc._hand.answer = lambda seq, code: answer(seq, code) if code == "accepted" else None


@mutant("WC-PM-004")
def holds_only_after_the_act(plc: Any) -> None:
    plc._state_is_complete = lambda: not plc._stations.running


@mutant("WC-PM-004")
def stops_while_acting(plc: Any) -> None:
    plc._state_is_complete = lambda: True


@mutant("WC-PM-005")
def takes_unit_commands_in_every_state(plc: Any) -> None:
    plc._stations._begin = _as_if_execute(plc, plc._stations._begin)


@mutant("WC-PM-006")
def ends_the_last_number_instead_of_the_waiting_one(plc: Any) -> None:
    finish = plc._hand.finish
    plc._hand.finish = lambda seq, code: finish(plc._hand.ack_seq, code)


@mutant("WC-MD-001")
def changes_mode_in_execute(plc: Any) -> None:
    def change(mode: str) -> bool:
        plc.unit.mode = mode
        return True

    plc.unit.change_mode = change


@mutant("WC-MD-002")
def obeys_in_manual(plc: Any) -> None:
    obey = plc._obey

    def deaf(command: Any) -> Any:
        mode, plc.unit.mode = plc.unit.mode, "production"
        answer = obey(command)
        plc.unit.mode = mode if plc.unit.mode == "production" else plc.unit.mode
        return answer

    plc._obey = deaf


# --- unit commands, zones and tracking -------------------------------------------------------------------


@mutant("WC-UC-001")
def accepts_an_unknown_verb(plc: Any) -> None:
    begin = plc._stations._begin
    plc._stations._begin = lambda station, seq, command: (
        "accepted" if command["verb"] == 999 and plc.unit.state == "execute" else begin(station, seq, command)
    )


@mutant("WC-UC-003")
def says_ok_where_no_book_is(plc: Any) -> None:
    for station in plc._stations:
        finish = station.hand.finish

        def gloss(seq: int, code: str, *rest: Any, finish: Any = finish) -> None:
            finish(seq, "ok" if code == "no_book" else code, *rest)

        station.hand.finish = gloss


@mutant("WC-UC-005")
def drops_what_it_does_for_a_new_command(plc: Any) -> None:
    begin = plc._stations._begin

    def dropping(station: Any, seq: int, command: Any) -> Any:
        if station.task is not None:
            station.task = None
            station.zone.clear(plc._line.now)
        return begin(station, seq, command)

    plc._stations._begin = dropping


@mutant("WC-ZN-001")
def releases_into_an_occupied_zone(plc: Any) -> None:
    move = plc._stations._try_to_move

    def pushing(station: Any, task: Any) -> None:
        if task.zone is not None:
            task.zone.state, task.zone.occupied = "empty", False
        move(station, task)

    plc._stations._try_to_move = pushing


@mutant("WC-ZN-003")
def releases_another_book(plc: Any) -> None:
    begin = plc._stations._begin_release
    plc._stations._begin_release = lambda station, seq, params: begin(
        station, seq, {**params, "track_id": station.zone.track_id}
    )


@mutant("WC-ZN-004")
def compares_no_guard(plc: Any) -> None:
    begin = plc._stations._begin_release
    plc._stations._begin_release = lambda station, seq, params: begin(
        station, seq, {**params, "guard": 0xFFFF}
    )


@mutant("WC-ZN-005")
def moves_while_held(plc: Any) -> None:
    plc._stations._try_to_move = _as_if_execute(plc, plc._stations._try_to_move)


@mutant("WC-ZN-007")
def latches_no_guard(plc: Any) -> None:
    asked = [0, 0]

    def forgetful() -> int:
        asked[0] += 1
        if asked[0] > asked[1] + 20:
            plc._plant._guard, asked[1] = 0, asked[0]
        return int(plc._plant._guard)

    plc._plant.guard = forgetful


@mutant("WC-TT-001")
def loses_the_track_id(plc: Any) -> None:
    expect = plc._stations._expect_arrival

    def forgetting(station: Any, task: Any) -> None:
        if task.verb == "release":
            task.track_id = 1
        expect(station, task)

    plc._stations._expect_arrival = forgetting


@mutant("WC-TT-003")
def gives_an_unknown_item_a_plain_id(plc: Any) -> None:
    name = plc._stations._name_unknown

    def plain(zone: Any) -> None:
        name(zone)
        zone.track_id &= 0x7FFF_FFFF

    plc._stations._name_unknown = plain


@mutant("WC-TT-004")
def calls_a_lost_book_arrived(plc: Any) -> None:
    finish = plc._stations._finish
    plc._stations._finish = lambda station, task, code, results=None: finish(
        station, task, "ok" if code == "lost" else code, results
    )


@mutant("WC-TT-005")
def misses_a_book_that_was_taken(plc: Any) -> None:
    plc._stations._drop = lambda station: station.zone.clear(plc._line.now)
    plc._line.stop_for = lambda alarm, zone: None


@mutant("WC-TT-006")
def counts_a_book_twice(plc: Any) -> None:
    eyes = plc._plant.eyes
    plc._plant.eyes = lambda: tuple(2 * count for count in eyes())


@mutant("WC-EV-001")
def loses_events(plc: Any) -> None:
    add, count = plc._line.ring.add, [0]

    def leaky(*event: Any) -> None:
        count[0] += 1
        if count[0] % 7:
            add(*event)

    plc._line.ring.add = leaky


@mutant("WC-EV-001")
def overwrites_events_that_nobody_has_read(plc: Any) -> None:
    publish = plc._line.ring.publish

    def careless() -> bool:
        plc._line.ring._open = 0
        return bool(publish())

    plc._line.ring.publish = careless


@mutant("WC-EV-003")
def freezes_the_times_of_events(plc: Any) -> None:
    add = plc._line.ring.add
    plc._line.ring.add = lambda kind, zone, track_id, ms: add(kind, zone, track_id, 4711)


# --- alarms, times, safety -------------------------------------------------------------------------------


@mutant("WC-AL-001")
def raises_two_alarms_for_one_jam(plc: Any) -> None:
    stop = plc._line.stop_for

    def noisy(alarm: str, zone: Any) -> None:
        stop(alarm, zone)
        plc._line.raise_alarm("lost", zone.number)

    plc._line.stop_for = noisy


@mutant("WC-AL-002")
def keeps_alarms_after_unhold(plc: Any) -> None:
    class Sticky(list):  # type: ignore[type-arg]
        def clear(self) -> None:
            return

    plc._line.alarms = Sticky()


@mutant("WC-AL-003")
def shows_the_newest_alarm_first(plc: Any) -> None:
    class Reversed(list):  # type: ignore[type-arg]
        def append(self, word: int) -> None:
            self.insert(0, word)

    plc._line.alarms = Reversed()


@mutant("WC-TM-001")
def counts_time_in_scans(plc: Any) -> None:
    start = plc._line.start_scan

    def fast(now: float) -> float:
        elapsed = start(now)
        plc._line.cumulative[6] += 9 * elapsed
        return float(elapsed)

    plc._line.start_scan = fast


@mutant("WC-TM-002")
def counts_no_defects(plc: Any) -> None:
    finish = plc._stations._finish

    def glossing(station: Any, task: Any, code: str, results: Any = None) -> None:
        finish(station, task, code, results)
        plc._line.defective = 0

    plc._stations._finish = glossing


@mutant("WC-SF-002")
def ignores_a_trip(plc: Any) -> None:
    plc._watch_safety = lambda: None


@mutant("WC-SF-003")
def goes_on_acting_after_an_abort(plc: Any) -> None:
    plc._stations.abort = lambda: None


@mutant("WC-SF-004")
def clears_while_tripped(plc: Any) -> None:
    obey = plc._obey_state

    def daring(name: str, seq: int) -> Any:
        safe, plc._plant._safe = plc._plant._safe, True
        answer = obey(name, seq)
        plc._plant._safe = safe
        return answer

    plc._obey_state = daring


@mutant("WC-DR-003")
def plays_a_stimulus_twice(plc: Any) -> None:
    stimulate = plc._dry.stimulate

    def twice(kind: str, zone: str) -> None:
        stimulate(kind, zone)
        stimulate(kind, zone)

    plc._dry.stimulate = twice


# --- the rest --------------------------------------------------------------------------------------------


@mutant("WC-OW-001")
def takes_no_owner(plc: Any) -> None:
    plc._owner.watch = lambda command, elapsed: False


@mutant("WC-SF-001")
def shows_no_safety(plc: Any) -> None:
    put = plc.image.put
    plc.image.put = lambda block, values: put(
        block, {**values, "safety": 0} if "safety" in values else values
    )


@mutant("WC-PM-003")
def reports_the_end_before_the_state(plc: Any) -> None:
    obey = plc._obey_state

    def hasty(name: str, seq: int) -> Any:
        answer = obey(name, seq)
        if answer == "accepted":
            plc._hand.finish(seq, "aborted")
            plc._pending = ""
        return answer

    plc._obey_state = hasty


@mutant("WC-BT-004")
def keeps_commands_over_a_power_up(plc: Any) -> None:
    reset = plc.image.reset

    def keeping() -> None:
        kept = list(plc.image._words["command"])
        reset()
        plc.image._words["command"][:] = kept
        plc.image._words["command"][192:195] = [0, 0, 0]

    plc.image.reset = keeping


@mutant("WC-RG-005")
def sees_half_of_a_write(plc: Any) -> None:
    watch, before = plc._owner.watch, [0]

    def torn(command: Any, elapsed: float) -> bool:
        lost = watch({**command, "stamp": before[0]}, elapsed)
        before[0] = command["stamp"]
        return bool(lost)

    plc._owner.watch = torn


@mutant("WC-UC-004")
def feeds_into_an_occupied_zone(plc: Any) -> None:
    begin = plc._stations._begin_feed

    def crowding(station: Any, seq: int, params: Any) -> Any:
        station.zone.clear(plc._line.now)
        station.zone.occupied = False
        return begin(station, seq, params)

    plc._stations._begin_feed = crowding


@mutant("WC-UC-006")
def answers_for_a_station_that_it_has_not(plc: Any) -> None:
    write = plc.image.write
    address = plc._codec.entry_span("station_command", 5).address

    def answering(at: int, values: Any) -> None:
        write(at, values)
        if at == address:
            plc.image.put_entry("stations", 5, {"ack_seq": values[-1], "ack_code": 3})

    plc.image.write = answering


@mutant("WC-UC-007")
def lets_progress_go_back(plc: Any) -> None:
    put, count = plc.image.put_entry, [0]

    def wavering(block: str, index: int, values: Any) -> None:
        if values.get("progress"):
            count[0] += 1
            values = {"progress": 10 + 40 * (count[0] % 2)}
        put(block, index, values)

    plc.image.put_entry = wavering


@mutant("WC-UC-008")
def calls_an_empty_supply_a_jam(plc: Any) -> None:
    act = plc._plant.act

    def jamming(station: str, verb: str, params: Any) -> Any:
        code, results = act(station, verb, params)
        return ("jam" if code == "empty" else code), results

    plc._plant.act = jamming


@mutant("WC-TT-002")
def shows_no_photo_eye(plc: Any) -> None:
    put = plc.image.put_entry
    plc.image.put_entry = lambda block, index, values: put(
        block, index, {**values, "occupied": 0} if "occupied" in values else values
    )


@mutant("WC-TT-007")
def counts_age_in_seconds(plc: Any) -> None:
    put = plc.image.put_entry
    plc.image.put_entry = lambda block, index, values: put(
        block, index, {"age": values["age"] // 10} if "age" in values else values
    )


@mutant("WC-ZN-002")
def ends_a_release_when_it_starts(plc: Any) -> None:
    move = plc._stations._try_to_move

    def hasty(station: Any, task: Any) -> None:
        move(station, task)
        if task.phase == "moving":
            station.hand.finish(task.seq, "ok")

    plc._stations._try_to_move = hasty


@mutant("WC-EV-002")
def takes_any_acknowledgement(plc: Any) -> None:
    ring = plc._line.ring
    plc._line.ring.acknowledge = lambda seq: setattr(ring, "_open", 0)


@mutant("WC-AL-004")
def names_the_last_cause_of_a_stop(plc: Any) -> None:
    fire = plc._line.fire

    def forgetting(trigger: str, reason: str = "") -> bool:
        done = fire(trigger, "" if reason == "safety" else reason)
        return bool(done)

    plc._line.fire = forgetting


@mutant("WC-MD-003")
def leaves_manual_at_a_command(plc: Any) -> None:
    obey = plc._obey

    def lenient(command: Any) -> Any:
        if command["unit_mode"] == 1:
            plc.unit.mode = "production"
        return obey(command)

    plc._obey = lenient


# --- what a second vendor got wrong ----------------------------------------------------------------------


@mutant("WC-FR-002")
def counts_beats_by_two(plc: Any) -> None:
    beat = plc.image.beat
    plc.image.beat = lambda number, stamp: beat(2 * number & 0xFFFF, stamp)


@mutant("WC-FR-002")
def starts_the_beat_over_at_two_hundred(plc: Any) -> None:
    beat = plc.image.beat
    plc.image.beat = lambda number, stamp: beat(number % 200, stamp)


@mutant("WC-FR-002")
def stands_still_for_a_while(plc: Any) -> None:
    beat = plc.image.beat
    plc.image.beat = lambda number, stamp: beat(
        number if number % 250 < 100 else number - number % 250, stamp
    )


@mutant("WC-FR-006")
def counts_a_change_twice(plc: Any) -> None:
    count = plc._publisher._count

    def double(counter: str) -> None:
        count(counter)
        count(counter)

    plc._publisher._count = double


@mutant("WC-HS-011")
def puts_a_large_number_over_the_code(plc: Any) -> None:
    numbers = plc._map.enumerations["ack"]
    plc._publisher._answer = lambda hand: (numbers[hand.ack_code] << 12 | hand.ack_seq) & 0xFFFF


@mutant("WC-HS-003")
def shows_an_end_before_its_answer(plc: Any) -> None:
    put, scan = plc.image.put_entry, plc.scan
    shown: dict[int, dict[str, int]] = {}
    due: dict[int, dict[str, int]] = {}

    def late(block: str, index: int, values: Any) -> None:
        if block == "stations" and "ack_seq" in values:
            answer = {name: values[name] for name in ("ack_seq", "ack_code")}
            values = {**values, **shown.get(index, {"ack_seq": 0, "ack_code": 0})}
            shown[index] = due[index] = answer
        put(block, index, values)

    def catching_up(now: float) -> None:
        for index, answer in due.items():
            put("stations", index, answer)
        due.clear()
        scan(now)

    plc.image.put_entry, plc.scan = late, catching_up


@mutant("WC-HS-003")
def gives_results_after_the_end(plc: Any) -> None:
    scan, due = plc.scan, []

    for station in plc._stations:
        hand, finish = station.hand, station.hand.finish

        def hasty(seq: int, code: str, results: Any = (), hand: Any = hand, finish: Any = finish) -> None:
            before = hand.results
            finish(seq, code, results)
            if results:
                hand.results = before
                due.append((hand, results))

        station.hand.finish = hasty

    def catching_up(now: float) -> None:
        while due:
            hand, results = due.pop()
            hand.results = results
        scan(now)

    plc.scan = catching_up


@mutant("WC-PM-003")
def calls_every_end_a_success(plc: Any) -> None:
    end = plc._end_pending
    plc._end_pending = lambda code: end("ok")


@mutant("WC-PM-006")
def forgets_a_command_that_was_overtaken(plc: Any) -> None:
    end = plc._end_pending

    def forgetting(code: str) -> None:
        if code == "aborted":
            plc._pending = ""
        end(code)

    plc._end_pending = forgetting


@mutant("WC-MD-001")
def changes_mode_while_held(plc: Any) -> None:
    change = plc.unit.change_mode

    def careless(mode: str) -> bool:
        if plc.unit.state == "held":
            plc.unit.mode = mode
            return True
        return bool(change(mode))

    plc.unit.change_mode = careless


@mutant("WC-MD-002")
def stops_in_manual(plc: Any) -> None:
    obey = plc._obey

    def half_deaf(command: Any) -> Any:
        manual = plc.unit.mode != "production"
        return "accepted" if manual and command["cntrl_cmd"] == 3 else obey(command)

    plc._obey = half_deaf


@mutant("WC-BT-002")
def keeps_track_ids_over_a_power_up(plc: Any) -> None:
    power_up = plc._power_up

    def remembering(boot_id: int) -> None:
        before = {station.name: station.zone.track_id for station in plc._stations}
        power_up(boot_id)
        for station in plc._stations:
            if before[station.name]:
                station.zone.take(before[station.name], plc._line.now)

    plc._power_up = remembering


@mutant("WC-WD-001")
def names_no_cause_where_the_host_was_silent(plc: Any) -> None:
    fire = plc._line.fire
    plc._line.fire = lambda trigger, reason="": fire(trigger, "" if reason == "host_silent" else reason)


@mutant("WC-AL-001")
def gives_up_the_zone_of_a_jam(plc: Any) -> None:
    stop = plc._line.stop_for

    def doubting(alarm: str, zone: Any) -> None:
        stop(alarm, zone)
        if alarm == "jam":
            zone.become("unconfirmed", plc._line.now)

    plc._line.stop_for = doubting


@mutant("WC-AL-003")
def counts_one_alarm_at_most(plc: Any) -> None:
    put = plc.image.put
    plc.image.put = lambda block, values: put(
        block, {**values, "alarm_count": min(1, values["alarm_count"])} if "alarm_count" in values else values
    )


@mutant("WC-AL-004")
def names_a_jam_as_the_cause_of_a_hold_by_command(plc: Any) -> None:
    stop = plc._line.stop_for

    def renaming(alarm: str, zone: Any) -> None:
        stop(alarm, zone)
        plc._line.stop_reason = alarm

    plc._line.stop_for = renaming


@mutant("WC-TM-001")
def counts_manual_as_production(plc: Any) -> None:
    start = plc._line.start_scan

    def mixing(now: float) -> float:
        elapsed = start(now)
        times = plc._line.by_mode
        times[0], times[2] = times[0] + times[2], 0.0
        return float(elapsed)

    plc._line.start_scan = mixing


@mutant("WC-TT-007")
def counts_age_from_the_power_up(plc: Any) -> None:
    put = plc.image.put_entry
    plc.image.put_entry = lambda block, index, values: put(
        block, index, {"age": int(10 * plc._line.uptime)} if "age" in values else values
    )


@mutant("WC-EV-002")
def takes_acknowledgements_of_anyone(plc: Any) -> None:
    watch = plc._owner.watch

    def trusting(command: Any, elapsed: float) -> bool:
        plc._line.ring.acknowledge(command["event_ack"])
        return bool(watch(command, elapsed))

    plc._owner.watch = trusting


@mutant("WC-ZN-006")
def takes_any_number_for_a_bin(plc: Any) -> None:
    plc._stations._bins = 255


@mutant("WC-UC-002")
def measures_in_whole_millimetres(plc: Any) -> None:
    act = plc._plant.act

    def coarse(station: str, verb: str, params: Any) -> Any:
        code, results = act(station, verb, params)
        return code, {name: value // 10 for name, value in results.items()}

    plc._plant.act = coarse


@mutant("WC-UC-003")
def refuses_an_act_where_no_book_is(plc: Any) -> None:
    begin = plc._stations._begin_act
    plc._stations._begin_act = lambda station, *rest: (
        begin(station, *rest) if station.zone.track_id else "interlock"
    )


@mutant("WC-UC-007")
def leaves_progress_where_it_ended(plc: Any) -> None:
    put = plc.image.put_entry
    plc.image.put_entry = lambda block, index, values: put(
        block, index, {"progress": values["progress"] or 100} if "progress" in values else values
    )


@mutant("WC-UC-003")
def turns_a_book_by_one_quarter_only(plc: Any) -> None:
    params = plc._stations._params

    def narrow(verb: Any, words: Any) -> Any:
        read = params(verb, words)
        return None if read and read.get("quarters", 1) > 1 else read

    plc._stations._params = narrow


@mutant("WC-ZN-005")
def withdraws_grants_at_a_suspend(plc: Any) -> None:
    fire = plc._line.fire

    def retiring(trigger: str, reason: str = "") -> bool:
        if trigger == "suspend":
            plc._stations.withdraw_grants()
        return bool(fire(trigger, reason))

    plc._line.fire = retiring


@mutant("WC-HS-001")
def answers_with_the_code_before(plc: Any) -> None:
    answer, before = plc._hand.answer, ["none"]

    def lagging(seq: int, code: str) -> None:
        answer(seq, before[0])
        before[0] = code

    plc._hand.answer = lagging


@mutant("WC-UC-001")
def reads_the_words_behind_the_parameters(plc: Any) -> None:
    begin = plc._stations._begin

    def pedantic(station: Any, seq: int, command: Any) -> str:
        return "bad_parameter" if command["params"][5] else str(begin(station, seq, command))

    plc._stations._begin = pedantic


@mutant("WC-OW-004")
def echoes_the_stamp_of_anyone(plc: Any) -> None:
    watch = plc._owner.watch

    def echoing(command: Any, elapsed: float) -> bool:
        lost = watch(command, elapsed)
        plc._owner.stamp = command["stamp"]
        return bool(lost)

    plc._owner.watch = echoing


@mutant("WC-TT-003")
def calls_every_unknown_item_the_same(plc: Any) -> None:
    name = plc._stations._name_unknown

    def forgetful(zone: Any) -> None:
        plc._stations._unknown = 0
        name(zone)

    plc._stations._name_unknown = forgetful


@mutant("WC-TM-001")
def starts_no_state_time_anew(plc: Any) -> None:
    put = plc.image.put
    plc.image.put = lambda block, values: put(
        block, {**values, "state_time": values["since_reset"]} if "state_time" in values else values
    )


@mutant("WC-FR-004")
def echoes_no_stamp_in_the_times(plc: Any) -> None:
    beat, stamp = plc.image.beat, plc._codec.address("times", "stamp_echo")

    def forgetting(number: int, echo: int) -> None:
        beat(number, echo)
        plc.image._words["status"][stamp] = 0

    plc.image.beat = forgetting


@mutant("WC-HS-004")
def takes_rising_numbers_only_at_stations(plc: Any) -> None:
    for station in plc._stations:
        hand = station.hand
        hand.is_new = lambda seq, hand=hand: seq > hand.ack_seq


@mutant("WC-PM-001")
def skips_unholding(plc: Any) -> None:
    fire = plc._line.fire

    def leaping(trigger: str, reason: str = "") -> bool:
        done = bool(fire(trigger, reason))
        if plc.unit.state == "unholding":
            fire("sc")
        return done

    plc._line.fire = leaping
