"""The learned quality score without Spark: features, heads, agreement, quantiles, the artifact, given labels."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tests.udfs.quality.files import bad, good, labels
from udfs.quality.features import sums_of, vectors_of
from udfs.quality.heads import Labelled, fitted, share
from udfs.quality.labelling import read_lines, read_rows
from udfs.quality.measuring import STEPS, auc, share_up_to, spearman, token_quantiles
from udfs.quality.scorer import Scorer, scorer, scoring_version
from udfs.quality.settings import QualityTraining
from udfs.quality.training import LabelsError, line, made

SMALL = QualityTraining(labels=40, bits=14, sample=50)


def dense(text: str, bits: int = 14, most: int = 4096) -> np.ndarray:
    indices, values, ends = vectors_of(pa.array([text]), most, bits)
    found = np.zeros(1 << bits)
    found[indices[: ends[0]]] = values[: ends[0]]
    return found


def test_a_vector_has_length_one_and_says_what_the_text_says() -> None:
    text = "def add(a, b):\n    return a + b\n"
    assert np.linalg.norm(dense(text)) == pytest.approx(1, abs=1e-6)
    assert not dense("").any() and not dense("   ").any()
    same = dense(text.replace("a + b", "a  +  b"))
    assert (same == dense(text)).all(), "blanks inside of a line say nothing"
    assert (dense("x = 17") == dense("x = 4")).all(), "a number is a number"
    assert (dense("  x") != dense("\n      x")).any() and (dense("\n x") == dense("\n\n\n x")).all()
    assert (dense("x y") != dense("y x")).any(), "neighbours count"
    assert (dense(text, most=12) == dense(text[:12])).all(), "of a long text the beginning is read"


def test_sums_are_those_of_the_vectors_in_any_batch() -> None:
    draw = random.Random(4)
    texts = [good(n) if n % 2 else bad(n) for n in range(20)] + ["", None, "é ü 漢字 \0 \x7f", "\r\n\r\n\tx"]
    heads = np.array([[draw.uniform(-1, 1) for _ in range(1 << 14)] for _ in range(2)], np.float32)
    of = np.array([draw.randrange(2) for _ in texts])
    sums, tokens = sums_of(pa.array(texts), of, heads, 4096)
    for n, text in enumerate(texts):
        assert sums[n] == pytest.approx(float(dense(text or "") @ heads[of[n]]), abs=1e-5)
    cut = pa.array(["not mine", *texts]).slice(5, 3)
    again, _ = sums_of(cut, of[4:7], heads, 4096)
    assert (again == sums[4:7]).all() and tokens[20] == tokens[21] == 0 and tokens[22] == 4
    assert len(sums_of(pa.array([], pa.string()), of[:0], heads, 4096)[0]) == 0


def test_a_head_learns_what_labels_say_and_is_the_same_in_any_order() -> None:
    examples = labels(80)
    head = fitted(examples, 4096, 14)
    mixed = random.Random(1).sample(examples, len(examples))
    assert (fitted(mixed, 4096, 14).weights == head.weights).all()
    texts = [good(900), bad(900)]
    sums, _ = sums_of(pa.array(texts), np.zeros(2, np.int64), head.weights[None, :], 4096)
    assert sums[0] + head.bias > 3.5 > 2.5 > sums[1] + head.bias


def test_agreement() -> None:
    assert spearman([1, 2, 3], [10, 20, 30]) == pytest.approx(1) and spearman([1, 2, 3], [3, 2, 1]) == pytest.approx(-1)
    assert spearman([1, 1, 2, 2], [1, 1, 5, 5]) == pytest.approx(1), "ties share their places"
    assert spearman([1, 1], [1, 2]) is None and spearman([1], [1]) is None
    assert auc([0.1, 0.9, 0.5], [False, True, False]) == 1 and auc([0.5, 0.5], [True, False]) == 0.5
    assert auc([1.0], [True]) is None


def test_a_threshold_is_read_off_tokens_and_not_off_files() -> None:
    scores, tokens = np.array([1.0, 2.0, 3.0]), np.array([100, 100, 800])
    quantiles = token_quantiles(scores, tokens)
    assert len(quantiles) == STEPS + 1 and (np.diff(quantiles) >= 0).all()
    assert quantiles[250] == 3.0, "two thirds of the files hold a fifth of the tokens"
    found = share_up_to(np.array([0.5, 1.0, 2.0, 2.5, 3.0, 9.0]), quantiles)
    assert found.tolist() == [0, 0.1, 0.2, 0.2, 1, 1]
    below = (share_up_to(scores, quantiles) < 0.25) == (scores < quantiles[250])
    assert below.all(), "a rank below a share is a score below that share's quantile"
    with pytest.raises(ValueError, match="expected a sample with tokens, found none"):
        token_quantiles(scores, np.zeros(3, np.int64))


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Scorer:
    return make(tmp_path_factory.mktemp("scorer") / "a")


def make(folder: Path, p: QualityTraining = SMALL, **languages: list[Labelled]) -> Scorer:
    given = {"python": labels(80), "go": labels(8)} | languages
    return made(given, lambda _: [good(n) for n in range(30)] + [bad(n) for n in range(30)], folder, p)


def test_a_scorer_is_reproducible_and_scores(made_once: Scorer, tmp_path: Path) -> None:
    again = make(tmp_path / "b", python=random.Random(3).sample(labels(80), 80))
    assert again.version == made_once.version and list(again.languages) == ["python"]
    about = made_once.languages["python"]
    assert about["held_out"]["spearman"] > 0.8 and about["held_out"]["auc"] == 1
    assert about["sample"]["kept_tokens"] >= 0.75 and "rank correlation 0." in line("python", about)
    assert made_once.facts["made"]["left_out"] == ["go: expected 40 labelled texts, found 8"]
    scores, found = made_once.scores(pa.array([good(777), bad(777), ""]), ["python"] * 3)
    assert scores[0] > scores[1] and found[0] > found[1] and scores.min() >= 1 and scores.max() <= 5
    where = (found < 0.25) == (scores < about["threshold"])
    assert where.all()
    assert len(made_once.scores(pa.array([], pa.string()), [])[0]) == 0
    other = make(tmp_path / "c", python=labels(81))
    assert other.version != made_once.version
    versions = {scoring_version(str(s.folder)) for s in (made_once, again, other)}
    assert len(versions) == 2 and scoring_version("") == "none", "the folder is no part of it"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "expected a language with enough labels, found no label"),
        ({"python": labels(30)}, "python: expected 40 labelled texts, found 30"),
        ({"python": labels(80)}, "python: expected 20 texts of code_corpus to rank scores by, found 19"),
        ({"python": [Labelled(good(n), 3.0, f"r{n}") for n in range(50)]}, "expected labels that differ, found 3"),
        ({"python": [Labelled(good(n), n % 5, "one") for n in range(50)]}, "found . and . repositories"),
        (
            {"python": [Labelled(good(n), 1 + 4 * share(str(n), "coin"), f"r{n}") for n in range(60)]},
            "expected a rank correlation of 0.3 with labels of",
        ),
    ],
)
def test_what_cannot_be_learned_is_said(given: Any, expected: str, tmp_path: Path) -> None:
    with pytest.raises(LabelsError, match=expected):
        made(given, lambda _: [good(1)] * 19, tmp_path / "scorer", SMALL)
    assert not (tmp_path / "scorer").exists()


def test_a_damaged_scorer_names_its_file(made_once: Scorer, tmp_path: Path) -> None:
    place = tmp_path / "s"

    def broken(name: str, content: bytes | None) -> str:
        shutil.rmtree(place, ignore_errors=True)
        shutil.copytree(made_once.folder, place)
        if content is None:
            (place / name).unlink()
        else:
            (place / name).write_bytes(content)
        with pytest.raises(ValueError) as error:
            Scorer(place)
        return str(error.value)

    assert broken("heads.npy", None).startswith(f"{place}: expected a scorer, found no heads.npy; refinelake quality")
    whole = (made_once.folder / "heads.npy").read_bytes()
    assert broken("heads.npy", whole[:-9]).startswith(f"{place}/heads.npy: expected the weights of quality.json, found")
    assert broken("quality.json", b"").startswith(f"{place}/quality.json: expected the facts of a scorer, found JSON")
    assert "expected the facts of a scorer, found KeyError" in broken("quality.json", b"{}")
    assert "expected the facts of a scorer, found TypeError" in broken("quality.json", b"[]")
    facts = json.loads((made_once.folder / "quality.json").read_text())
    facts["languages"]["python"]["quantiles"] = [1.0]
    assert "expected 1001 quantiles" in broken("quality.json", json.dumps(facts).encode())
    with pytest.raises(ValueError, match=r"nowhere: expected a scorer, found no quality\.json"):
        scorer(str(tmp_path / "nowhere"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "expected at least one label, found none"),
        ("\n \n", "expected at least one label, found none"),
        ("{", "line 1: expected one JSON object, found"),
        ("[1]", r"line 1: expected one JSON object, found \[1\]"),
        ('{"content": "x", "language": "go", "score": 1}\n{"path": "x"}', "line 2: expected fields out of"),
        ('{"content": "x", "language": "go", "score": "1"}', "score: expected a number, found '1'"),
        ('{"content": "x", "language": "go", "score": NaN}', "score: expected a number, found nan"),
        ('{"content": "x", "language": "go", "score": true}', "score: expected a number, found True"),
        ('{"content": "x", "score": 1}', "language: expected a name"),
        ('{"language": "go", "score": 1}', "expected a clean_id or a content, found neither"),
        ('{"language": "go", "score": 1, "content": "x", "clean_id": "y"}', "found both"),
        ('{"language": "go", "score": 1, "content": 7}', "content: expected a string, found 7"),
    ],
)
def test_wrong_labels_name_their_line(text: str, expected: str) -> None:
    with pytest.raises(ValueError, match=f"^labels.jsonl: .*{expected}"):
        read_lines("labels.jsonl", text)


def test_labels_are_read_from_rows_too() -> None:
    rows = [{"clean_id": "a", "language": "Go", "score": 2, "other": 9, "content": None}]
    (found,) = read_rows("labels.parquet", rows)
    assert (found.clean_id, found.language, found.score, found.content) == ("a", "go", 2.0, None)
    with pytest.raises(ValueError, match=r"labels.parquet: row 1: score: expected a number, found None"):
        read_rows("labels.parquet", [{"content": "x", "language": "go"}])


def test_wrong_settings_are_named() -> None:
    for wrong in ({"labels": 3}, {"held_out": 1.0}, {"keep": 0.0}, {"bits": 60}, {"most_bytes": 1}, {"agreement": 2}):
        with pytest.raises(ValueError, match="quality_training: expected"):
            QualityTraining(**wrong)  # type: ignore[arg-type]
