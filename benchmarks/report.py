"""The result of a benchmark as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

WORST = 5


def markdown(result: dict[str, Any]) -> str:
    """Four tables: stages against the floor, kernels, slowest languages of the signals, sketch quality."""
    least, machine = result["floor"], result["machine"]
    parts = [
        f"# Benchmark on the set {result['set']}",
        f"{machine['cores']} cores ({machine['processor']}), Python {machine['python']}, load {machine['load']:.1f} at "
        f"the start; {least['mb']:.1f} MB of distinct text. One run of the stages; the floor and the kernels are "
        "medians of three.",
        "## Stages",
        f"Floor (read, SHA-256, write zstd parquet): {least['cpu_seconds']:.1f} CPU s, "
        f"{least['mb'] / least['cpu_seconds']:.0f} MB per CPU second, {least['seconds']:.1f} s; highest minus lowest "
        f"of its rounds {least['spread_cpu_seconds']:.1f} CPU s.",
        _stages(result["stages"]),
        "## Kernels, one core",
        table(
            ("kernel", "MB", "CPU s", "MB per CPU s"),
            ((r["kernel"], f"{r['mb']:.1f}", f"{r['cpu_seconds']:.2f}", _rate(r)) for r in result["kernels"]),
        ),
        f"## Signals, the {WORST} slowest languages",
        table(
            ("language", "files", "MB", "MB per CPU s"),
            (
                (r["language"] or "(none)", r["files"], f"{r['mb']:.2f}", _rate(r))
                for r in result["signals_by_language"][:WORST]
            ),
        ),
        "## Sketch quality",
        _quality(result["sketch_quality"]),
    ]
    return "\n\n".join(parts) + "\n"


def _stages(rows: Sequence[dict[str, Any]]) -> str:
    shown = [
        (
            r["stage"],
            f"{r['rows']:,}",
            f"{r['seconds']:.1f}",
            f"{r['cpu_seconds']:.1f}",
            f"{r['floors']:.1f}" if r["floors"] else "",
            f"{r['mb']:.1f}" if r["mb"] else "",
            _rate(r),
            f"{r['jvm_mb']:.0f}",
            f"{r['worker_mb']:.0f}",
        )
        for r in rows
    ]
    total = ("in all", "", f"{sum(r['seconds'] for r in rows):.1f}", f"{sum(r['cpu_seconds'] for r in rows):.1f}")
    floors = f"{sum(r['floors'] or 0 for r in rows):.1f}"
    most = (f"{max(r['jvm_mb'] for r in rows):.0f}", f"{max(r['worker_mb'] for r in rows):.0f}")
    heads = ("stage", "rows", "s", "CPU s", "x floor", "MB read", "MB per CPU s", "JVM MB", "largest worker MB")
    return table(heads, [*shown, (*total, floors, "", "", *most)])


def _quality(rows: Iterable[dict[str, Any]]) -> str:
    heads = ("method", "shingles", "J", "pairs", "mean error", "sd", "MinHash theory", "sd of stored bits")
    return table(
        (*heads, "share found", "expected"),
        (
            (
                r["method"],
                f"{r['size']:,}",
                f"{r['jaccard']:.3f}",
                f"{r['pairs']:,}",
                f"{r['mean_error']:+.5f}",
                f"{r['sd']:.5f}",
                f"{r['theory_sd']:.5f}",
                f"{r['stored_sd']:.5f}",
                f"{r['share_found']:.3f}",
                f"{r['expected_share']:.3f}",
            )
            for r in rows
        ),
    )


def _rate(row: dict[str, Any]) -> str:
    rate = row["mb_per_cpu_second"]
    return "" if rate is None else f"{rate:.1f}"


def table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])
