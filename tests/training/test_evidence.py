"""Comparisons of arms: equal starts and tokens, nothing made twice, an honest sentence, mistakes in one line."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import training.train
from tests.training.runs import FIXTURES, TOKENIZER, held_out_table, lines
from training.__main__ import main
from training.evidence import page

ROOT = Path(__file__).parents[2]
SMALL = ("--set", "batch.length=64", "--set", "batch.micro=4", "--set", "evaluate.every=2", "--set", "rate.warmup=1")


def called(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["training", "evidence", *arguments])
    return main()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Two tables of the committed rows, other ones held out in each."""
    place = tmp_path_factory.mktemp("arms")
    return {name: held_out_table(place / name / "documents", every=every) for name, every in (("a", 4), ("b", 3))}


def words(tables: dict[str, str], to: Path, seeds: int = 2) -> list[str]:
    arms = [word for name, table in tables.items() for word in ("--arm", f"{name}={table}")]
    given = ["mine", *arms, "--tokenizer", TOKENIZER, "--model", "tiny", "--tokens", "2048", "--seeds", str(seeds)]
    return [*given, "--to", str(to), *SMALL]


@pytest.fixture(scope="module")
def compared(tables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    to = tmp_path_factory.mktemp("evidence") / "mine"
    patch = pytest.MonkeyPatch()
    assert called(patch, *words(tables, to)) == 0
    patch.undo()
    return to


def result(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "evidence.json").read_text())
    return found


def test_arms_start_alike_and_are_trained_alike(compared: Path) -> None:
    runs = {name: json.loads((compared / name / "run.json").read_text()) for name in ("a-0", "b-0", "a-1", "b-1")}
    assert runs["a-0"]["run"] == runs["b-0"]["run"] and runs["a-1"]["run"] == runs["b-1"]["run"]
    assert runs["a-1"]["run"]["start"]["seed"] == runs["a-1"]["run"]["data"]["seed"] == 1
    assert runs["a-0"]["inputs"]["sources"] != runs["b-0"]["inputs"]["sources"]
    assert runs["a-0"]["inputs"]["held_out"] == runs["b-0"]["inputs"]["held_out"]
    first = [lines(compared / name)[0]["loss"] for name in runs]
    assert first[0] == pytest.approx(first[1], abs=0.02), "the same weights, other texts"
    assert [lines(compared / name)[-1]["last"] for name in runs] == [4, 4, 4, 4]


def test_the_result_holds_curves_versions_and_a_sentence(compared: Path, tables: dict[str, str]) -> None:
    found = result(compared)
    assert [(run["arm"], run["seed"]) for run in found["runs"]] == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    assert all(len(run["curve"]) == 2 and set(run["curve"][0]["sets"]) == {"b", "a"} for run in found["runs"])
    assert found["arms"]["a"][0]["table"] == "documents" and found["arms"]["a"][0]["version"] == 0
    assert str(ROOT) not in json.dumps(found) and str(compared) not in json.dumps(found)
    assert set(found["final"]["b"]) == {"all", "go", "python"}
    gap = found["final"]["b"]["all"]["a"]["mean"] - found["final"]["b"]["all"]["b"]["mean"]
    assert found["sets"]["b"]["difference"] == pytest.approx(gap, abs=2e-5)
    assert "bits per byte" in found["sentence"] and "2 seeds, 2,048 tokens" in found["sentence"]
    assert ET.parse(compared / "evidence.svg").getroot().tag.endswith("svg")
    assert found["sentence"] in (compared / "evidence.md").read_text()


def test_what_a_set_gives_is_what_its_own_run_sees(compared: Path) -> None:
    """The second set in a run is scored as the first one would be: of arm a, by each order of the sets."""
    row = lines(compared / "a-0")[-1]
    assert set(row["held_out_sets"]) == {"a"} and row["held_out_sets"]["a"] != row["held_out_bits_per_byte"]


def test_a_finished_run_is_not_made_again_and_seeds_may_be_added(
    compared: Path, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made, real = [], training.train.train

    def watched(run: Any, inputs: Any, folder: Path, *rest: Any) -> str:
        made.append(folder.name)
        return real(run, inputs, folder, *rest)

    monkeypatch.setattr(training.train, "train", watched)
    before = result(compared)
    assert called(monkeypatch, *words(tables, compared)) == 0 and made == []
    assert "made before" in capsys.readouterr().out and result(compared) == before
    assert called(monkeypatch, *words(tables, compared, seeds=3)) == 0 and made == ["a-2", "b-2"]
    assert result(compared)["runs"][:4] == before["runs"]
    assert called(monkeypatch, *words(tables, compared)) == 0 and result(compared) == before


def test_another_comparison_in_the_folder_is_refused(
    compared: Path, tables: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(monkeypatch, *words(tables, compared), "--tokens", "4096") == 2
    said = capsys.readouterr().err.strip()
    assert "plan.json: expected the comparison that stands there" in said and "\n" not in said
    assert "duration.tokens 2048 there, 4096 here" in said


def test_a_candidate_is_judged_by_annealing(
    tables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        sys, "argv",
        ["training", "train", "pretrain", "--model", "tiny", "--tokens", tables["a"], "--tokenizer", TOKENIZER, "--to",
         str(tmp_path / "run"), *SMALL, "--set", "duration.steps=3"],
    )  # fmt: skip
    assert main() == 0
    candidate = str(FIXTURES / "documents" / "files.json")
    given = ("microannealing", "--from", str(tmp_path / "run"), "--candidate", candidate, "--model", "tiny", *SMALL)
    to = tmp_path / "micro"
    assert called(monkeypatch, *given, "--tokens", "2048", "--seeds", "2", "--to", str(to)) == 0
    found = result(to)
    assert list(found["arms"]) == ["base", "half"] and found["held_out"][0]["name"] == "base"
    half = next(run for run in found["runs"] if run["arm"] == "half")
    assert half["mixture"] == {"candidate": pytest.approx(0.5), "tokens": pytest.approx(0.5)}
    assert "Of the sequences of half: candidate 50.0%, tokens 50.0%." in (to / "evidence.md").read_text()
    assert lines(to / "half-0")[0]["step"] == 3, "on from the checkpoint"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ((), "evidence: expected a comparison"),
        (("nothing", "--to", "x"), "evidence nothing: expected one of raw-refined"),
        (("raw-refined",), "--to: expected a folder"),
        (("raw-refined", "--to", "x"), "evidence raw-refined: expected --tables DIR"),
        (("raw-refined", "--to", "x", "--tables", "none"), "make it by refinelake tokens --of contents"),
        (("raw-refined", "--to", "x", "--seeds", "0"), "--seeds, --tokens: expected 1 or more"),
        (("raw-refined", "--to", "x", "--arm", "raw"), "--arm raw: expected NAME=TABLE"),
        (("open-code-instruct", "--to", "x"), "evidence open-code-instruct: expected --tables DIR"),
        (("microannealing", "--to", "x"), "evidence microannealing: expected --from RUN and --candidate TABLE"),
        (("microannealing", "--to", "x", "--from", "none", "--candidate", "c"), "none: expected a run with run.json"),
    ],
)
def test_mistakes_are_one_line(
    given: tuple[str, ...],
    expected: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, *given) == 2
    said = capsys.readouterr().err.strip()
    assert expected in said and "\n" not in said and "; " in said
    assert not (tmp_path / "x").exists()


def test_tables_without_held_out_rows_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plain = str(FIXTURES / "documents" / "files.json")
    assert called(monkeypatch, *words({"a": plain, "b": plain}, tmp_path / "x")) == 2
    assert "expected held-out rows to score on, found none" in capsys.readouterr().err


def test_the_committed_page_is_that_of_the_committed_results() -> None:
    text = (ROOT / "docs" / "evidence.md").read_text(encoding="utf-8")
    shown = text.partition(page.BEGIN)[2].partition(page.END)[0]
    assert shown == "\n" + page.body(ROOT / "docs" / "evidence"), "run refinelake evidence --page docs/evidence.md"


def test_a_page_takes_a_result_in_and_keeps_what_is_written_by_hand(compared: Path, tmp_path: Path) -> None:
    file = tmp_path / "evidence.md"
    file.write_text(f"By hand.\n{page.BEGIN}\nto be replaced\n{page.END}\nBelow.\n")
    page.write_page(file, compared)
    text = file.read_text()
    assert text.startswith("By hand.\n") and text.endswith("Below.\n") and "to be replaced" not in text
    assert "b against a" in text and (tmp_path / "evidence" / "mine.svg").exists()
    assert "cannot be shown here" in text
    page.write_page(file, None)
    assert file.read_text() == text
    file.write_text("no marks")
    with pytest.raises(ValueError, match=r"evidence\.md: expected the lines"):
        page.write_page(file, None)


def test_the_page_tells_what_arms_were_drawn_from_and_how_training_lost(compared: Path) -> None:
    found = result(compared)
    assert "Training loss at the end, nats a token of an arm's own texts: a " in page.section(found, "x.svg")
    assert "| arm | texts |" not in page.section(found, "x.svg")
    for parts in found["arms"].values():
        parts[0] |= {"drawn_from": {"texts": 1200, "bytes": 3_400_000}, "share": 0.06}
    found["paper"] = {"a": "7 of 9 files"}
    said = page.section(found, "x.svg")
    assert "| a | 1,200 | 3.40 | 6% | 7 of 9 files |" in said and "| b | 1,200 | 3.40 | 6% |  |" in said


@pytest.mark.long
def test_two_ranks_make_one_result(tables: dict[str, str], tmp_path: Path) -> None:
    launch = (sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "-m", "training", "evidence")
    done = subprocess.run([*launch, *words(tables, tmp_path / "x")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2 seeds, 2,048 tokens") == 1 and len(result(tmp_path / "x")["runs"]) == 4
