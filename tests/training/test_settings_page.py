"""docs/training.md names every setting, as the dataclasses have it."""

from __future__ import annotations

import os
from pathlib import Path

from training import settings_page

PAGE = Path(__file__).parents[2] / "docs" / "training.md"


def test_the_page_has_the_settings_of_the_code() -> None:
    written = settings_page.with_settings(PAGE.read_text(encoding="utf-8"))
    if os.environ.get("REFRESH_GOLDEN"):
        PAGE.write_text(written, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == written, (
        "run REFRESH_GOLDEN=1 pytest tests/training/test_settings_page.py"
    )


def test_every_setting_is_explained() -> None:
    assert settings_page.unexplained() == []
