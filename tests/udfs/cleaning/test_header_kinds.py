"""More of each kind: what tools read beside a notice, fields, prose about rights, and notices that go whole."""

from __future__ import annotations

import re

import pytest

from udfs.cleaning.headers import _NOTICE_PARTS, _PHRASES, strip

NOTICE = "Copyright 2020 Acme Inc. All rights reserved."

READ = """
typescript|//|/// <reference types="node" />
typescript|//|// @ts-nocheck
typescript|//|// biome-ignore-all lint: made
typescript|//|// deno-lint-ignore-file
typescript|//|// dprint-ignore-file
typescript|//|// oxlint-disable
typescript|//|// cspell:words foo
javascript|//|// @jest-environment jsdom
javascript|//|/* eslint-env node */
javascript|//|/* jshint esversion: 6 */
javascript|//|/* istanbul ignore file */
javascript|//|//# sourceURL=x
shell|#|# shellcheck disable=SC2034
shell|#|# shfmt:ignore
ruby|#|# rubocop:disable Style/All
ruby|#|# typed: strict
python|#|# pylint: disable=C0103
python|#|# flake8: noqa
python|#|# isort: skip_file
python|#|# pragma: no cover
python|#|# nosemgrep
python|#|# %%
python|#|# cython: language_level=3
cpp|//|// clang-format off
cpp|//|// NOLINTBEGIN
dart|//|// @dart = 2.9
csharp|//|// ReSharper disable All
go|//|//go:generate stringer
rust|//|// rustfmt-skip
swift|//|// swiftlint:disable all
scala|//|// scalafix:off
kotlin|//|// ktlint-disable filename
php|//|// phpcs:disable
perl|#|## no critic
r|#|# nolint start
sql|--|-- sqlfluff:dialect:postgres
lua|--|---@meta
lua|--|-- luacheck: globals vim
erlang|%%|%% elvis:ignore
hcl|#|#trivy:ignore:AVD-1
hcl|#|# checkov:skip=CKV_AWS_20
starlark|#|# buildifier: disable=module-docstring
starlark|#|# gazelle:prefix github.com/a/b
dockerfile|#|# hadolint global ignore=DL3003
yaml|#|#cloud-config
yaml|#|# yamllint disable rule:line-length
graphql|#|# import Foo from "x.graphql"
""".strip().splitlines()


@pytest.mark.parametrize("case", READ)
def test_what_a_tool_reads_stays_wherever_it_stands(case: str) -> None:
    language, mark, line = case.split("|")
    assert strip(f"{mark} {NOTICE}\n{line}\nx = 1\n", language, "code")[0] == f"{line}\nx = 1\n"
    assert strip(f"{line}\n{mark} {NOTICE}\nx = 1\n", language, "code")[0] == f"{line}\nx = 1\n"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("javascript", "// ==UserScript==\n// @name X\n// @license MIT\n// ==/UserScript==\nlet x\n"),
        ("css", "/* ==UserStyle==\n@name X\n@license MIT\n==/UserStyle== */\na{}\n"),
        ("php", "<?php\n/**\n * Plugin Name: X\n * License: GPL-2.0+\n * Copyright: 2020 Joe\n */\n$x = 1;\n"),
        ("css", "/*\nTheme Name: X\nLicense: GNU General Public License v2 or later\n*/\na{}\n"),
        ("haskell", "{-|\nModule      : Data.X\nCopyright   : (c) 2010 Joe\nLicense     : BSD3\n-}\nmodule X where\n"),
        ("python", "# Contributions must be licensed under an approved licence before they are merged.\nx = 1\n"),
        ("python", "# Computes f(c) for each of the 1999 samples of the set.\nx = 1\n"),
        ("python", "# Steps: (a) read, (b) parse, (c) write the 2000 rows.\nx = 1\n"),
        ("python", "# Drivers who are licensed to operate trucks get a bonus.\nx = 1\n"),
        ("python", "# Seats with all rights reserved by the operator are skipped.\nx = 1\n"),
        ("python", "# Groups the postings under the terms of the query.\nx = 1\n"),
        ("python", '"""Updates the copyright years in all source files."""\nx = 1\n'),
        ("javascript", "// Renders © in the footer of the page.\nlet x\n"),
        ("go", "// Package license verifies license keys and their expiry dates.\npackage license\n"),
        ("rust", "//! Parses SPDX license expressions such as `MIT OR Apache-2.0`.\nfn x() {}\n"),
    ],
)
def test_fields_and_prose_stay(language: str, text: str) -> None:
    assert strip(text, language, "code") == (text, 0)


def test_of_an_emacs_package_only_the_licence_goes() -> None:
    text = ';; Author: Joe\n;; License: GPL-3.0\n;; Version: 1.0\n;; Package-Requires: ((emacs "25"))\n(setq x 1)\n'
    assert strip(text, "emacs lisp", "code")[0] == text.replace(";; License: GPL-3.0\n", "")


@pytest.mark.parametrize(("opener", "closer"), [("/**", " */"), ("/*!", " */"), ("/***", " ***/"), ("/*", " */")])
def test_a_comment_is_opened_again_as_it_was(opener: str, closer: str) -> None:
    text = f"{opener}\n * {NOTICE}\n *\n * Reads the files of the disk.\n{closer}\nint x;\n"
    assert strip(text, "c", "code")[0] == f"{opener}\n * Reads the files of the disk.\n{closer}\nint x;\n"


@pytest.mark.parametrize(
    "notice",
    [
        "To the extent possible under law, the authors have dedicated all copyright\nand neighboring rights to this "
        "software to the public domain\nworldwide. This software is distributed without any warranty.",
        '"THE BEER-WARE LICENSE" (Revision 42):\n<a@b.org> wrote this file.  As long as you retain this notice you\n'
        "can do whatever you want with this stuff.",
        "Licensed to the Apache Software Foundation (ASF) under one\nor more contributor license agreements.",
        "Licensed to Acme B.V. under one or more agreements.\nAcme licenses this file to you under the MIT license.",
        "Copyright (C) 2001 Joe\n\nThis software is provided 'as-is', without any express or implied\nwarranty.\n\n"
        "Permission is granted to anyone to use this software for any purpose.",
        "This Source Code Form is subject to the terms of the Mozilla Public\nLicense, v. 2.0.",
    ],
)
def test_more_notices_go_whole(notice: str) -> None:
    lines = "".join(f"# {line}".rstrip() + "\n" for line in notice.splitlines())
    assert strip(f"{lines}x = 1\n", "python", "code")[0] == "x = 1\n"
    assert strip(f"/*\n{notice}\n*/\nint x;\n", "c", "code")[0] == "int x;\n"


def test_imports_below_a_notice_are_code() -> None:
    assert strip(f'// {NOTICE}\n\n#import "A.h"\n#import "B.h"\n', "objective-c", "code")[0].lstrip() == (
        '#import "A.h"\n#import "B.h"\n'
    )


def test_a_long_text_is_read_as_a_short_one() -> None:
    """Only the beginning is cut into lines where code follows there; comments that go on are read whole."""
    code = "x = 1  # copyright\n" * 500
    for notice in (f"# {NOTICE}\n", f"# {NOTICE}\n" + "# licence text without warranty\n" * 400):
        assert strip(notice + code, "python", "code") == (code, len(notice))
    block = f"/*\n{NOTICE}\n" + "without warranty of any kind\n" * 400 + "*/\n"
    assert strip(block + "int x;\n" * 900, "c", "code") == ("int x;\n" * 900, len(block))


@pytest.mark.parametrize("phrase", _PHRASES["notice"])
def test_each_phrase_of_a_notice_has_a_part_that_is_looked_for_first(phrase: str) -> None:
    needed = re.sub(r"\(\?[=!<].*?\)", "", phrase.replace("\\", ""))
    assert any(part in needed for part in _NOTICE_PARTS)
