"""refinelake instruct as a user types it: what is missing, a dry run, a few rows, money, all recipes, cost, report."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jobs.cli import exit_code
from jobs.instruct.given_seeds import NAME
from jobs.runtime.tables import Lake
from schemas.instruct import LLM_RESPONSES, MADE_DECISIONS, THREADS
from schemas.ops import REJECTS
from schemas.recall import PAGE_LABELS
from tests.jobs.conftest import Said
from tests.jobs.instruct.teaching import MODEL, corpora, document, function, teacher
from tests.udfs.calls.endpoint import Endpoint
from tests.udfs.recipes.scripts import PAGE, QUESTION

PROSE = "\n\n".join(f"{PAGE} The {n}th time it is said in other words, and somewhat longer." for n in range(3))


@pytest.fixture
def say(lake: Lake, capsys: pytest.CaptureFixture[str]) -> Callable[..., Said]:
    """A command over the lake, which ends with the code."""

    def run(*words: str, code: int = 0) -> Said:
        capsys.readouterr()
        found = exit_code(["instruct", words[0], "--warehouse", lake.warehouse, *words[1:]])
        said = Said(found, *capsys.readouterr())
        assert said.code == code, said.out + said.err
        lake.look()
        return said

    return run


OF_OPENCODER = (
    *("web_labels", "snippets", "textbooks", "infinity", "realuser", "diverse", "educational", "package", "evol"),
    "mceval",
)
"""Of the recipes since then test_instruct_dialogues.py plays each."""


def settings(folder: Path, url: str, price: float = 0.0) -> str:
    """A file of parameters, as docs/instruct.md shows one."""
    dialogues: list[dict[str, Any]] = [
        {"conversations": [{"from": "human", "value": QUESTION}, {"from": "gpt", "value": "Use +."}]},
        {"conversations": [{"from": "human", "value": "How do I cook rice?"}, {"from": "gpt", "value": "Boil it."}]},
        {"conversations": [{"from": "gpt", "value": "I begin."}]},
    ]
    dialogues[0]["license"] = "CC-BY-4.0"
    for name in ("infinity", "evol"):
        lines = "\n".join(map(json.dumps, dialogues)) + "\n{broken\n"
        (folder / f"{name}.jsonl").write_text(lines, encoding="utf-8")
    asked = {"role": "user", "content": f"Please tell me: {QUESTION}"}
    chats = [{"conversation": [asked, {"role": "assistant", "content": "Add."}]}]
    (folder / "realuser.jsonl").write_text("\n".join(map(json.dumps, chats)), encoding="utf-8")
    tables = ", ".join(f'"{folder / name}.jsonl" = "{name}"' for name in ("infinity", "evol", "realuser"))
    file = folder / "instruct.toml"
    file.write_text(
        f"""
[calls]
endpoints = {{ {MODEL} = "{url}" }}
models = {{ default = "{MODEL}" }}
features = {{ {MODEL} = "logprobs" }}
prices = {{ {MODEL} = [{price}, {price}] }}
tasks = 2
[recipes]
names = {json.dumps(OF_OPENCODER)}
tables = {{ {tables} }}
[runs]
need = "rlimits"
[snippets]
languages = ["python"]
[mceval]
languages = ["python"]
[diverse]
languages = ["python"]
run_types = ["write a function"]
talk_types = []
""",
        encoding="utf-8",
    )
    return str(file)


def test_what_is_missing_is_said_before_anything_is_done(say: Callable[..., Said], lake: Lake) -> None:
    err = say("run", code=2).err
    assert "calls.models: expected a model" in err and "web_labels.q1" in err and "OpenAI's protocol" in err
    assert "recipe snipets: expected one of" in say("run", "--recipe", "snipets", code=2).err
    assert "expected a URL of every model" in say("run", "--set", 'calls.models={default="m"}', code=2).err
    assert "expected calls of models, found none" in say("cost", code=2).err
    assert "expected threads, found none; run refinelake instruct run first" in say("report", code=2).err
    assert "--max-cost: expected money above 0" in say("run", "--max-cost", "0", code=2).err
    assert "nothing was read or written" in say("run", "--ask", "nothing").out
    assert "found -1" in say("run", "--limit", "-1", code=2).err
    assert lake.version(THREADS.name) is None


def test_from_a_dry_run_to_every_recipe_of_the_paper(say: Callable[..., Said], lake: Lake, tmp_path: Path) -> None:
    corpora(
        lake,
        [document(f"org/r{n}", f"{n}.py", function(n)) for n in range(3)],
        [("https://docs.example.org/halves", PROSE)],
    )
    with Endpoint(teacher) as endpoint:
        file = settings(tmp_path, endpoint.url, price=1.0)
        told = say("run", "--params", file, "--dry-run", "--recipe", "textbooks", "--recipe", "educational").out
        assert "== textbooks.explain" in told and "def add_" in told and "at most about" in told, told
        assert not endpoint.log and lake.version(THREADS.name) is None and lake.version(LLM_RESPONSES.name) is None

        told = say("run", "--params", file, "--recipe", "textbooks", "--limit", "1").out
        assert len(endpoint.log) == 1 and "1 calls, 1 answers" in told, told

        # A call costs about a thousandth at most, and three threads are left to be asked for.
        told = say("run", "--params", file, "--recipe", "textbooks", "--max-cost", "0.000001").out
        assert len(endpoint.log) == 1 and "waits for money 2" in told.replace("_", " "), told

        say("run", "--params", file)
        kept = {
            r["recipe"]: r["n"]
            for r in lake.read(MADE_DECISIONS).where("keep").groupBy("recipe").count().toDF("recipe", "n").collect()
        }
        wanted = {
            "web_labels",
            "snippets",
            "textbooks",
            "infinity",
            "realuser",
            "diverse",
            "educational",
            "evol",
            "mceval",
        }
        assert kept.keys() == wanted, [
            (r["recipe"], r["reasons"]) for r in lake.read(THREADS).where("not keep").collect()
        ]
        licensed = lake.read(MADE_DECISIONS).where("licence IS NOT NULL").collect()
        assert {(r["recipe"], r["licence"]) for r in licensed} == {(n, "CC-BY-4.0") for n in ("infinity", "evol")}
        assert [r["label"] for r in lake.read(PAGE_LABELS).collect()] == [True]
        refused = lake.read(REJECTS).where(f"stage = '{NAME}'").groupBy("reason").count().collect()
        assert {r["reason"]: r["count"] for r in refused} == {"no_dialogue": 2, "not_json": 2}
    row = lake.read(MADE_DECISIONS).where("recipe = 'educational'").first()
    assert exit_code(["explain", row["row_id"][:12], "--warehouse", lake.warehouse]) == 0
    rows = tmp_path / "rows.jsonl"
    judge = ("judge", "--recipe", "educational", "--score", "educational")
    assert "1 rows to label" in say(*judge, "--export", str(rows), "--rows", "100").out
    lines = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    assert all(line["label"] is None and "score" not in line for line in lines) and len(lines) == 1
    rows.write_text("".join(json.dumps(line | {"label": True}) + "\n" for line in lines), encoding="utf-8")
    assert "100%" in say(*judge, "--labels", str(rows)).out and MODEL in say(*judge, "--models").out
    assert "kappa not defined" in say(*judge, "--second", "educational_concept").out
    assert (
        "found none; there are diverse" in say("judge", "--recipe", "snippets", "--score", "x", "--models", code=2).err
    )
    told = say("cost").out
    assert "educational" in told and "a kept row" in told, told
    say("report", "--to", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("<svg") >= 3 and "snippets" in page
