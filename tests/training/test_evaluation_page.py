"""Every command that docs/evaluation.md shows is run, with a scripted endpoint and sets of our own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests import documented
from tests.training.test_commands import called
from tests.udfs.calls.endpoint import Endpoint
from training.evaluation.sets import FORMS

FIXTURES = Path(__file__).parent / "fixtures" / "evaluation"
SHOWN = [
    c
    for c in documented.commands()
    if c.page == "docs/evaluation.md" and c.text.startswith("refinelake evaluate --model")
]
FLAGS = (
    "--model --endpoint --to --human-eval --human-eval-plus --mbpp --shots --mbpp-plus --chat --bigcodebench "
    "--bigcodebench-split --check-references --livecodebench --window --apps --samples --mceval --mdeval --feedback "
    "--judge-endpoint --judge-model --arena --beside --run --every --held-out "
)
"""What refinelake evaluate is shown with."""


def teacher(body: dict[str, Any]) -> str:
    text = body["prompt"] if "prompt" in body else body["messages"][-1]["content"]
    return json.dumps({"because": "so", "better": "tie"}) if "<answer_a>" in text else "    pass"


def made(folder: Path) -> dict[str, str]:
    """What stands for the names that the page uses."""
    tasks = [
        {"task_id": n, "text": "One.", "code": "def f():\n  return 1", "test_list": ["assert f() == 1"]}
        for n in (2, 3, 4, 11)
    ]
    (folder / "mbpp.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    (folder / "other.json").write_text('{"model": "other", "benchmarks": {"mbpp": {"pass@1": 0.25}}}')
    own = {file.name: str(file) for file in FIXTURES.glob("*.jsonl")}
    return own | {
        "mbpp.jsonl": str(folder / "mbpp.jsonl"),
        "scores": str(folder / "to"),
        "other/evaluation.json": str(folder / "other.json"),
    }


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown.text.partition("scores ")[2])
def test_a_command_of_the_page_runs(
    shown: documented.Shown, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    places = made(tmp_path)
    with Endpoint(teacher=teacher) as endpoint:
        words = [endpoint.url if word == "URL" else places.get(word, word) for word in shown.words[1:]]
        if "runs/model" in words:
            words += ["--model", "m", "--endpoint", endpoint.url]
        assert called(monkeypatch, *words, "--tasks", "2") == 0, capsys.readouterr()
    found = json.loads((tmp_path / "to" / "evaluation.json").read_text())
    flags = {word.lstrip("-").replace("-", "_") for word in shown.words if word.startswith("--")}
    sets = flags & {form.name for form in FORMS}
    assert len(found["benchmarks"]) == len(sets) and ("arena" in found) is ("arena" in flags)
    page = (tmp_path / "to" / "evaluation.html").read_text()
    assert "arXiv 2411.04905" in page and (">25.0<" in page) is ("beside" in flags)


def test_the_page_names_every_set() -> None:
    text = (documented.ROOT / "docs/evaluation.md").read_text(encoding="utf-8")
    assert [form.flag for form in FORMS if f"`--{form.flag}`" not in text] == []
    assert SHOWN and all(flag in FLAGS for shown in SHOWN for flag in shown.words if flag.startswith("--"))
