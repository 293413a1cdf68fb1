"""Seeds of recipe `commits`: changes that are drawn from a repository's history, with what else in it bears on them."""

from __future__ import annotations

import hashlib
import heapq
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path, PurePosixPath

from udfs.cleaning import personal_data
from udfs.languages.detect import detect, is_vendored
from udfs.reading.decoding import Decoded, decode
from udfs.reading.git import Entry, is_wanted, listed
from udfs.reading.git_changes import Change, Touched, changes, writers
from udfs.reading.git_command import RepositoryError, without_promises
from udfs.reading.git_objects import objects
from udfs.recipes import bm25, commit_messages
from udfs.recipes.commits import Commits, changed_lines
from udfs.recipes.seeding import PROGRAMS

_TRIES = 20
"""Changes that are looked at for each that is wanted: of a history of binaries and bots not all."""
_LARGEST = 64 * 1024
"""Bytes of a file that may be context."""

Read = Callable[[str, int], bytes | None]


@dataclass(frozen=True)
class File:
    """What a seed shows of a path: SHA-256 of the texts as they stand in the repository, their objects, and who wrote
    them.
    """

    path: str
    content_ids: tuple[str, ...]
    oids: tuple[str, ...]
    people: tuple[str, ...] = ()


@dataclass(frozen=True)
class History:
    """A change: texts of the seed, its language, and what a request for removal may name."""

    language: str
    fields: Mapping[str, str]
    files: tuple[File, ...]
    people: tuple[str, ...]
    """Addresses of its author and of those whom its message names."""


def histories(repository: Path, commit: str, number: int, p: Commits) -> Iterator[History]:
    """At most `number` changes, in the order of a hash of their commits: a history that grows moves few of them.

    Raises RepositoryError where the repository is damaged.
    """
    with without_promises(repository) as whole:
        drawn = heapq.nsmallest(_TRIES * number, _tasks(whole, commit, p), key=lambda task: _order(task[0].commit))
        with objects(whole) as read:
            shelf = _Shelf(whole, read, p)
            found = (seed for change, people in drawn if (seed := _history(change, people, shelf)))
            seeds = list(islice(found, number))
        wrote = writers(whole, commit, {oid for seed in seeds for file in seed.files for oid in file.oids})
    for seed in seeds:
        yield replace(seed, files=tuple(_signed(file, wrote) for file in seed.files))


def _tasks(repository: Path, commit: str, p: Commits) -> Iterator[tuple[Change, tuple[str, ...]]]:
    """Changes whose message is a task, with whom it names."""
    for change in changes(repository, commit, p.most_files):
        message, people = commit_messages.told(change.message)
        if commit_messages.is_task(message, change.author, p.least_words, p.most_message):
            yield replace_message(change, message), people


def _order(commit: str) -> bytes:
    return hashlib.sha256(f"commits\0{commit}".encode()).digest()


def _signed(file: File, wrote: Mapping[str, str]) -> File:
    """With who wrote it, as far as the history says it."""
    return replace(file, people=tuple(dict.fromkeys(wrote[oid] for oid in file.oids if oid in wrote)))


def replace_message(change: Change, message: str) -> Change:
    """The change with the message as it is shown: less trailers and personal data."""
    return change._replace(message=personal_data.replace(message, None, "text")[0])


def _history(change: Change, people: tuple[str, ...], shelf: _Shelf) -> History | None:
    sides = [_sides(touched, shelf) for touched in change.touched]
    whole = [side for side in sides if side]
    if len(whole) < len(sides) or not any(fields["before"] for fields, _ in whole):
        return None
    files = [fields for fields, _ in whole]
    if any(f["before"].split() == f["after"].split() for f in files) or changed_lines(files) > shelf.p.most_lines:
        return None
    context = shelf.nearest(change, files)
    language = Counter({f["language"]: len(f["after"]) for f in files}).most_common(1)[0][0]
    told = {"message": change.message, "commit": change.commit, "files": _json(files)}
    told["context"] = _json([shown for shown, _ in context])
    people = tuple(dict.fromkeys([change.author, *people]))
    return History(language, told, (*(file for _, file in whole), *(file for _, file in context)), people)


def _json(rows: list[dict[str, str]]) -> str:
    return json.dumps(rows, ensure_ascii=False)


def _sides(touched: Touched, shelf: _Shelf) -> tuple[dict[str, str], File] | None:
    """A file before and after; None for one that is deleted, no program, copied from elsewhere, or too long."""
    name = touched.path.decode("utf-8", "replace")
    if not touched.after or is_vendored(name) or "\ufffd" in name:
        return None
    most = shelf.p.most_chars
    old, new = (_text(shelf.read(oid, 4 * most)) if oid else "" for oid in (touched.before, touched.after))
    if old is None or new is None or not new.strip() or max(len(old), len(new)) > most:
        return None
    language = detect(name, new).language or ""
    if language.casefold() not in PROGRAMS:
        return None
    shown = {"path": name, "language": language.casefold()}
    shown |= {side: _public(text, language) for side, text in (("before", old), ("after", new))}
    ids = tuple(dict.fromkeys(_digest(text) for text in (old, new) if text))
    return shown, File(name, ids, tuple(oid for oid in (touched.before, touched.after) if oid))


def _text(data: bytes | None) -> str | None:
    found = None if data is None else decode(data)
    return found.text if isinstance(found, Decoded) else None


def _public(text: str, language: str) -> str:
    return personal_data.replace(text, language, "code")[0]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class _Shelf:
    """Files of a repository at a commit that bear on a change, by BM25; what is read is kept for the next commit."""

    def __init__(self, repository: Path, read: Read, p: Commits) -> None:
        self.repository, self.read, self.p = repository, read, p
        self.known: dict[str, Counter[str]] = {}

    def nearest(self, change: Change, files: list[dict[str, str]]) -> list[tuple[dict[str, str], File]]:
        """The files with the most in common, the best first: lines around what they share."""
        if not (self.p.context and self.p.candidates and change.parent):
            return []
        entries = self._candidates(change.parent, [file["path"] for file in files])
        query = bm25.words(change.message)
        for file in files:
            query.update(bm25.words(file["before"]))
        scores = bm25.scores(query, [self._words(entry) for entry in entries])
        ranked = sorted(zip(scores, entries, strict=True), key=lambda one: (-one[0], one[1].path))
        found: list[tuple[dict[str, str], File]] = []
        for score, entry in ranked:
            if score <= 0 or len(found) == self.p.context:
                break
            if shown := self._shown(entry, query):
                found.append(shown)
        return found

    def _candidates(self, commit: str, touched: list[str]) -> list[Entry]:
        """Files of the same kinds, those that share the most folders with a touched one first."""
        endings = {PurePosixPath(path).suffix for path in touched}
        homes = [PurePosixPath(path).parts[:-1] for path in touched]
        found: list[tuple[int, int, str, Entry]] = []
        for entry in _tree(self.repository, commit):
            path = entry.path.decode("utf-8", "replace")
            pure = PurePosixPath(path)
            if pure.suffix in endings and path not in touched and is_wanted(entry, _LARGEST) and not is_vendored(path):
                near = max(_shared(pure.parts[:-1], home) for home in homes)
                found.append((-near, len(pure.parts), path, entry))
        found.sort(key=lambda one: one[:3])
        return [entry for *_, entry in found[: self.p.candidates]]

    def _words(self, entry: Entry) -> Counter[str]:
        oid = entry.oid.decode()
        if oid not in self.known:
            self.known[oid] = bm25.words(_text(self.read(oid, _LARGEST)) or "")
        return self.known[oid]

    def _shown(self, entry: Entry, query: Counter[str]) -> tuple[dict[str, str], File] | None:
        text = _text(self.read(entry.oid.decode(), _LARGEST))
        path = entry.path.decode("utf-8", "replace")
        if not text or "\ufffd" in path:
            return None
        language = detect(path, text).language or ""
        excerpt = window(_public(text, language), query, self.p.context_chars)
        if not excerpt.strip():
            return None
        shown = {"path": path, "language": language.casefold(), "text": excerpt}
        return shown, File(path, (_digest(text),), (entry.oid.decode(),))


def _tree(repository: Path, commit: str) -> list[Entry]:
    """The files of a commit; none where its tree is not whole."""
    try:
        return list(listed(repository, commit, "-r"))
    except RepositoryError:
        return []


def _shared(one: tuple[str, ...], other: tuple[str, ...]) -> int:
    """How many folders two paths have in common from the root on."""
    return next((n for n, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def window(text: str, query: Mapping[str, int], most_chars: int) -> str:
    """The whole lines, at most so many characters of them, that share the most different words with a query; the first
    such lines where several do.
    """
    lines = text.split("\n")
    wanted = [set(bm25.words(line)) & query.keys() for line in lines]
    best, best_count = (0, 0), -1
    count: Counter[str] = Counter()
    start, size = 0, 0
    for end, line in enumerate(lines):
        size += len(line) + 1
        count.update(wanted[end])
        while size > most_chars and start <= end:
            size -= len(lines[start]) + 1
            count.subtract(wanted[start])
            count += Counter()
            start += 1
        if start <= end and len(count) > best_count:
            best, best_count = (start, end + 1), len(count)
    return "\n".join(lines[slice(*best)])
