"""Whatever is asked of numbers in whatever order: none twice, none reused, none unexplained."""

from datetime import UTC, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule

from workcell.kernel.errors import Refused
from workcell.kernel.profile import NumberRange, Surface
from workcell.site import NumberOwner, NumberState, Site

AT = datetime(2026, 3, 2, tzinfo=UTC)
RANGE = NumberRange(scheme="codabar14", institution="3194", first=10, last=40)
SURFACES = st.sampled_from([Surface.BACK, Surface.TITLE_PAGE])
STEPS = ["printed", "applied", "verified"]


class NumberLife(RuleBasedStateMachine):
    """A model beside the store: who owns what, and how far each label is."""

    numbers = Bundle("numbers")

    def __init__(self):
        super().__init__()
        self.site = Site.open("sqlite://")
        self.owners = {}
        self.ever = []
        self.voided = set()
        self.labels = {}
        self.catalogue = set()

    def teardown(self):
        self.site.close()

    @rule(target=numbers, book=st.integers(0, 12))
    def reserve(self, book):
        name = f"b{book}"
        try:
            number = self.site.numbers.reserve(
                "item", RANGE, NumberOwner("line", "B", name), AT, self.catalogue.__contains__
            )
        except Refused:
            assert len(self.site.numbers.of_batch("B")) == 31
            assert name not in self.owners
            return ""
        if name in self.owners:
            assert number == self.owners[name]
        else:
            assert number not in self.ever
            assert number not in self.catalogue
            self.ever.append(number)
            self.owners[name] = number
        return number

    @rule(serial=st.integers(10, 40))
    def catalogue_gains_a_number(self, serial):
        from workcell.site import write_number

        number = write_number(RANGE, serial)
        if number not in self.ever:
            self.catalogue.add(number)

    @rule(number=numbers, surface=SURFACES, step=st.sampled_from(STEPS))
    def step(self, number, surface, step):
        if not number:
            return
        now = self.labels.get((number, surface))
        before = STEPS[STEPS.index(step) - 1] if step != "printed" else None
        allowed = number not in self.voided and now in (before, step)
        try:
            getattr(self.site.numbers, step)(number, surface, AT)
        except Refused:
            assert not allowed
        else:
            assert allowed
            self.labels[number, surface] = step

    @rule(number=consumes(numbers))
    def void(self, number):
        if not number:
            return
        self.site.numbers.void(number, "tested", AT)
        self.voided.add(number)
        self.owners = {book: held for book, held in self.owners.items() if held != number}

    @invariant()
    def each_serial_has_one_line_and_gaps_have_reasons(self):
        lines = self.site.numbers.of_batch("B")
        assert [int(line.number[5:13]) for line in lines] == list(range(10, 10 + len(lines)))
        for line in lines:
            assert line.state is not NumberState.VOIDED or line.reason
            assert (line.number in self.ever) != (line.reason == "stands in the catalogue already")

    @invariant()
    def states_are_those_of_the_labels(self):
        for number in self.ever:
            steps = [step for (of, _), step in self.labels.items() if of == number]
            expected = NumberState.RESERVED
            if number in self.voided:
                expected = NumberState.VOIDED
            elif steps and set(steps) == {"verified"}:
                expected = NumberState.VERIFIED
            elif set(steps) & {"applied", "verified"}:
                expected = NumberState.APPLIED
            elif steps:
                expected = NumberState.PRINTED
            assert self.site.numbers.find(number).state is expected


TestNumberLife = NumberLife.TestCase
TestNumberLife.settings = settings(max_examples=25, stateful_step_count=30, deadline=None)
