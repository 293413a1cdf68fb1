"""DeepSpeed and transformers without what they say unasked: guessed accelerators, renamed calls, progress bars."""

from __future__ import annotations

import logging
import os
import sys
import warnings
from types import ModuleType

import torch


def deepspeed() -> ModuleType:
    """The package, told its accelerator instead of guessing it."""
    if not torch.cuda.is_available():
        os.environ.setdefault("DS_ACCELERATOR", "cpu")
    # torch 2.13 renames two collectives that DeepSpeed 0.19 calls every step.
    warnings.filterwarnings("ignore", r"`torch\.distributed.*is deprecated", FutureWarning)
    logging.getLogger("DeepSpeed").setLevel(logging.ERROR)
    # Its autotuner, which nothing here uses, imports mlflow where that is installed: three seconds a process.
    absent = "mlflow" not in sys.modules
    if absent:
        sys.modules["mlflow"] = None  # type: ignore[assignment]
    try:
        import deepspeed as package
    finally:
        if absent:
            del sys.modules["mlflow"]
    from transformers.utils import logging as transformers_logging

    logging.getLogger("DeepSpeed").setLevel(logging.ERROR)
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    return package  # type: ignore[no-any-return]
