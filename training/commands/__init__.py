"""The training half of the command line: `refinelake train` and `python -m training train` are the same.

The second needs no Spark installed, which GPU nodes rarely have. jobs/cli.py names the same modules; a test
compares the two lists.
"""

from __future__ import annotations

COMMANDS: dict[str, tuple[str, str]] = {
    "train": ("training.commands.train", "Pretrain, anneal or fine-tune a model from pinned token tables."),
    "cache": ("training.commands.cache", "Copy a run's tables to local files by all cores, or check those there."),
    "plan": ("training.commands.plan", "Say what a run needs: command, DeepSpeed settings, memory, days, money."),
    "export": ("training.commands.export", "Write a checkpoint, or the average of several, as a Hugging Face folder."),
    "batch": ("training.commands.batch", "Show the text, mask and rows of a step of a run."),
    "seen": ("training.commands.seen", "List the runs and steps that read a content."),
    "evaluate": (
        "training.commands.evaluate",
        "Score a model or a run's checkpoints: the papers' benchmarks, held-out bits per byte.",
    ),
    "evidence": (
        "training.commands.evidence",
        "Compare tables or parts of them by what they give a model, beside what a paper claims; microannealing.",
    ),
    "training-report": ("training.commands.report", "Write a page of curves and facts of one or more runs."),
}
