"""The steps together: what each kind gets, that a second pass changes nothing, that no text is refused."""

from __future__ import annotations

import json
import time
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.cleaning.clean import Cleaned, Cleaning, clean

NOTICE = "# Copyright 2020 Jane <jane@some-host.org>\n"
PIECES = [
    NOTICE,
    "# This does that.\n",
    "#\n",
    "\n",
    "#!/bin/sh\n",
    "# coding: utf-8\n",
    "/* Licensed under the MIT License\n",
    " */\n",
    "*/",
    '"""',
    "'''",
    "<!-- ",
    "-->\n",
    ".. (c) 2020\n",
    "// All rights reserved\n",
    "x = 1\n",
    "\ufeff",
    "\r\n",
    "\r",
    "jane@some-host.org",
    "54.217.7.118",
    "-",
    ".",
    "v",
    "@",
    ":",
    "://",
    "2a00:16d8:0:7::205",
    "password = ",
    '"k4tz3n8"',
    "-----BEGIN PRIVATE KEY-----\n",
    "A1b2C3d4E5" * 5 + "\n",
    "-----END PRIVATE KEY-----\n",
    "ghp_" + "a1B2c3D4e5F6" * 3,
    "\ud800",
    "<EMAIL>",
    "é",
    "-*- x -*-",
]
LANGUAGES = st.sampled_from(
    ["Python", "C", "PHP", "HTML", "Lua", "VBA", "Haskell", "Fortran", "Markdown", "reStructuredText", "Nonsense", None]
)


def cleaned(text: str, language: str | None, kind: str, p: Cleaning | None = None) -> Cleaned:
    return clean(text, language=language, kind=kind, p=p or Cleaning())


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.sampled_from(PIECES) | st.text(max_size=4), max_size=14).map("".join),
    LANGUAGES,
    st.sampled_from(["code", "data", "text"]),
)
def test_cleaning_twice_is_cleaning_once(text: str, language: str | None, kind: str) -> None:
    once = cleaned(text, language, kind)
    assert once.text is not None and once.failure is None
    assert cleaned(once.text, language, kind) == Cleaned(once.text, 0, {}, 0, None)
    assert bool(once.text.strip()) == bool(text.strip())


@settings(max_examples=100, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.text(max_size=5),
        lambda x: (
            st.lists(x, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["cells", "worksheets", "cell_type", "source", "input", "outputs", "output_type", "data", "text"]
                ),
                x,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_any_json_is_a_text_or_a_failure(value: object) -> None:
    result = cleaned(json.dumps({"cells": [value]}), None, "notebook")
    assert (result.text is None) == (result.failure is not None)


def test_code_loses_its_notice_and_its_addresses() -> None:
    text = NOTICE + "\nmail = 'joe@some-host.org'\n"
    assert cleaned(text, "Python", "code") == Cleaned("mail = '<EMAIL>'\n", len(NOTICE) + 1, {"email": 1}, 0, None)


def test_steps_can_be_switched_off() -> None:
    text = NOTICE + "x = 1\n"
    assert cleaned(text, "Python", "code", Cleaning(strip_header=False)).text == text.replace(
        "jane@some-host.org", "<EMAIL>"
    )
    assert cleaned(text, "Python", "code", Cleaning(replace_personal_data=False)).text == "x = 1\n"
    assert cleaned(text, "Python", "code", Cleaning(strip_header=False, replace_personal_data=False)).text == text


def test_a_licence_is_never_emptied() -> None:
    text = "# MIT License\n# Copyright 2020 X\n"
    assert cleaned(text, "Python", "code") == Cleaned(text, 0, {}, 0, None)
    assert cleaned("MIT License\n\nCopyright 2020 X\n", "Text", "text").text == "MIT License\n\nCopyright 2020 X\n"


def test_notebooks_become_text_without_addresses() -> None:
    cells = [
        {"cell_type": "markdown", "source": "<!-- Copyright 2020 X -->\njoe@some-host.org"},
        {"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "text": "y" * 9}]},
    ]
    result = cleaned(json.dumps({"cells": cells}), "Jupyter Notebook", "notebook", Cleaning(max_output_chars=5))
    assert result.text is not None and result.text.startswith("<markdown>\n<!-- Copyright 2020 X -->\n<EMAIL>\n<code")
    assert (result.header_bytes, result.replaced, result.cells_cut, result.failure) == (0, {"email": 1}, 1, None)
    assert cleaned(result.text, None, "text") == Cleaned(result.text, 0, {}, 0, None)


def test_broken_notebooks_are_failures() -> None:
    result = cleaned("{", None, "notebook")
    assert (result.text, result.replaced) == (None, {})
    assert result.failure is not None and result.failure.startswith("notebook_broken: not JSON")


def test_the_version_moves_with_every_parameter() -> None:
    others = [Cleaning(strip_header=False), Cleaning(replace_personal_data=False), Cleaning(max_output_chars=1)]
    versions = {p.version() for p in (Cleaning(), *others)}
    assert len(versions) == 4 and all(len(v) == 16 and int(v, 16) >= 0 for v in versions)
    with pytest.raises(ValueError, match="max_output_chars"):
        Cleaning(max_output_chars=0)


@pytest.mark.parametrize(
    "line", [NOTICE, "# x\n", "#\n", "\n", "/*", "# © " + "a" * 500 + "\n", "#" + "license " * 100 + "\n", "x" * 1000]
)
def test_time_is_linear(line: str) -> None:
    text = line * (800_000 // len(line)) + "x = 1\n"
    start = time.process_time()
    cleaned(text, "Python", "code")
    assert time.process_time() - start < 2.0


_DRAWN = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA1bC3"


@pytest.mark.parametrize("language", ["xml", "svg", "maven pom", "xslt"])
@pytest.mark.parametrize(
    "text",
    [
        '<a by="jane@some-host.org">mail joe@other.de</a>',
        "<a><EMAIL>joe@other.de</EMAIL><!-- joe@other.de --><![CDATA[joe@other.de]]></a>",
        f'<c><password>{_DRAWN[:14]}</password><add key="api_key" value="{_DRAWN}"/></c>',
        f"<u><PASSWORD>{_DRAWN[:14]}</PASSWORD>https://bob:k4tz3n99@db.some-host.org/x</u>",
        f'<t secret="{_DRAWN}">ghp_{_DRAWN}</t>',
        f'<add connectionString="Server=db;User Id=sa;Password={_DRAWN[:12]};" />',
        f"<RSAKeyValue><D>{_DRAWN * 3}==</D></RSAKeyValue>",
        f"<k>-----BEGIN PRIVATE KEY-----\n{_DRAWN * 4}\n-----END PRIVATE KEY-----</k>",
        "<r>2607:f0d0:1002:0051:0000:0000:0000:0004</r>",
        "<r>http://54.217.7.118:8080/</r>",
    ],
)
def test_xml_is_xml_still_once_it_is_cleaned(text: str, language: str) -> None:
    """A bare `<EMAIL>` would be an element that never ends; cleaning it again changes nothing."""
    ElementTree.fromstring(text)
    once = cleaned(text, language, "data")
    assert once.text and once.replaced and _DRAWN[:12] not in once.text
    ElementTree.fromstring(once.text)
    assert cleaned(once.text, language, "data").text == once.text
