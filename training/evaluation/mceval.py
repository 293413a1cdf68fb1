"""McEval's form (2406.07436): a function in one of 40 languages, its body as the solution, tests in the language.

Rows: task_id (LANGUAGE/NUMBER), prompt (head with documentation), canonical_solution, test, instruction, level.
"""

from __future__ import annotations

import re
from pathlib import Path

from training.evaluation.of_language import fitted, language_of
from training.evaluation.reading import Row, field, rows
from training.evaluation.task import Parts, Task, continued
from udfs.execution.programs import MB, Limits, Test

LIMITS = Limits(cpu_seconds=15, memory=4 << 30, processes=128, file=64 * MB, disk=256 * MB, open_files=512)
"""McEval allows 15 s of the clock."""
_STOPS = {"python": ("\nclass ", "\ndef ", "\nif __name__", "\nprint(", "\nassert ", "\n```")}


def mceval(file: str | Path) -> list[Task]:
    """Tasks of a file, one or more languages in it. Raises ValueError."""
    return [_task(row, file) for row in rows(file)]


def _task(row: Row, file: str | Path) -> Task:
    number, prompt = field(row, "task_id", file), field(row, "prompt", file)
    test, body = field(row, "test", file), field(row, "canonical_solution", file)
    name = number.rpartition("/")[0]
    language = language_of(name)

    def parts(source: str) -> Parts:
        made = fitted(language, source, test)
        return made.source, (Test("tests", made.tests),)

    def complete(completion: str) -> Parts:
        return parts(prompt.rstrip() + continued(completion))

    def whole(answer: str) -> Parts:
        return parts(_answered(language, prompt, answer))

    question = f"{field(row, 'instruction', file).strip()}\n\nAnswer with the whole function in {name}."
    run = fitted(language, prompt, test).language
    stops = _STOPS.get(language, ("\n```",))
    group = row.get("level") or ""
    return Task(
        number, prompt.rstrip(), question, body, complete, whole, run, stops, LIMITS, group=f"{name} {group}".strip()
    )


def _answered(language: str, prompt: str, answer: str) -> str:
    """An answer in chat as a program: with what stands before the function in the prompt, where it is needed."""
    if language == "python":
        return f"{_head(prompt, r'^(?:def|class) ')}\n{answer}\n"
    if language == "java":
        imports = "\n".join(re.findall(r"^import [^;]+;", prompt, re.MULTILINE))
        # The tests close the class that the prompt opens.
        body = (
            answer.rstrip().removesuffix("}") if re.search(r"\bclass\s+\w+", answer) else f"class Solution {{\n{answer}"
        )
        return body if body.lstrip().startswith("import ") else f"{imports}\n{body}"
    if language == "csharp":
        used = "\n".join(re.findall(r"^using [^;(]+;", prompt, re.MULTILINE))
        body = (
            answer.rstrip().removesuffix("}") if re.search(r"\bclass\s+\w+", answer) else f"class Program {{\n{answer}"
        )
        return body if body.lstrip().startswith("using ") else f"{used}\n{body}"
    if language == "go":
        head = _head(prompt, r"^(?:func|type|/\*|//)")
        return answer if "import" in answer else f"{head}\n{answer}"
    if language == "rust":
        uses = "\n".join(u for u in re.findall(r"^\s*(use [^;]+;)", prompt, re.MULTILINE) if u not in answer)
        return f"{uses}\n{answer}" if "use " not in answer else answer
    if language == "cpp":
        return f"#include <bits/stdc++.h>\nusing namespace std;\n{answer}"
    if language == "php":
        return answer if "<?php" in answer else f"<?php\n{answer}"
    return answer


def _head(prompt: str, until: str) -> str:
    """Lines of the prompt before the first that begins so."""
    found = re.search(until, prompt, re.MULTILINE)
    return prompt[: found.start()] if found else ""
