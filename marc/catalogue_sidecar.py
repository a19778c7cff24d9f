"""A word index in tantivy beside a large SQLite catalogue: faster, and made anew from it at any time.

SQLite is the truth.  The sidecar says up to which import it knows the catalogue; one that is behind is not
asked.  The package ``tantivy`` is optional; without it the catalogue's own word index answers.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from marc.catalogue_store import Store
from marc.catalogue_words import Query

_WORTH_IT = 1_000_000
"""Records from which on a sidecar is kept."""
_HEAP = 256_000_000
_STATE = "workcell.json"


class Sidecar:
    """The index beside one catalogue, or the place where it would stand."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._index: Any = None

    @classmethod
    def beside(cls, where: Path | str) -> Sidecar:
        """The sidecar of a catalogue file; a shared database has none."""
        if "://" in str(where):
            return cls(None)
        return cls(Path(f"{where}.words"))

    def state(self, store: Store) -> str:
        """``none``, ``current``, or ``behind``: then searching does without it until the next import."""
        known = self._known()
        if known is None:
            return "none"
        return "current" if known == store.last_run() else "behind"

    def refresh(self, store: Store, *, force: bool = False) -> bool:
        """Bring the index up to the catalogue's last import; make it when the catalogue has become large.

        ``force`` makes it whatever the size.  Gives whether there is one; there is none without tantivy.
        """
        known = self._known()
        if self._folder is None or not available():
            return False
        if known is None and not force and sum(store.counts().values()) < _WORTH_IT:
            return False
        last = store.last_run()
        if known != last:
            self._write(store.changed_since(known or 0), fresh=known is None)
            (self._folder / _STATE).write_text(json.dumps({"run": last}), "utf-8")
            self._index = None
        return True

    def remove(self) -> None:
        """Delete the index; the catalogue does without."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
        self._index = None

    def shortlist(self, query: Query, store: Store, limit: int) -> list[int] | None:
        """The most promising records for a query; None when the index is not there or is behind."""
        if self._known() is None or not available() or self.state(store) != "current":
            return None
        import tantivy

        index = self._opened()
        index.reload()
        parts = [
            (
                tantivy.Occur.Should,
                tantivy.Query.boost_query(tantivy.Query.term_query(index.schema, "words", token), faith),
            )
            for token, faith in query.faith.items()
        ]
        searcher = index.searcher()
        found = searcher.search(tantivy.Query.boolean_query(parts), limit, count=False).hits
        return [int(searcher.doc(address)["id"][0]) for _, address in found]

    def _known(self) -> int | None:
        """The last import that the index knows, None when there is no index."""
        if self._folder is None:
            return None
        try:
            return int(json.loads((self._folder / _STATE).read_text("utf-8"))["run"])
        except (OSError, ValueError, KeyError):
            return None

    def _opened(self) -> Any:
        import tantivy

        if self._index is None:
            self._index = tantivy.Index.open(str(self._folder))
        return self._index

    def _write(self, records: Iterable[tuple[int, str]], *, fresh: bool) -> None:
        import tantivy

        if self._folder is None:
            return
        if fresh:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir(parents=True)
            self._index = tantivy.Index(_schema(), path=str(self._folder))
        else:
            (self._folder / _STATE).unlink()
        writer = self._opened().writer(_HEAP, 1)
        for id, tokens in records:
            if not fresh:
                writer.delete_documents_by_term("id", id)
            document = tantivy.Document()
            document.add_unsigned("id", id)
            document.add_text("words", tokens)
            writer.add_document(document)
        writer.commit()
        writer.wait_merging_threads()


def available() -> bool:
    """Whether the package tantivy is installed."""
    return importlib.util.find_spec("tantivy") is not None


def _schema() -> Any:
    import tantivy

    builder = tantivy.SchemaBuilder()
    builder.add_unsigned_field("id", stored=True, indexed=True, fast=True)
    builder.add_text_field("words", stored=False, tokenizer_name="whitespace", index_option="freq")
    return builder.build()
