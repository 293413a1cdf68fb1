"""The forms of opt-out lists, and what is no request."""

from __future__ import annotations

import re

import pytest

from udfs.removal.requests import Request, RequestError, listed, path_pattern

TEXT = "0" * 63 + "a"


@pytest.mark.parametrize(
    ("line", "requests"),
    [
        ("user/repo", [Request("repo", "user/repo")]),
        ("https://gitlab.com/Group/Sub/Repo.git", [Request("repo", "gitlab.com/group/sub/repo")]),
        ("user", [Request("owner", "user")]),
        ("user: all", [Request("owner", "user")]),
        ("user,all", [Request("owner", "user")]),
        ("user\tcommits", [Request("author", "user")]),
        ("user: commits, issues", [Request("author", "user"), Request("issues", "user")]),
        ('user, ["one", "user/two"]', [Request("repo", "user/one"), Request("repo", "user/two")]),
        ("a/b c/d", [Request("repo", "a/b"), Request("repo", "c/d")]),
        ("Jane@Example.org", [Request("author", "jane@example.org")]),
        (TEXT, [Request("content", TEXT, reach="text")]),
        ("user/repo # asked on Monday", [Request("repo", "user/repo")]),
        ("# a remark", []),
        ("   ", []),
        ('{"repo": "a/b", "path": "secrets/*"}', [Request("repo", "a/b", "secrets/*")]),
        ('{"path": "**/id_rsa", "reach": "near"}', [Request("path", "", "**/id_rsa", "near")]),
        ('{"author": "jane@example.org"}', [Request("author", "jane@example.org")]),
    ],
)
def test_each_form_of_a_line(line: str, requests: list[Request]) -> None:
    assert list(listed([line])) == requests


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"repo": "a/b", "owner": "a"}', "expected one of"),
        ('{"repo": "a/b", "because": "x"}', "because"),
        ("{broken", "line 2"),
        ('{"content": "abc"}', "64 hexadecimal digits"),
        ('{"repo": ""}', "name of a repo"),
        ('{"repo": "a/b", "reach": "far"}', "reach"),
        ('{"path": "/"}', "path"),
        ("{}", "expected one of"),
        ('{"repo": 5}', "as texts, found 5"),
        ('{"path": null}', "as texts, found None"),
        ('{"repo": "a/b", "reach": ["near"]}', "as texts, found ['near']"),
        ('{"a":' * 100_000, "recursion"),
        ("[[[", "name of a repository, an owner or an author, found '[[['"),
        (",", "found ','"),
    ],
)
def test_what_is_no_request_is_named_with_its_line(line: str, said: str) -> None:
    with pytest.raises(RequestError, match="line 2") as refused:
        list(listed(["user/repo", line]))
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("glob", "found", "passed"),
    [
        ("*.pem", ["a.pem", "keys/deep/a.pem"], ["a.pem.txt", "pem"]),
        ("keys/*", ["keys/a"], ["keys/deep/a", "my/keys/a"]),
        ("keys/**", ["keys/a", "keys/deep/a"], ["my/keys/a"]),
        ("**/id_?sa", ["id_rsa", "home/x/id_dsa"], ["id_ed25519"]),
        ("a[0-9].py", ["a1.py", "x/a2.py"], ["ab.py"]),
        ("a[!0-9].py", ["ab.py"], ["a1.py"]),
        ("src/(x)+.py", ["src/(x)+.py"], ["src/x.py"]),
    ],
)
def test_a_pattern_of_paths(glob: str, found: list[str], passed: list[str]) -> None:
    pattern = re.compile(path_pattern(glob))
    assert [p for p in found + passed if pattern.search(p)] == found
