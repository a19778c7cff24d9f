"""A copy whose proof failed is fed again and marked afresh; a sample of released copies is set apart."""

from datetime import UTC, datetime

from virtual_line import Death, on_virtual_time

from stations import rfid
from workcell.kernel.ports import TagMemory
from workcell.kernel.profile import SpotCheck
from workcell.line.journal import read_events
from workcell.line.projection import fold
from workcell.site import Answer, AnswerKind, Site

NOW = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


def store(rig):
    return Site.open(f"sqlite:///{rig.folder / 'site.sqlite'}")


def test_the_tag_inside_a_copy_that_is_marked_afresh_is_rewritten(tmp_path):
    """The whole way: a label falls, a person answers `redo_marks`, the copy is fed again with its slip."""
    came = {}

    async def story(rig):
        (book,) = rig.world.books()
        book.faults = {"label_falls": True}
        await rig.to_the_end()
        assert rig.line.state.counts()["review"] == 1
        site = store(rig)
        (case,) = site.cases.list("open")
        site.cases.decide(case.id, Answer(AnswerKind.REDO_MARKS), "anna", NOW)
        old = next(iter(rig.line.state.books.values())).marks["barcode"]
        _feed_again(rig, book, case.slip)
        rig.line = None
        assert await rig.live()
        state = fold(read_events(rig.journal_folder))
        (again,) = state.books.values()
        came.update(outcome=again.outcome, reasons=again.reasons, new=again.marks["barcode"], old=old)
        came.update(states=[site.numbers.find(number).state.value for number in (old, came["new"])])
        came.update(tag=book.tag, stamps=len(book.stamps))
        site.close()

    on_virtual_time(tmp_path / "line", story, books=1, seed=1)
    assert (came["outcome"], came["reasons"]) == ("catalogued", [])
    assert came["states"] == ["voided", "verified"]
    tag = came["tag"]
    assert rfid.pii(TagMemory(tag.uid, 4, bytes(tag.memory), tag.afi, tag.dsfid)) == came["new"]
    assert came["stamps"] == 1


def _feed_again(rig, book, slip):
    """A person takes off the labels, lays the slip on the back cover, and puts the copy into the supply."""
    book.labels.clear()
    titles = rig.world._titles
    titles[book.title_id] = titles[book.title_id].model_copy(update={"slip": slip})
    book.place = "pile"


def sampled(**options):
    def change(profile):
        return profile.model_copy(update={"spot_check": SpotCheck(bin="check", **options)})

    return change


def test_a_sample_goes_to_the_check_bin_and_the_site_knows_it(tmp_path):
    picked = []

    async def story(rig):
        await rig.to_the_end(Death(type="step.noted", written=True))
        site = store(rig)
        picked.extend(site.spot_checks.all())
        site.close()
        assert rig.broken() == []

    rig = on_virtual_time(tmp_path / "line", story, books=6, change_profile=sampled(least=2))
    released = [book for book in rig.line.state.books.values() if book.outcome == "catalogued"]
    in_check = [book.book_id for book in released if book.bin == "check"]
    assert len(in_check) == 2
    assert sorted(check.book_id for check in picked) == sorted(in_check)
    assert len(released) > 2


def test_the_same_seed_draws_the_same_sample(tmp_path):
    async def story(rig):
        await rig.to_the_end()

    draws = []
    for name in ("one", "two"):
        rig = on_virtual_time(tmp_path / name, story, books=5, change_profile=sampled(least=1))
        draws.append([book.bin == "check" for book in rig.line.state.books.values()])
    assert draws[0] == draws[1]
    assert sum(draws[0]) == 1
