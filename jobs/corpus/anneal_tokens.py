"""Publish anneal_tokens: algorithmic files, verified snippets and textbooks as token ids (paper 4.1, annealing).

spark-submit jobs/corpus/anneal_tokens.py --warehouse DIR --set tokens.tokenizer=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.corpus.document_tokens import as_documents, with_tokens
from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import version
from jobs.runtime.stage import Publish
from schemas.corpus import ANNEAL_TOKENS
from schemas.documents import ANNEAL_DOCS


def anneal_tokens(docs: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens."""
    return as_documents(docs, p)


STAGE = Publish(
    "anneal_tokens",
    anneal_tokens,
    with_tokens,
    reads=(ANNEAL_DOCS,),
    texts=(ANNEAL_DOCS,),
    writes=ANNEAL_TOKENS,
    params=Tokens(),
    version=version,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
