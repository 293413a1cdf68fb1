"""Large-scale Diverse-Instruct: from a web page sentences, from them and a drawn specification a question and answer.

OpenCoder, stage 1 (2.51 million rows published): a model strips what does not belong to the matter and picks sentences
as the seed; a module sets language, difficulty and task type; question and answer at temperature 1.0; a module runs
code and unit tests; a model refines the answer with comments and explanation.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from udfs.recipes.asking import ask_json, bounded, code_in, drawn, said, sections, usable
from udfs.recipes.rubrics import closed
from udfs.recipes.steps import Answer, Ask, Dropped, Ran, Recipe, Seed, Steps, Test
from udfs.recipes.writing import (
    at_least,
    forms_of_tests,
    instruction,
    need_passed,
    program,
    runnable,
    tests_of,
    text_of,
    tongue,
)

RUN_TYPES = ("write a function", "mend a faulty function", "make a function faster", "translate from another language")
TALK_TYPES = ("explain code or a concept", "compare designs", "plan or review code", "answer a question of practice")
LANGUAGES = ("python", "javascript", "typescript", "java", "cpp", "c", "csharp", "go", "rust", "shell", "sql", "php")
LEVELS = (
    "easy: for a beginner, one idea",
    "medium: for somebody with a year of practice, two or three ideas together",
    "hard: for a professional, an idea that has to be found first",
)


@dataclass(frozen=True)
class Diverse:
    """What a specification is drawn from, by the seed's hash: `languages`, `levels`, and task types, those with a
    program that can be run (`run_types`) and others (`talk_types`). Paper: language, difficulty, type; no values named.

    A program of the languages `run` has tests and is run (paper: "code and unit tests"); other languages are not.
    `most_sentences` of a page, of `most_chars` characters, are the seed. Temperature 1.0 stands in the prompt.
    """

    languages: tuple[str, ...] = LANGUAGES
    levels: tuple[str, ...] = LEVELS
    run_types: tuple[str, ...] = RUN_TYPES
    talk_types: tuple[str, ...] = TALK_TYPES
    run: tuple[str, ...] = ("python", "javascript", "java", "cpp", "c", "go", "rust", "shell")
    most_sentences: int = 8
    most_chars: int = 6_000
    least_tests: int = 3
    most_tests: int = 10
    refine: bool = True
    most: int = 3
    cpu_seconds: float = 0.0

    def __post_init__(self) -> None:
        runnable(self.run, "diverse.run")
        types = len(self.run_types) + len(self.talk_types)
        at_least("diverse", 1, languages=len(self.languages), levels=len(self.levels), task_types=types)
        at_least("diverse", 1, most_sentences=self.most_sentences, least_tests=self.least_tests)


def play(seed: Seed, p: Diverse) -> Steps:
    """One row. Raises Dropped `no_seed_sentences`, `tests_failed` and what asking raises."""
    page = {"title": seed.fields.get("title", ""), "text": bounded(text_of(seed, "text"), p.most_chars)}
    picked = yield from ask_json(
        Ask("sentences", "seed_sentences", page | {"most": p.most_sentences}), _schema(p.most_sentences), p.most
    )
    sentences = _of_the_page(picked["sentences"], page["text"])
    if not sentences:
        raise Dropped("no_seed_sentences", len(picked["sentences"]), detail=said(picked["reason"])[:200])
    spec = specification(seed.seed_id, p)
    with_tests = spec["type"] in p.run_types and spec["language"] in p.run
    fields = spec | {"sentences": sentences, "tongue": tongue(page["text"]), "tests": p.least_tests}
    fields["form"] = forms_of_tests().get(spec["language"], "") if with_tests else ""
    answer: Answer = yield Ask("write", "diverse", fields)
    names = ("Question", "Answer", "Tests") if with_tests else ("Question", "Answer")
    parts = sections("write", answer.text, names)
    scores, kept = {"verified": float(with_tests)}, {"task_type": spec["type"], "level": spec["level"]}
    tests: tuple[Test, ...] = ()
    if with_tests:
        text = code_in("write", parts["Tests"], spec["language"])
        tests = tests_of("write", text, spec["language"], p.least_tests, p.most_tests)
        code = code_in("write", parts["Answer"], spec["language"])
        ran: Ran = yield program("test", spec["language"], code, tests, p)
        need_passed(ran)
        kept |= {"code": code, "tests": text}
        scores["tests"] = float(len(tests))
    final, refined = parts["Answer"], 0.0
    if p.refine:
        better = yield from _refined(parts, spec["language"], tests, p)
        final, refined = (better, 1.0) if better else (final, 0.0)
    scores["refined"] = refined
    return [instruction(seed, parts["Question"], final, 1, spec["language"], scores=scores, parts=kept)]


def _refined(parts: dict[str, str], language: str, tests: tuple[Test, ...], p: Diverse) -> Generator[Any, Any, str]:
    """The answer with comments and explanation, "" where there is none or its code does not pass as the first did."""
    fields = {"question": parts["Question"], "answer": parts["Answer"], "tongue": tongue(parts["Question"])}
    answer: Answer = yield Ask("refine", "refine", fields, whole=False)
    if not usable(answer):
        return ""
    text = said(answer.text)
    if tests:
        try:
            code = code_in("refine", text, language)
        except Dropped:
            return ""
        ran: Ran = yield program("test_refined", language, code, tests, p)
        return text if ran.passed else ""
    return text


def specification(seed_id: str, p: Diverse) -> dict[str, str]:
    """Language, level and type of the task: each drawn by a hash of its own."""
    types = (*p.run_types, *p.talk_types)
    wanted = {"language": p.languages, "level": p.levels, "type": types}
    return {name: drawn(f"{name} {seed_id}", choices)[0] for name, choices in wanted.items()}


def _schema(most: int) -> dict[str, Any]:
    texts = {"type": "array", "items": {"type": "string"}, "maxItems": most}
    return closed({"reason": {"type": "string"}, "sentences": texts})


def _of_the_page(sentences: list[str], page: str) -> list[str]:
    """Those that stand in the page, however its white space: what a model makes up is no seed."""
    there = " ".join(page.split())
    plain = (" ".join(sentence.split()) for sentence in sentences)
    return [sentence for sentence in dict.fromkeys(plain) if sentence and sentence in there]


RECIPE = Recipe(
    "diverse",
    "Questions and answers of drawn language, difficulty and type about what web pages say.",
    play,
    Diverse(),
    "instructions",
    asks=(("sentences", "seed_sentences", 1.0), ("write", "diverse", 1.0), ("refine", "refine", 1.0)),
    runs=0.7,
    needs=Diverse().run,
    takes=("page",),
    times=lambda p: {"refine": p.refine},
    languages=lambda p: p.run,
)
