"""A tokenizer of others made one of ours: the uses of its special tokens are named, its own chat template stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from udfs.tokens.chat import encode
from udfs.tokens.folder import may_go, own_token
from udfs.tokens.tokenizer import Special, TextTokenizer, backend_of

USES = tuple(field.name for field in fields(Special))


def uses(words: Sequence[str]) -> dict[str, list[str]]:
    """USE=TOKEN, as --special takes it, by use. An empty token is none. Raises ValueError."""
    found: dict[str, list[str]] = {}
    for word in words:
        use, equals, token = word.partition("=")
        if not equals or use not in USES or (not token and use != "bos"):
            raise ValueError(f"--special {word}: expected USE=TOKEN with a use among {', '.join(USES)}, found another")
        if use in found and use != "more":
            raise ValueError(
                f"--special {word}: expected each use but `more` once, found {use}={found[use][0]} before it"
            )
        found.setdefault(use, []).append(token)
    return found


def special_of(folder: str | Path, named: dict[str, list[str]]) -> Special:
    """Uses that are not named: BOS, EOS and padding as the folder's own settings have them, the others as ours."""
    has = backend_of(folder).token_to_id
    own = {
        use: own_token(folder, f"{name}_token") for use, name in (("eos", "eos"), ("bos", "bos"), ("padding", "pad"))
    }
    ours = Special()
    eos = own["eos"] or ours.eos
    given: dict[str, str | None] = {"eos": eos, "separator": ours.separator if has(ours.separator) is not None else eos}
    # Where one token is both, a document would be divided twice.
    given["bos"] = None if own["bos"] in (eos, given["separator"]) else own["bos"]
    given |= {use: tokens[0] or None for use, tokens in named.items() if use != "more"}
    chat = (given.get("turn", ours.turn), given.get("end_of_turn", ours.end_of_turn))
    if own["padding"] is not None and own["padding"] not in (*given.values(), *chat):
        given.setdefault("padding", own["padding"])
    return Special(**given, more=tuple(named.get("more", ())))  # type: ignore[arg-type]


def adopted(
    folder: str | Path,
    special: Special,
    add: bool = False,
    drop_normaliser: bool = False,
    our_template: bool = False,
) -> TextTokenizer:
    """The tokenizer of the folder with these uses. `add` adds special tokens that it lacks. Raises ValueError."""
    backend = backend_of(folder)
    if drop_normaliser and not may_go(backend):
        raise ValueError(
            f"{folder}: expected a normaliser that the vocabulary does without, found one "
            f"({type(backend.normalizer).__name__}) that changes every text; name another tokenizer"
        )
    if drop_normaliser:
        backend.normalizer = None
    if add:
        backend.add_special_tokens([token for token in special.tokens() if backend.token_to_id(token) is None])
    return TextTokenizer.checked(backend, special, folder, our_template)


def ordinary(tokenizer: TextTokenizer) -> list[str]:
    """Added tokens that a text can spell, since nothing says that they are special."""
    added = json.loads(tokenizer.serialised)["added_tokens"]
    return [a["content"] for a in added if not a["special"] and a["content"] not in tokenizer.special.tokens()]


def same_form(tokenizer: TextTokenizer) -> bool:
    """Whether its chat template writes a conversation as sft_tokens have it."""
    talk = [{"role": role, "content": f"one\n{role}"} for role in ("system", "user", "assistant", "user", "assistant")]
    try:
        theirs = tokenizer.hugging_face().apply_chat_template(talk, return_dict=True)["input_ids"]
    except Exception:  # a template is a program of others, and may refuse a role in its own way
        return False
    return list(theirs) == encode(talk, tokenizer).ids
