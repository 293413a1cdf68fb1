"""What the kernels make of a few whole files, as golden files: `make golden` rewrites them, a review reads them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from udfs.cleaning.clean import clean
from udfs.languages.detect import detect
from udfs.languages.natural_language import natural_language
from udfs.signals import measure

INPUTS = sorted(p for p in (Path(__file__).parents[1] / "golden" / "inputs").iterdir())


@pytest.mark.parametrize("file", INPUTS, ids=lambda p: p.name)
def test_language_cleaning_and_signals_of_a_whole_file(file: Path, golden: Callable[[str, str], None]) -> None:
    text = file.read_text(encoding="utf-8")
    found = detect(file.name, text)
    cleaned = clean(text, language=found.language, kind=found.kind)
    assert cleaned.text is not None
    spoken = natural_language(cleaned.text)
    values, failures = measure(cleaned.text, language=found.language or "", kind=found.kind, natural_language=spoken)
    facts = {
        "language": found.language,
        "kind": found.kind,
        "by": found.by,
        "header_bytes": cleaned.header_bytes,
        "replaced": cleaned.replaced,
        "cells_cut": cleaned.cells_cut,
        "natural_language": spoken,
        "failures": failures,
        "signals": values,
    }
    golden(f"cleaned/{file.name}.txt", cleaned.text)
    golden(f"facts/{file.name}.json", json.dumps(facts, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
