"""A page in a real browser: what its reader sees wrong, at a phone's and a desk's width, light and dark."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
import tempfile
from itertools import product
from pathlib import Path

import pytest

WIDTHS = (360, 1280)
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_SEEN = re.compile(r'<pre id="seen">(.*?)</pre>', re.DOTALL)


def seen(page: str) -> list[str]:
    """Errors of the console, text that leaves its box or lies over text, faint or tiny text; empty where all is well.

    Skips the test where there is no browser: docker/chromium.sh installs one.
    """
    browser = next(filter(None, map(shutil.which, _NAMES)), None)
    if browser is None:
        pytest.skip("no Chromium on this machine")
    return [
        f"{width} px, {'dark' if dark else 'light'}: {each}"
        for width, dark in product(WIDTHS, (False, True))
        for each in _look(browser, page, width, dark)
    ]


def _look(browser: str, page: str, width: int, dark: bool) -> list[str]:
    """In a frame: no window of Chromium is narrower than 500 pixels, but what is in it may be."""
    script = Path(__file__).with_name("browser.js").read_text(encoding="utf-8")
    frame = f'<iframe style="border: 0; width: {width}px; height: 900px" srcdoc="{html.escape(page)}"></iframe>'
    write = 'document.getElementById("seen").textContent = JSON.stringify(findings(frames[0]))'
    around = f'<!doctype html><meta charset="utf-8">{frame}<pre id="seen"></pre>'
    around += f"<script>{script}\nonload = () => {{ {write} }}</script>"
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "around.html")
        file.write_text(around, encoding="utf-8")
        given = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--no-first-run"]
        given += [f"--user-data-dir={folder}/profile", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        command = [browser, *given, "--window-size=1400,1000", "--dump-dom", file.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    told = _SEEN.search(done.stdout)
    assert told and told[1], f"the browser showed nothing: {done.stderr[-2000:]}"
    found = json.loads(html.unescape(told[1]))
    assert (found["dark"], found["width"]) == (dark, width)
    return [*found["found"], *(line for line in done.stderr.splitlines() if ":CONSOLE" in line)]
