"""The benchmark's own parts without Spark: the page it writes, the kernels it times, the sets it draws."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from benchmarks import dedup_strategies, kernels, memory, signals, sketch_quality, stand_in_stars, tokens
from benchmarks.report import markdown
from benchmarks.scale import Cost, priced
from benchmarks.stages import Sample, against_floor
from jobs.runtime.accounting import StageResult
from udfs.tokens.tokenizer import TextTokenizer

TEXTS = [
    Sample("a.py", "python", "code", "def add(a, b):\n    return a + b\n" * 20),
    Sample("b.c", "c", "code", "int add(int a, int b) { return a + b; }\n" * 20),
    Sample("notes.md", "markdown", "text", "Some notes about adding two numbers, one by one.\n" * 5),
]


def stage(name: str, mb: float, cpu: float) -> dict[str, Any]:
    return {
        "stage": name,
        "rows": 1200,
        "seconds": 2.0,
        "cpu_seconds": cpu,
        "mb": mb,
        "jvm_mb": 900.0,
        "worker_mb": 200.0,
    }


QUALITY = {
    "method": "fss",
    "size": 10_000,
    "jaccard": 0.95,
    "pairs": 400,
    "mean_error": -0.0001,
    "sd": 0.004,
    "theory_sd": 0.0048,
    "stored_sd": 0.0045,
    "share_found": 0.02,
    "expected_share": 0.0225,
}


def result() -> dict[str, Any]:
    least = {"mb": 100.0, "seconds": 1.5, "cpu_seconds": 2.0, "spread_cpu_seconds": 0.3}
    slow = {"language": "perl", "files": 3, "mb": 0.5, "cpu_seconds": 0.25, "mb_per_cpu_second": 2.0}
    return {
        "set": "tiny",
        "machine": {"cores": 2, "processor": "a processor", "python": "3.11", "load": 0.5},
        "floor": least,
        "stages": against_floor([stage("ingest", 100.0, 8.0), stage("near_pairs", 0.0, 1.0)], least),
        "kernels": [{"kernel": "SHA-256", "mb": 24.0, "cpu_seconds": 0.02, "mb_per_cpu_second": 1200.0}],
        "signals_by_language": [slow] * 7,
        "sketch_quality": [QUALITY],
    }


@pytest.mark.parametrize(
    "line",
    [
        "# Benchmark on the set tiny",
        "Floor (read, SHA-256, write zstd parquet): 2.0 CPU s, 50 MB per CPU second, 1.5 s; highest minus lowest of "
        "its rounds 0.3 CPU s.",
        "| ingest | 1,200 | 2.0 | 8.0 | 4.0 | 100.0 | 12.5 | 900 | 200 |",
        "| near_pairs | 1,200 | 2.0 | 1.0 | 0.5 |  |  | 900 | 200 |",
        "| in all |  | 4.0 | 9.0 | 4.5 |  |  | 900 | 200 |",
        "| SHA-256 | 24.0 | 0.02 | 1200.0 |",
        "| fss | 10,000 | 0.950 | 400 | -0.00010 | 0.00400 | 0.00480 | 0.00450 | 0.020 | 0.022 |",
    ],
)
def test_the_page_shows_every_part(line: str) -> None:
    assert line in markdown(result()).splitlines()


def test_only_the_slowest_languages_are_shown() -> None:
    assert markdown(result()).count("| perl | 3 | 0.50 | 2.0 |") == 5


def test_every_kernel_runs_and_has_a_rate() -> None:
    kernels_but_datasketch = {k: w for k, w in kernels.KERNELS.items() if k != kernels.SLOW}
    for work in kernels_but_datasketch.values():
        measured = kernels.rate(work, TEXTS, rounds=1)
        assert measured["mb"] == pytest.approx(sum(len(s.text) for s in TEXTS) / 1e6)
        assert measured["cpu_seconds"] >= 0


def test_languages_with_little_text_are_left_out() -> None:
    found = kernels.signals_by_language(TEXTS, least_mb=0.0005)
    assert {r["language"] for r in found} == {"python", "c"}
    assert [r["mb_per_cpu_second"] for r in found] == sorted(r["mb_per_cpu_second"] for r in found)


def test_the_rate_of_a_set_leaves_html_and_chinese_words_apart(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("今天天气很好，我们去公园散步。" * 40, encoding="utf-8")
    (tmp_path / "b.txt").write_text("Not Chinese.", encoding="utf-8")
    chinese = signals.chinese_of(str(tmp_path))
    assert [s.path for s in chinese] == ["a.txt"]
    page_of = Sample("p.html", "html", "code", "<p>Some text</p>\n" * 50)
    rows = signals.by_language([*TEXTS, page_of, *chinese], rounds=1, least_mb=0.0005)
    assert {r["language"] for r in rows} == {"python", "c", "html", signals.OTHERS, signals.APART[1]}
    fixed = [r | {"mb": mb, "cpu_seconds": 1.0} for r, mb in zip(rows, [1.0, 2.0, 4.0, 8.0, 16.0], strict=True)]
    for row, name in zip(fixed, ["c", "python", "html", signals.APART[1], signals.OTHERS], strict=True):
        row["language"] = name
    assert "The set: 23.0 MB, 5.8 MB per CPU second; but HTML 6.3; slowest c, 1.0." in signals.page(fixed)
    assert "Chinese words: unicode" in signals.page(fixed)


def test_the_time_of_each_signal_is_charged() -> None:
    assert 0.05 < signals.yardstick(TEXTS, rounds=1) < 500
    spent = dict(signals.by_signal(TEXTS))
    assert {"natural language", "rules", "qsc_code_num_words", "qsc_doc_num_words"} <= set(spent)
    assert all(seconds >= 0 for seconds in spent.values())


def test_a_slow_kernel_gets_the_first_texts_only() -> None:
    assert kernels.first_mb(TEXTS, 0.001) == TEXTS[:1]
    assert kernels.first_mb(TEXTS, 0.000_001) == TEXTS[:1]
    assert kernels.first_mb(TEXTS, 1) == TEXTS


@pytest.mark.parametrize("method", sketch_quality.METHODS)
def test_quality_of_a_few_pairs(method: str) -> None:
    row = sketch_quality.measure_quality(method, 50, 0.95, 4)
    assert row["jaccard"] == pytest.approx(0.95, abs=0.02)
    assert abs(row["mean_error"]) < 0.02
    assert 0 < row["theory_sd"] < row["sd"] * 10


@pytest.mark.skipif(not os.path.exists("/proc/self/stat"), reason="reads /proc")
def test_memory_and_time_of_a_process_below_this_one_outlive_it() -> None:
    code = (
        "import time; x = bytearray(80_000_000)\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True); input()"
    )
    watch = memory.StageWatch()
    watch.started("s", 1, 1)
    before = watch.cpu_seconds()
    child = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout and child.stdin
    child.stdout.readline()
    try:
        assert watch.cpu_seconds() - before >= 0.25
    finally:
        child.communicate("\n")
    watch.finished(StageResult("s", "t"))
    assert watch.stages["s"]["worker"] > 80_000_000
    assert watch.stages["s"]["cpu"] >= 0.25


def test_tokens_are_timed_by_the_library_and_by_the_kernel() -> None:
    texts = [sample.text for sample in TEXTS]
    batch = pa.RecordBatch.from_arrays([pa.array(["a", "b", "c"]), pa.array(texts)], ["content_id", "text"])
    found = tokens.measure(TextTokenizer.train(texts, 300), [batch], rounds=2)
    assert found["texts"] == 3 and found["mb"] == sum(map(len, texts)) / 1e6
    assert set(found["mb_per_cpu_second"]) == {"encode_batch", "encode_batch_fast", "kernel"}
    assert 0 < found["lowest"] <= found["kernel_against_encode_batch"] <= found["highest"]
    assert "goal 0.9" in tokens.page({**found, "vocabulary": 300})[-1]


def test_the_page_of_strategies_puts_ours_beside_the_papers() -> None:
    volume = {"files": 10, "repositories": 3, "bytes": 4_000_000, "tokens": 1_000_000, "copied_tokens": 250_000}
    half = volume | {"files": 5, "bytes": 3_000_000, "tokens": 500_000}
    found = {"entered": volume, "distinct": volume, "kept": half, "chunks": [0, 0]}
    strategies = {"file": found, "chunk": found | {"chunks": [40, 30]}}
    lines = dedup_strategies.page({"tokens_by": "words", "strategies": strategies})
    file, chunk = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines[-2:])
    assert len(file) == len(chunk) == lines[3].count("---")
    assert file[:8] == ["file", "10 to 5", "3 to 3", "", "3.00", "0.500", "50.0 %", "50.0 %"]
    assert file[8:] == ["50.0 % / 25.0 % / 50.0 % (paper: about 6 %)", "485,817,123 to 30,488,834", "32.74"]
    assert chunk[3] == "40 to 30"


def test_a_fixed_cost_and_a_rate_are_told_apart_by_two_sizes() -> None:
    found = priced("signals", Cost(1_000, 12.0), Cost(11_000, 32.0), 1e6)
    assert (found.fixed, found.a_million) == (pytest.approx(10.0), pytest.approx(2_000.0))
    assert found.core_hours == pytest.approx((10 + 2_000) / 3600) and 0 < found.exponent < 1
    linear = priced("signals", Cost(1_000, 2.0), Cost(10_000, 20.0), 1e6)
    assert (linear.fixed, linear.exponent) == (pytest.approx(0.0), pytest.approx(1.0))
    with pytest.raises(ValueError, match="signals: expected the second run to have more rows"):
        priced("signals", Cost(5, 1.0), Cost(5, 1.0), 1e6)


def test_stand_in_stars_count_who_depends_on_a_package() -> None:
    packages = """Package: python3-flask
Source: flask (3.0)
Depends: python3:any, python3-click (>= 8) | python3-old

Package: flask-doc
Source: flask
Depends: python3-flask

Package: python3-click
Source: click
Provides: python3-click-api (= 8)

Package: tool
Pre-Depends: python3-click-api
Depends: python3-flask
"""
    ids = {"pypi-sdist:click": "click", "debsrc:flask": "flask", "npm:@a/b": "@a/b", "deb:tool": "tool"}
    found = stand_in_stars.counted(packages, [{"source_id": i, "repo": repo} for i, repo in ids.items()])
    assert found == {"pypi-sdist:click": 2, "debsrc:flask": 1, "npm:@a/b": 0, "deb:tool": 0}
