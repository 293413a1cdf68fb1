"""A tokenizer of others made one of ours: the uses of its special tokens are named, its own chat template stays."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from udfs.tokens.chat import encode
from udfs.tokens.folder import may_go, own_token
from udfs.tokens.tokenizer import Special, TextTokenizer, backend_of

if TYPE_CHECKING:
    from tokenizers import Tokenizer

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
    """The tokenizer of the folder with these uses. `add` adds special tokens that it lacks; added
    tokens no longer eat the white space beside them. Raises ValueError.
    """
    backend = backend_of(folder)
    if drop_normaliser and not may_go(backend):
        raise ValueError(
            f"{folder}: expected a normaliser that the vocabulary does without, found one "
            f"({type(backend.normalizer).__name__}) that changes every text; name another tokenizer"
        )
    if drop_normaliser:
        backend.normalizer = None
    if stripping(backend):
        backend = _keeping_spaces(backend)
    if add:
        backend.add_special_tokens([token for token in special.tokens() if backend.token_to_id(token) is None])
    return TextTokenizer.checked(backend, special, folder, our_template)


def ordinary(tokenizer: TextTokenizer) -> list[str]:
    """Added tokens that a text can spell, since nothing says that they are special."""
    added = json.loads(tokenizer.serialised)["added_tokens"]
    return [a["content"] for a in added if not a["special"] and a["content"] not in tokenizer.special.tokens()]


def stripping(backend: Tokenizer) -> list[str]:
    """Added tokens that eat the white space beside them."""
    return [t.content for t in backend.get_added_tokens_decoder().values() if t.lstrip or t.rstrip]


def _keeping_spaces(backend: Tokenizer) -> Tokenizer:
    """The same with added tokens that leave the white space beside them: in tables, runs and exports alike."""
    from tokenizers import Tokenizer

    whole = json.loads(backend.to_str())
    for token in whole["added_tokens"]:
        token["lstrip"] = token["rstrip"] = False
    return Tokenizer.from_str(json.dumps(whole))


def same_form(tokenizer: TextTokenizer) -> bool:
    """Whether its chat template writes conversations as sft_tokens have them: with and without a system turn, with
    white space around what is said, and up to an answer that is still to come.
    """
    turn, theirs = tokenizer.special.turn, tokenizer.hugging_face()
    plain = [{"role": role, "content": f"one\n{role}"} for role in ("user", "assistant", "user", "assistant")]
    spaced = [{**message, "content": f"  {message['content']} \n"} for message in plain]
    talks = [[{"role": "system", "content": "one\nsystem"}, *plain], plain, spaced]
    try:
        texts = [theirs.apply_chat_template(talk, tokenize=False) for talk in talks]
        asked = theirs.apply_chat_template(plain[:-1], tokenize=False, add_generation_prompt=True)
        ids = list(theirs.apply_chat_template(plain, return_dict=True)["input_ids"])
    except Exception:  # a template is a program of others, and may refuse a role in its own way
        return False
    trained = [encode(talk, tokenizer).ids for talk in talks]
    # What is asked ends before an answer's first word; its tail after that is the answer.
    before = tokenizer.decode(trained[1]).rpartition(f"{turn}assistant\n")[0]
    same = texts == [tokenizer.decode(row) for row in trained] and ids == trained[1]
    return same and asked == f"{before}{turn}assistant\n"
