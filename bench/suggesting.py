"""Class suggestions beside a peer: right at the first place, and right where they claim to be sure.

    .venv/bin/python bench/suggesting.py [FILE.mrc …] [--scheme DDC] [--json FILE]

One title in five is kept out of the catalogue altogether and asked afterwards; editions of one title stay on
one side.  The peer is scikit-learn: TF-IDF with logistic regression on the same titles, whose own
probability counts as confidence.  Without a file the benchmark makes up a catalogue of its own: 3,000
titles whose words lean to their class.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from pymarc import Leader, Record  # noqa: E402
from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: E402
from sklearn.linear_model import LogisticRegression  # noqa: E402

from marc import Catalogue, read_records, record_facts  # noqa: E402
from marc.facts import RecordFacts  # noqa: E402
from marc.fields import control_field, data_field  # noqa: E402
from marc.suggesting import label_of, suggest, train, words_of  # noqa: E402
from marc.text import tight  # noqa: E402
from workcell.kernel.evidence import Evidence, FieldValue  # noqa: E402

_SURE = 0.95


def made_up(seed: int = 7, books: int = 3_000) -> Iterator[Record]:
    """Records of 40 classes: each title has words of its class, of its neighbour's and of everybody's."""
    draw = random.Random(seed)
    syllables = [a + b for a in "bdfgklmnprst" for b in ("a", "e", "i", "o", "u", "an", "or")]
    word = lambda: "".join(draw.choice(syllables) for _ in range(3))  # noqa: E731
    common = [word() for _ in range(60)]
    own = {f"{number:03d}": [word() for _ in range(25)] for number in range(10, 1000, 25)}
    labels = list(own)
    for number in range(books):
        place = min(int(draw.paretovariate(0.9)) - 1, len(labels) - 1)
        label, near = labels[place], labels[(place + 1) % len(labels)]
        words = [draw.choice(common), *draw.choices(own[label], k=2), draw.choice([*own[near], *common])]
        record = Record()
        record.leader = Leader("00000nam a2200000 i 4500")
        record.fields = [
            control_field("001", f"made{number}"),
            data_field("082", "04", [("a", label), ("2", "23")]),
            data_field("100", "1 ", [("a", f"{word().title()}, {word().title()}.")]),
            data_field("245", "10", [("a", " ".join(words).capitalize() + ".")]),
        ]
        yield record


def split(records: Iterator[Record], scheme: str) -> tuple[list[Record], list[RecordFacts]]:
    """Records for the catalogue, and views of those that are asked about."""
    kept, asked = [], []
    for record in records:
        facts = record_facts(record)
        if label_of(facts, scheme) and zlib.crc32(b"asked" + tight(facts.title).encode()) % 5 == 0:
            asked.append(facts)
        else:
            kept.append(record)
    return kept, asked


def evidence_of(facts: RecordFacts) -> Evidence:
    """What the title page shows."""
    fields = {"title": FieldValue(facts.title), "subtitle": FieldValue(facts.subtitle)}
    names = [FieldValue(facts.main_entry)] if facts.main_entry else []
    return Evidence(fields={**fields, "names": names})


Answer = tuple[str, float]


def ours(kept: Sequence[Record], scheme: str, folder: Path) -> Callable[[RecordFacts], Answer]:
    """Neighbours and linear model over a catalogue of the kept records."""
    with Catalogue.open(folder / "catalogue.sqlite") as catalogue:
        catalogue.import_records(kept, "catalogue")
    opened = Catalogue(folder / "catalogue.sqlite")
    model = train(opened, scheme)

    def answer(facts: RecordFacts) -> Answer:
        found = suggest(model, evidence_of(facts), opened)
        return (found[0].class_number, found[0].confidence) if found else ("", 0.0)

    return answer


def peer(kept: Sequence[Record], scheme: str, folder: Path) -> Callable[[RecordFacts], Answer]:
    """scikit-learn on the same words."""
    known = [facts for record in kept if label_of(facts := record_facts(record), scheme)]
    vectors = TfidfVectorizer(analyzer=words_of, sublinear_tf=True)
    model = LogisticRegression(C=20, max_iter=300, tol=1e-3)
    model.fit(vectors.fit_transform(known), [label_of(facts, scheme) for facts in known])

    def answer(facts: RecordFacts) -> Answer:
        shares = model.predict_proba(vectors.transform([facts]))[0]
        best = shares.argmax()
        return str(model.classes_[best]), float(shares[best])

    return answer


def row(name: str, make: Callable[..., Callable[[RecordFacts], Answer]], kept: Sequence[Record],
        asked: Sequence[RecordFacts], scheme: str) -> dict[str, object]:  # fmt: skip
    """Train, ask everything, count."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        answer = make(kept, scheme, Path(folder))
        trained = time.perf_counter() - started
        started = time.perf_counter()
        answers = [(answer(facts), label_of(facts, scheme)) for facts in asked]
        spent = time.perf_counter() - started
    right = sorted(((sure, found.startswith(label)) for (found, sure), label in answers), reverse=True)
    top = right[: max(1, int(len(right) * 0.3))]
    sure = [good for confidence, good in right if confidence >= _SURE]
    return {
        "who": name, "asked": len(right), "right": sum(good for _, good in right) / len(right),
        "right_in_surest_30": sum(good for _, good in top) / len(top),
        "claimed_sure": len(sure), "right_where_sure": sum(sure) / len(sure) if sure else None,
        "train_s": trained, "ask_ms": spent / len(right) * 1000,
    }  # fmt: skip


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    options.add_argument("files", nargs="*", type=Path)
    options.add_argument("--scheme", default="DDC")
    options.add_argument("--json", type=Path)
    chosen = options.parse_args()
    read = (r.record for path in chosen.files for r in read_records(path) if r.record is not None)
    kept, asked = split(read if chosen.files else made_up(), chosen.scheme)
    rows = [
        row("this project", ours, kept, asked, chosen.scheme),
        row("scikit-learn", peer, kept, asked, chosen.scheme),
    ]
    if chosen.json:
        chosen.json.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    print(f"{len(kept)} records in the catalogue, {len(asked)} titles asked, {chosen.scheme}\n")
    heads = (("", 14), ("P@1", 7), ("surest 30 %", 13), ("claimed ≥ .95", 15), ("right there", 13))
    print("".join(f"{head:>{wide}}" for head, wide in (*heads, ("train s", 9), ("ask ms", 8))))
    for found in rows:
        there = found["right_where_sure"]
        print(
            f"{found['who']:>14}{found['right']:>7.3f}{found['right_in_surest_30']:>13.3f}"
            f"{found['claimed_sure']:>15}{'–' if there is None else f'{there:.3f}':>13}"
            f"{found['train_s']:>9.1f}{found['ask_ms']:>8.1f}"
        )
    ratio = rows[0]["right"] / rows[1]["right"]  # type: ignore[operator]
    print(f"\nP@1 of this project over that of scikit-learn: {ratio:.2f}")


if __name__ == "__main__":
    main()
