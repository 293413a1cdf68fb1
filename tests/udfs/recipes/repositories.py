"""Repositories with a history, written by git itself."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path


class History:
    """A repository in a folder; each commit is a day later."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.day = folder, 0
        folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, author: str = "ann@example.org") -> str:
        who = {f"GIT_{role}_EMAIL": author for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_NAME": "Somebody" for role in ("AUTHOR", "COMMITTER")}
        when = dict.fromkeys(("GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE"), f"2021-01-{self.day + 1:02}T00:00:00Z")
        clean = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
        command = ["git", "-c", "commit.gpgsign=false", *arguments]
        done = subprocess.run(
            command, cwd=self.folder, env=os.environ | who | when | clean, check=True, capture_output=True
        )
        return done.stdout.decode().strip()

    def commit(self, message: str, files: dict[str, str | bytes | None], author: str = "ann@example.org") -> str:
        """Write files (None removes one) and commit them."""
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if text is None:
                path.unlink()
            else:
                path.write_bytes(text if isinstance(text, bytes) else text.encode())
        self.day += 1
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "--allow-empty-message", "-m", message, author=author)
        return self.git("rev-parse", "HEAD")
