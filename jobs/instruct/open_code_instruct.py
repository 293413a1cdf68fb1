"""Publish open_code_instruct: tasks with lineage, an answer, tests that were run and a judgement.

spark-submit jobs/instruct/open_code_instruct.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from jobs.corpus.parameters import Tokens
from jobs.instruct import published
from jobs.instruct.made_decisions import score_of
from jobs.runtime.stage import Publish
from schemas.code import CODE_CORPUS
from schemas.corpus import INSTRUCTIONS
from schemas.instruct import MADE_DECISIONS, OPEN_CODE_INSTRUCT, POPULATION, SEED_PARTS, THREADS
from schemas.web import WEB_CORPUS

_JUDGED = OPEN_CODE_INSTRUCT.column("llm_judgement").type
_MESSAGES = INSTRUCTIONS.column("messages").type


def open_code_instruct(
    decisions: DataFrame, parts: DataFrame, population: DataFrame, code: DataFrame, web: DataFrame, p: Tokens
) -> DataFrame:
    """Every column but the texts and run_id."""
    rows = published.published(OPEN_CODE_INSTRUCT, decisions, parts, population, code, web, p.held_out)
    lineage = population.select("seed_id", "operator", "parents", "generation", "colony")
    rows = rows.join(lineage, "seed_id", "left")
    algorithm = (
        F.when(_is("crossover"), "self-instruct").when(_is("mutation"), "evol-instruct").otherwise("oss-instruct")
    )
    return rows.withColumns(
        {
            "domain": F.when(_is("algorithmic"), "algorithmic").otherwise("generic"),
            "generation_algorithm": algorithm,
            "operator": F.coalesce("operator", F.lit("")),
            "parents": F.coalesce("parents", F.array().cast("array<string>")),
            "average_test_score": score_of("average_test_score"),
            "judge": score_of("judge"),
        }
    )


def _is(name: str) -> Column:
    return F.coalesce(score_of(name), F.lit(0.0)) > 0


def with_text(rows: DataFrame, threads: DataFrame, *_: object) -> DataFrame:
    """The rows with the texts that their threads made."""
    return published.with_texts(rows, threads).select(
        *rows.columns,
        _content(0).alias("input"),
        _content(1).alias("output"),
        _part("unit_tests", "array<string>"),
        _part("tests_execution_status", "array<string>"),
        _part("llm_judgement", _JUDGED),
    )


def _content(turn: int) -> Column:
    return F.get(F.from_json("messages", _MESSAGES), turn)["content"]


def _part(name: str, kind: str) -> Column:
    """A part of the row, which is JSON in itself."""
    return F.coalesce(F.from_json(F.get_json_object("parts", f"$.{name}"), kind), F.array().cast(kind)).alias(name)


STAGE = Publish(
    "open_code_instruct",
    open_code_instruct,
    with_text,
    reads=(MADE_DECISIONS, SEED_PARTS, POPULATION, CODE_CORPUS, WEB_CORPUS),
    texts=(THREADS,),
    writes=OPEN_CODE_INSTRUCT,
    params=Tokens(),
    population=published.everyone(OPEN_CODE_INSTRUCT),
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
