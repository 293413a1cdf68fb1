"""The cleaned form of one text: without the leading licence comment, without personal data, notebooks as plain text.

Paper (OpenCoder, section on data transformation): about 15 % of the files start with a copyright notice, which is
stripped; passwords, e-mails and addresses become placeholders in angle brackets. Cleaning a cleaned text changes
nothing; a notebook's cleaned form is a text, and kind "text" is what to clean it as again.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import asdict, dataclass

from schemas.identity import code_identity
from udfs.cleaning import headers, notebooks, personal_data

# Read once: what runs is what was imported, whatever happens to the file meanwhile.
_CODE = code_identity(__name__, data=(*headers.DATA, *personal_data.DATA))
# A replaced key can bring a comment to the top that was below code: both steps run again until nothing is replaced.
# Headers alone are final after one call, and what follows them has then been read as it stays.
_MAX_PASSES = 8


@dataclass(frozen=True)
class Cleaning:
    """What is cleaned, and how much of a notebook cell's outputs is kept."""

    strip_header: bool = True
    replace_personal_data: bool = True
    max_output_chars: int = 2_000

    def __post_init__(self) -> None:
        if self.max_output_chars < 1:
            raise ValueError(f"cleaning: max_output_chars must be at least 1, found {self.max_output_chars}")

    def version(self) -> str:
        """Part of the table's key: the kernels' source, their data and every parameter that moves a text."""
        return hashlib.sha256(f"{_CODE} {sorted(asdict(self).items())}".encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The cleaned text and what was done; `text` is None exactly where `failure` says why."""

    text: str | None
    header_bytes: int
    replaced: dict[str, int]
    cells_cut: int
    failure: str | None


def clean(text: str, *, language: str | None, kind: str, p: Cleaning = Cleaning()) -> Cleaned:
    """Clean one text of a language (named as in udfs/languages/detect.py) and kind (code, data, text or notebook)."""
    cells_cut = 0
    if kind == "notebook":
        try:
            text, cells_cut = _structured(text, p)
        except notebooks.BrokenNotebook as error:
            return Cleaned(None, 0, {}, 0, str(error))
    header_bytes = 0
    replaced: Counter[str] = Counter()
    for _ in range(_MAX_PASSES):
        counts: dict[str, int] = {}
        # The markdown of a notebook is no comment, whatever it starts with.
        if p.strip_header and kind != "notebook":
            text, removed = headers.strip(text, language, kind)
            header_bytes += removed
        if p.replace_personal_data:
            text, counts = personal_data.replace(text, language, kind)
            replaced.update(counts)
        if not counts:
            break
    return Cleaned(text, header_bytes, dict(replaced), cells_cut, None)


def _structured(text: str, p: Cleaning) -> tuple[str, int]:
    result = notebooks.to_text(text, p.max_output_chars)
    return result.text, result.cells_cut
