"""What is held out: a keyed hash of the repository's or domain's name, the same in every run for ever.

A name is held out or not whatever else is in the corpus, so that tokenizer, pretraining, annealing and both SFT stages
leave out the same repositories without knowing of each other. A greater share holds all names of a smaller one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pyarrow as pa

SHARE = 0.001
_KEY = b"refinelake held-out 1"


def is_held_out(name: str, share: float = SHARE) -> bool:
    """Whether a repository (`org/name`) or registered domain is held out.

    Letter case and white space around the name do not matter: neither hosts of code nor the domain name system tell
    cases apart. `share` is the fraction of names that are held out. Raises ValueError for an empty name, which would
    hold out all nameless rows together or none, and for a share outside of [0, 1].
    """
    wanted = name.strip().lower()
    if not wanted:
        raise ValueError("held-out: expected the name of a repository or domain, found an empty one; name the row")
    if not 0 <= share <= 1:
        raise ValueError(f"held-out: expected a share from 0 to 1, found {share}; 0.001 is one in a thousand")
    digest = hashlib.blake2b(wanted.encode(), digest_size=8, key=_KEY).digest()
    return int.from_bytes(digest, "big") < int(share * 2**64)


def held_out_batch(share: float, batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """The batch with `held_out` by its column `repo`; where that is null, false."""
    # Each name once: a batch has few.
    names = batch.column("repo").dictionary_encode()
    known = pa.array([is_held_out(name, share) for name in names.dictionary.to_pylist()], pa.bool_())
    held = known.take(names.indices).fill_null(False)
    yield pa.RecordBatch.from_arrays([*batch.columns, held], [*batch.schema.names, "held_out"])
