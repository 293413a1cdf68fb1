"""Made conversations in the forms that their papers published them in: OpenCodeInstruct's nine columns of text,
Code-Feedback's id and messages.
"""

from __future__ import annotations

from pyspark.sql import Column as Value
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from schemas.contract import Column, Table
from schemas.instruct import CODE_FEEDBACK, OPEN_CODE_INSTRUCT

FORMS = {"open-code-instruct": OPEN_CODE_INSTRUCT, "code-feedback": CODE_FEEDBACK}
"""Table of each form."""
_ID = 32
"""Hexadecimal digits of a published id."""


def _text(name: str, doc: str) -> Column:
    return Column(name, "string", doc, False)


COLUMNS = {
    "open-code-instruct": (
        _text("id", "32 hexadecimal digits, of the hash of question and answer."),
        _text("input", "The task."),
        _text("output", "The answer."),
        _text("domain", "generic or algorithmic."),
        _text("generation_algorithm", "self-instruct, evol-instruct; oss-instruct of a task that is no child."),
        _text("llm_judgement", "JSON: of each criterion score and justification."),
        _text("unit_tests", "JSON list of assertions."),
        _text("tests_execution_status", "JSON list of pass and fail."),
        _text("average_test_score", "Share of the tests that passed, as a text; empty without tests."),
    ),
    "code-feedback": (
        _text("id", "32 hexadecimal digits, of the hash of the messages; the published set numbers its rows."),
        Column("messages", CODE_FEEDBACK.column("messages").type, "Turns of user and assistant.", False),
    ),
}


def table_of(layout: str) -> Table | None:
    """The table of a form, None of another layout."""
    return FORMS.get(layout)


def in_form(rows: DataFrame, layout: str) -> DataFrame:
    """Rows of the form's table in its columns, and `row_id`."""
    values: dict[str, Value] = {"id": F.substring("row_id", 1, _ID)}
    if layout == "open-code-instruct":
        told = F.transform(
            "llm_judgement", lambda j: F.struct(j["criterion"], F.struct(j["score"], j["justification"]))
        )
        values["llm_judgement"] = F.to_json(F.map_from_entries(told))
        values |= {name: F.to_json(name) for name in ("unit_tests", "tests_execution_status")}
        values["average_test_score"] = F.coalesce(F.col("average_test_score").cast("string"), F.lit(""))
    return rows.select("row_id", *(values.get(c.name, F.col(c.name)).alias(c.name) for c in COLUMNS[layout]))
