"""Publish pretrain_tokens: every document of pretrain_docs as token ids; only what moved is tokenised.

spark-submit jobs/corpus/pretrain_tokens.py --warehouse DIR --set tokens.tokenizer=DIR
"""

from __future__ import annotations

from pyspark.sql import DataFrame

from jobs.corpus.document_tokens import as_documents, with_tokens
from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import version
from jobs.runtime.stage import Publish
from schemas.corpus import PRETRAIN_TOKENS
from schemas.documents import PRETRAIN_DOCS


def pretrain_tokens(docs: DataFrame, p: Tokens) -> DataFrame:
    """Every column but the tokens."""
    return as_documents(docs, p)


STAGE = Publish(
    "pretrain_tokens",
    pretrain_tokens,
    with_tokens,
    reads=(PRETRAIN_DOCS,),
    texts=(PRETRAIN_DOCS,),
    writes=PRETRAIN_TOKENS,
    params=Tokens(),
    version=version,
)

if __name__ == "__main__":
    from jobs.cli import stage_main

    stage_main(STAGE)
