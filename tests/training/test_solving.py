"""A small pass@1 within a run: real tasks, run in the sandbox, and nothing of the training moves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from tests.training.runs import TOKENIZER, carried, events, lines, logged, tiny
from training.checkpoint.export import export
from training.checkpoint.master import master_weights
from training.checkpoint.store import opened
from training.evaluation.benchmark import scored
from training.evaluation.sampling import Sampling
from training.evaluation.solving import Solving
from training.evaluation.tasks import human_eval
from training.evaluation.writers import Local
from udfs.execution import levels
from udfs.tokens.tokenizer import TextTokenizer

TASKS = [
    {
        "task_id": f"own/{number}",
        "prompt": f"def one_{number}(x):\n    '''Return {number}.'''\n",
        "entry_point": f"one_{number}",
        "canonical_solution": f"    return {number}\n",
        "test": f"def check(candidate):\n    assert candidate(0) == {number}\n",
    }
    for number in range(3)
]


@pytest.fixture
def tasks(tmp_path: Path) -> str:
    file = tmp_path / "tasks.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in TASKS))
    return str(file)


def test_tasks_are_answered_every_so_many_steps_as_the_export_answers_and_change_nothing(
    tasks: str, tmp_path: Path
) -> None:
    plain, looked = tmp_path / "plain", tmp_path / "looked"
    carried(tiny(evaluate={"every": 0}), plain)
    carried(tiny(evaluate={"every": 2, "tasks": 2, "task_file": tasks, "answer_tokens": 8}), looked)
    assert [row["step"] for row in lines(looked) if "pass_at_1" in row] == [1, 3, 5]
    assert logged(looked) == logged(plain)
    one, other = (master_weights(opened(place)) for place in (looked, plain))
    assert all(torch.equal(one[name], other[name]) for name in one)

    model = AutoModelForCausalLM.from_pretrained(export([opened(looked)], tmp_path / "model", "fp32"))
    writer = Local(model, TextTokenizer.read(TOKENIZER), Sampling(most=8))
    summary, rows = scored(writer, human_eval(tasks)[:2])
    last = events(looked, "solved")[-1]
    assert [row["raw"] for row in last["rows"]] == [row["raw"] for row in rows] and any(r["raw"].strip() for r in rows)
    assert [row["task"] for row in last["rows"]] == ["own/0", "own/1"]
    assert lines(looked)[-1]["pass_at_1"] == summary["pass@1"]


def test_what_cannot_be_is_said_before_a_step(tasks: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = TextTokenizer.read(TOKENIZER)
    assert Solving.opened(tiny(evaluate={"every": 2}), tokenizer) is None
    with pytest.raises(ValueError, match=r"evaluate.tasks: expected engine.zero 1 or 2"):
        Solving.opened(tiny(evaluate={"every": 2, "tasks": 1}, engine={"zero": 3}), tokenizer)
    with pytest.raises((ValueError, OSError), match=r"none\.jsonl"):
        Solving.opened(tiny(evaluate={"every": 2, "tasks": 1, "task_file": str(tmp_path / "none.jsonl")}), tokenizer)
    monkeypatch.setattr(
        levels, "probed", lambda: {"rlimits": "", "landlock": "the kernel is old", "bubblewrap": "gone"}
    )
    with pytest.raises(ValueError, match=r"isolation: expected bubblewrap or better, found rlimits"):
        Solving.opened(tiny(evaluate={"every": 2, "tasks": 1, "isolation": "bubblewrap"}), tokenizer)
    with pytest.raises(ValueError, match=r"evaluate.isolation"):
        tiny(evaluate={"isolation": "magic"})
