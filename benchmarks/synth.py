"""make synth: three seeds of each recipe that starts from a corpus, with a real, small model on the CPU.

    python -m benchmarks.synth --warehouse warehouse --cache .cache/model

The model is a base model of 270 million parameters: it completes and does not follow, so it continues the examples that
prompts have for such models, and few threads give a row. What is shown is the way there: calls, answers by schema,
log-probabilities, programs that it wrote and that are run, the table of costs.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.model_server import MODEL, model_server

SEEDS, TOKENS = 3, 64
SERVED = (
    *("diverse", "educational", "mceval", "open_code_instruct", "oss_questions", "snippets", "textbooks", "traces"),
    "web_labels",
)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--warehouse", required=True, help="of a run that made code_corpus")
    parser.add_argument(
        "--recipes", nargs="*", default=SERVED, metavar="NAME", help="those that a model which only completes can serve"
    )
    parser.add_argument("--seeds", type=int, default=SEEDS, help="texts that are drawn for each recipe")
    parser.add_argument("--cache", default=".cache/model", help="where the model and its server are fetched to")
    args = parser.parse_args()
    cache = Path(args.cache)
    cache.mkdir(parents=True, exist_ok=True)
    refinelake = [str(Path(sys.executable).with_name("refinelake")), "instruct"]
    with model_server(cache) as url:
        ran = subprocess.call(
            [*refinelake, "run", "--warehouse", args.warehouse, *settings(url, args.recipes, args.seeds)]
        )
    if ran:
        return ran
    for part in (["cost"], ["report", "--to", "instruct_report.html"]):
        if code := subprocess.call([*refinelake, *part, "--warehouse", args.warehouse]):
            return code
    return 0


def settings(url: str, recipes: list[str], seeds: int) -> list[str]:
    """Flags of the run."""
    names = ", ".join(f'"{name}"' for name in recipes)
    values = {
        "calls.endpoints": f'{{"{MODEL}" = "{url}"}}',
        "calls.models": f'{{default = "{MODEL}"}}',
        "calls.features": f'{{"{MODEL}" = "completion json_schema logprobs seed"}}',
        "calls.parameters": f"{{max_tokens = {TOKENS}}}",
        "calls.concurrency": "2",
        "calls.tasks": "1",
        "calls.timeout": "300.0",
        "calls.deadline": "900.0",
        "recipes.names": f"[{names}]",
        "recipes.texts": str(seeds),
        "runs.need": '"rlimits"',
        # What 64 tokens can hold.
        "snippets.languages": '["python"]',
        "snippets.least_tests": "1",
        "textbooks.least_chars": "40",
        "oss_questions.least_chars": "20",
        "open_code_instruct.tests": "2",
        "open_code_instruct.judged": "false",
        "evolution.generations": "0",
    }
    return [word for name, value in values.items() for word in ("--set", f"{name}={value}")]


if __name__ == "__main__":
    raise SystemExit(main())
