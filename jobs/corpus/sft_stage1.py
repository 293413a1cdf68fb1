"""Publish sft_stage1: the conversations of the first, broad stage of fine-tuning, without copies of benchmarks.

spark-submit jobs/corpus/sft_stage1.py --warehouse DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.corpus.parameters import Sft
from jobs.corpus.sft_selection import selected, with_messages
from jobs.runtime.stage import Publish
from schemas.contamination import CONTAMINATION
from schemas.corpus import INSTRUCTIONS
from schemas.documents import SFT_STAGE1


def sft_stage1(instructions: DataFrame, contamination: DataFrame, p: Sft) -> DataFrame:
    """Every column but the messages."""
    return selected(1, instructions, contamination, p)


STAGE = Publish(
    "sft_stage1",
    sft_stage1,
    with_messages,
    reads=(INSTRUCTIONS, CONTAMINATION),
    texts=(INSTRUCTIONS,),
    writes=SFT_STAGE1,
    params=Sft(),
    population=sft_stage1,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
