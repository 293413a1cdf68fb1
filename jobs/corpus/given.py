"""Given tables of instructions to given_instructions and rejects: their present rows, read anew in each run.

What `instructions.tables` no longer names is gone, as with sources. A row that is no conversation has its reason in
`rejects`; a table that is not there stops the run, since its rows would all be dropped.
"""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from jobs.corpus.parameters import Instructions
from jobs.runtime.accounting import StageResult
from jobs.runtime.given_tables import count_given, given_rejects, given_table
from jobs.runtime.runner import Run
from jobs.runtime.writing import write_changes
from schemas.corpus import GIVEN_INSTRUCTIONS
from schemas.instruct import TABLES as INSTRUCT
from schemas.ops import REJECTS
from schemas.web import WEB_CORPUS
from udfs.instructions.make import ANSWERS, QUESTIONS
from udfs.spark.corpus import given_rows

NAME = "given_instructions"
_TEXTS = ("system", *QUESTIONS, "input", *ANSWERS, "language", "repo")
_TURN = {"role": "string", "content": "string", "weight": "double", "train": "boolean"}
_MESSAGES = f"array<struct<{','.join(f'{name}:{kind}' for name, kind in _TURN.items())}>>"
_JSON = ", ".join(f"{name} string" for name in _TEXTS) + f", messages {_MESSAGES}, corrupt string"
_KEY = ["origin", "instruction_id"]


def read_given(run: Run, p: Instructions) -> StageResult:
    """Bring given_instructions and this step's share of rejects to what the tables hold. Raises ValueError."""
    # A warehouse without a web half or recipes has empty tables of them: the stages here read all.
    for table in (GIVEN_INSTRUCTIONS, REJECTS, WEB_CORPUS, *INSTRUCT):
        run.lake.ensure(table)
    result = StageResult(NAME, GIVEN_INSTRUCTIONS.name)
    if not p.tables and run.lake.version(GIVEN_INSTRUCTIONS.name) == 0:
        result.skipped = NAME in run.done  # none is named and none ever was, which is recorded once
        return result
    spark = run.lake.spark
    tables = [table_rows(spark, place, stage) for place, stage in sorted(p.tables.items())]
    empty = spark.createDataFrame([], f"origin string, stage int, {_JSON}")
    rows = run.lake.stage(given_rows(reduce(DataFrame.unionByName, tables, empty)), run.run_id, NAME)
    sound = rows.where("reason is null")
    narrow = [c for c in GIVEN_INSTRUCTIONS.narrow() if c not in _KEY]
    found = run.lake.stage(sound.groupBy(*_KEY).agg(*(F.min(c).alias(c) for c in narrow)), run.run_id, f"{NAME}.found")
    count_given(result, rows, found.count())

    def with_messages(changed: DataFrame) -> DataFrame:
        # Equal ids have equal messages: whichever row is kept is the same.
        return changed.join(sound.select(*_KEY, "messages").dropDuplicates(_KEY), _KEY)

    metadata = {"run_id": run.run_id, "stage": NAME}
    written = write_changes(run, NAME, GIVEN_INSTRUCTIONS, found, metadata, with_text=with_messages)
    mine = f"stage = '{NAME}'"
    written += write_changes(run, NAME, REJECTS, given_rejects(NAME, rows), metadata, lambda stored: stored.where(mine))
    result.rows_written, result.table_version = written, run.lake.rows_version(GIVEN_INSTRUCTIONS.name) or 0
    return result


def table_rows(spark: SparkSession, place: str, stage: int) -> DataFrame:
    """Rows of a table in one set of columns: JSON lines or Parquet by name, else Delta. Raises ValueError."""
    lines = spark.read.schema(_JSON).option("columnNameOfCorruptRecord", "corrupt")
    rows = given_table(spark, place, "instructions.tables", lines.json)
    if not {*QUESTIONS, "input", "messages"} & set(rows.columns):
        raise ValueError(
            f"{place}: expected messages, or one of {', '.join(QUESTIONS)} or input with one of {', '.join(ANSWERS)}, "
            f"found the columns {', '.join(rows.columns)}; rename them"
        )
    texts = {name: _text(rows, name) for name in (*_TEXTS, "corrupt")}
    about = {"origin": F.lit(place), "stage": F.lit(stage), "messages": _messages(rows, place)}
    return rows.select(*(column.alias(name) for name, column in (about | texts).items()))


def _text(rows: DataFrame, name: str) -> Column:
    """The column as a string; null where the table has none, or holds something nested under that name."""
    known = dict(rows.dtypes).get(name, "")
    return F.lit(None).cast("string") if not known or "<" in known else F.col(name).cast("string")


def _messages(rows: DataFrame, place: str) -> Column:
    kind = dict(rows.dtypes).get("messages")
    if kind is None:
        return F.lit(None).cast(_MESSAGES)
    if not (kind.startswith("array<struct<") and "role:string" in kind and "content:string" in kind):
        raise ValueError(
            f"{place}: expected messages of type array<struct<role:string,content:string>>, found {kind}; convert them"
        )
    has = {field.name for field in rows.schema["messages"].dataType.elementType.fields}

    def turn(m: Column) -> Column:
        """Whether a turn is to be trained comes along where the table says so."""
        return F.struct(
            *((m[name] if name in has else F.lit(None)).cast(kind).alias(name) for name, kind in _TURN.items())
        )

    return F.transform("messages", turn).cast(_MESSAGES)
