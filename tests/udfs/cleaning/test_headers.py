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
