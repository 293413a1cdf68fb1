"""The draw of a sample, written out a second time."""

from __future__ import annotations

import hashlib

from pyspark.sql import SparkSession

from jobs.code import sample_decisions
from jobs.code.parameters import Sampling
from tests.jobs.rows import by_file, decide, sha


def drawn(text_id: str, seed: str) -> float:
    """The draw, written out a second time."""
    return int(hashlib.sha256(f"{seed}:sample:{text_id}".encode()).hexdigest()[:13], 16) / 16**13


def test_sampling_draws_by_the_text_at_the_rate_of_its_language(spark: SparkSession) -> None:
    ids = {sha(str(n)): "java" if n < 2000 else "python" for n in range(2050)}
    p = Sampling({"java": 0.4}, "seed")
    found = by_file(
        decide(
            spark,
            sample_decisions.STAGE,
            p,
            clean_duplicates=[{"file_id": i, "clean_id": i, "keep": True} for i in ids]
            + [{"file_id": "copy", "clean_id": "copy", "keep": False}],
            raw_files=[{"file_id": i, "content_id": i, "language": w, "kind": "code"} for i, w in ids.items()],
            cleaned_texts=[
                {"content_id": i, "language": w, "kind": "code", "clean_id": i, "text_bytes": 7} for i, w in ids.items()
            ],
        )
    )
    assert set(found) == set(ids)
    for i, row in found.items():
        rate = 0.4 if ids[i] == "java" else 1.0
        assert (row["rate"], row["text_bytes"], row["keep"]) == (rate, 7, drawn(i, "seed") < rate)
        assert [tuple(w) for w in row["reasons"]] == [("sampled_out", drawn(i, "seed"), 0.4, None)] * (not row["keep"])
    share = sum(found[i]["keep"] for i in ids if ids[i] == "java") / 2000
    assert abs(share - 0.4) < 4 * (0.4 * 0.6 / 2000) ** 0.5
    other = {i for i in ids if drawn(i, "other") < 0.4}
    assert other != {i for i in ids if drawn(i, "seed") < 0.4}, "another seed is another sample"
