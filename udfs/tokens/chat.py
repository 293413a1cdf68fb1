"""Messages to token ids with what is supervised: the tokens of the chat template, from which no text can escape.

Special tokens go in by id; the text between them is encoded as one piece, so ids equal `apply_chat_template`'s for
every text that holds no special token, and for the others they are still text. An answer whose first line end would
merge with its head's is encoded apart from the head: what a model is asked with (the generation prompt) is always a
prefix of what it was trained on. Supervised are each assistant turn's
content, its end token and the newline after it (OpenCoder's SFT code supervises answer, newline and end token).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from udfs.tokens.tokenizer import TextTokenizer

Message = dict[str, str]
ROLES = ("system", "user", "assistant")


@dataclass(frozen=True)
class Row:
    """One conversation: `ids` and, at each place, whether predicting that token is trained."""

    ids: list[int]
    supervised: list[bool]


class RowError(ValueError):
    """A conversation that cannot be trained on; the message is the reason for `rejects`."""


def check(messages: Sequence[Mapping[str, object]]) -> None:
    """Raises RowError for an unknown role, an empty conversation, or one without an assistant turn."""
    if not any(message.get("role") == "assistant" for message in messages):
        raise RowError("no_assistant_turn")
    for message in messages:
        role = message.get("role")
        if role not in ROLES or not isinstance(message.get("content"), str):
            raise RowError(f"not_a_message: role {role!r}")


def encode(messages: Sequence[Message], tokenizer: TextTokenizer) -> Row:
    """Raises RowError, see `check`."""
    check(messages)
    turn, end = tokenizer.id(tokenizer.special.turn), tokenizer.id(tokenizer.special.end_of_turn)
    heads = [f"{message['role']}\n" for message in messages]
    bodies = [f"{message['role']}\n{message['content']}" for message in messages]
    newline, *encoded = tokenizer.encode(["\n", *heads, *bodies])
    opened, whole = encoded[: len(heads)], encoded[len(heads) :]
    ids: list[int] = []
    supervised: list[bool] = []
    for message, head, body in zip(messages, opened, whole, strict=True):
        trained = message["role"] == "assistant"
        if trained and body[: len(head)] != head:
            body = [*head, *tokenizer.encode([message["content"]])[0]]
        piece = [turn, *body, end, *newline]
        ids += piece
        supervised += [trained and place > len(head) for place in range(len(piece))]
    return Row(ids, supervised)


def fit(row: Row, length: int, too_long: Literal["drop", "cut"], tokenizer: TextTokenizer) -> Row | None:
    """The row within `length` tokens, None where it is dropped or has nothing supervised left. A cut row keeps its end
    token.
    """
    if len(row.ids) <= length:
        return row
    if too_long == "drop":
        return None
    end = tokenizer.id(tokenizer.special.end_of_turn)
    cut = Row([*row.ids[: length - 1], end], [*row.supervised[: length - 1], row.supervised[length - 1]])
    return cut if any(cut.supervised) else None
