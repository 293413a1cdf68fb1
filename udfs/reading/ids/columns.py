"""Which columns of a list of ids, or of a set of texts, mean what: known names, or those that the manifest gives."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

HASHES = ("blob_id", "sha1_git", "sha256", "sha1", "content_id", "content_hash", "blob_sha", "hexsha", "hash", "swhid")
KNOWN: dict[str, tuple[str, ...]] = {
    "repo": ("repo_name", "repo", "repository", "repository_name", "repo_path", "full_name", "max_stars_repo_name"),
    "path": ("path", "rel_path", "file_path", "max_stars_repo_path", "sub_path"),
    "name": (),
    "commit": ("commit", "commit_id", "revision_id", "revision", "commit_sha", "max_stars_repo_head_hexsha"),
    "hash": HASHES,
    "licences": ("detected_licenses", "licenses", "license", "max_stars_repo_licenses"),
    "stars": ("star_events_count", "stars", "max_stars_count"),
    "commit_time": ("committer_date", "commit_time"),
    "encoding": ("src_encoding", "encoding"),
    "text": ("content", "text", "code"),
}
_OF_SET = ("text", "hash", "repo", "path", "commit", "encoding")
# RefineCode's own metadata: the folder, or the whole path, in one column and the name in another.
_FOLDER, _NAME = "sub_path", "file_name"
FIELDS = (*(f for f in KNOWN if f != "text"), *(f if f == "text" else f"text_{f}" for f in _OF_SET))
"""What `columns` of a manifest may name: fields of the list, and those of a set of texts, which begin with `text`."""
EXAMPLE = '"columns": {"path": "file", "hash": "digest", "text_hash": "id"}'


@dataclass(frozen=True)
class Columns:
    """Names of columns; None, or no hash, where there is none. The file's name is appended to a path that lacks it."""

    repo: str | None = None
    path: str | None = None
    name: str | None = None
    commit: str | None = None
    hashes: tuple[str, ...] = ()
    licences: str | None = None
    stars: str | None = None
    commit_time: str | None = None
    encoding: str | None = None
    text: str | None = None

    def wanted(self) -> list[str]:
        """All of them, each once."""
        single = (self.repo, self.path, self.name, self.commit, self.licences, self.stars, self.commit_time)
        named = [name for name in (*single, self.encoding, self.text) if name]
        return list(dict.fromkeys([*named, *self.hashes]))


def given(said: str | None) -> dict[str, str]:
    """The columns that a manifest names, as its source holds them."""
    return dict(json.loads(said)) if said else {}


def of_list(found: Sequence[str], named: Mapping[str, str], place: str) -> Columns:
    """The columns of a list. Raises ValueError, naming the file, where they identify nothing."""
    columns = _columns(found, {f: n for f, n in named.items() if not f.startswith("text")}, place)
    if not columns.hashes and not (columns.repo and columns.path):
        raise ValueError(
            f"{place}: expected a column of hashes ({', '.join(HASHES)}), or one of repositories "
            f"({', '.join(KNOWN['repo'])}) and one of paths ({', '.join(KNOWN['path'])}), found {', '.join(found)}: "
            f"name them in the manifest, as in {EXAMPLE}"
        )
    return columns


def of_set(found: Sequence[str], named: Mapping[str, str], place: str) -> Columns:
    """The columns of a set of texts. Raises ValueError, naming the file, where they name no texts."""
    mine = {f.removeprefix("text_"): n for f, n in named.items() if f.startswith("text")}
    columns = _columns(found, mine, place)
    if not columns.text or (not columns.hashes and not (columns.repo and columns.path)):
        raise ValueError(
            f"{place}: expected a column of texts ({', '.join(KNOWN['text'])}) beside one of hashes, or of "
            f"repositories and paths, found {', '.join(found)}: name them in the manifest, as in {EXAMPLE}"
        )
    return columns


def joined(ids: Columns, texts: Columns, place: str) -> list[tuple[str, str]]:
    """The pairs of columns (of the list, of the set) that say that a row is an id's text. Raises ValueError."""
    if ids.hashes and texts.hashes:
        same = next((name for name in ids.hashes if name in texts.hashes), None)
        return [(same, same)] if same else [(ids.hashes[0], texts.hashes[0])]
    if ids.repo and ids.path and texts.repo and texts.path:
        pairs = [(ids.repo, texts.repo), (ids.path, texts.path)]
        return pairs + ([(ids.commit, texts.commit)] if ids.commit and texts.commit else [])
    raise ValueError(
        f"{place}: expected what the list has too, hashes or repositories and paths, found {texts.wanted()} here and "
        f"{ids.wanted()} there: name columns that mean the same, as in {EXAMPLE}"
    )


def _columns(found: Collection[str], named: Mapping[str, str], place: str) -> Columns:
    for field, name in named.items():
        if name not in found:
            raise ValueError(
                f"{place}: expected the column {name!r} for {field}, found {', '.join(found)}: mend the manifest's "
                "columns"
            )

    def first(field: str) -> str | None:
        return named.get(field) or next((name for name in KNOWN[field] if name in found), None)

    path = first("path")
    hashes = [named["hash"]] if "hash" in named else [name for name in HASHES if name in found]
    return Columns(
        first("repo"),
        path,
        named.get("name") or (_NAME if path == _FOLDER and _NAME in found else None),
        first("commit"),
        tuple(hashes),
        *(first(field) for field in ("licences", "stars", "commit_time", "encoding", "text")),
    )
