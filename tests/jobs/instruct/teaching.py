"""A warehouse with a small corpus, a teacher that answers every prompt, and runs of the synthetic half over it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from jobs.instruct import flow
from jobs.instruct.as_stored import as_stored
from jobs.instruct.given_seeds import NAME, read_seeds
from jobs.instruct.parameters import Calls, Recipes, Runs, Synthesis, synthesis
from jobs.runtime.accounting import StageResult, append_rows
from jobs.runtime.runner import Run, run_stages
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.identity import data_bytes
from schemas.web import PAGE_TEXTS, WEB_CORPUS, WEB_PAGES
from tests.jobs.rows import frame
from tests.udfs.calls.endpoint import Said
from tests.udfs.recipes.scripts import CASES, CRITERIA, FILE, QUALITY, VALUE, block, judged, scored
from udfs.recipes import prompts
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


def corpora(lake: Lake, code: Iterable[dict[str, Any]], pages: Iterable[tuple[str, str]] = ()) -> None:
    """Lay the two corpora, and the captures of pages (url, text), each of which is in web_corpus."""
    captures, texts, kept = [], [], []
    for url, text in pages:
        digest = hashlib.sha256(text.encode()).hexdigest()
        page_id = hashlib.sha256(url.encode()).hexdigest()
        captures.append({"page_id": page_id, "source_id": "crawl", "url": url, "content_id": digest})
        texts.append({"content_id": digest, "text": text, "text_bytes": len(text.encode())})
        about = {"page_id": page_id, "clean_id": digest, "content_id": digest, "url": url, "domain": "example.org"}
        kept.append(about | {"natural_language": "en", "tag": "Code", "text": text, "text_bytes": len(text.encode())})
    for table, rows in ((WEB_CORPUS, kept), (WEB_PAGES, captures), (PAGE_TEXTS, texts)):
        lake.ensure(table)
        for name in table.constraints if rows else ():  # rows of other stages, which these tests leave out
            lake.spark.sql(f"ALTER TABLE {lake.ref(table.name)} DROP CONSTRAINT {name}")
        if rows:
            lake.append(table, frame(lake.spark, table, rows), {})
    lake.ensure(CODE_CORPUS)
    append_rows(lake, CODE_CORPUS, list(code))


def teacher(body: dict[str, Any]) -> str | Said:
    """Answers as a good model would: by the system text of the prompt it is asked with."""
    said = "\n".join(m["content"] for m in body["messages"])
    number = (re.findall(r"def add_(\d+)", said) or ["7"])[0]
    system = body["messages"][0]["content"]
    name = next(name for name, begin in _SYSTEMS.items() if system.startswith(begin))
    return ANSWERS[name](number, said)


def _snippet(number: str, said: str) -> str:
    code = f"def plus_{number}(x):\n    # The sum of x and {number}.\n    return x + {number}"
    tests = "\n".join(f"assert plus_{number}({n}) == {n + int(number)}" for n in (0, 1, -5))
    return f"### Code\n{block('python', code)}\n### Tests\n{block('python', tests)}"


def _judge(number: str, said: str) -> str:
    if f"`{FILE[0]}`" in said:  # files are good or bad by whether they say what they do
        return judged(5 if '"""' in said else 1, *FILE)
    if "`naming_and_form`" in said:
        return judged(3, "naming_and_form", "understandable", "self_contained")
    if "`does_it`" in said:
        return judged(4, "does_it", "correct", "good_code")
    if "`stands_alone`" in said:
        return judged(1, "clear", "complete", "stands_alone")
    for names in (CRITERIA, VALUE, ("self_contained", "checkable", "solvable")):
        if f"`{names[0]}`" in said:
            return judged(5, *names)
    for name in ("complexity", "demands"):
        if f"`{name}`" in said:
            return scored(2 if "easy" in said else 5, name)
    return judged(2, *QUALITY)


def _digest(said: str) -> str:
    return hashlib.sha256(said.encode()).hexdigest()[:12]


def _scripted(recipe: str, step: str) -> Callable[[str, str], Any]:
    found = CASES[recipe].script[step]
    return lambda number, said: found[0] if isinstance(found, list) else found


ANSWERS: dict[str, Callable[[str, str], Any]] = {
    "snippet": _snippet,
    "textbook": lambda number, said: f"Adding {number} to a number is the simplest of all operations. " * 12,
    "judge": _judge,
    "code_label": lambda n, said: f'{{"reason": "r", "yes": {str("cook" not in said).lower()}}}',
    "code_turns": lambda n, said: '{"reason": "the first", "turns": [1]}',
    "answer": _scripted("infinity", "rewrite"),
    "seed_sentences": _scripted("diverse", "sentences"),
    "diverse": _scripted("diverse", "write"),
    "refine": _scripted("diverse", "refine"),
    "educational": _scripted("educational", "problem"),
    "solve": _scripted("educational", "solve"),
    "package": _scripted("package", "write"),
    "evolve": lambda n, said: f"Write a function that adds {hashlib.sha256(said.encode()).hexdigest()} to a number.",
    "mceval": _scripted("mceval", "write"),
    "oss_question": lambda n, said: f"Write a function `plus_{n}(x)` that gives the sum of a whole number and {n}.",
    "crossover": lambda n, said: f"Write a function that joins two tasks into {_digest(said)} steps and counts them.",
    "solution": lambda n, said: f"So:\n\n{block('python', 'def solve(x):' + chr(10) + '    return x')}\n\nIt does.",
    "unit_tests": lambda n, said: "<test>assert solve(1) == 1</test>\n<test>assert solve(2) == 3</test>",
    "simulated_user": lambda n, said: "Please say what happens for negative numbers.",
    "write_bug": _scripted("correction", "bug"),
    "repair_bug": _scripted("correction", "repair"),
    "explain_solution": _scripted("follow_up", "explain"),
    "rewrite": lambda n, said: block("python", f'"""Adds."""\n\n\ndef plus_{n}(x):\n    return x + {n}\n'),
    "trace_inputs": lambda n, said: block("python", f"add_{n}(1)\nadd_{n}(2)"),
    "yes_no": lambda n, said: Said("YES", finish="length", logprobs=[{"YES": -0.2, "NO": -2.0}]),
}
"""By prompt: (number of the function that is asked about, all that was said) -> what is answered."""
_SYSTEMS = {
    name: data_bytes(f"{prompts.FOLDER}/{name}.md").decode().partition("## system\n")[2].partition("{{")[0][:60]
    for name in ANSWERS
}
"""How the system text of each prompt begins."""


def settings(url: str, **more: Any) -> Calls:
    """Calls to one endpoint that answers for every step."""
    usual = {"tasks": 1, "chunk": 100, "timeout": 10.0, "features": {MODEL: "logprobs"}}
    return Calls(endpoints={MODEL: url}, models={"default": MODEL}, **usual | more)


def run_instruct(
    lake: Lake,
    run_id: str,
    recipes: Recipes,
    calls: Calls,
    limit: int = 0,
    stored: dict[str, str] | None = None,
    more: dict[type, Any] | None = None,
    only: tuple[str, ...] = (),
) -> list[StageResult]:
    """Given seeds and every stage."""
    params = {Recipes: recipes, Calls: calls, Runs: Runs(need="rlimits", cpu_seconds=5.0)} | (more or {})
    run = Run(lake, run_id, flow.STAGES, synthesis(params, limit, stored, only))
    stages = flow.STAGES if stored is None else as_stored(flow.STAGES, lambda: lake, only)
    results = run_stages(run, stages, before=((NAME, lambda: read_seeds(run, run.setting(Synthesis))),))
    run.held.let_go()
    lake.drop_staging(run_id)
    return results


def by_stage(results: list[StageResult]) -> dict[str, StageResult]:
    return {r.stage: r for r in results}
