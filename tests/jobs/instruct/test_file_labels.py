"""From labels of a model to a scorer in force: the recipe, the table of labels, the commands, as a user gives them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jobs.cli import exit_code
from jobs.code.parameters import Quality
from jobs.commands.quality_train import labels_of
from jobs.flows import CODE, SECTIONS
from jobs.instruct.parameters import Recipes
from jobs.runtime.accounting import append_rows
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.instruct import MADE_DECISIONS
from schemas.params import load_params
from schemas.quality import FILE_LABELS, QUALITY_MODELS
from tests.jobs.instruct.teaching import corpora, document, run_instruct, settings, teacher
from tests.udfs.calls.endpoint import Endpoint
from tests.udfs.quality.files import bad, good
from udfs.quality.scorer import scorer

SMALL = ("labels=20", "bits=12", "held_out=0.4", "sample=30")
ASKED = [word for setting in SMALL for word in ("--set", f"quality_training.{setting}")]


def corpus(number: int) -> list[dict]:
    """Python files in repositories of three, every other one good, and a few of Go."""
    texts = [good(n) if n % 2 else bad(n) for n in range(number)]
    found = [document(f"org/r{n // 3}", f"{n}.py", text) for n, text in enumerate(texts)]
    return found + [document("org/go", f"{n}.go", f"package main\n\nvar total = {n}\n", "go") for n in range(4)]


def test_labels_of_a_model_become_a_scorer_in_force(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    corpora(lake, corpus(48))
    recipes = Recipes(names=("file_quality",), texts_of={"file_quality": 30})
    with Endpoint(teacher) as endpoint:
        run_instruct(lake, "r1", recipes, settings(endpoint.url))
        assert len(endpoint.log) == 34, "thirty of Python, and all four of Go"
        run_instruct(lake, "r2", recipes, settings(endpoint.url))
        assert len(endpoint.log) == 34, "labels are paid once"
    made = lake.read(MADE_DECISIONS)
    assert made.where("keep").count() == made.count() == 34, "labels of several files are no copies of each other"
    rows = lake.read(FILE_LABELS).collect()
    assert len(rows) == 34 and {r["score"] for r in rows} == {1.0, 5.0}
    assert {m["name"] for m in rows[0]["marks"]} == {"file_quality"} | {
        f"file_quality_{name}" for name in ("readable", "sound", "substance")
    }

    def said(*words: str, code: int = 0) -> str:
        capsys.readouterr()
        found = exit_code(["quality", *words, "--warehouse", lake.warehouse])
        out, err = capsys.readouterr()
        assert found == code, out + err
        lake.look()
        return out + err

    assert "no scorer was made yet" in said("show")
    told = said("train", *ASKED, "--no-pin")
    assert "python: 30 labels" in told and "go: no head, expected 20 labelled texts, found 4" in told
    (row,) = lake.small(QUALITY_MODELS)
    assert row["pinned_at"] is None and row["languages"] == ["python"] and row["labels_version"] is not None
    assert CODE.pinned(lake, load_params(SECTIONS))[Quality] == Quality(), "not in force before it is pinned"
    assert f"the scorer in force is {row['version']}" in said("train", "--pin", row["version"])
    assert CODE.pinned(lake, load_params(SECTIONS))[Quality].model == row["location"]
    assert "in force" in said("show") and "no head: go" in said("show", "--version", row["version"])
    off = load_params(SECTIONS, None, ["quality.model=off"])
    assert not CODE.pinned(lake, off)[Quality].scores
    learned = load_params(SECTIONS, None, ["filter.rules=learned"])
    assert CODE.pinned(lake, learned)[Quality].scores

    # A label that is given stands in the place of the model's, and texts beside the corpus may be labelled too.
    given = tmp_path / "labels.jsonl"
    lines = [{"clean_id": rows[0]["clean_id"], "language": rows[0]["language"], "score": 3}]
    lines += [{"clean_id": "0" * 64, "language": "python", "score": 3}]
    lines += [{"content": bad(n), "language": "python", "score": 1.5, "repo": f"other/{n}"} for n in range(900, 904)]
    given.write_text("".join(json.dumps(line) + "\n" for line in lines))
    told = said("train", *ASKED, "--labels", str(given))
    assert "1 labels are of texts that are not in code_corpus" in told
    newest = max(lake.small(QUALITY_MODELS), key=lambda r: r["pinned_at"])
    assert newest["version"] != row["version"] and newest["labels"] == 34
    assert scorer(newest["location"]).version == newest["version"]

    said("train", "--unpin")
    wrong = said("train", "--pin", "nobody", code=2)
    assert wrong.startswith("refinelake: quality_models: expected a scorer of version nobody, found ")
    with pytest.raises(ValueError, match=r"filter.rules=learned: expected a scorer .*, found none pinned; refinelake"):
        CODE.pinned(lake, learned)
    assert "expected 500 labelled texts, found 30" in said("train", "--set", "quality_training.labels=500", code=2)


def test_a_warehouse_without_labels_says_what_to_do(lake: Lake, capsys: pytest.CaptureFixture[str]) -> None:
    lake.ensure(CODE_CORPUS)
    append_rows(lake, CODE_CORPUS, corpus(2))
    capsys.readouterr()
    assert exit_code(["quality", "train", "--warehouse", lake.warehouse]) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and "file_labels: expected a language with enough labels, found no label;" in err
    assert "refinelake instruct run --recipe file_quality" in err


def test_label_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for name, content in (("a.jsonl", b"\xff\xfe"), ("a.parquet", b"PAR1"), ("empty.parquet", b"")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(ValueError, match=rf"{name}: expected labels in JSON lines \(UTF-8\) or Parquet, found"):
            labels_of(str(tmp_path / name))
    with pytest.raises(ValueError, match=r"nowhere\.jsonl"):
        labels_of(str(tmp_path / "nowhere.jsonl"))
