"""Which leading comments are notices, and what stays of a file without them."""

from __future__ import annotations

import pytest

from udfs.cleaning.headers import strip

GPL = ["Copyright (C) 2001 Some Foundation", "", "This is free software; see the GNU General Public License."]


def stripped(text: str, language: str | None = "Python", kind: str = "code") -> str:
    result, removed = strip(text, language, kind)
    assert (removed > 0) == (result != text)
    assert strip(result, language, kind) == (result, 0), "a second pass changes something"
    return result


@pytest.mark.parametrize(
    ("language", "before", "code"),
    [
        ("C++", "// ", "int x;\n"),
        ("cpp", "// ", "int x;\n"),
        ("python", "# ", "x = 1\n"),
        ("Python", "# ", "x = 1\n"),
        ("SQL", "-- ", "select 1;\n"),
        ("Erlang", "% ", "-module(x).\n"),
        ("Emacs Lisp", ";; ", "(setq x 1)\n"),
        ("VBA", "' ", "Sub X()\n"),
        ("VBScript", "REM ", "x = 1\n"),
        ("Batchfile", "rem ", "cd x\n"),
        ("Vim Script", '" ', "set number\n"),
        ("Fortran", "! ", "program x\n"),
        ("M4", "dnl ", "AC_INIT\n"),
        ("Roff", '.\\" ', ".TH X 1\n"),
        (None, "# ", "x = 1\n"),
    ],
)
def test_line_comments(language: str | None, before: str, code: str) -> None:
    notice = "".join(f"{before}{line}".rstrip() + "\n" for line in GPL)
    assert stripped(f"{notice}\n\n{code}", language) == code
    assert stripped(f"{before}What this does.\n{code}", language) == f"{before}What this does.\n{code}"


@pytest.mark.parametrize(
    ("language", "opener", "closer"),
    [
        ("Java", "/*", " */"),
        ("CSS", "/**", " **/"),
        ("HTML", "<!--", "-->"),
        ("OCaml", "(*", "*)"),
        ("Haskell", "{-", "-}"),
        ("Ruby", "=begin", "=end"),
        ("MATLAB", "%{", "%}"),
        ("Python", '"""', '"""'),
        ("Python", "'''", "'''"),
        ("Lua", "--[[", "]]"),
        ("PowerShell", "<#", "#>"),
    ],
)
def test_block_comments(language: str, opener: str, closer: str) -> None:
    notice = "\n".join([opener, *GPL, closer])
    assert stripped(f"{notice}\n\ncode\n", language) == "code\n"
    assert stripped(f"{opener}\nWhat this does.\n{closer}\ncode\n", language).startswith(opener)


def test_first_lines_that_tools_read_stay() -> None:
    assert stripped("#!/bin/sh\n# Copyright 2020 X\n\nls\n", "Shell") == "#!/bin/sh\nls\n"
    text = "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\n# All rights reserved.\nx = 1\n"
    assert stripped(text) == "#!/usr/bin/env python\n# -*- coding: utf-8 -*-\nx = 1\n"
    assert stripped("<?php\n/* (c) 2019 X */\necho 1;\n", "PHP") == "<?php\necho 1;\n"
    assert stripped('<?xml version="1.0"?>\n<!-- (c) 2019 X -->\n<a/>\n', "XML") == '<?xml version="1.0"?>\n<a/>\n'
    assert stripped("//go:build linux\n\n// Copyright 2019 X\n\npackage x\n", "Go") == "//go:build linux\n\npackage x\n"
    assert stripped("// Copyright 2019 X\n\n// +build linux\n\npackage x\n", "Go") == "// +build linux\n\npackage x\n"
    assert stripped('"use strict";\n// @license MIT\nlet x;\n', "JavaScript") == '"use strict";\nlet x;\n'
    assert stripped("/* -*- mode: C -*-\n * (c) 2019 X\n */\nint x;\n", "C").startswith("/* -*- mode: C -*-\n")


def test_a_description_beside_the_notice_stays() -> None:
    assert stripped("/* x.c - frobs\n *\n * Copyright 2020 X\n *\n * Frobs all.\n */\nint x;\n", "C") == (
        "/* x.c - frobs\n *\n * Frobs all.\n */\nint x;\n"
    )
    assert (
        stripped("/** Copyright 2020 X\n *\n * Frobs all.\n */\nint x;\n", "C") == "/**\n * Frobs all.\n */\nint x;\n"
    )
    assert stripped("/*! (c) 2020 X\n\nFrobs all. */\nint x;\n", "C") == "/*!\nFrobs all. */\nint x;\n"
    assert stripped("/* Copyright 2020 X\n *\n * Frobs all.\n */\nint x;\n", "C") == "/*\n * Frobs all.\n */\nint x;\n"
    assert stripped("# Copyright 2020 X\n#\n# Frobs all.\nx = 1\n") == "# Frobs all.\nx = 1\n"
    docstring = '"""Routes requests.\n\n:copyright: (c) 2010 by X.\n:license: BSD.\n"""\nimport x\n'
    assert stripped(docstring) == '"""Routes requests.\n"""\nimport x\n'


def test_several_comments_are_looked_at() -> None:
    assert stripped("/* x.c */\n\n/* Copyright 2020 X */\n/* see LICENSE file */\n\nint x;\n", "C") == (
        "/* x.c */\n\nint x;\n"
    )
    assert stripped("# This file is part of X\n#\n# X is free: GNU General Public License.\nx = 1\n") == "x = 1\n"


@pytest.mark.parametrize(
    ("language", "kind", "text"),
    [
        ("Python", "code", '"""The license manager hands out licenses."""\nx = 1\n'),
        ("Python", "code", "# Reads the copyright notices of files.\nx = 1\n"),
        ("Python", "code", 'x = 1\n# Copyright 2020 X\ny = "MIT License"\n'),
        ("C", "code", "#include <copyright_2020.h>\nint x;\n"),
        ("C", "code", "/* Copyright 2020 X */ int x;\n"),
        ("C", "code", "/* Copyright 2020 X\nint x;\n"),
        ("Markdown", "text", "# Copyright 2020 X\n\nAll rights reserved.\n"),
        ("Text", "text", "The MIT License (MIT)\n\nCopyright 2020 X\n"),
        (None, "text", "- Copyright 2020 X\n- All rights reserved\n"),
        ("JSON", "data", '{"license": "MIT", "copyright": "Copyright 2020"}\n'),
        ("reStructuredText", "text", ".. copyright:: 2020 X\n\nText\n"),
        ("Python", "code", "# Copyright 2020 X\n# All rights reserved.\n"),
        ("Python", "code", "#!/bin/python\n# Copyright 2020 X\n\n"),
        ("Python", "code", ""),
    ],
)
def test_survivors(language: str | None, kind: str, text: str) -> None:
    assert stripped(text, language, kind) == text


def test_hidden_comments_of_prose() -> None:
    assert stripped("<!-- Copyright 2020 X -->\n\n# Title\n", "Markdown", "text") == "# Title\n"
    assert stripped(".. Copyright 2020 X\n   see LICENSE file.\n\nTitle\n=====\n", "reStructuredText", "text") == (
        "Title\n=====\n"
    )


def test_line_ends_and_byte_order_marks_stay() -> None:
    assert stripped("// (c) 2020 X\r\n\r\nint x;\r\n", "C") == "int x;\r\n"
    assert stripped("/* (c) 2020 X\r\n\r\nFrobs. */\r\nint x;\r\n", "C") == "/*\r\nFrobs. */\r\nint x;\r\n"
    assert stripped("\ufeff\n// (c) 2020 X\nint x;\n", "C") == "\ufeffint x;\n"
    assert stripped("// (c) 2020 X\rint x;\r", "C") == "int x;\r"


def test_bytes_are_counted_as_utf8() -> None:
    assert strip("# © 2020 Ünal\nx = 1\n", "Python", "code") == ("x = 1\n", len("# © 2020 Ünal\n".encode()))


@pytest.mark.parametrize(
    ("language", "directive"),
    [
        ("YAML", "#cloud-config"),
        ("TypeScript", '/// <reference types="node" />'),
        ("JavaScript", "/** @jsx h */"),
        ("JavaScript", "/** @jest-environment jsdom */"),
        ("Python", "# /// script\n# dependencies = ['licence']\n# ///"),
        ("Python", "# isort: skip_file"),
        ("Shell", "# shellcheck disable=SC2034"),
        ("Ruby", "# rubocop:disable all"),
        ("C++", "// clang-format off"),
        ("Dart", "// @dart=2.9"),
        ("Dart", "// ignore_for_file: all"),
        ("Dockerfile", "# escape=`"),
        ("Dockerfile", "# hadolint ignore=DL3008"),
        ("Swift", "// swiftlint:disable all"),
        ("YAML", "# yamllint disable"),
        ("Lua", "-- luacheck: ignore"),
    ],
)
def test_what_tools_read_stays_on_either_side_of_a_notice(language: str, directive: str) -> None:
    sign = "//" if directive.startswith("/") else directive[:2].strip() if directive.startswith("--") else "#"
    notice = f"{sign} Copyright 2020 X\n{sign} Licensed under the MIT License.\n"
    assert stripped(f"{notice}{directive}\nx = 1\n", language) == f"{directive}\nx = 1\n"
    assert stripped(f"{directive}\n{notice}x = 1\n", language) == f"{directive}\nx = 1\n"


@pytest.mark.parametrize("directive", [" * @jsx h", " * @flow strict", " * eslint-disable no-var", " * @format"])
def test_a_directive_inside_of_a_notice_stays(directive: str) -> None:
    text = f"/**\n * Copyright 2020 X\n *\n * Licensed under the MIT License.\n{directive}\n */\nlet x;\n"
    assert stripped(text, "JavaScript") == f"/**\n{directive}\n */\nlet x;\n"


@pytest.mark.parametrize(
    ("language", "text", "left"),
    [
        ("Rust", "// SPDX-License-Identifier: MIT\n//! Frobs.\nfn x() {}\n", "//! Frobs.\nfn x() {}\n"),
        ("Rust", "// Copyright 2020 X\n/// Frobs.\nfn x() {}\n", "/// Frobs.\nfn x() {}\n"),
        ("Go", "// (c) 2020 X\n// Package x frobs things.\npackage x\n", "// Package x frobs things.\npackage x\n"),
        ("C", "/* SPDX-License-Identifier: GPL-2.0\n * Driver for the foo chip on the bar bus\n */\nint x;\n", None),
        ("C", "/*\n * Driver for the foo chip on the bar bus\n * Copyright (C) 2020 X\n */\nint x;\n", None),
    ],
)
def test_a_description_glued_to_the_notice_stays(language: str, text: str, left: str | None) -> None:
    assert stripped(text, language) == (left or "/*\n * Driver for the foo chip on the bar bus\n */\nint x;\n")


@pytest.mark.parametrize(
    "notice",
    [
        "Copyright (C) 2020 X <a@b.c>\n              2021 Jane Roe <j@r.c>",
        "Copyright 2020 X, Inc.\nand its affiliates. All rights reserved.",
        "Copyright 2020 X\nUse of this source code is governed by a BSD-style\nlicense, see the LICENSE file.",
        "For the full copyright and license information, please view the LICENSE\nfile that was distributed with it.",
        "This is free and unencumbered software released into the public domain.\n\nAnyone is free to copy, modify or"
        "\nsell this software.\n\nIn jurisdictions that recognize copyright laws, the author dedicates it.\n\nTHE"
        ' SOFTWARE IS PROVIDED "AS IS".\n\nFor more information, please refer to <http://unlicense.org/>',
    ],
)
def test_all_of_a_notice_goes(notice: str) -> None:
    for sign in ("#", "##"):
        lines = "".join(f"{sign} {line}".rstrip() + "\n" for line in notice.split("\n"))
        assert stripped(f"{lines}\nx = 1\n") == "x = 1\n"
    assert stripped(f"/*\n{notice}\n*/\nint x;\n", "C") == "int x;\n"


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("JavaScript", "// ==UserScript==\n// @name x\n// @license MIT\n// ==/UserScript==\nx();\n"),
        ("PHP", "<?php\n/**\n * Plugin Name: Shop\n * License: GPL2\n * Copyright: 2020 X\n */\nx();\n"),
        ("CSS", "/*\nTheme Name: Shop\nLicense: GNU General Public License v2\n*/\na {}\n"),
        ("R", "#' Adds\n#'\n#' @license MIT\nf <- 1\n"),
        ("Haskell", "{-|\nModule : Shop\nCopyright : (c) X, 2020\nLicense : BSD3\n-}\nmodule Shop where\n"),
        (
            "Haskell",
            "-- |\n-- Module      : Shop\n-- Copyright   : (c) X, 2020\n-- License     : MIT\nmodule Shop where\n",
        ),
        ("Python", '"""Checks that packages are licensed under an approved licence."""\nx = 1\n'),
        ("Python", "# f(c) was added in 1999 by X\nx = 1\n"),
        ("Python", '"""Adds a copyright notice to files that have none."""\nx = 1\n'),
        ("Python", "# Draws the © sign and others.\nx = 1\n"),
        ("Python", "# Detects the MIT license in files.\nx = 1\n"),
        ("Python", "# Updates copyright years since 1999.\nx = 1\n"),
        ("Python", "# Lists the copyright holders of a package.\nx = 1\n"),
        ("Python", "# Loads creative commons pictures.\nx = 1\n"),
    ],
)
def test_fields_that_programs_read_and_prose_about_licences_stay(language: str, text: str) -> None:
    assert stripped(text, language) == text
