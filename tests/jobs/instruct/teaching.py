"""A warehouse with a small corpus, a teacher that answers every prompt, and runs of the synthetic half over it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from jobs.instruct import flow
from jobs.instruct.given_seeds import NAME, read_seeds
from jobs.instruct.parameters import Calls, Recipes, Runs, synthesis
from jobs.runtime.accounting import StageResult, append_rows
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.web import WEB_CORPUS
from udfs.recipes.snippets import Snippets

MODEL = "teacher"
PYTHON = {Snippets: Snippets(languages=("python",))}


def document(repo: str, path: str, text: str, language: str = "python") -> dict[str, Any]:
    """A row of code_corpus."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    size = len(text.encode())
    return {
        "clean_id": digest,
        "file_id": hashlib.sha256(f"{repo}/{path}".encode()).hexdigest(),
        "content_id": digest,
        "language": language,
        "kind": "code",
        "repo_id": repo,
        "repo": repo,
        "path": path,
        "licences": ["MIT"],
        "commit_time": datetime(2024, 1, 1, tzinfo=UTC),
        "raw_bytes": size,
        "text_bytes": size,
        "run_id": "made",
        "text": text,
    }


def function(n: int) -> str:
    """A documented function, of which each recipe of code takes a seed."""
    doc = f'"""Return the sum of the numbers x and {n}, as a whole number."""'
    return f"def add_{n}(x):\n    {doc}\n    return x + {n}\n"


def corpora(lake: Lake, code: Iterable[dict[str, Any]], web: Iterable[dict[str, Any]] = ()) -> None:
    """Lay the two corpora."""
    for table, rows in ((CODE_CORPUS, list(code)), (WEB_CORPUS, list(web))):
        lake.ensure(table)
        append_rows(lake, table, rows)


def teacher(body: dict[str, Any]) -> str:
    """Answers as a good model would: by what the prompt asks for."""
    said = "\n".join(m["content"] for m in body["messages"])
    number = (re.findall(r"def add_(\d+)", said) or ["7"])[0]
    for words, answer in ANSWERS:
        if words in said:
            return answer(number, said)
    raise AssertionError(f"the teacher knows no answer to {said[-300:]}")


def _snippet(number: str, said: str) -> str:
    code = f"def plus_{number}(x):\n    # The sum of x and {number}.\n    return x + {number}"
    tests = "\n".join(f"assert plus_{number}({n}) == {n + int(number)}" for n in (0, 1, -5))
    return f"### Code\n```python\n{code}\n```\n### Tests\n```python\n{tests}\n```"


def _textbook(number: str, said: str) -> str:
    return f"Adding {number} to a number is the simplest of all operations. " * 12


ANSWERS: list[tuple[str, Callable[[str, str], str]]] = [
    ("small, complete programs", _snippet),
    ("author of a textbook", _textbook),
]


def settings(url: str, **more: Any) -> Calls:
    """Calls to one endpoint that answers for every step."""
    return Calls(
        endpoints={MODEL: url}, models={"default": MODEL}, **{"tasks": 1, "chunk": 100, "timeout": 10.0} | more
    )


def run_instruct(
    lake: Lake,
    run_id: str,
    recipes: Recipes,
    calls: Calls,
    limit: int = 0,
    stored: dict[str, str] | None = None,
    more: dict[type, Any] | None = None,
) -> list[StageResult]:
    """Given seeds and every stage."""
    params = {Recipes: recipes, Calls: calls, Runs: Runs(need="rlimits", cpu_seconds=5.0)} | (more or {})
    run = Run(lake, run_id, flow.STAGES, synthesis(params, limit, stored))
    results = run_stages(run, flow.STAGES, before=((NAME, lambda: read_seeds(run, recipes)),))
    run.held.let_go()
    lake.drop_staging(run_id)
    return results


def by_stage(results: list[StageResult]) -> dict[str, StageResult]:
    return {r.stage: r for r in results}


def parts(row: Any) -> dict[str, str]:
    return dict(json.loads(row))
