"""What a scorer of quality is made from: labelled texts of code_corpus, given ones, and a sample of each language.

No stage of a run: a scorer is a pinned artifact, so that nothing moves by night because a model did.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset as ds
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from jobs.code.draws import draw
from jobs.runtime import places
from jobs.runtime.parquet_rows import rows_at
from jobs.runtime.tables import Lake
from schemas.code import CODE_CORPUS
from schemas.quality import FILE_LABELS
from udfs.quality.heads import Labelled
from udfs.quality.labelling import Given
from udfs.quality.scorer import Scorer
from udfs.quality.settings import QualityTraining
from udfs.quality.training import LabelsError, made

_LABEL = pa.schema([("clean_id", pa.string()), ("language", pa.string()), ("score", pa.float64())])


@dataclass(frozen=True)
class Training:
    """A scorer out of a warehouse and given labels: `to` is the folder or URL below which it is put."""

    lake: Lake
    run_id: str
    given: Sequence[Given]
    to: str
    p: QualityTraining
    say: Callable[[str], None]

    def carry_out(self) -> dict[str, Any]:
        """The row of quality_models, without its times. Raises LabelsError."""
        labelled = self._labelled()
        enough = sorted(name for name, some in labelled.items() if len(some) >= self.p.labels)
        sampled = self._sampled(enough)
        with tempfile.TemporaryDirectory(prefix="refinelake-quality-") as folder:
            try:
                found = made(labelled, sampled, Path(folder) / "scorer", self.p, self.say)
            except LabelsError as error:
                raise LabelsError(
                    f"{FILE_LABELS.name}: {error}; label more (refinelake instruct run --recipe file_quality, or "
                    "--labels FILE), or ask for less (quality_training.labels, quality_training.agreement)"
                ) from None
            place = f"{self.to}/quality/{found.version}"
            places.put_folder(found.folder, place)
            return self._row(found, place)

    def _labelled(self) -> dict[str, list[Labelled]]:
        """Labelled texts by language; a label that is given stands in the place of a model's."""
        by: dict[str, list[Labelled]] = defaultdict(list)
        for each in self.given:
            if each.content is not None:
                group = each.repo or hashlib.sha256(each.content.encode("utf-8", "replace")).hexdigest()
                by[each.language].append(Labelled(each.content[: self.p.most_bytes], each.score, group))
        rows = self._labels().join(self._corpus(), ["clean_id", "language"])
        place = self._aside(rows, "labelled")
        for language, text, score, repo in rows_at(place, "language", "text", "score", "repo"):
            by[language].append(Labelled(text, score, repo))
        missing = self._labels().count() - sum(map(len, by.values())) + sum(g.content is not None for g in self.given)
        if missing > 0:
            self.say(f"{missing:,} labels are of texts that are not in {CODE_CORPUS.name}: left out")
        return by

    def _labels(self) -> DataFrame:
        """(clean_id, language, score) of texts of the corpus."""
        own = {(g.clean_id, g.language): g.score for g in self.given if g.clean_id is not None}
        rows = [{"clean_id": key[0], "language": key[1], "score": score} for key, score in sorted(own.items())]
        given = self.lake.spark.createDataFrame(pa.Table.from_pylist(rows, _LABEL))
        if self.lake.version(FILE_LABELS.name) is None:
            return given
        stored = self.lake.read(FILE_LABELS).select(*_LABEL.names)
        return given.unionByName(stored.join(given, ["clean_id", "language"], "left_anti"))

    def _corpus(self) -> DataFrame:
        beginning = F.substring("text", 1, self.p.most_bytes).alias("text")
        return self.lake.read(CODE_CORPUS).where("kind = 'code'").select("clean_id", "language", "repo", beginning)

    def _sampled(self, languages: Iterable[str]) -> Callable[[str], list[str]]:
        """The texts that are drawn of each language, in the order of their ids."""
        names = list(languages)
        if not names:
            return lambda language: []
        corpus = self._corpus().where(F.col("language").isin(*names))
        counted = {r["language"]: r["count"] for r in corpus.groupBy("language").count().collect()}
        shares = {n: min(1.0, self.p.sample / max(1, counted.get(n, 0))) for n in names}
        share = F.create_map(*(F.lit(v) for item in shares.items() for v in item))
        drawn = corpus.where(draw(F.col("clean_id"), "quality:") < share[F.col("language")])
        place = self._aside(drawn.select("clean_id", "language", "text"), "sample")

        def of(language: str) -> list[str]:
            rows = rows_at(place, "clean_id", "text", where=ds.field("language") == language)
            return [text for _, text in sorted(rows)]

        return of

    def _aside(self, rows: DataFrame, name: str) -> str:
        self.lake.stage(rows, self.run_id, f"quality_train.{name}")
        return f"{self.lake.staging(self.run_id)}/quality_train.{name}"

    def _row(self, found: Scorer, place: str) -> dict[str, Any]:
        about = {n: {k: v for k, v in of.items() if k != "quantiles"} for n, of in found.languages.items()}
        return {
            "version": found.version,
            "location": place,
            "languages": sorted(about),
            "labels": sum(of["labels"] for of in about.values()),
            "trained_from": found.facts["made"]["trained_from"],
            "labels_version": self.lake.version(FILE_LABELS.name),
            "facts": json.dumps(about | {"": {"left_out": found.facts["made"]["left_out"]}}, sort_keys=True),
            "pinned_at": None,
        }
