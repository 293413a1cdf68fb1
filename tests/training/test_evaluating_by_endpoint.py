"""Models behind an endpoint: completions, chats, a second turn after feedback, judged pairs, and their refusals."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.training.test_commands import called
from tests.udfs.calls.endpoint import Endpoint, Fault, Said
from training.evaluation.feedback import told
from training.evaluation.sampling import Sampling
from training.evaluation.table import COLUMNS, columns, line_of, papers
from training.evaluation.writers import remote

FIXTURES = Path(__file__).parent / "fixtures" / "evaluation"
JUDGE = ["--judge-endpoint", "http://localhost:9/v1", "--judge-model", "j"]
ARENA = str(FIXTURES / "arena.jsonl")
RIGHT = "```python\ndef thirds(numbers):\n    return [n / 3 for n in numbers]\n```"
WRONG = "```python\ndef thirds(numbers):\n    return [abs(n) / 3 for n in numbers]\n```"


def spoken(body: dict[str, Any]) -> str:
    """A model that corrects itself once it is told what is wrong, and knows nothing else."""
    if "prompt" in body:
        return "    return [n / 3 for n in numbers]\n\ndef more(): pass" if "thirds" in body["prompt"] else "    pass"
    if "You review the program" in body["messages"][0]["content"]:
        return "It forgets the sign. Look at negative numbers."
    if "thirds" not in body["messages"][0]["content"]:
        return "no code"
    return RIGHT if len(body["messages"]) > 1 else WRONG


def evaluated(
    monkeypatch: pytest.MonkeyPatch, endpoint: Endpoint, to: Path, *more: str
) -> tuple[int, dict[str, Any], list[dict[str, Any]]]:
    """Exit code, evaluation.json, rows of HumanEval+."""
    given = ("evaluate", "--endpoint", endpoint.url, "--model", "m", "--to", str(to))
    plus = ("--human-eval-plus", str(FIXTURES / "humaneval-plus.jsonl"))
    code = called(monkeypatch, *given, *plus, *more)
    rows = [json.loads(line) for line in (to / "human_eval_plus.jsonl").read_text().splitlines()]
    return code, json.loads((to / "evaluation.json").read_text()), rows


def test_a_base_model_behind_an_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REFINELAKE_KEY", "secret-key")
    with Endpoint(teacher=spoken, key="secret-key") as endpoint:
        code, found, rows = evaluated(monkeypatch, endpoint, tmp_path)
    assert code == 0 and found["benchmarks"]["human_eval_plus"]["pass@1"] == 0.5
    assert found["benchmarks"]["human_eval_plus"]["apart"]["base"] == {"tasks": 2, "pass@1": 0.5}
    assert rows[0]["raw"].endswith("def more(): pass") and "more" not in rows[0]["program"]
    asked = endpoint.log[0].body
    assert endpoint.log[0].path.endswith("/completions") and len(asked["stop"]) == 4 and asked["temperature"] == 0
    page = (tmp_path / "evaluation.html").read_text()
    assert "OpenCoder-1.5B, stage 1 then 2" in page and ">50.0<" in page and "secret-key" not in page


def test_several_samples_are_drawn_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(teacher=spoken) as endpoint:
        _, found, rows = evaluated(monkeypatch, endpoint, tmp_path, "--samples", "5", "--chat", "--tasks", "1")
    assert found["benchmarks"]["human_eval_plus"] | {"apart": 0} == {
        "tasks": 1, "samples": 5, "pass@1": 0.0, "pass@5": 0.0, "apart": 0,
    }  # fmt: skip
    assert len({call.body["seed"] for call in endpoint.log}) == 5 == len(rows)


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        ("execution", "expected"),
        ("human", "It forgets the sign."),
        ("human-oracle", "It forgets the sign."),
    ],
)
def test_a_second_turn_after_feedback(
    kind: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with Endpoint(teacher=spoken) as endpoint:
        judge = ("--judge-endpoint", endpoint.url, "--judge-model", "j")
        code, found, rows = evaluated(monkeypatch, endpoint, tmp_path, "--chat", "--feedback", kind, *judge)
    scores = found["benchmarks"]["human_eval_plus"]
    assert code == 0 and (scores["first_turn"], scores["pass@1"], scores["feedback"]) == (0.0, 0.5, kind)
    assert rows[0]["first"]["raw"] == WRONG and rows[0]["raw"] == RIGHT and shown in rows[0]["feedback"]
    assert rows[1]["outcome"] != "passed" and "first" in rows[1]
    # Both answers have a second turn, and calls come side by side: the one about the answer that was looked at above.
    asked = (call.body["messages"] for call in endpoint.log if len(call.body["messages"]) == 3)
    turns = next(messages for messages in asked if rows[0]["feedback"] in messages[2]["content"])
    assert [turn["role"] for turn in turns] == ["user", "assistant", "user"] and shown in turns[2]["content"]
    reviews = [c.said for c in endpoint.log if "You review" in c.said]
    assert bool(reviews) is (kind != "execution")
    assert any("right_solution" in text for text in reviews) is (kind == "human-oracle")
    assert "pass@1 0.500 (first turn 0.000)" in capsys.readouterr().out


def test_what_running_says_in_the_second_turn() -> None:
    assert told({"outcome": "cpu_limit", "detail": "x"}) == "Execution timed out."
    assert told({"outcome": "error", "detail": "NameError: name 'f' is not defined"}).startswith("The tests call `f`,")
    long = told({"outcome": "failed", "detail": "x" * 900 + "end"})
    assert long.startswith("The result is wrong.\n") and long.endswith("xend") and len(long) == 500
    assert "killed" in told({"outcome": "killed", "detail": ""})


def judged(body: dict[str, Any]) -> str:
    """Answers questions, and judges them: one is better, one worse, one by its place alone, one in no form at all."""
    if len(body["messages"]) == 1:
        return f"OURS to {body['messages'][0]['content']}"
    text = body["messages"][-1]["content"]
    ours = "a" if text.index("OURS") < text.index("BASE") else "b"
    number = text.split("<question>\nquestion ")[1][0]
    better = {"1": ours, "2": "b" if ours == "a" else "a", "3": "a", "4": "tie"}.get(number)
    return json.dumps({"because": "it is", "better": better}) if better else "I like both."


def test_pairs_are_judged_in_both_orders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "arena.jsonl"
    file.write_text("".join(json.dumps({"question": f"question {n}", "baseline": "BASE"}) + "\n" for n in range(1, 6)))
    rubric = tmp_path / "rubric.toml"
    rubric.write_text(
        'version = 3\ntitle = "t"\nlowest = 1\nhighest = 5\n[[criteria]]\nname = "c"\nasks = "Is it good?"\n'
    )
    with Endpoint(teacher=judged) as endpoint:
        given = ("evaluate", "--endpoint", endpoint.url, "--model", "m", "--to", str(tmp_path), "--arena", str(file))
        judge = ("--judge-endpoint", endpoint.url, "--judge-model", "j", "--rubric", str(rubric))
        assert called(monkeypatch, *given, *judge) == 0
    found = json.loads((tmp_path / "evaluation.json").read_text())["arena"]
    counts = [found[name] for name in ("tasks", "wins", "ties", "losses", "by_place", "unjudged")]
    assert counts == [5, 1, 2, 1, 1, 1] and found["win_rate"] == 0.5 and found["rubric"].endswith("rubric.toml@3")
    assert any("Is it good?" in call.said for call in endpoint.log)
    rows = [json.loads(line) for line in (tmp_path / "arena.jsonl").read_text().splitlines()]
    assert rows[2]["by_place"] and rows[4]["why"] and rows[0]["raw"].startswith("OURS")


def test_an_endpoint_that_gives_nothing_is_an_error_and_no_score() -> None:
    with Endpoint(script=lambda _: Fault("status", status=404)) as endpoint:
        writer = remote(endpoint.url, "m", Sampling())
        with pytest.raises(ValueError, match=r"endpoint of m: expected 2 answers, found . requests without one"):
            writer.completions(["a", "b"], [(), ()])


def test_a_refused_request_is_an_empty_answer() -> None:
    with Endpoint(teacher=lambda _: Said("cut", finish="length")) as endpoint:
        assert remote(endpoint.url, "m", Sampling()).answers([({"role": "user", "content": "x"},)]) == [["cut"]]
    with Endpoint(script=lambda _: Fault("status", status=400, body='{"error": {"message": "no"}}')) as endpoint:
        assert remote(endpoint.url, "m", Sampling()).answers([({"role": "user", "content": "x"},)]) == [[""]]


def test_the_papers_rows_have_sources_and_known_sets() -> None:
    rows = papers()
    assert len(rows) >= 10 and all("arXiv" in row.source for row in rows)
    assert {name for row in rows for name in row.scores} <= set(COLUMNS)
    assert list(columns(rows))[:2] == ["human_eval", "human_eval_plus"]
    assert all(0 < score < 100 for row in rows for score in row.scores.values())
    mine = line_of({"model": "m", "benchmarks": {"mbpp_plus": {"pass@1": 0.5, "apart": {"base": {"pass@1": 0.75}}}}})
    assert mine.scores == {"mbpp": 75.0, "mbpp_plus": 50.0}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--model", "m"], "expected --held-out, --human-eval, --human-eval-plus"),
        (["--human-eval"], "expected one of --model and --run, found both or none"),
        (["--model", "m", "--run", "r", "--human-eval"], "expected one of --model and --run"),
        (["--model", "m", "--endpoint", "http://h/v1", "--held-out", "t"], "--endpoint: expected a name in --model"),
        (["--model", "m", "--endpoint", "h", "--human-eval"], "endpoints: expected base URLs like http"),
        (["--model", "m", "--arena", "a.jsonl"], "--arena: expected --judge-endpoint"),
        (["--model", "m", "--human-eval", "--judge-model", "j"], "--judge-endpoint: expected --judge-model"),
        (["--model", "m", "--human-eval", "--feedback", "execution"], "--feedback: expected --chat and one sample"),
        (["--run", "nowhere", "--human-eval"], "nowhere: expected"),
        (["--model", "m", "--human-eval", "--tasks", "0"], "--tasks: expected a number of tasks from 1"),
        (["--run", "r", "--human-eval", "--every", "0"], "--every: expected a number of steps from 1"),
        (["--model", "m", "--human-eval", "none.jsonl"], "none.jsonl: expected a benchmark file, found none"),
        (["--model", "m", "--mbpp", "none.jsonl", "--shots", "3"], "none.jsonl: expected a benchmark file"),
        (["--model", "m", "--human-eval", "--beside", "x.json"], "x.json: expected an evaluation.json"),
        (["--model", "m", "--livecodebench", "x", "--window", "23"], "--window 23: expected YYMM-YYMM"),
        (["--model", "m", "--bigcodebench", "x", "--bigcodebench-split", "y"], "expected one of complete, instruct"),
    ],
)
def test_mistakes_end_in_one_line(
    more: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert called(monkeypatch, "evaluate", "--to", "to", *more) == 2
    error = capsys.readouterr().err
    assert error.startswith("refinelake: ") and said in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--chat", "--feedback", "rude"], "--feedback: expected one of execution, human, human-oracle, found rude"),
        (["--chat", "--feedback", "human"], "--feedback human: expected --judge-endpoint and --judge-model"),
        (["--isolation", "none"], "isolation none: expected one of"),
        (["--libraries", "nowhere"], "libraries: expected folders of installed packages"),
        (["--samples", "0"], "generation: expected samples >= 1"),
        (["--arena", "none.jsonl", *JUDGE], "none.jsonl: expected a benchmark file"),
        (["--arena", ARENA, *JUDGE, "--rubric", "none.toml"], "--rubric none.toml: expected a TOML file"),
        (["--arena", ARENA, *JUDGE, "--rubric", ARENA], "expected version, title, lowest, highest and criteria"),
    ],
)
def test_mistakes_that_are_seen_later(
    more: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    with Endpoint(teacher=spoken) as endpoint:
        given = ("evaluate", "--endpoint", endpoint.url, "--model", "m", "--to", "to", "--human-eval", "--tasks", "1")
        assert called(monkeypatch, *given, *more) == 2
    error = capsys.readouterr().err
    assert said in error and error.startswith("refinelake: ") and error.count("\n") == 1
    assert not endpoint.log or "samples" in said
