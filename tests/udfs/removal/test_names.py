"""One repository has many spellings, and each must be found by each way of asking for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.removal.names import (
    asked_owner,
    asked_repo,
    author_names,
    is_url,
    owner_names,
    repo_names,
    salted,
)

SPELLINGS = [
    "Org/Name",
    "https://github.com/org/name",
    "https://github.com/Org/Name.git",
    "https://user:secret@github.com/org/name/",
    "git@github.com:org/name.git",
    "ssh://git@github.com:22/org/name.git",
    "git+https://www.github.com/org/name.git#readme",
    "github.com/org/name",
    "https://github.com/org/name/tree/main/src",
    " org/name ",
]


@pytest.mark.parametrize("stored", SPELLINGS)
@pytest.mark.parametrize("asked", SPELLINGS)
def test_every_spelling_finds_every_other(stored: str, asked: str) -> None:
    assert asked_repo(asked) in repo_names(stored)
    assert asked_owner("ORG") in owner_names(stored)


@pytest.mark.parametrize(
    ("stored", "asked"),
    [
        ("https://gitlab.com/org/name", "https://github.com/org/name"),
        ("org/name", "gitlab.com/org/name"),
        ("org/name-two", "org/name"),
        ("other/name", "org/name"),
        ("org/name/sub", "org/name"),
        ("name", "org/name"),
    ],
)
def test_another_repository_is_not_found(stored: str, asked: str) -> None:
    assert asked_repo(asked) not in repo_names(stored)


def test_groups_of_groups_own_what_is_below_them() -> None:
    stored = "https://gitlab.com/group/team/tool.git"
    assert asked_repo("gitlab.com/group/team/tool") in repo_names(stored)
    owners = owner_names(stored)
    assert [asked_owner(n) in owners for n in ("group", "group/team", "gitlab.com/group", "team", "tool")] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_what_has_no_owner_has_none() -> None:
    assert owner_names("apt") == () and repo_names("apt") == ("apt", "github.com/apt")


def test_only_hosts_are_urls() -> None:
    places = {
        "https://host.org/a/b": True,
        "git@host.org:a/b": True,
        "/data/torvalds/linux.tar": False,
        "s3://bucket/org/set": False,
        "file:///data/org/name": False,
        "C:/org/name": False,
        "data/org/name": False,
    }
    assert {place: is_url(place) for place in places} == places


@pytest.mark.parametrize(
    ("address", "names"),
    [
        ("Jane@Example.org", ("jane@example.org",)),
        ("<jane@example.org>", ("jane@example.org",)),
        ("12345+Jane@users.noreply.github.com", ("12345+jane@users.noreply.github.com", "jane")),
        ("jane@users.noreply.gitlab.com", ("jane@users.noreply.gitlab.com", "jane")),
        ("", ()),
    ],
)
def test_an_author_is_an_address_and_the_login_that_a_host_put_into_it(address: str, names: tuple[str, ...]) -> None:
    assert author_names(address) == names


@given(st.text(), st.text(), st.text())
def test_no_two_names_share_a_hash_and_none_is_refused(kind: str, name: str, salt: str) -> None:
    assert salted(kind, name, salt) == salted(kind, name, salt) != salted(kind, name + "x", salt)
    repo_names(name), owner_names(name), author_names(name), asked_repo(name), asked_owner(name)
