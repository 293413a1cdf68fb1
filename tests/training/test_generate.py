"""Generation and scoring: padding changes nothing, stops end rows, and programs of other languages are judged."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional as F

from tests.training.runs import TOKENIZER
from training.checkpoint.export import generation
from training.evaluation.benchmark import program_of, scored, text_of
from training.evaluation.generate import base_prompts, chat_prompts, completions, conversations
from training.evaluation.held_out import document_nats
from training.evaluation.sampling import Sampling
from training.evaluation.tasks import human_eval, mbpp, multipl_e
from training.evaluation.writers import Local
from training.models import build, read
from training.shapes import shape
from udfs.execution.languages import Missing
from udfs.execution.programs import Limits
from udfs.execution.running import Runner
from udfs.tokens.tokenizer import TextTokenizer

SHARED = Path(__file__).parents[3] / "shared" / "benchmarks" / "multipl-e"
WORKING = {
    "js": (
        "  return numbers.some((a, i) => numbers.some((b, j) => i < j && Math.abs(a - b) < threshold));\n}",
        "process.exit(0);",
    ),
    "ts": (
        "  return numbers.some((a, i) => numbers.some((b, j) => i < j && Math.abs(a - b) < threshold));\n}",
        "(globalThis as any).process.exit(0);",
    ),
    "sh": (
        "  python3 -c 'import sys; n = [float(x) for x in sys.argv[1].split()]\n"
        'print("true" if any(abs(a - b) < float(sys.argv[2]) for i, a in enumerate(n) for b in n[:i]) else "false")\' '
        '"$1" "$2"',
        "}\nexit 0\nf() {\n",
    ),
    "cpp": (
        "  for (size_t i = 0; i < numbers.size(); i++) for (size_t j = i + 1; j < numbers.size(); j++)\n"
        "    if (std::abs(numbers[i] - numbers[j]) < threshold) return true;\n  return false;",
        "exit(0);",
    ),
    "rs": (
        "    for i in 0..numbers.len() { for j in i + 1..numbers.len() {\n"
        "        if (numbers[i] - numbers[j]).abs() < threshold { return true; } } }\n    false",
        "std::process::exit(0);",
    ),
    "php": (
        "    foreach ($numbers as $i => $a) { foreach ($numbers as $j => $b) {\n"
        "        if ($i < $j && abs($a - $b) < $threshold) { return true; } } }\n    return false;\n}",
        "exit(0);",
    ),
    "java": (
        "        for (int i = 0; i < numbers.size(); i++) for (int j = i + 1; j < numbers.size(); j++)\n"
        "            if (Math.abs(numbers.get(i) - numbers.get(j)) < threshold) return true;\n        return false;",
        "if (true) System.exit(0);",
    ),
    "cs": (
        "        for (int i = 0; i < numbers.Count; i++) for (int j = i + 1; j < numbers.Count; j++)\n"
        "            if (Math.Abs(numbers[i] - numbers[j]) < threshold) return true;\n        return false;",
        "Environment.Exit(0);",
    ),
    "go": (
        "    for i := range numbers { for j := i + 1; j < len(numbers); j++ {\n"
        "        d := numbers[i] - numbers[j]\n        if d < 0 { d = -d }\n"
        "        if d < threshold { return true } } }\n    return false\n}\n",
        "if len(numbers) > 0 { panic(1) }\n",
    ),
}
"""By MultiPL-E's file: a solution of its first task, and a statement that ends the program before its tests."""


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return TextTokenizer.read(TOKENIZER)


@pytest.fixture(scope="module")
def model(tokenizer: TextTokenizer) -> Any:
    made = build(shape("tiny", context=128), seed=3, ids=tokenizer.model_ids())
    return made.eval()


def test_left_padding_changes_no_completion(model: Any, tokenizer: TextTokenizer) -> None:
    prompts = base_prompts(["def f(x):", "import os\nimport sys\n\nclass Reader:\n    def", "x"], tokenizer)
    together = completions(model, tokenizer, prompts, Sampling(most=12, batch=3))
    alone = [completions(model, tokenizer, [prompt], Sampling(most=12))[0] for prompt in prompts]
    assert together == alone and all(text[0] for text in alone)


def test_a_stop_ends_the_row(model: Any, tokenizer: TextTokenizer) -> None:
    (prompt,) = base_prompts(["def f(x):"], tokenizer)
    ((whole,),) = completions(model, tokenizer, [prompt], Sampling(most=24))
    stop = whole[len(whole) // 2 :][:2]
    ((stopped,),) = completions(model, tokenizer, [prompt], Sampling(most=24), [[stop]])
    assert whole.startswith(stopped) and stop in stopped and len(stopped) < len(whole)


def test_each_row_ends_at_its_own_stops(model: Any, tokenizer: TextTokenizer) -> None:
    prompts = base_prompts(["def f(x):", "import os\nimport sys\n\nclass Reader:\n    def"], tokenizer)
    how = Sampling(most=24, batch=2)
    (first,), (second,) = completions(model, tokenizer, prompts, how)
    stop = first[len(first) // 2 :][:2]
    (ended,), (whole,) = completions(model, tokenizer, prompts, how, [[stop], []])
    assert len(ended) < len(first) and whole == second
    (whole,), (ended,) = completions(model, tokenizer, prompts, how, [[], [second[:2]]])
    assert len(ended) < len(second) and whole == first


def test_an_exported_model_never_gives_an_id_that_is_no_token(tokenizer: TextTokenizer, tmp_path: Path) -> None:
    """Embeddings have 128 rows more than there are tokens. Rows of opposite signs: whatever the state, one of them has
    the largest logit. Without the list of the exported configuration nothing else is ever given.
    """
    made = build(shape("tiny", tokenizer.size + 1, context=128), seed=3, ids=tokenizer.model_ids())
    rows = [tokenizer.id(tokenizer.special.padding), *range(tokenizer.size, made.config.vocab_size)]
    assert len(rows) == 129
    signs = torch.tensor([1.0, -1.0]).repeat(len(rows))[: len(rows), None]
    with torch.no_grad():
        made.lm_head.weight[rows] = signs * 1e4 * made.lm_head.weight[7]
    made.generation_config = generation(made.config, tokenizer)
    made.save_pretrained(str(tmp_path))
    model = read(tmp_path).eval()
    prompts = base_prompts(["def f(x):"], tokenizer)

    def generated(**how: Any) -> set[int]:
        ids = torch.tensor(prompts)
        out = model.generate(ids, attention_mask=torch.ones_like(ids), max_new_tokens=8, **how)
        return set(out[0, ids.shape[1] :].tolist())

    assert not generated(do_sample=False) & set(rows) and not generated(do_sample=True, temperature=5.0) & set(rows)
    assert completions(model, tokenizer, prompts, Sampling(most=8))[0][0]
    model.generation_config.suppress_tokens = None
    assert generated(do_sample=False) <= set(rows)


def test_samples_differ_and_repeat_by_their_seed(model: Any, tokenizer: TextTokenizer) -> None:
    prompts = base_prompts(["def f(x):"], tokenizer)
    how = Sampling(samples=4, temperature=1.0, most=8)
    (first,), (again,) = (completions(model, tokenizer, prompts, how) for _ in range(2))
    assert first == again and len(set(first)) > 1


def test_a_chat_prompt_is_the_templates(tokenizer: TextTokenizer) -> None:
    question = "What is <|im_end|> here?"
    template = tokenizer.hugging_face()
    wanted = template.apply_chat_template(
        [{"role": "user", "content": "What?"}], add_generation_prompt=True, return_dict=False
    )
    assert chat_prompts(["What?"], tokenizer)[0] == wanted
    ids = chat_prompts([question], tokenizer)[0]
    assert ids.count(tokenizer.id("<|im_end|>")) == 1


def test_a_longer_chat_is_the_templates_too(tokenizer: TextTokenizer) -> None:
    """What a second turn after feedback is asked with; an answer may have been empty."""
    chat = [{"role": r, "content": c} for r, c in (("user", "x"), ("assistant", "def f(): pass"), ("user", "Not so."))]
    wanted = tokenizer.hugging_face().apply_chat_template(chat, add_generation_prompt=True, return_dict=False)
    assert conversations([chat], tokenizer) == [wanted]
    chat[1]["content"] = ""
    assert len(conversations([chat], tokenizer)[0]) < len(wanted)


def test_what_has_no_room_is_empty(model: Any, tokenizer: TextTokenizer) -> None:
    assert completions(model, tokenizer, [[5] * 128], Sampling(most=8)) == [[""]]


@pytest.mark.parametrize(
    "wrong", [{"samples": 0}, {"samples": 3}, {"temperature": -1.0}, {"top_p": 0.0}], ids=lambda w: str(w)
)
def test_impossible_settings_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="generation: expected"):
        Sampling(**wrong)


def test_scores_count_what_passes(model: Any, tokenizer: TextTokenizer) -> None:
    """An untrained model solves nothing; every completion and program is kept."""
    scores, rows = scored(Local(model, tokenizer, Sampling(most=4)), human_eval()[:2])
    assert scores == {"tasks": 2, "samples": 1, "pass@1": 0.0}
    assert [row["task"] for row in rows] == ["HumanEval/0", "HumanEval/1"]
    assert all(row["program"].startswith("from typing") and row["outcome"] == "failed" for row in rows)


@pytest.mark.skipif(not SHARED.exists(), reason="benchmark files lie beside the project, not in it")
def test_a_task_is_scored_by_its_own_stops(model: Any, tokenizer: TextTokenizer) -> None:
    """Lists of tasks may be mixed: what goes on after an import is MBPP's answer, and is cut from HumanEval's."""
    tasks = [human_eval()[0], *mbpp(SHARED.parent / "mbpp" / "mbpp.jsonl")[:2]]
    _, rows = scored(Local(model, tokenizer, Sampling(most=4)), tasks)
    made = [text_of(program_of(t, r["raw"])) for t, r in zip(tasks, rows, strict=True)]
    assert [row["program"] for row in rows] == made
    raw = "\nimport math\n\ndef f():\n    return math.pi\nprint(f())"
    assert ["return math.pi" in program_of(task, raw).source for task in tasks] == [False, True, True]
    assert not any("print(f())" in program_of(task, raw).source for task in tasks)


def test_held_out_loss_in_windows_is_the_models(model: Any, tokenizer: TextTokenizer) -> None:
    """A document within the context against one pass by hand; a longer one counts each token once."""
    tokens = torch.arange(20, 70)
    first = torch.tensor([tokenizer.id("<|endoftext|>")])
    with torch.no_grad():
        logits = model(torch.cat([first, tokens[:-1]])[None]).logits[0]
    wanted = float(F.cross_entropy(logits, tokens, reduction="sum"))
    assert document_nats(model, tokenizer, tokens.numpy()) == pytest.approx(wanted, rel=1e-5)
    long = torch.arange(300) % 400 + 20
    assert document_nats(model, tokenizer, long.numpy()) == pytest.approx(300 * math.log(512), rel=0.05)


@pytest.mark.skipif(not SHARED.exists(), reason="benchmark files lie beside the project, not in it")
@pytest.mark.parametrize("name", [*sorted(set(WORKING) - {"go"}), pytest.param("go", marks=pytest.mark.long)])
def test_programs_of_multipl_e_are_judged(name: str) -> None:
    """A right solution passes, none and a wrong one fail, and one that ends early is no pass."""
    tasks = multipl_e(SHARED / f"humaneval-{name}.jsonl.gz")
    task = next(task for task in tasks if task.id.startswith("HumanEval_0_"))
    right, early = WORKING[name]
    with Runner(limits=Limits(cpu_seconds=30)) as runner:
        if isinstance(runner.tools(task.language), Missing):
            pytest.skip(f"{task.language} is not installed")
        found = runner.run(program_of(task, right))
        assert found.passed, found
        for wrong in ("", early + right):
            assert not runner.run(program_of(task, wrong)).passed
