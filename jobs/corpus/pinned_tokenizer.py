"""The tokenizer that a stage's parameters name, read on the driver and shipped to the workers inside the function."""

from __future__ import annotations

from importlib.util import find_spec

from jobs.corpus.parameters import Tokens
from udfs.tokens.tokenizing import Shipped, check_markers


def shipped(p: Tokens) -> Shipped:
    """Raises ValueError where no tokenizer is named, none is there, or it lacks a special token that is used."""
    from udfs.tokens.tokenizer import TextTokenizer

    if find_spec("tokenizers") is None:
        raise ValueError("tokenizers: expected the package, found none; install refinelake[tokens] on all machines")
    if not p.tokenizer:
        raise ValueError(
            "tokens.tokenizer: expected the folder of a tokenizer, found none; train one with refinelake tokenizer, or "
            "take one of others with refinelake tokenizer --from"
        )
    tokenizer = TextTokenizer.read(p.tokenizer)
    check_markers(tokenizer, p.fim())
    return Shipped.of(tokenizer)


def version(p: Tokens) -> str:
    """Identity of what turns a text into ids: another tokenizer in the same folder is another piece of work."""
    return f"{shipped(p).hash} {p.fim().settings()}"
