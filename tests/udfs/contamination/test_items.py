"""Files of benchmarks: every shape that is published, and what is none is named."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from udfs.contamination.items import BenchmarkError, read


def test_items_of_every_shape(tmp_path: Path) -> None:
    rows = [
        {"task_id": 7, "text": "Ask.", "code": "def f():\n    pass", "test_list": ["assert f() is None", "assert 1"]},
        {"question_id": "q1", "question_content": "Ask more.", "entry_point": None},
        {"name": "n", "prompt": "// Ask\u2028\nint f(int x) {", "tests": "check();", "entry_point": "f"},
    ]
    plain, packed = tmp_path / "b.jsonl", tmp_path / "b.json.gz"
    plain.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    packed.write_bytes(gzip.compress(json.dumps(rows).encode()))
    found = read("b", str(plain))
    assert found == read("b", str(packed)) and [i.item for i in found] == ["7", "q1", "n"]
    assert dict(found[0].parts)["tests"] == "assert f() is None\nassert 1"


NO_BENCHMARK = [
    "",
    "{broken",
    "[1]",
    "null",
    '[{"a": 1}]',
    '{"prompt": "ask"}\n{"a": 1}',
    "[" * 100_000,
    '{"a":' * 100_000,
]


@pytest.mark.parametrize("text", NO_BENCHMARK)
def test_a_file_that_is_no_benchmark_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "b.jsonl"
    file.write_text(text)
    with pytest.raises(BenchmarkError, match=r"b\.jsonl: expected .*, found .*; ") as refused:
        read("b", str(file))
    assert "\n" not in str(refused.value) and len(str(refused.value)) < 500
    with pytest.raises(BenchmarkError, match="mbpp: expected a file of a benchmark"):
        read("mbpp", "")
