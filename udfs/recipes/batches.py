"""Recipes by Arrow batch: seeds of texts, threads played as far as what is known reaches."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from functools import cache
from typing import Any

import pyarrow as pa

from schemas.contract import arrow_type
from schemas.identity import code_identity, data_bytes
from schemas.instruct import PACKAGE_USAGES, SEED_PARTS, THREADS
from schemas.storable import utf8_bytes, without_surrogates
from udfs.calls.requests import Answer
from udfs.instructions.make import instruction_id
from udfs.recipes import replay, rubrics
from udfs.recipes.book import RECIPES
from udfs.recipes.population import LINEAGE
from udfs.recipes.prompts import FOLDER
from udfs.recipes.seeding import seeds_of
from udfs.recipes.steps import Dropped, Made, Ran, Seed, Tested
from udfs.recipes.usages import usages

ASKED = "array<struct<step:string,prompt:string,kind:string,key:string,body:string>>"
KNOWN = "array<struct<key:string,kind:string,body:string>>"
_MADE = ("keep", "reasons", "steps", "made", "scores", "texts")
_PLAYED = {"seed_id": "string", "recipe": "string", "recipe_version": "string", "status": "string"}
_PLAYED |= {"waits": ASKED, "trail": ASKED} | {name: THREADS.column(name).type for name in _MADE}
PLAYED = ", ".join(f"{name} {kind}" for name, kind in _PLAYED.items())
"""(seed_id, recipe, recipe_version, status, waits, trail, columns of threads); bodies of the trail are empty."""
_PLAYED_ARROW = pa.schema([pa.field(name, arrow_type(kind)) for name, kind in _PLAYED.items()])
_PARTS = ("clean_id", "recipe", "language", "found", "texts")
PARTS = ", ".join(f"{name} {SEED_PARTS.column(name).type}" for name in _PARTS)
_USAGES = ("clean_id", "language", "found", "texts")
USAGES = ", ".join(f"{name} {PACKAGE_USAGES.column(name).type}" for name in _USAGES)
_DATA = (
    "test_forms.toml",
    "evolution.toml",
    "rewrite_styles.toml",
    "api_probe.js",
    *(f"{rubrics.FOLDER}/{name}.toml" for name in rubrics.names()),
)
"""What recipes read beside their prompts."""


@cache
def kernel_version() -> str:
    """Hash of the code that plays threads; taken when a run asks for it, since it reads a hundred files."""
    return code_identity(__name__)


def seed_id(recipe: str, language: str, fields: str) -> str:
    """SHA-256 of recipe, language and the canonical fields, NULs between."""
    return hashlib.sha256(f"{recipe}\0{language}\0{fields}".encode("utf-8", "surrogatepass")).hexdigest()


def canonical(fields: Mapping[str, str]) -> str:
    """JSON with sorted keys and no spaces; a lone surrogate, which no table can hold, becomes a question mark."""
    said = json.dumps(dict(fields), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return without_surrogates(said)


@dataclass(frozen=True)
class Player:
    """What threads hang on beside their seeds: the settings of each recipe, which model answers what, and the `limits`
    of programs that say none of their own (cpu_seconds, memory).
    """

    settings: Mapping[str, Any]
    models: replay.Models
    limits: Mapping[str, Any] = field(default_factory=dict)

    def version(self, recipe: str) -> str:
        """Hash of a recipe's code, prompts, settings and models, and of the limits where it runs programs: 16
        hexadecimal digits. Raises ValueError where a step has no model.
        """
        row = RECIPES[recipe]
        models = self.models.needed(row, self.settings[recipe])
        # A second judge is no step that every seed goes through.
        models |= {name: model for name, model in self.models.by_step.items() if name.startswith(f"{recipe}.")}
        features = {model: sorted(self.models.features.get(model, ())) for model in models.values()}
        parts = [
            code_identity(row.play.__module__, data=_DATA),
            *(data_bytes(f"{FOLDER}/{name}.md").decode() for _, name, _ in row.asks),
            json.dumps([models, features, dict(self.models.parameters), self.models.seed], sort_keys=True, default=str),
            json.dumps(asdict(self.settings[recipe]), sort_keys=True, default=str),
            json.dumps(dict(self.limits) if row.needs else {}, sort_keys=True),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def seed_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Seeds of rows (clean_id, recipe, language, url, text), each once in a text."""
    rows = []
    for row in batch.to_pylist():
        recipe, language = row["recipe"], row["language"]
        found = [canonical(fields) for fields in seeds_of(recipe, row["text"], language, row["url"] or "")]
        by_id = {seed_id(recipe, language, fields): fields for fields in found}
        rows.append(
            {name: row[name] for name in ("clean_id", "recipe", "language")}
            | {"found": [{"seed_id": i, "bytes": utf8_bytes(fields)} for i, fields in by_id.items()]}
            | {"texts": [{"seed_id": i, "fields": fields} for i, fields in by_id.items()]}
        )
    yield pa.RecordBatch.from_pylist(rows, SEED_PARTS.arrow_schema(_PARTS))


def played_batch(player: Player, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Threads of rows (seed_id, recipe, recipe_version, language, fields, known), played as far as they go."""
    yield pa.RecordBatch.from_pylist([_played(player, row) for row in batch.to_pylist()], _PLAYED_ARROW)


def _played(player: Player, row: dict[str, Any]) -> dict[str, Any]:
    recipe = RECIPES[row["recipe"]]
    seed = Seed(row["seed_id"], json.loads(row["fields"]), row["language"])
    known = {k["key"]: known_of(k["kind"], k["body"]) for k in row["known"] or ()}
    try:
        found = replay.play(recipe, seed, player.settings[recipe.name], player.models, known, player.limits)
        made = [_row(one, seed) for one in found.rows]
    except Exception as error:  # a fault of the recipe loses its thread, with a reason, and no other
        found = replay.Played((), dropped=Dropped("recipe_failed", detail=f"{type(error).__name__}: {error}"))
        made = []
    made = list({m[0]["row_id"]: m for m in made}.values())
    why = found.dropped
    if found.status == "done" and not made:
        why = Dropped("nothing_made")
    return {
        **{name: row[name] for name in ("seed_id", "recipe", "recipe_version")},
        "status": found.status,
        "waits": [asdict(a) for a in found.waits],
        "trail": [asdict(a) | {"body": ""} for a in found.trail],
        "keep": bool(made),
        "reasons": [_reason(why)] if why else [],
        "steps": len(found.trail),
        "made": [m[0] for m in made],
        "scores": [m[1] for m in made],
        "texts": [m[2] for m in made],
    }


def _reason(why: Dropped) -> dict[str, Any]:
    detail = without_surrogates(why.detail or "") or None
    return {"rule": why.rule, "value": why.value, "threshold": why.threshold, "detail": detail}


def _row(made: Made, seed: Seed) -> tuple[dict[str, Any], list[dict[str, Any]], dict[str, Any]]:
    """(narrow facts, scores, texts) of a row."""
    messages = [{"role": m["role"], "content": without_surrogates(m["content"])} for m in made.messages]
    text = without_surrogates(made.text)
    parts = canonical(made.parts)
    language = made.language or seed.language or "unknown"
    row_id = instruction_id(messages) if messages else hashlib.sha256((text or parts).encode()).hexdigest()
    *asked, answer = [m["content"] for m in messages] or [text]
    if made.target.startswith("seeds:"):
        row_id = seed_id(made.target.partition(":")[2], language, parts)
    # A row without a text (a label) is its parts: rows that say nothing else are no copies of each other.
    whole = "\0".join((*asked, answer)) or parts
    squeezed = hashlib.sha256("".join(whole.split()).encode()).hexdigest()
    facts = {
        "row_id": row_id,
        "target": made.target,
        "name": _name(made),
        "language": language,
        "stage": made.stage,
        "licence": made.licence or None,
        "squeezed": squeezed,
        "question_bytes": sum(map(utf8_bytes, asked)),
        "answer_bytes": utf8_bytes(answer),
    }
    said = json.dumps(messages, sort_keys=True, separators=(",", ":"), ensure_ascii=False) if messages else None
    scores = [{"name": name, "value": float(value)} for name, value in sorted(made.scores.items())]
    return facts, scores, {"row_id": row_id, "messages": said, "text": text or None, "parts": parts}


def _name(made: Made) -> str | None:
    """What a seed of another recipe is found by: the symbol of a package, the lineage of a task, tags of a problem."""
    if not made.target.startswith("seeds:"):
        return None
    if "ecosystem" in made.parts:
        return symbol_name(made.parts)
    if "generation" in made.parts:
        return canonical({name: made.parts[name] for name in LINEAGE})
    return made.parts.get("tags")


def symbol_name(parts: Mapping[str, str]) -> str:
    """ECOSYSTEM:PACKAGE:SYMBOL of a symbol's fields: the package as it is imported, the last part of the symbol."""
    ecosystem, module, symbol = (parts.get(name, "") for name in ("ecosystem", "module", "symbol"))
    package = module.split(".")[0] if ecosystem == "python" else parts.get("package", "")
    return f"{ecosystem}:{package}:{re.split('[.#]', symbol)[-1]}"


def usage_batch(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """How texts (clean_id, language, text) use packages."""
    rows = []
    for row in batch.to_pylist():
        by_id = {}
        for one in usages(row["text"], row["language"]):
            name, lines = f"{one.ecosystem}:{one.package}:{one.symbol}", without_surrogates(one.lines)
            by_id[hashlib.sha256(f"{name}\0{lines}".encode()).hexdigest()] = (name, lines)
        rows.append(
            {"clean_id": row["clean_id"], "language": row["language"]}
            | {"found": [{"usage_id": i, "name": name} for i, (name, _) in by_id.items()]}
            | {"texts": [{"usage_id": i, "lines": lines} for i, (_, lines) in by_id.items()]}
        )
    yield pa.RecordBatch.from_pylist(rows, PACKAGE_USAGES.arrow_schema(_USAGES))


def known_of(kind: str, body: str) -> Answer | Ran:
    """An answer or a run as it is stored for a thread."""
    said = json.loads(body)
    if kind == "call":
        return Answer(**said | {"logprobs": tuple(json.loads(said.get("logprobs") or "[]"))})
    return Ran(tuple(Tested(**t) for t in said.pop("tests")), **said)
