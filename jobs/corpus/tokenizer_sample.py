"""The texts that a tokenizer is trained on: a stated share of each language, drawn by a hash, bounded by bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from jobs.code.draws import draw

_MARGIN = 1.5  # more than the rate is drawn, and the surplus cut off: a window over what is drawn, not over the corpus


@dataclass(frozen=True)
class TokenizerSample:
    """What a tokenizer is trained on: `mb` million bytes of the corpus, each language in proportion but at most
    `max_share` of the sample while others have more to give; no text over `max_text_bytes`, which one file would fill.
    `seed` is the key of the draw.
    """

    mb: float = 256.0
    max_share: float = 0.2
    max_text_bytes: int = 1024**2
    seed: str = "refinelake tokenizer"

    def __post_init__(self) -> None:
        if self.mb <= 0 or self.max_text_bytes < 1:
            raise ValueError(
                f"tokenizer_sample: expected mb and max_text_bytes above 0, found {self.mb} and {self.max_text_bytes}"
            )
        if not 0 < self.max_share <= 1:
            raise ValueError(f"tokenizer_sample.max_share: expected a share in (0, 1], found {self.max_share}")


def quotas(sizes: Mapping[str, int], total: int, max_share: float) -> dict[str, int]:
    """Bytes to take of each language: in proportion to its size, none over its size or `max_share` of `total`.

    What a bounded language leaves goes to the others in proportion. The sum is at most `total`; it is less where the
    bounds leave no more.
    """
    most = {name: min(size, int(total * max_share)) for name, size in sizes.items() if size > 0}
    taken: dict[str, int] = {}
    left, open_ = total, dict.fromkeys(most)
    while open_:
        weight = sum(sizes[name] for name in open_)
        share = {name: left * sizes[name] // weight for name in open_}
        full = [name for name in open_ if share[name] >= most[name]]
        if not full:
            return taken | share
        for name in full:
            taken[name] = most[name]
            left -= most[name]
            del open_[name]
    return taken


def sizes_by_language(rows: DataFrame) -> DataFrame:
    """(language, bytes) of rows (language, text_bytes)."""
    return rows.groupBy("language").agg(F.sum("text_bytes").alias("bytes"))


def drawn(rows: DataFrame, sizes: Mapping[str, int], wanted: Mapping[str, int], seed: str) -> DataFrame:
    """Rows (clean_id, language, text_bytes) in the order of their draw until a language's quota is reached.

    `sizes` are the bytes of each language in `rows`. The result is at most the sum of the quotas, and the same
    whatever the order and partition of the rows.
    """
    limits = rows.sparkSession.createDataFrame(
        [(name, quota, min(1.0, _MARGIN * quota / sizes[name])) for name, quota in sorted(wanted.items())],
        "language string, quota bigint, rate double",
    )
    lot = rows.withColumn("lot", draw(F.col("clean_id"), seed)).join(F.broadcast(limits), "language")
    lot = lot.where("lot < rate and text_bytes <= quota")
    so_far = Window.partitionBy("language").orderBy("lot", "clean_id")
    running = F.sum("text_bytes").over(so_far.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    return lot.withColumn("running", running).where("running <= quota").select("clean_id", "language", "text_bytes")
