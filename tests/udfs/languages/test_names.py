"""Names that two languages share, variants of names, and first lines that say less than the name."""

from __future__ import annotations

import time

import pytest

from udfs.languages import content_rules, names_page
from udfs.languages import detect as languages
from udfs.languages.detect import NAMES, detect

JSON = '{\n  // a comment\n  "a": 1\n}\n'
PERL = "#!/bin/sh\neval 'exec perl -x -wS $0 ${1+\"$@\"}'\n  if 0;\nuse strict;\n"


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("web/tsconfig.json", JSON, "json with comments"),
        (".babelrc", '{"presets": []}\n', "json with comments"),
        (".devcontainer.json", JSON, "json with comments"),
        ("TSLint.json", JSON, "json with comments"),
        ("requirements.txt", "flask>=2.0,<3\n-r base.txt\n", "pip requirements"),
        ("requirements.txt", "# for the tests\npytest\nblack\n", "pip requirements"),
        ("requirements-dev.txt", "shop @ git+https://x.test/shop\n", "pip requirements"),
        ("requirements.txt", "Requirements\n\nThe shop shall keep all orders for ten years.\n", "text"),
        ("requirements.txt", "", "pip requirements"),
        ("etc/hosts", "127.0.0.1 localhost\n", "hosts file"),
        ("inventory/hosts", "[web]\nweb1\n", "ini"),
    ],
)
def test_a_shared_name_is_one_of_its_languages(path: str, text: str, language: str) -> None:
    found = detect(path, text)
    assert (found.language, found.by) == (language, "filename")


def test_every_shared_name_is_settled() -> None:
    for name, candidates in languages._FILENAMES.items():
        for text in ("", "a", "[a]\n", "# a\na==1\n", "a sentence of five words\n"):
            assert detect(name, text).language in candidates, name
    also = content_rules.ALSO_RUN
    assert {name for names in also.values() for name in names} | set(also) <= NAMES


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("Dockerfile.dev", "", "dockerfile"),
        ("build/Dockerfile-alpine", "", "dockerfile"),
        ("dockerfile.arm64", "", "dockerfile"),
        ("Dockerfile.go", "FROM golang:1\n", "dockerfile"),
        ("Dockerfile.go", "package a\n", "go"),
        ("Containerfile_ci", "", "dockerfile"),
        ("Makefile.linux", "", "makefile"),
        ("makefile.vc", "", "makefile"),
        ("Makefile.st", "all: a.o\n", "makefile"),
        ("Makefile.py", "ALL = 1\n", "python"),
        ("Jenkinsfile.release", "", "groovy"),
        ("Gemfile.rails7", "", "ruby"),
        ("config.yml.sample", "a: 1\n", "yaml"),
        ("settings.py.example", "a = 1\n", "python"),
        ("settings.PY.Default", "a = 1\n", "python"),
        ("database.yml.postgresql", "a: 1\n", "yaml"),
        ("nginx.conf.prod", "", "nginx"),
        ("httpd.conf.sample", "", "apacheconf"),
        (".htaccess.dist", "", "apacheconf"),
        (".bashrc.local", "", "shell"),
        (".env.qa", "", "dotenv"),
        ("phpunit.xml.dist", "<phpunit/>\n", "xml"),
        ("a.yml.dist", "a: 1\n", "yaml"),
        ("CMakeLists.txt.in", "", "cmake"),
        ("a.c.orig", "", "c"),
        ("a.rb~", "", "ruby"),
        ("a.js.bak.old", "", "javascript"),
        ("hosts.example", "127.0.0.1 a\n", "hosts file"),
        ("README.Debian", "words", "text"),
        ("COPYING.LIB", "words", "text"),
    ],
)
def test_a_variant_of_a_name_has_its_language(path: str, text: str, language: str) -> None:
    assert detect(path, text).language == language


@pytest.mark.parametrize(
    "path", ["a.sample", ".example", "~", "a~", "profile.foo", "install-deps", "file.unheard", "todo.qqq"]
)
def test_a_variant_of_nothing_is_unknown(path: str) -> None:
    assert detect(path, "words").language is None


@pytest.mark.parametrize(
    ("path", "text", "language"),
    [
        ("a.ts", "export class Store<TS> { rows: Map<TS, string> }\n", "typescript"),
        ("a.ts", "const f = <TS extends object>(a: TS) => `<TS version='1'>`\n", "typescript"),
        ("a.ts", "function f(a: Promise<TS>) {}\n", "typescript"),
        ("a.ts", '<TS version="2.1" language="de">\n</TS>\n', "xml"),
        ("a.ts", "<!-- shop -->\n<TS>\n</TS>\n", "xml"),
        ("a.ts", "#!/usr/bin/env node\nexport const a: number = 1\n", "typescript"),
        ("a.mts", "#!/usr/bin/env -S node --loader x\n", "typescript"),
        ("a.tsx", "#!/usr/bin/env node\n", "tsx"),
        ("a.coffee", "#!/usr/bin/env node\n", "coffeescript"),
        ("a.pyx", "#!/usr/bin/env python3\n", "cython"),
        ("a.sh", "#!/usr/bin/env python3\n", "python"),
        ("a.js", "#!/usr/bin/env node\n", "javascript"),
        ("a", "#!/usr/bin/env node\n", "javascript"),
        ("a.pl", PERL, "perl"),
        ("a", PERL, "perl"),
        ("a.pl", "#!/bin/sh\n\neval '(exit $?0)' && eval 'exec perl -S $0 ${1+\"$@\"}'\n& eval 'x'\n", "perl"),
        ("a.pl", "#!/bin/bash\nexec /usr/bin/env perl -x \"$0\" \"$@\"\n#!perl\n", "perl"),
        ("a.py", '#!/bin/sh\n"exec" "python3" "$0" "$@"\n', "python"),
        ("a", "#!/bin/sh\n'''exec' /x/y/python3.9 \"$0\" \"$@\"\n' '''\n", "python"),
        ("a", '#!/bin/sh\n":" //# say; exec /usr/bin/env node --a "$0" "$@"\n', "javascript"),
        ("a", "#!/bin/sh\n':' //; exec \"$(command -v node)\" \"$0\" \"$@\"\n", "javascript"),
        ("a.el", '#!/bin/sh\n:; exec emacs --script "$0" "$@"\n', "emacs lisp"),
        ("a.tcl", '#!/bin/sh\n# again \\\nexec wish8.6 "$0" ${1+"$@"}\n', "tcl"),
        ("a.pl", "#!/bin/sh\n# exec perl $0\nls\n", "shell"),
        ("a", '#!/bin/bash\nexec sudo "$0" "$@"\n', "shell"),
        ("a", "#!/bin/sh\nexec perl -e 'print' \"$0\" \"$@\"\n", "shell"),
        ("a", '#!/bin/sh\necho "Usage: $0"; exec python3 main.py "$@"\n', "shell"),
    ],
)  # fmt: skip
def test_what_the_first_lines_say(path: str, text: str, language: str) -> None:
    assert detect(path, text).language == language


@pytest.mark.parametrize("unit", [".old", "~", "a-", "A.", "file.", ".in", "exec ", "exec a ", "'exec' perl -"])
def test_no_name_or_script_takes_long(unit: str) -> None:
    start = time.perf_counter()
    detect("a" + unit * 500, "#!/bin/sh\n" + unit * 100_000)
    assert time.perf_counter() - start < 1


def test_the_examples_of_the_page_are_what_it_says() -> None:
    for _, *examples in names_page._EXAMPLES:
        for name in examples:
            assert detect(name, "a\n").language is not None, name


@pytest.mark.parametrize(
    ("name", "language"),
    [
        ("local_settings.py-dist", "python"),
        ("config.yml-sample", "yaml"),
        ("app.conf.js_example", "javascript"),
        ("main.c-orig", "c"),
        ("settings.php_default", "php"),
        ("notes.py-me", None),
        ("a-dist", None),
    ],
)
def test_an_ending_may_be_joined_to_the_extension(name: str, language: str | None) -> None:
    assert detect(name, "x = 1\n").language == language


@pytest.mark.parametrize(
    ("program", "name", "language"),
    [
        ("clojure", "run.clj", "clojure"),
        ("clj", "run", "clojure"),
        ("lein", "run.clj", "clojure"),
        ("kscript", "run", "kotlin"),
        ("scala-cli", "run", "scala"),
        ("gforth", "run", "forth"),
    ],
)
def test_a_shell_that_hands_the_file_on_is_none(program: str, name: str, language: str) -> None:
    assert detect(name, f'#!/bin/sh\n"exec" "{program}" "$0" "$@"\n(x)\n').language == language
    assert detect(name, f"#!/usr/bin/env {program}\n(x)\n").language == language
