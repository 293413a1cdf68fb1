"""What a tokenizer's folder says besides its vocabulary, and whether every text comes back from its ids."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tokenizers import Tokenizer

ChatTemplate = str | dict[str, str]
_CODE = "def f(x):\n    return x[0] + 1\n"
_PROBES = (
    _CODE,
    " a  b\t\tc \n\n d\r\n\te ",
    "UPPER lower 0123456789 .,;:'\"!?()[]{}<>@#$%^&*~`|\\/",
    "don't can't do not ; ( x ) .",
    "caf\u00e9 cafe\u0301 \ufb01 \uff21 \u2460 \u00b2 \u212b",
    "\u4e2d\u6587 \U0001f600 \u0e44\u0e17\u0e22 \u0627\u0644",
    "\u00a0\u2003\u200b\u200d\ufeff\u2028\x00\x07\x7f",
    "\u2581x \u0120x \u010a",
)
"""Cases, white space, compositions, wide and control characters, and the marks that tokenizers put for a space."""


def check_texts_come_back(backend: Tokenizer, folder: str | Path) -> None:
    """Raises ValueError where a text is another one after it was tokenised, with the reason."""
    # An added token that is not special can be spelt by a text, and may eat the white space beside it.
    added = [t.content for t in backend.get_added_tokens_decoder().values() if not t.special and (t.lstrip or t.rstrip)]
    for token in added:
        text = f"a  {token}\n\tb"
        back = backend.decode(backend.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)
        if back != text:
            raise ValueError(
                f"{folder}: expected a tokenizer from which every text comes back as it was, found an added token that "
                f"eats white space: {back!r} for {text!r}; take it by refinelake tokenizer --from FOLDER --to DIR"
            )
    for text in _PROBES:
        back = backend.decode(backend.encode(text, add_special_tokens=False).ids, skip_special_tokens=False)
        if back == text:
            continue
        told = f"{folder}: expected a tokenizer from which every text comes back as it was, found "
        normal = text if backend.normalizer is None else str(backend.normalizer.normalize_str(text))
        if normal == text:
            raise ValueError(f"{told}{back!r} for {text!r}; name another tokenizer")
        told += f"a normaliser ({type(backend.normalizer).__name__}) that makes {normal!r} of {text!r}; "
        if may_go(backend):
            told += "leave it out by refinelake tokenizer --from FOLDER --drop-normaliser --to DIR, or "
        raise ValueError(f"{told}name another tokenizer")


def may_go(backend: Tokenizer) -> bool:
    """Whether the vocabulary does without its normaliser: one that leaves plain code alone, as a Unicode form does,
    and not one that writes the spaces of every text in another way.
    """
    return backend.normalizer is None or str(backend.normalizer.normalize_str(_CODE)) == _CODE


def own_template(folder: str | Path) -> ChatTemplate | None:
    """The chat template of the folder, by name where it has several; None where it has none."""
    place = Path(folder)
    found = {file.stem: file for file in sorted(place.glob("additional_chat_templates/*.jinja"))}
    if (place / "chat_template.jinja").exists():
        found["default"] = place / "chat_template.jinja"
    if found:
        read = {name: file.read_text(encoding="utf-8") for name, file in found.items()}
        return read["default"] if list(read) == ["default"] else read
    inside = _config(place).get("chat_template")
    if isinstance(inside, list):
        return {str(one["name"]): str(one["template"]) for one in inside}
    return None if inside is None else str(inside)


def own_token(folder: str | Path, name: str) -> str | None:
    """bos_token, eos_token or pad_token as transformers knows it."""
    found = _config(Path(folder)).get(name)
    found = found.get("content") if isinstance(found, dict) else found
    return None if found is None else str(found)


def _config(folder: Path) -> dict[str, object]:
    file = folder / "tokenizer_config.json"
    return dict(json.loads(file.read_text(encoding="utf-8"))) if file.exists() else {}
