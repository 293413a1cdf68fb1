"""Which text files are about code: by name, by score, or not at all; refreshed as built; trained from repositories."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from jobs.cli import exit_code
from jobs.code import file_decisions, flow, text_decisions
from jobs.code.name_columns import with_names
from jobs.code.parameters import RepositoryText
from jobs.flows import CODE, SECTIONS
from jobs.runtime.tables import Lake
from schemas.code import FILE_DECISIONS, RAW_FILES, TEXT_DECISIONS, TEXT_SCORES
from schemas.params import load_params
from schemas.recall import RECALL_MODELS
from tests.jobs.pipeline import World, contents_of, run_all
from tests.jobs.rows import by_file, decide, rules_of
from tests.jobs.web.crawls import CODE_WORDS, OTHER_WORDS, classifier, prose
from tests.udfs.rules.test_text_names import HINTED, NEVER, RECALLED, UNDECIDED
from udfs.rules.text_names import load_names

PATHS = ["README.md", "LICENSE", "notes.md", "tests/a.txt", "lost.md", "broken.md"]
FILES = [{"file_id": p, "content_id": p, "path": p, "kind": "text"} for p in PATHS]
FILES.append({"file_id": "main.py", "content_id": "main.py", "path": "README.py", "kind": "code"})
SCORES = [
    {"content_id": "notes.md", "kernel_version": "v", "score": 0.9},
    {"content_id": "tests/a.txt", "kernel_version": "v", "score": 0.1},
    {"content_id": "broken.md", "kernel_version": "v", "failure": "killed_worker: SIGABRT"},
]


def about_code(number: int) -> str:
    return prose(number, CODE_WORDS).replace("<p>", "").replace("</p>", "\n")


def about_life(number: int) -> str:
    return prose(number, OTHER_WORDS).replace("<p>", "").replace("</p>", "\n")


def test_spark_reads_names_as_the_kernel_does(spark: SparkSession) -> None:
    rules = load_names()
    listed = [*(p for some in (*RECALLED.values(), *NEVER.values()) for p in some), *UNDECIDED, *HINTED]
    paths = [p for path in listed for p in (path, path.upper(), f"a b/{path}", f"{path}\n", f"{path}/x")]
    found = with_names(spark.createDataFrame([(p,) for p in paths], "path string"), rules).collect()
    assert {r["path"]: r["name_why"] for r in found} == {p: (r.why if (r := rules.of(p)) else None) for p in paths}
    assert {(r["name_why"] is None) == (r["name_decides"] is None) == (r["name_recall"] is None) for r in found} == {
        True
    }


def test_every_text_file_stays_where_nothing_is_asked(spark: SparkSession) -> None:
    found = by_file(decide(spark, text_decisions.STAGE, raw_files=FILES, text_scores=SCORES))
    assert set(found) == set(PATHS) and all(
        r["keep"] and r["why"] is None and r["score"] is None for r in found.values()
    )


def test_names_alone_drop_what_they_are_sure_of(spark: SparkSession) -> None:
    p = RepositoryText(recall="names", model="/nowhere")
    found = by_file(decide(spark, text_decisions.STAGE, p, raw_files=FILES))
    assert {i: rules_of(r) for i, r in found.items() if not r["keep"]} == {"LICENSE": ["text_name"]}
    assert found["LICENSE"]["reasons"][0]["detail"] == "licence" and found["README.md"]["why"] == "name:readme"
    assert found["tests/a.txt"]["why"] == "undecided", "a hint is no decision"


def test_a_classifier_decides_where_names_do_not(spark: SparkSession) -> None:
    p = RepositoryText(model="/nowhere", threshold=0.5)
    found = by_file(decide(spark, text_decisions.STAGE, p, raw_files=FILES, text_scores=SCORES))
    assert {i: rules_of(r) for i, r in found.items()} == {
        "README.md": [],
        "LICENSE": ["text_name"],
        "notes.md": [],
        "tests/a.txt": ["text_not_recalled"],
        "lost.md": ["text_score_missing"],
        "broken.md": ["text_score_failed"],
    }
    assert (found["notes.md"]["why"], found["notes.md"]["score"]) == ("classifier", 0.9)
    assert found["tests/a.txt"]["reasons"][0]["threshold"] == 0.5 and found["README.md"]["score"] is None


def test_a_dropped_text_file_goes_no_further_and_says_why(spark: SparkSession) -> None:
    files = [*FILES, {"file_id": "odd", "content_id": "odd", "kind": "unknown"}]
    dropped = {"rule": "text_name", "value": None, "threshold": None, "detail": "licence"}
    said = [{"file_id": "LICENSE", "keep": False, "reasons": [dropped]}, {"file_id": "README.md", "keep": True}]
    found = by_file(decide(spark, file_decisions.STAGE, raw_files=files, text_decisions=said))
    assert {i: rules_of(r) for i, r in found.items() if not r["keep"]} == {
        "LICENSE": ["text_name"],
        "odd": ["unknown_type"],
    }


def test_wrong_numbers_are_named() -> None:
    for said, expected in (
        ("repository_text.recall=maybe", "expected auto, names or off, found maybe"),
        ("repository_text.threshold=2.0", "expected a score from 0 to 1, found 2.0"),
        ("text_seeds.held_out=1.0", "text_seeds: expected held_out from 0"),
        ("text_seeds.others=-1.0", "text_seeds: expected most from 1"),
    ):
        with pytest.raises(ValueError, match=expected):
            load_params(SECTIONS, None, [said])


def world(folder: Path) -> World:
    """Two repositories with texts of every sort; a licence lies under the name README in one."""
    licence = "Permission is hereby granted to whoever asks.\n" * 9
    return World(
        folder,
        {
            "a": {"README.md": about_code(1), "LICENSE": licence, "notes.md": about_code(2), "diary.md": about_life(3)},
            "b": {"main.py": "def f():\n    return 1\n", "README": licence, "docs/x.rst": about_life(4)},
        },
    )


@pytest.mark.long
def test_a_refresh_equals_a_rebuild_with_the_recall_on(spark: SparkSession, tmp_path: Path) -> None:
    stages = flow.STAGES[:4]
    assert stages[-1].name == "exact_duplicates"
    params = {RepositoryText: RepositoryText(model=classifier(tmp_path / "model"), threshold=0.5)}
    grown, scratch = (Lake(spark, str(tmp_path / name)) for name in ("grown", "scratch"))
    corpus = world(tmp_path)
    run_all(grown, corpus.write(), "first", params, stages=stages)
    kept = {r["path"]: r["why"] for r in _joined(grown)}
    assert (
        kept["notes.md"] == "classifier"
        and kept["README"] == "name:readme"
        and kept["docs/x.rst"] == "name:documentation"
    )
    assert not {"LICENSE", "diary.md"} & set(kept)
    # A text changes sides, one moves to another name, one comes, a repository loses its read-me file.
    corpus.files["a"] |= {"notes.md": about_life(5), "fresh.md": about_code(6)}
    corpus.files["a"]["docs/diary.md"] = corpus.files["a"].pop("diary.md")
    del corpus.files["b"]["README"]
    results = {r.stage: r for r in run_all(grown, corpus.write(), "second", params, stages=stages)}
    assert results["text_scores"].rows_read == 2, "only texts whose names say nothing and that are new"
    run_all(scratch, corpus.write(), "scratch", params, stages=stages)
    for table in (TEXT_SCORES, TEXT_DECISIONS, FILE_DECISIONS):
        assert contents_of(grown, table) == contents_of(scratch, table), f"{table.name} differs"
    higher = {RepositoryText: RepositoryText(model=str(tmp_path / "model"), threshold=1.0)}
    again = {r.stage: r for r in run_all(grown, corpus.write(), "third", higher, stages=stages)}
    assert again["text_scores"].rows_read == 0, "another threshold scores nothing again"
    assert "text_not_recalled" in again["file_decisions"].reasons
    run_all(grown, corpus.write(), "off", stages=stages)
    assert not contents_of(grown, TEXT_SCORES) and all(r["keep"] for r in contents_of(grown, TEXT_DECISIONS))


def _joined(lake: Lake) -> list[Any]:
    kept = lake.read(FILE_DECISIONS).where("keep").select("file_id")
    return lake.read(RAW_FILES).join(kept, "file_id").join(lake.read(TEXT_DECISIONS), "file_id").collect()


SMALL = [f"fasttext.{s}" for s in ("dim=8", "epochs=20", "lr=0.5", "min_count=1", "buckets=2000", "vocabulary=400")]


def test_a_classifier_is_trained_from_repositories_and_pinned(
    lake: Lake, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As a user does it: run, train, run again; the second run scores what names leave open."""
    corpus = World(tmp_path)
    for at in range(6):
        files = {f"docs/{n}.md": about_code(100 * at + n) for n in range(12)}
        files |= {f"tests/{n}.txt": about_life(100 * at + n) for n in range(12)}
        files |= {f"rows/{n}.json": json.dumps({"a": [at, n] * 30}) for n in range(9)}
        files["notes.md"], files["poem.md"] = about_code(100 * at + 50), about_life(100 * at + 51)
        corpus.files[f"r{at}"] = files
        corpus.facts[f"r{at}"] = {"repo": f"org/r{at}"}
    run_all(lake, corpus.write(), "first", stages=flow.STAGES[:4])
    assert all(r["keep"] for r in contents_of(lake, TEXT_DECISIONS))
    here = ("--warehouse", lake.warehouse)
    said = tmp_path / "labels.jsonl"
    said.write_text(json.dumps({"url": "org/r0/notes.md", "tag": "RepoText", "label": True, "by": "ann"}) + "\n")
    asked = [w for s in (*SMALL, "recall.folds=2", "text_seeds.held_out=0.4") for w in ("--set", s)]
    capsys.readouterr()
    code = exit_code(["web", "train", *here, *asked, "--tag", "RepoText", "--rounds", "1", "--from", str(said)])
    out, err = capsys.readouterr()
    assert code == 0, out + err
    assert "the classifier of RepoText in force" in out and "sites never seen" in out
    lake.look()
    (row,) = lake.small(RECALL_MODELS)
    facts = json.loads(row["facts"])
    assert facts["texts"] > 6 * 26 + 9 and facts["negatives"] > facts["seeds"], "some rows of data are told from text"
    assert row["precision"] > 0.8 and row["recall"] > 0.8
    assert facts["measured"]["missed"] == facts["measured"]["wrong"] == facts["largest_domains"] == []
    params = CODE.pinned(lake, load_params(SECTIONS))
    assert params[RepositoryText].model == row["location"]
    run_all(lake, corpus.write(), "second", params, stages=flow.STAGES[:4])
    kept = {(r["path"], r["why"]) for r in _joined(lake)}
    assert ("notes.md", "classifier") in kept and not [p for p, _ in kept if p == "poem.md" or p.startswith("tests/")]
    off = CODE.pinned(lake, load_params(SECTIONS, None, ["repository_text.recall=off"]))
    assert not off[RepositoryText].by_name, "a pinned classifier is not asked where nobody is to be"
