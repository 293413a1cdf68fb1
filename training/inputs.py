"""What a run reads, pinned: tokenizer, tables with their versions, and the feed that gives batches from them.

A table is named LOCATION, LOCATION@VERSION or LOCATION@rRELEASE; without either it is pinned when the run starts to the
newest release that holds it. Versions are written into run.json, and a resume reads those.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from training.data.feed import DocumentFeed, Feed, RowFeed
from training.data.mixture import ANNEALING, without
from training.data.opening import open_table
from training.data.packing import Packing
from training.data.reader import Part, Reader
from training.data.rows import Rows, RowShape
from training.data.tables import HeldOut, TokenTable
from training.settings import Run
from udfs.tokens.tokenizer import TextTokenizer


@dataclass(frozen=True)
class Source:
    """One part of a mixture: rows of a table, `weight` of the tokens, at most `epochs` times each."""

    name: str
    table: str
    version: int | None = None
    weight: str = "1"
    epochs: float = 1.0
    sources: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for field in ("sources", "languages"):
            object.__setattr__(self, field, tuple(getattr(self, field)))
        object.__setattr__(self, "weight", str(self.weight))


@dataclass(frozen=True)
class Inputs:
    """`tokenizer` is a folder, `sources` the parts of the mixture, `stage` picks rows of one SFT stage (0: all). The
    held-out rows that are looked at in the run are those of `held_out`, a set each; where there is none, of `sources`.
    """

    tokenizer: str
    sources: tuple[Source, ...]
    cache: str
    stage: int = 0
    held_out: tuple[Source, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """What run.json holds."""
        given = asdict(self)
        return given if self.held_out else {name: value for name, value in given.items() if name != "held_out"}

    @classmethod
    def from_dict(cls, given: Mapping[str, Any]) -> Inputs:
        """The inverse of as_dict."""
        sources, held_out = (tuple(Source(**s) for s in given.get(name, ())) for name in ("sources", "held_out"))
        return cls(given["tokenizer"], sources, given["cache"], given["stage"], held_out)

    def pinned(self) -> Inputs:
        """The same with a version for every table. Raises ValueError."""
        sources, held_out = (tuple(_pinned(source) for source in some) for some in (self.sources, self.held_out))
        return replace(self, sources=sources, held_out=held_out)

    def notices(self, phase: str) -> list[str]:
        """What annealing does without of the paper's mixture; a mixture of other parts is the user's own."""
        names = {source.name for source in self.sources}
        absent = sorted(set(ANNEALING) - names)
        if phase != "anneal" or not absent or not names <= set(ANNEALING):
            return []
        return [f"mixture: without {', '.join(absent)}; the other parts share its place in proportion"]

    def tables(self, held_out: HeldOut = "leave_out") -> dict[str, TokenTable]:
        """The open tables by the names of the parts."""
        opened: dict[str, TokenTable] = {}
        for source in self.sources:
            table = open_table(source.table, source.version, held_out)
            opened[source.name] = replace(table, stage=self.stage or None) if "stage" in table.schema.names else table
        return opened


def named(name: str, text: str) -> Source:
    """A part from the command line's NAME=LOCATION[@VERSION|@rRELEASE]."""
    place, _, at = text.rpartition("@")
    if not place or "/" in at:
        place, at = text, ""
    if at.startswith("r") and at[1:].isdigit():
        from training.data.delta import version_of

        return Source(name, _absolute(place), version_of(_absolute(place), int(at[1:])))
    if at and not at.isdigit():
        raise ValueError(f"{text}: expected LOCATION@VERSION or LOCATION@rRELEASE, found @{at}")
    return Source(name, _absolute(place), int(at) if at else None)


def read_mixture(file: str) -> tuple[Source, ...]:
    """Parts of a TOML file: a table [NAME] for each with table, version, weight, epochs, sources, languages."""
    try:
        given = tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ValueError(f"{file}: expected a TOML file of the mixture's parts, found none") from None
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{file}: expected TOML, found an error: {error}") from None
    found = []
    for name, part in given.items():
        known = {"table", "version", "weight", "epochs", "sources", "languages"}
        if not isinstance(part, dict) or "table" not in part or set(part) - known:
            raise ValueError(
                f"{file}: [{name}]: expected table and any of {', '.join(sorted(known - {'table'}))}, found "
                f"{', '.join(part) if isinstance(part, dict) else part!r}"
            )
        pinned = named(name, part["table"])
        version = part.get("version", pinned.version)
        found.append(replace(Source(name, **{**part, "table": pinned.table}), version=version))
    return tuple(found)


def weighted(
    sources: Sequence[Source], weights: Mapping[str, Any], leave_out: Sequence[str] = ()
) -> tuple[Source, ...]:
    """The parts with a recipe's weights, an ablation's left out; unknown names raise ValueError."""
    chosen = without(weights, *leave_out) if leave_out else dict(weights)
    unknown = [source.name for source in sources if source.name not in weights]
    if unknown:
        raise ValueError(f"mixture: expected parts among {', '.join(weights)}, found {', '.join(unknown)}")
    return tuple(replace(s, weight=str(chosen[s.name])) for s in sources if s.name in chosen)


def _absolute(place: str) -> str:
    return place if "://" in place else str(Path(place).absolute())


def _pinned(source: Source) -> Source:
    if source.version is not None:
        return source
    if source.table.endswith(".json"):
        return replace(source, version=open_table(source.table).version)
    from training.data.delta import version_of

    return replace(source, version=version_of(source.table, None))


def phase_seed(seed: int, phase: str) -> int:
    """Each phase has an order of its own: annealing must not begin with the documents that pretraining began with."""
    return int.from_bytes(hashlib.blake2b(f"{phase}\n{seed}".encode(), digest_size=4).digest(), "big")


def open_feed(run: Run, inputs: Inputs, tokenizer: TextTokenizer, cache: Path | None = None) -> Feed:
    """The batches of a run, from sequence 0 at step 0; `cache` may be another folder than the inputs'. Raises
    ValueError.
    """
    tables = inputs.tables()
    special, folder = tokenizer.special, cache or Path(inputs.cache)
    padding = tokenizer.id(special.padding)
    seed = phase_seed(run.data.seed, run.phase)
    if run.phase == "sft":
        if len(tables) != 1:
            raise ValueError(f"sft: expected one table of chat rows, found {len(tables)}; join them in one table")
        name, table = next(iter(tables.items()))
        if "supervised" not in table.schema.names:
            raise ValueError(
                f"{table.name}: expected chat rows with a column supervised, found documents; name sft_tokens"
            )
        shape = RowShape(run.batch.length, padding, tokenizer.id(special.end_of_turn), run.data.too_long)
        rows = Rows(name, table, shape, seed, tokenizer.hash, folder)
        return RowFeed(rows, run.batch, run.duration.epochs or 1.0, run.data.packed, run.engine.compile)
    parts = [
        Part(s.name, tables[s.name], s.weight, s.epochs, tuple(s.sources), tuple(s.languages)) for s in inputs.sources
    ]
    bos = None if special.bos is None else tokenizer.id(special.bos)
    separator, data = tokenizer.id(special.separator), run.data
    packing = Packing(run.batch.length, separator, padding, bos, data.isolate, data.tail, data.block)
    reader = Reader(parts, packing, seed, tokenizer.hash, folder, run.data.missing)
    return DocumentFeed(reader, run.batch)
