"""Byte-level BPE trained from a sample of the corpus, or a tokenizer of others, behind one small class.

Every text comes back byte for byte: ours has no normaliser, and one of others is refused where a text comes back
changed. Text of documents and messages never becomes a special token, whatever it contains: only our own code puts
those in, by id.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from udfs.tokens.folder import ChatTemplate, check_texts_come_back, own_template

# Imported where it runs: stages that tokenise nothing do without it (extra `tokens`).
if TYPE_CHECKING:
    from tokenizers import Tokenizer

SETTINGS_FILE = "refinelake_tokenizer.json"
# Contractions; words with one character before them; single digits; punctuation; line ends with the space before them.
_PIECES = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


@dataclass(frozen=True)
class Special:
    """Special tokens by their use. Two uses may share a token, but padding stands for itself alone.

    `separator` ends a document in pretraining, `bos` opens it where one is set, `eos` ends a generation, `turn` opens
    and `end_of_turn` closes a chat message. `more` are others that only code puts in, as fill-in-the-middle's.
    """

    separator: str = "<|endoftext|>"
    bos: str | None = None
    eos: str = "<|im_end|>"
    turn: str = "<|im_start|>"
    end_of_turn: str = "<|im_end|>"
    padding: str = "<|pad|>"
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "more", tuple(self.more))
        others = [self.separator, self.bos, self.eos, self.turn, self.end_of_turn, *self.more]
        if self.padding in others:
            raise ValueError(f"tokenizer: expected a padding token of its own, found {self.padding!r} in another use")

    def tokens(self) -> list[str]:
        """Each distinct token once, in the order of their uses."""
        uses = [self.separator, self.bos, self.eos, self.turn, self.end_of_turn, self.padding, *self.more]
        return list(dict.fromkeys(token for token in uses if token is not None))


# A newline after a tag of the template would vanish, so line ends are written out.
CHAT_TEMPLATE = (
    "{% for message in messages %}{{ turn + message['role'] + '\\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + end + '\\n' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + end + '\\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ turn + 'assistant\\n' }}{% endif %}"
)


def backend_of(folder: str | Path) -> Tokenizer:
    """The tokenizer.json of a folder. Raises ValueError where there is none."""
    from tokenizers import Tokenizer

    file = Path(folder) / "tokenizer.json"
    if not file.exists():
        raise ValueError(
            f"{folder}: expected a folder with tokenizer.json, found none; refinelake tokenizer writes one"
        )
    try:
        return Tokenizer.from_file(str(file))
    except Exception as error:  # the library has no class of its own
        raise ValueError(f"{file}: expected a tokenizer, found {str(error)[:200]}; write or fetch it anew") from None


def _refuse_missing(backend: Tokenizer, special: Special) -> None:
    missing = [token for token in special.tokens() if backend.token_to_id(token) is None]
    if not missing:
        return
    uses = [f"{use} {token}" for use, token in asdict(special).items() if token in missing]
    uses += [f"more {token}" for token in special.more if token in missing]
    known = [token.content for token in backend.get_added_tokens_decoder().values()][:20]
    raise ValueError(
        f"tokenizer: expected the special tokens {', '.join(uses)}, found {', '.join(known) or 'none'}; name "
        "others by refinelake tokenizer --from FOLDER --special USE=TOKEN --to DIR, or let it --add them"
    )


class TextTokenizer:
    """Text to ids and back. Ids below `size` are tokens; embeddings may have more rows (models.padded)."""

    def __init__(self, backend: Tokenizer, special: Special, template: ChatTemplate | None = None) -> None:
        """`template` is the chat template of a tokenizer of others; ours where there is none."""
        _refuse_missing(backend, special)
        self.special, self.template = special, template
        from tokenizers import AddedToken, Tokenizer

        # Serialised first: the copy whose text cannot become a special token is ours alone.
        self.serialised = backend.to_str()
        self._backend = Tokenizer.from_str(self.serialised)
        # Some published tokenizers hold these as ordinary added tokens, which a text could spell.
        self._backend.add_special_tokens([AddedToken(token, special=True) for token in special.tokens()])
        self._backend.encode_special_tokens = True
        self._backend.no_padding()
        self._backend.no_truncation()
        self.size: int = self._backend.get_vocab_size(with_added_tokens=True)

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary: int, special: Special | None = None) -> TextTokenizer:
        """BPE of `vocabulary` tokens, special ones included, from a sample of texts."""
        from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

        special = special or Special()
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        if vocabulary < len(alphabet) + len(special.tokens()):
            least = len(alphabet) + len(special.tokens())
            raise ValueError(f"tokenizer: expected a vocabulary of at least {least}, found {vocabulary}")
        backend = Tokenizer(models.BPE())
        split = pre_tokenizers.Split(Regex(_PIECES), behavior="isolated")
        whole = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
        backend.pre_tokenizer = pre_tokenizers.Sequence([split, whole])
        backend.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=vocabulary,
            special_tokens=special.tokens(),
            initial_alphabet=alphabet,
            show_progress=False,
        )
        backend.train_from_iterator(texts, trainer)
        return cls(backend, special)

    @classmethod
    def read(cls, folder: str | Path, special: Special | None = None) -> TextTokenizer:
        """Ours, or any Hugging Face folder with tokenizer.json; then `special` says which tokens serve which use.

        Raises ValueError for one without these tokens, and for one from which texts do not come back.
        """
        backend, settings = backend_of(folder), Path(folder) / SETTINGS_FILE
        if special is None and settings.exists():
            special = Special(**json.loads(settings.read_text(encoding="utf-8")))
        return cls.checked(backend, special or Special(), folder)

    @classmethod
    def checked(
        cls, backend: Tokenizer, special: Special, folder: str | Path, our_template: bool = False
    ) -> TextTokenizer:
        """What `read` makes of the folder's tokenizer, with the folder's chat template or with ours."""
        made = cls(backend, special, None if our_template else own_template(folder))
        check_texts_come_back(made._backend, folder)
        return made

    @classmethod
    def from_json(cls, serialised: str, special: Special) -> TextTokenizer:
        """The tokenizer that `serialised` and `special` of another one describe."""
        from tokenizers import Tokenizer

        return cls(Tokenizer.from_str(serialised), special)

    def save(self, folder: str | Path, longest: int | None = None) -> None:
        """tokenizer.json, our settings, and what transformers reads (chat template, special tokens; `longest` is the
        model's context).
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        self.hugging_face().save_pretrained(str(place))
        _for_all_readers(place / "tokenizer_config.json", longest)
        (place / "tokenizer.json").write_text(self.serialised, encoding="utf-8")
        (place / SETTINGS_FILE).write_text(json.dumps(asdict(self.special), indent=1), encoding="utf-8")

    def hugging_face(self) -> Any:
        """The same tokenizer for transformers: clean-up off; ChatML with assistant masks, or its own chat template."""
        from tokenizers import Tokenizer
        from transformers import PreTrainedTokenizerFast

        s = self.special
        ours = CHAT_TEMPLATE.replace("turn +", f"{s.turn!r} +").replace("+ end +", f"+ {s.end_of_turn!r} +")
        made: Any = PreTrainedTokenizerFast
        return made(
            tokenizer_object=Tokenizer.from_str(self.serialised),
            clean_up_tokenization_spaces=False,
            bos_token=s.bos,
            eos_token=s.eos,
            pad_token=s.padding,
            chat_template=ours if self.template is None else self.template,
        )

    @property
    def hash(self) -> str:
        """SHA-256 over the vocabulary, merges and special tokens: the identity that token tables carry."""
        whole = json.dumps(json.loads(self.serialised), sort_keys=True) + json.dumps(
            asdict(self.special), sort_keys=True
        )
        return hashlib.sha256(whole.encode()).hexdigest()

    def id(self, token: str) -> int:
        """The id of a special token. Raises ValueError."""
        found = self._backend.token_to_id(token)
        if found is None:
            raise ValueError(f"tokenizer: expected the token {token!r}, found none")
        return int(found)

    def model_ids(self) -> dict[str, int | None]:
        """bos_token_id, eos_token_id and pad_token_id for a model's configuration."""
        s = self.special
        bos = None if s.bos is None else self.id(s.bos)
        return {"bos_token_id": bos, "eos_token_id": self.id(s.eos), "pad_token_id": self.id(s.padding)}

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without any special token."""
        return [found.ids for found in self._backend.encode_batch_fast(list(texts), add_special_tokens=False)]

    def encode_arrow(self, texts: Sequence[str]) -> pa.ListArray:
        """The same ids as list<int32>, without a Python list of all of them."""
        found = self._backend.encode_batch_fast(list(texts), add_special_tokens=False)
        offsets = np.zeros(len(found) + 1, np.int64)
        np.cumsum([len(one) for one in found], out=offsets[1:])
        if offsets[-1] > np.iinfo(np.int32).max:
            raise ValueError(f"tokenizer: expected at most 2^31 tokens in a batch, found {offsets[-1]}; send less text")
        ids = np.empty(offsets[-1], np.int32)
        for number, one in enumerate(found):
            ids[offsets[number] : offsets[number + 1]] = one.ids
        return pa.ListArray.from_arrays(offsets.astype(np.int32), ids)

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, special tokens written out."""
        return str(self._backend.decode(list(ids), skip_special_tokens=False))


def _for_all_readers(file: Path, longest: int | None) -> None:
    """transformers 5 names a class that 4.x does not know, and says 1e30 where no length is known."""
    found = json.loads(file.read_text(encoding="utf-8"))
    for name in ("backend", "is_local", "local_files_only"):
        found.pop(name, None)
    found |= {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": longest}
    kept = {name: value for name, value in found.items() if value is not None or name != "model_max_length"}
    file.write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
