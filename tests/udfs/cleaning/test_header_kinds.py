"""More of each kind: what tools read beside a notice, fields, prose about rights, and notices that go whole."""

from __future__ import annotations

import re

import pytest

from udfs.cleaning.header_notices import NOTICE_PARTS, PHRASES
from udfs.cleaning.headers import strip

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
java|//|// @formatter:off
c|//|// RUN: %clang -c %s
cpp|//|// CHECK-NOT: x
rust|//|// compile-flags: -O
rust|//|//@ run-pass
javascript|//|// @noflow
typescript|//|// @ts-check
javascript|//|/* c8 ignore file */
c|//|// kate: space-indent on; indent-width 4;
c|//|// vim: set ts=4:
python|#|# kate: replace-tabs on;
python|#|# language=SQL
java|//|// language=JSON
shell|#|# REUSE-IgnoreStart
python|#|# pytype: skip-file
ruby|#|# typed: false
ruby|#|# rbs_inline: enabled
go|//|// +k8s:deepcopy-gen=package
go|//|// +kubebuilder:object:generate=true
sql|--|-- +goose Up
sql|--|-- liquibase formatted sql
sql|--|-- name: GetUser :one
scala|//|// $COVERAGE-OFF$
cpp|//|// IWYU pragma: keep
yaml|#|# renovate: datasource=docker
emacs lisp|;;|;; Local Variables:
erlang|%%|%% -*- erlang -*-
llvm|;|; RUN: opt < %s
html|<!--|<!-- prettier-ignore -->
""".strip().splitlines()


@pytest.mark.parametrize("case", READ)
def test_what_a_tool_reads_stays_wherever_it_stands(case: str) -> None:
    language, mark, line = case.split("|", 2)
    end = " -->" if mark == "<!--" else ""
    assert strip(f"{mark} {NOTICE}{end}\n{line}\nx = 1\n", language, "code")[0] == f"{line}\nx = 1\n"
    assert strip(f"{line}\n{mark} {NOTICE}{end}\nx = 1\n", language, "code")[0] == f"{line}\nx = 1\n"


@pytest.mark.parametrize(
    "line", [" * @formatter:off", " * RUN: %clang", " * @noflow", " * kate: tab-width 4;", " * vim: ts=4:"]
)
def test_what_a_tool_reads_inside_of_a_notice_stays(line: str) -> None:
    text = f"/*\n * {NOTICE}\n{line}\n * Licensed under the MIT License.\n */\nint x;\n"
    assert strip(text, "c", "code")[0] == f"/*\n{line}\n */\nint x;\n"


BSD = "Use of this source code is governed by a BSD-style\nlicense that can be found in the LICENSE file."


@pytest.mark.parametrize(
    ("notice", "about"),
    [
        ("Copyright 2020 Jane.\nLicensed under the MIT License.", "Package foo does bars."),
        (f"Copyright 2009 The Go Authors. All rights reserved.\n{BSD}", "Package foo does bars."),
        (
            f"Copyright 2009 The Go Authors. All rights reserved.\n{BSD}",
            "This file holds the loop\nthat reads packets.",
        ),
        ("Copyright 2020 Jane. Licensed under GPL v3.", "Usage: foo.sh FILE"),
        ("Copyright (c) 2020 Jane, all rights reserved.", "Reads the packets of a ring."),
        ("SPDX-License-Identifier: MIT", "Reads the packets of a ring."),
        ("Copyright 2020 Jane\nLicence: MIT.", "Example:\n  foo(1)"),
        ("(c) 2020 Jane.\nSee the LICENSE file for details.", "TODO remove the ring"),
    ],
)
def test_what_is_glued_to_a_notice_stays(notice: str, about: str) -> None:
    for sign in ("#", "//", "--"):
        first, second = ("".join(f"{sign} {line}\n" for line in some.splitlines()) for some in (notice, about))
        language = {"#": "python", "//": "go", "--": "lua"}[sign]
        assert strip(f"{first}{second}x = 1\n", language, "code")[0] == f"{second}x = 1\n"
    first, second = ("".join(f" * {line}\n" for line in some.splitlines()) for some in (notice, about))
    assert strip(f"/*\n{first}{second} */\nint x;\n", "c", "code")[0] == f"/*\n{second} */\nint x;\n"


@pytest.mark.parametrize(
    "about",
    ["ring.c\nRoutes packets to the peers of the ring.", "ring.c - routes all packets", "routes packets to the peers"],
)
def test_what_stands_glued_before_a_notice_stays(about: str) -> None:
    said = "".join(f" * {line}\n" for line in about.splitlines())
    text = f"/*\n{said} * Copyright (c) 2020 Jane.\n */\nint x;\n"
    assert strip(text, "c", "code")[0] == f"/*\n{said} */\nint x;\n"


@pytest.mark.parametrize(
    "prose",
    [
        "Returns the SPDX-License-Identifier of a file",
        "see (C) 2003 standard section 5",
        'Parses "Copyright (c) 2020 Jane" lines',
        "All rights reserved words of the language are listed here.",
        "Access: permission is granted if the user is admin.",
        "Checks whether a package is licensed under the GPL.",
        "Adds Copyright (c) 2020 Jane lines to files",
        "A parser for SPDX-License-Identifier comments",
        "Looks for names in the license file.",
        "Prints `(c) 2020 Jane` in the footer.",
        "Handles the @license tag of JSDoc.",
        "Tests that files which are\n{mark} licensed under the MIT license are found.",
        "Implements option (c) 2003 of the standard.",
        "Whether all rights reserved seats are sold.",
        "The permission is granted to users of the group.",
        "Removes the phrase all rights reserved.",
    ],
)
def test_prose_about_licences_stays(prose: str) -> None:
    for mark, language in (("//", "go"), ("#", "python")):
        text = f"{mark} {prose.replace('{mark}', mark)}\nx = 1\n"
        assert strip(text, language, "code") == (text, 0)


@pytest.mark.parametrize("opener", ["{-|", "{- |", "{-^"])
def test_a_haddock_comment_is_opened_again_as_it_was(opener: str) -> None:
    text = f"{opener}\n{NOTICE}\n\nReads the files of the disk.\n-}}\nmodule X where\n"
    assert strip(text, "haskell", "code")[0] == f"{opener}\nReads the files of the disk.\n-}}\nmodule X where\n"


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


@pytest.mark.parametrize("phrase", PHRASES["notice"])
def test_each_phrase_of_a_notice_has_a_part_that_is_looked_for_first(phrase: str) -> None:
    needed = re.sub(r"\(\?[=!<].*?\)", "", phrase.replace("\\", ""))
    assert any(part in needed for part in NOTICE_PARTS)
