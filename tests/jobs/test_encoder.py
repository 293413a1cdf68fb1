"""The sentence encoder that is fetched by name, as it is used."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.cli import exit_code
from udfs.embeddings.encoder import Encoder, version


def test_a_fetched_encoder_tells_what_a_text_is_about(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code(["fetch", "encoder", "--to", str(tmp_path)]) == 0
    place = tmp_path / "all-minilm-l6-v2"
    assert f"sentence encoder in {place}" in capsys.readouterr().out
    encoder = Encoder(str(place))
    assert (encoder.dimension, encoder.tokens) == (384, 256)
    asked = encoder.encode("How do I reverse a string in Python?")[0]
    alike = encoder.encode("In Python, how can a string be reversed?")[0]
    other = encoder.encode("Explain what a closure is in JavaScript.")[0]
    assert asked @ alike > 0.9 > 0.3 > asked @ other
    before = version(str(place))

    # What is there is left as it is; a half of it is not there.
    assert exit_code(["fetch", "encoder", "--to", str(tmp_path)]) == 0 and version(str(place)) == before
    assert {p.name for p in tmp_path.iterdir() if p.name.startswith(".encoder")} == set()
