"""Forms of benchmarks on tasks of our own: what passes, what fails, what cannot be run here, what is refused."""

from __future__ import annotations

import base64
import gzip
import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest

from training.evaluation.apps import apps
from training.evaluation.benchmark import LIMITS, judged, program_of, scored
from training.evaluation.bigcodebench import bigcodebench
from training.evaluation.installing import install
from training.evaluation.lacking import able, what_lacks
from training.evaluation.livecodebench import livecodebench, months, unpacked
from training.evaluation.reading import rows
from training.evaluation.sets import FORMS, Form, Options, loaded
from training.evaluation.task import Task, continued
from training.evaluation.tasks import mbpp
from udfs.execution.judging import same_output
from udfs.execution.running import Runner

FIXTURES = Path(__file__).parent / "fixtures" / "evaluation"
SHARED = Path(__file__).parents[3] / "shared" / "benchmarks"
needs_benchmarks = pytest.mark.skipif(not SHARED.exists(), reason="benchmark files lie beside the project, not in it")


class Says:
    """A model that knows what to say to each prompt, whatever it is asked as."""

    def __init__(self, *texts: str) -> None:
        self.texts, self.seen = texts, list[Any]()

    def completions(self, prompts: Any, stops: Any) -> list[list[str]]:
        self.seen += prompts
        return [[text] for text in self.texts]

    def answers(self, chats: Any) -> list[list[str]]:
        self.seen += chats
        return [[text] for text in self.texts]


def outcome(task: Task, raw: str, chat: bool = False) -> dict[str, Any]:
    with Runner(limits=LIMITS) as runner:
        (row,) = judged(runner, [(task, 0, raw)], chat, 1)
    return row


def test_solved_tasks_stand_before_mbpps_own(tmp_path: Path) -> None:
    made = [
        {"task_id": n, "text": f"Give {n}.", "code": f"def f():\r\n  return {n}", "test_list": [f"assert f() == {n}"]}
        for n in (2, 3, 4, 11)
    ]
    file = tmp_path / "mbpp.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in made))
    (task,) = mbpp(file, shots=3)
    assert task.prompt.count("[BEGIN]") == 4 and task.prompt.count("[DONE]") == 3
    assert "return 3\n[DONE]\n\nYou are" in task.prompt and task.prompt.endswith("assert f() == 11\n[BEGIN]")
    assert task.question == mbpp(file)[0].question
    assert outcome(task, "\ndef f():\n    return 11\n[DONE]\nYou are")["outcome"] == "passed"
    with pytest.raises(ValueError, match=r"mbpp.jsonl: expected 0 to 3 solved tasks in a prompt, found 4"):
        mbpp(file, shots=4)
    file.write_text(json.dumps(made[3]))
    with pytest.raises(ValueError, match="expected the tasks that prompts show, found no 2, 3"):
        mbpp(file, shots=2)


@needs_benchmarks
def test_solved_tasks_of_the_real_mbpp_are_not_of_its_test_split() -> None:
    for file in ("mbpp.jsonl", "sanitized-mbpp.json"):
        tasks = mbpp(SHARED / "mbpp" / file, None, 3)
        assert tasks[0].prompt.count("[DONE]") == 3 and not {t.id for t in tasks} & {"MBPP/2", "MBPP/3", "MBPP/4"}


def test_bigcodebench_is_tested_by_its_class() -> None:
    task, _ = bigcodebench(FIXTURES / "bigcodebench.jsonl")
    assert outcome(task, continued(task.reference))["outcome"] == "passed"
    wrong = outcome(task, "    return list(json.loads(text))")
    assert wrong["outcome"] == "failed" and "test_keys" in wrong["detail"]
    assert outcome(task, "    import os\n    os._exit(0)")["outcome"] == "error"
    answer = "```python\nimport json\ndef task_func(text):\n    return sorted(json.loads(text))\n```"
    assert outcome(task, answer, chat=True)["outcome"] == "passed"
    assert bigcodebench(FIXTURES / "bigcodebench.jsonl", "instruct")[0].question.endswith("def task_func(text):\n```")
    with pytest.raises(ValueError, match="--bigcodebench-split: expected one of complete, instruct, found x"):
        bigcodebench(FIXTURES / "bigcodebench.jsonl", "x")


def test_what_cannot_be_run_here_is_counted_and_not_failed() -> None:
    tasks = bigcodebench(FIXTURES / "bigcodebench.jsonl")
    scores, found = scored(Says(continued(tasks[0].reference)), tasks)
    assert (scores["tasks"], scores["pass@1"], len(found)) == (1, 1.0, 1)
    assert scores["cannot_run"] == {
        "tasks": ["BigCodeBench/9002"],
        "why": {"Python package package_that_nobody_has": 1},
        "packages": ["package_that_nobody_has"],
    }
    with pytest.raises(ValueError, match="found Python package package_that_nobody_has; --install, or pip install"):
        scored(Says(""), tasks[1:])


def test_packages_of_a_folder_are_found(tmp_path: Path) -> None:
    library = tmp_path / "library"
    library.mkdir()
    (library / "package_that_nobody_has.py").write_text("")
    for place in (library, *library.parents):
        if not place.stat().st_mode & 0o001:
            place.chmod(0o755)
    task = bigcodebench(FIXTURES / "bigcodebench.jsonl")[1]
    with Runner(limits=LIMITS, libraries=[str(library)]) as runner:
        assert what_lacks([task], runner) == {}
        assert runner.run(program_of(task, continued(task.reference)), task.limits).passed


def test_tasks_whose_reference_fails_here_are_left_out_when_asked() -> None:
    from dataclasses import replace

    good = bigcodebench(FIXTURES / "bigcodebench.jsonl")[0]
    bad = replace(good, id="BigCodeBench/9003", reference="    return 1\n")
    scores, _ = scored(Says(good.reference), [good, bad], references=True)
    assert scores["tasks"] == 1 and scores["cannot_run"]["tasks"] == ["BigCodeBench/9003"]
    assert able([good, bad], scores["cannot_run"]) == [good]


@needs_benchmarks
def test_canonical_solutions_of_bigcodebench_hard() -> None:
    """Those that need nothing but Python. 1040 opens a port, 147 counts on an order of threads; 785 on /tmp."""
    tasks = [t for t in bigcodebench(SHARED / "bigcodebench" / "BigCodeBench_Hard.jsonl.gz") if not t.needs]
    assert len(tasks) == 33
    quick = [t for t in tasks if t.id.split("/")[1] not in ("147", "785", "1040")][::4]
    with Runner(limits=LIMITS) as runner:
        found = judged(runner, [(t, 0, continued(t.reference)) for t in quick], False, 2)
    assert [row["task"] for row in found if row["outcome"] != "passed"] == []


def test_livecodebench_tests_programs_and_functions() -> None:
    read, call, _ = livecodebench(FIXTURES / "livecodebench.jsonl")
    right = outcome(read, "\nimport sys\nfor line in sys.stdin:\n    print(f'{2 * int(line)}.0 ')\n```\nand so on")
    assert right["outcome"] == "passed" and len(right["tests"]) == 10 and right["group"] == "easy"
    wrong = outcome(read, "\nprint(2)\nprint(4)")
    assert wrong["outcome"] == "failed" and len(wrong["tests"]) == 4  # the others are not run any more
    assert outcome(call, "        return [numbers[0], numbers[-1]]")["outcome"] == "passed"
    answer = "```python\ndef ends(numbers):\n    return numbers[0], numbers[-1]\n```"
    assert outcome(call, answer, chat=True)["outcome"] == "passed"
    assert outcome(call, "        return numbers")["outcome"] == "failed"


def test_the_window_takes_its_months() -> None:
    file = FIXTURES / "livecodebench.jsonl"
    assert [t.id for t in livecodebench(file, "2305-2409")] == ["own_1", "own_2"]
    assert [t.id for t in livecodebench(file, "2408-2411")] == ["own_2", "own_3"]
    assert months("2305-2409") == ("2023-05", "2024-09")
    for wrong in ("2305", "2313-2409", "2409-2305"):
        with pytest.raises(ValueError, match=f"--window {wrong}: expected YYMM-YYMM"):
            livecodebench(file, wrong)
    with pytest.raises(ValueError, match="expected problems from 2025-01 to 2025-02, found none; widen --window"):
        livecodebench(file, "2501-2502")


class Calls:
    """Pickled, it would call a function when it is read."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (print, ("called",))


@pytest.mark.parametrize("made", [Calls(), [Calls()], {"a": 1}, b"bytes"], ids=["call", "inside", "dict", "bytes"])
def test_a_pickle_that_is_no_text_is_refused(made: Any, capsys: pytest.CaptureFixture[str]) -> None:
    packed = base64.b64encode(zlib.compress(pickle.dumps(made))).decode()
    with pytest.raises(ValueError, match=r"x.jsonl: expected test cases of 7 as JSON or packed JSON, found"):
        unpacked(packed, "7", "x.jsonl")
    assert "called" not in capsys.readouterr().out


@pytest.mark.parametrize("said", ["abc", "[{]", '[{"input": "1"}]', base64.b64encode(b"no zip").decode()])
def test_cases_of_another_form_are_refused(said: str) -> None:
    with pytest.raises(ValueError, match="expected test cases of 7"):
        unpacked(said, "7", "x.jsonl")


def test_apps_tests_programs_and_functions() -> None:
    tasks = apps(FIXTURES / "apps.jsonl")
    assert [t.id for t in tasks] == ["APPS/1", "APPS/2"]
    assert all(outcome(t, f"```python\n{t.reference}```", chat=True)["outcome"] == "passed" for t in tasks)
    near = "\na = float(input())\nb = float(input())\nprint((a + b) / 2 + 1e-7)"
    assert outcome(tasks[0], near)["outcome"] == "passed"
    assert outcome(tasks[0], "\nprint(1.5)")["outcome"] == "failed"
    assert outcome(tasks[1], "    return a - b")["outcome"] == "failed"


def test_apps_without_tests_or_with_unequal_ones_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "apps.jsonl"
    file.write_text(json.dumps({"problem_id": 1, "question": "?", "input_output": ""}))
    with pytest.raises(ValueError, match=r"apps.jsonl: expected problems with tests, found none"):
        apps(file)
    file.write_text(json.dumps({"problem_id": 1, "question": "?", "input_output": '{"inputs": ["1"], "outputs": []}'}))
    with pytest.raises(ValueError, match="expected input_output of 1 as JSON, found 1 inputs and 0 outputs"):
        apps(file)


@pytest.mark.parametrize(
    ("found", "expected", "numbers", "same"),
    [
        ("1.0 2\n", "1 2", 0.0, True),
        ("1.0 2\n", "1 2", None, False),
        (" yes \n\n", "yes", 0.0, True),
        ("1.0000001", "1", 0.0, False),
        ("1.0000001", "1", 1e-5, True),
        ("1 2", "1", 0.0, False),
        ("nan", "nan ", 0.0, True),
        ("a", "b", 0.0, False),
        ("50000000000000001", "50000000000000000", 0.0, False),
    ],
)
def test_outputs_with_numbers(found: str, expected: str, numbers: float | None, same: bool) -> None:
    assert same_output(found, expected, numbers) is same


def test_files_are_read_and_named(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl.gz"
    file.write_bytes(gzip.compress(b'{"a": 1}\n{"a": 2}\n'))
    assert rows(file) == [{"a": 1}, {"a": 2}]
    for content in (b"no gzip", gzip.compress(b"[]"), gzip.compress(b"[1]")):
        file.write_bytes(content)
        with pytest.raises(ValueError, match=r"a.jsonl.gz: expected"):
            rows(file)
    with pytest.raises(ValueError, match="expected a benchmark file, found none; name one with its path"):
        rows(tmp_path / "none.jsonl")


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.flag)
def test_rows_of_another_form_are_refused_by_name(form: Form, tmp_path: Path) -> None:
    file = tmp_path / "other.jsonl"
    file.write_text('{"x": 1}')
    with pytest.raises(ValueError, match=r"other\.jsonl: expected rows with \w+, found x; is it a file of this"):
        form.load(str(file), Options())


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    form = next(form for form in FORMS if form.flag == "mceval")
    file = str(FIXTURES / "mceval.jsonl")
    assert list(loaded(form, [file], Options())) == ["mceval-mceval"]
    with pytest.raises(ValueError, match="expected files with names of their own, found mceval-mceval twice"):
        loaded(form, [file, file], Options())


def test_what_pip_cannot_install_is_told_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for place in (tmp_path, *tmp_path.parents):
        if not place.stat().st_mode & 0o001:
            place.chmod(0o755)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(ValueError, match="expected pip to install package-that-nobody-has, found: ") as error:
        install(["package-that-nobody-has"], tmp_path / "libraries")
    assert "\n" not in str(error.value)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(ValueError, match="closed: expected a folder that anybody may enter"):
        install(["x"], closed / "libraries")
