"""A tokenizer of others: its tokens get uses by name, its chat template stays, and it is refused if texts change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers

from jobs.cli import exit_code
from jobs.corpus.parameters import Tokens
from jobs.corpus.pinned_tokenizer import shipped
from udfs.tokens.chat import encode
from udfs.tokens.foreign import adopted, same_form, special_of, uses
from udfs.tokens.tokenizer import SETTINGS_FILE, TextTokenizer
from udfs.tokens.tokenizing import loaded

TEXTS = [file.read_text(encoding="utf-8") for file in sorted(Path(__file__).parents[3].glob("udfs/tokens/fim*.py"))]
NAMES = ["<s>", "</s>", "<fill>", "<who>", "<over>"]
CHAT = ("--special", "turn=<who>", "--special", "end_of_turn=<over>")
TEMPLATE = "{{ bos_token }}{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}"
CHATML = (
    "{% for m in messages %}{{ '<who>' + m['role'] + '\\n' + m['content'] + '<over>\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<who>assistant\\n' }}{% endif %}"
)
TALK = [{"role": "user", "content": "a </s> b"}, {"role": "assistant", "content": "c"}]


def foreign(folder: Path, template: Any = TEMPLATE, normaliser: Any = None, special: list[str] | None = None) -> str:
    """A folder as transformers writes it, of a byte-level tokenizer with names of its own."""
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.decoder = decoders.ByteLevel()
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    named = NAMES if special is None else special
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=named, initial_alphabet=alphabet, show_progress=False)
    backend.train_from_iterator(TEXTS, trainer)
    backend.add_tokens(["<tool>"])
    if normaliser is not None:
        backend.normalizer = normaliser
    has = dict(zip(("bos", "eos", "pad"), named, strict=False))
    made: Any = PreTrainedTokenizerFast
    theirs = made(tokenizer_object=backend, chat_template=template, **{f"{k}_token": v for k, v in has.items()})
    theirs.save_pretrained(str(folder))
    return str(folder)


def taken(folder: Path, source: str, *arguments: str) -> int:
    return exit_code(["tokenizer", "--from", source, "--to", str(folder / "ours"), *arguments])


def test_named_uses_hold_for_everything_after(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = foreign(tmp_path / "theirs")
    assert taken(tmp_path, source, *CHAT, "--special", "more=<tool>") == 0
    said = capsys.readouterr().out
    assert "padding      <fill>" in said and "another form than sft_tokens" in said and "can spell" not in said
    made = loaded(shipped(Tokens(tokenizer=str(tmp_path / "ours"))))
    special = made.special
    assert (special.bos, special.separator, special.eos, special.padding) == ("<s>", "</s>", "</s>", "<fill>")
    assert made.model_ids() == {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 2}
    text = f"{TEXTS[0]} <s> <fill> <tool>"
    (ids,) = made.encode([text])
    assert made.decode(ids) == text and not {made.id(token) for token in special.tokens()} & set(ids)
    theirs = Tokenizer.from_file(f"{source}/tokenizer.json")
    assert made.encode(TEXTS) == [theirs.encode(t, add_special_tokens=False).ids for t in TEXTS]
    row = encode(TALK, made).ids
    assert (row[0], row.count(3), row.count(4), row.count(1)) == (3, 2, 2, 0)


@pytest.mark.parametrize("inside", [False, True])
def test_its_chat_template_stays_through_every_copy(tmp_path: Path, inside: bool) -> None:
    """A run's and an export's folder are copies by read and save. Older folders have it in tokenizer_config.json."""
    from transformers import AutoTokenizer

    source = foreign(tmp_path / "theirs")
    if inside:
        config = tmp_path / "theirs" / "tokenizer_config.json"
        (tmp_path / "theirs" / "chat_template.jinja").unlink()
        config.write_text(json.dumps(json.loads(config.read_text()) | {"chat_template": TEMPLATE}))
    assert taken(tmp_path, source, *CHAT) == 0
    TextTokenizer.read(tmp_path / "ours").save(tmp_path / "run")
    again = AutoTokenizer.from_pretrained(str(tmp_path / "run"))
    assert again.chat_template == TEMPLATE
    assert again.apply_chat_template(TALK, tokenize=False) == "<s>[user] a </s> b[assistant] c"
    assert TextTokenizer.read(tmp_path / "run").hash == TextTokenizer.read(tmp_path / "ours").hash


def test_several_templates_stay_by_name(tmp_path: Path) -> None:
    from transformers import AutoTokenizer

    both = {"default": TEMPLATE, "tools": CHATML}
    assert taken(tmp_path, foreign(tmp_path / "theirs", both), *CHAT) == 0
    assert AutoTokenizer.from_pretrained(str(tmp_path / "ours")).chat_template == both


def test_a_template_of_the_trained_form_is_told_from_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from transformers import AutoTokenizer

    assert taken(tmp_path, foreign(tmp_path / "same", CHATML), *CHAT) == 0
    said = capsys.readouterr().out
    assert "another form" not in said and "can spell these added tokens: '<tool>'" in said
    (tmp_path / "other").mkdir()
    assert taken(tmp_path / "other", foreign(tmp_path / "theirs"), *CHAT, "--chatml") == 0
    assert "another form" not in capsys.readouterr().out
    theirs = AutoTokenizer.from_pretrained(str(tmp_path / "other" / "ours"))
    ours = TextTokenizer.read(tmp_path / "other" / "ours")
    plain = [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]
    assert list(theirs.apply_chat_template(plain, return_dict=True)["input_ids"]) == encode(plain, ours).ids


LOOP = "{% for m in messages %}{{ '<who>' + m['role'] + '\\n' + BODY + '<over>\\n' }}{% endfor %}"
PROMPT = "{% if add_generation_prompt %}{{ '<who>assistant\\n' }}{% endif %}"
DEFAULT = "{% if messages[0]['role'] != 'system' %}{{ '<who>system\\nHelp.<over>\\n' }}{% endif %}"


@pytest.mark.parametrize(
    ("template", "same"),
    [
        (LOOP.replace("BODY", "m['content']") + PROMPT, True),
        (LOOP.replace("BODY", "m['content']"), False),
        (LOOP.replace("BODY", "m['content']") + PROMPT.replace("\\n", "\\n<think>\\n"), False),
        (DEFAULT + LOOP.replace("BODY", "m['content']") + PROMPT, False),
        (LOOP.replace("BODY", "m['content'] | trim") + PROMPT, False),
        (LOOP.replace("BODY", "m['content'].rstrip()") + PROMPT, False),
        ("{{ bos_token }}" + LOOP.replace("BODY", "m['content']") + PROMPT, False),
    ],
)
def test_a_template_is_of_the_trained_form_only_if_it_writes_every_conversation_so(
    tmp_path: Path, template: str, same: bool
) -> None:
    """Neither with a system turn of its own, nor trimming, nor asking for an answer in another way."""
    special = special_of(foreign(tmp_path, template), uses([word for word in CHAT if word != "--special"]))
    assert same_form(adopted(tmp_path, special)) is same


@pytest.mark.parametrize(("left", "right"), [(True, False), (False, True), (True, True)])
def test_added_tokens_that_eat_spaces_are_refused_as_they_are_and_mended_when_taken(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], left: bool, right: bool
) -> None:
    """An ordinary one, which a text can spell, and one that ends a turn, which a chat template spells."""
    from transformers import AutoTokenizer

    source = foreign(tmp_path / "theirs", LOOP.replace("BODY", "m['content']") + PROMPT)
    file = Path(source) / "tokenizer.json"
    whole = json.loads(file.read_text())
    for token in whole["added_tokens"]:
        if token["content"] in ("<tool>", "<over>"):
            token["lstrip"], token["rstrip"] = left, right
    file.write_text(json.dumps(whole))
    special = special_of(source, uses([word for word in CHAT if word != "--special"]))
    with pytest.raises(ValueError, match=r"an added token that eats white space: .*refinelake tokenizer --from"):
        TextTokenizer.read(source, special)
    assert taken(tmp_path, source, *CHAT) == 0
    said = capsys.readouterr().out
    assert "'<over>' '<tool>'" in said and "no longer eat" in said and "another form" not in said
    made = TextTokenizer.read(tmp_path / "ours")
    text = "a  <tool>\n\tb <over> c"
    assert made.decode(made.encode([text])[0]) == text
    talk = [{"role": "user", "content": "a \n"}, {"role": "assistant", "content": "  b  "}]
    theirs = AutoTokenizer.from_pretrained(str(tmp_path / "ours"))
    assert theirs.apply_chat_template(talk, tokenize=False) == made.decode(encode(talk, made).ids)
    asked = list(theirs.apply_chat_template(talk[:1], add_generation_prompt=True, return_dict=True)["input_ids"])
    assert encode(talk, made).ids[: len(asked)] == asked


def test_a_folder_as_it_is_names_the_uses_that_it_lacks(tmp_path: Path) -> None:
    source = foreign(tmp_path)
    with pytest.raises(
        ValueError, match=r"separator <\|endoftext\|>.*padding <\|pad\|>.*found <s>.*--special USE=TOKEN"
    ):
        shipped(Tokens(tokenizer=source))


def test_missing_special_tokens_are_added_when_asked_for(tmp_path: Path) -> None:
    """As a base model's tokenizer with nothing but an end of text."""
    source = foreign(tmp_path / "theirs", None, special=["<|endoftext|>"])
    assert taken(tmp_path, source) == 2
    assert taken(tmp_path, source, "--add") == 0
    before, after = Tokenizer.from_file(f"{source}/tokenizer.json"), TextTokenizer.read(tmp_path / "ours")
    assert after.size == before.get_vocab_size() + 3 and after.special.bos is None
    assert after.encode(TEXTS) == [before.encode(text, add_special_tokens=False).ids for text in TEXTS]


@pytest.mark.parametrize(
    ("normaliser", "said"),
    [
        (normalizers.NFC(), r"a normaliser \(NFC\) that makes .*--drop-normaliser"),
        (normalizers.Lowercase(), r"a normaliser \(Lowercase\) that makes 'upper"),
        (normalizers.Replace(" ", "_"), r"a normaliser \(Replace\) that makes 'def_f.*; name another tokenizer"),
    ],
)
def test_a_normaliser_that_changes_texts_is_refused(tmp_path: Path, normaliser: Any, said: str) -> None:
    source = foreign(tmp_path, normaliser=normaliser)
    (tmp_path / SETTINGS_FILE).write_text(
        json.dumps({"separator": "</s>", "eos": "</s>", "turn": "<who>", "end_of_turn": "<over>", "padding": "<fill>"})
    )
    with pytest.raises(ValueError, match=said) as error:
        TextTokenizer.read(source)
    assert str(error.value).startswith(source)


def test_a_unicode_form_can_be_left_out(tmp_path: Path) -> None:
    source = foreign(tmp_path / "theirs", normaliser=normalizers.NFC())
    assert taken(tmp_path, source, *CHAT) == 2
    assert taken(tmp_path, source, *CHAT, "--drop-normaliser") == 0
    made, theirs = TextTokenizer.read(tmp_path / "ours"), Tokenizer.from_file(f"{source}/tokenizer.json")
    assert made.encode(TEXTS) == [theirs.encode(text, add_special_tokens=False).ids for text in TEXTS]
    assert made.decode(made.encode(["cafe\u0301"])[0]) == "cafe\u0301"
    (tmp_path / "other").mkdir()
    replaced = foreign(tmp_path / "replaced", normaliser=normalizers.Replace(" ", "_"))
    assert taken(tmp_path / "other", replaced, *CHAT, "--drop-normaliser") == 2


def test_a_vocabulary_that_loses_text_is_refused(tmp_path: Path) -> None:
    lossy = Tokenizer(models.WordLevel({"def": 0, "?": 1}, unk_token="?"))
    lossy.pre_tokenizer = pre_tokenizers.Whitespace()
    lossy.add_special_tokens(["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"])
    lossy.save(str(tmp_path / "tokenizer.json"))
    with pytest.raises(ValueError, match=r"every text comes back as it was, found 'def \? "):
        TextTokenizer.read(tmp_path)


def test_a_damaged_tokenizer_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "tokenizer.json").write_text("{broken")
    assert exit_code(["tokenizer", "--to", str(tmp_path / "to"), "--from", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert f"{tmp_path}/tokenizer.json: expected a tokenizer, found " in error and error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--from", "x", "--special", "pad=<pad>"), "with a use among separator, bos, eos, turn, end_of_turn, padding"),
        (("--from", "x", "--special", "padding"), "expected USE=TOKEN"),
        (("--from", "x", "--special", "padding="), "expected USE=TOKEN"),
        (("--from", "x", "--special", "eos=a", "--special", "eos=b"), "found eos=a before it"),
        (("--from", "x"), "x: expected a folder with tokenizer.json, found none"),
        (("--from", "x", "--fim"), "--from: expected a tokenizer as it is, found --fim"),
        (("--warehouse", "x", "--special", "eos=a"), "--special: expected --from"),
        ((), "--warehouse: expected the tables to train a tokenizer on, found none"),
    ],
)
def test_mistakes_are_named(
    arguments: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(["tokenizer", "--to", str(tmp_path / "to"), *arguments]) == 2
    assert said in capsys.readouterr().err
