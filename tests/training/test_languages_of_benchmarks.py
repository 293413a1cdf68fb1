"""McEval's and MdEval's forms: right answers pass, wrong ones fail, whatever the language's tests do when they fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from training.evaluation.benchmark import LIMITS, judged
from training.evaluation.lacking import able, what_lacks
from training.evaluation.mceval import mceval
from training.evaluation.mdeval import mdeval
from training.evaluation.of_language import fitted
from training.evaluation.task import Task, continued
from training.evaluation.tasks import multipl_e
from udfs.execution.languages import Missing
from udfs.execution.running import Runner

FIXTURES = Path(__file__).parent / "fixtures" / "evaluation"
SHARED = Path(__file__).parents[3] / "shared" / "benchmarks"
needs_benchmarks = pytest.mark.skipif(not SHARED.exists(), reason="benchmark files lie beside the project, not in it")


def outcomes(samples: Sequence[tuple[Task, str]], chat: bool = False) -> dict[str, Any]:
    """By task, those whose language is here."""
    with Runner(limits=LIMITS) as runner:
        there = [(t, 0, raw) for t, raw in samples if not isinstance(runner.tools(t.language), Missing)]
        return {row["task"]: row["outcome"] for row in judged(runner, there, chat, 2)}


def quick(tasks: Sequence[Task]) -> list[Task]:
    """Compiling Go takes seconds."""
    return [task for task in tasks if task.language not in ("go_test",) and not task.id.startswith("Haskell")]


def test_canonical_solutions_of_mcevals_form_pass_and_wrong_ones_do_not() -> None:
    tasks = quick(mceval(FIXTURES / "mceval.jsonl"))
    right = outcomes([(task, continued(task.reference)) for task in tasks])
    assert set(right.values()) == {"passed"} and {"Python/901", "JavaScript/901", "Shell/901"} <= set(right)
    wrong = outcomes([(task, continued(task.reference.replace("2 *", "3 *"))) for task in tasks])
    assert "passed" not in wrong.values() and set(wrong) == set(right)


def test_answers_in_chat_get_what_stands_before_the_function() -> None:
    said = {
        "Python/901": "```python\ndef twice(n: int) -> List[int]:\n    return 2 * n\n```",
        "JavaScript/901": "```js\nfunction twice(n) { return 2 * n; }\n```",
        "Java/901": "```java\npublic static int twice(int n) { List<Integer> a = null; return 2 * n; }\n```",
        "CPP/901": "```cpp\nint twice(int n) { return 2 * n; }\n```",
    }
    tasks = [task for task in mceval(FIXTURES / "mceval.jsonl") if task.id in said]
    assert set(outcomes([(task, said[task.id]) for task in tasks], chat=True).values()) == {"passed"}
    whole = "```java\nimport java.util.*;\nclass Solution {\n    static int twice(int n) { return 2 * n; }\n}\n```"
    java = next(task for task in tasks if task.id == "Java/901")
    assert set(outcomes([(java, whole)], chat=True).values()) <= {"passed"}


def test_mended_programs_of_mdevals_form_pass_and_buggy_ones_do_not() -> None:
    tasks = quick(mdeval(FIXTURES / "mdeval.jsonl"))
    right = outcomes([(task, f"```\n{task.reference}```") for task in tasks], chat=True)
    assert set(right.values()) == {"passed"} and {"Python/1", "JavaScript/1"} <= set(right)
    buggy = [(t, t.prompt.split("```\n")[1].removesuffix("```")) for t in tasks]
    assert "passed" not in outcomes([(t, f"```\n{code}```") for t, code in buggy], chat=True).values()
    assert all("mend it" in task.question for task in tasks)


def test_a_language_without_a_sandbox_is_counted() -> None:
    tasks = mdeval(FIXTURES / "mdeval.jsonl")
    with Runner(limits=LIMITS) as runner:
        lacking = what_lacks(tasks, runner)
        assert "Haskell/1" in lacking["tasks"]
        assert any(why.startswith("language haskell: none that this sandbox runs") for why in lacking["why"])
        assert "Python/1" in {task.id for task in able(tasks, lacking)}


@pytest.mark.long
def test_gos_tests_run_without_testify() -> None:
    tasks = [
        *mceval(FIXTURES / "mceval.jsonl"),
        *(replace(t, id=f"Md{t.id}") for t in mdeval(FIXTURES / "mdeval.jsonl")),
    ]
    go = [task for task in tasks if task.language == "go_test"]
    assert set(outcomes([(t, continued(t.reference)) for t in go]).values()) <= {"passed"}
    assert "passed" not in outcomes([(t, continued(t.reference.replace("2 *", "3 *"))) for t in go]).values()


def test_rusts_tests_are_called_by_main() -> None:
    head = " use rand::Rng;\n use md5;\n fn f() -> i32 {"
    tests = (
        "#[cfg(test)]\nmod tests {\n use super::*;\n // fn main() {}\n #[test]\n fn test_f() { assert_eq!(f(), 1); }\n}"
    )
    made = fitted("rust", f"{head} 1 }}", tests)
    assert "rand" not in made.source and "pub fn test_f()" in made.tests
    assert made.tests.endswith("fn main() {\n    tests::test_f();\n}\n")
    assert "use rand::Rng;" in fitted("rust", f"{head} rand::thread_rng(); 1 }}", tests).source


@needs_benchmarks
@pytest.mark.parametrize(
    ("language", "count"),
    [
        ("Python", 50),
        ("JavaScript", 50),
        ("Shell", 50),
        ("CPP", 50),
        pytest.param("Go", 50, marks=pytest.mark.long),
        pytest.param("Java", 53, marks=pytest.mark.long),
    ],
)
def test_canonical_solutions_of_mceval(language: str, count: int) -> None:
    """All of a language where the long tests run or it is Python, every fifth otherwise."""
    tasks = mceval(SHARED / "mceval" / f"{language}.jsonl.gz")
    assert len(tasks) == count
    some = tasks if language in ("Python", "Shell", "Go", "Java") else tasks[::5]
    found = outcomes([(task, continued(task.reference)) for task in some])
    print(f"McEval {language}: {Counter(found.values())['passed']} of {len(found)} canonical solutions pass")
    assert [task for task, outcome in found.items() if outcome != "passed"] == []


@needs_benchmarks
@pytest.mark.parametrize("language", ["java", "cpp", "cs", "ts", "js", "php", "sh"])
def test_multipl_e_in_the_papers_languages(language: str) -> None:
    """OpenCoder's eight, Python being HumanEval: each is run here, or what it lacks is named with its package."""
    tasks = multipl_e(SHARED / "multipl-e" / f"humaneval-{language}.jsonl.gz")
    assert len(tasks) >= 158
    with Runner(limits=LIMITS) as runner:
        tools, lacking = runner.tools(language), what_lacks(tasks, runner)
    if isinstance(tools, Missing):
        assert list(lacking["why"]) == [str(tools)] and len(lacking["tasks"]) == len(tasks)
        assert "apt-get install" in str(tools)
    else:
        assert lacking == {} and "passed" not in outcomes([(task, "") for task in tasks[:2]]).values()
