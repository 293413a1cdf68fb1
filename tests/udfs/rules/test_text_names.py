"""Names that say by themselves whether a text file of a repository is about code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.rules.text_names import NameRule, load_names

RECALLED = {
    "readme": [
        "README",
        "README.md",
        "readme.txt",
        "lib/README.rst",
        "README.zh-CN.md",
        "README_zh.md",
        "usr/share/doc/tool/README.Debian",
        "read.me",
        "tests/data/README",
        "使用说明.md",
    ],
    "changes": [
        "CHANGELOG.md",
        "CHANGES",
        "docs/changes.rst",
        "NEWS.txt",
        "HISTORY.md",
        "RELEASE-NOTES-3.2.txt",
        "RelNotes/1.4.1.txt",
        "doc/whatsnew/v0.9.0.rst",
        "UPGRADING.md",
        "What's-New.md",
        "whats_new.rst",
    ],
    "contributing": ["CONTRIBUTING.md", ".github/CONTRIBUTING.rst", "HACKING", "docs/development.rst", "BUILDING.txt"],
    "guide": [
        "INSTALL",
        "INSTALL.md",
        "docs/installation.rst",
        "getting_started.md",
        "QuickStart.md",
        "docs/tutorial.txt",
        "user-guide.adoc",
        "FAQ.md",
        "API.md",
        "TODO",
        "docs/api-stability.rst",
        "教程1.md",
    ],
    "manual page": ["man/tool.1", "tool.3pm", "src/ls.man", "man/man5/conf.5"],
    "documentation": [
        "docs/quick/views.rst",
        "doc/index.txt",
        "Documentation/process/submitting.adoc",
        "Guides/Growing.pod",
        "lib/rational.rdoc",
        "doc/gawk.texi",
        "wiki/Home.textile",
        "docs/environment.txt",
        "docs/pg_dump.txt",
        "doc/wal-lock.md",
        "docs/internals/security.txt",
        "docs/logging.txt",
        "手册/第一章.md",
    ],
    "example": ["examples/sorting/notes.md", "demo/walkthrough.rst"],
}
NEVER = {
    "licence": [
        "LICENSE",
        "LICENSE-MIT",
        "licence.txt",
        "docs/license.rst",
        "COPYING.LESSER",
        "MIT-LICENSE.txt",
        "NOTICE",
        "COPYRIGHT",
        "licenses/ompc.txt",
        "gpl-3.0.txt",
        "lgpl.txt",
    ],
    "people": ["AUTHORS", "docs/authors.md", "CONTRIBUTORS.rst", "MAINTAINERS.md", "THANKS", "inst/CITATION"],
    "conduct": [".github/CODE_OF_CONDUCT.md", "code-of-conduct.md", "SECURITY.md", "privacy.md"],
    "form": [".github/ISSUE_TEMPLATE/bug_report.md", ".github/ISSUE_TEMPLATE.md", "docs/PULL_REQUEST_TEMPLATE.md"],
    "dependencies": [
        "requirements.txt",
        "requirements-dev.txt",
        "docs/requirements.txt",
        "test_requirements.txt",
        "requirements/tests.txt",
        "constraints.txt",
    ],
    "packaging": ["pkg.egg-info/SOURCES.txt", "pkg-1.0.dist-info/top_level.txt", "sha256sums.txt"],
    "robots": ["robots.txt", "static/humans.txt", ".well-known/security.txt"],
    "words": ["docs/spelling_wordlist.txt", "data/words.txt", "stopwords_en.txt", "spelling-wordlist.txt"],
    "dump": ["data/output.txt", "data_source.txt", "train.txt", "app.log.txt", "dump-2020.txt"],
    "translation": ["po/de.po", "locale/messages.pot"],
}
UNDECIDED = [
    "notes.md",
    "PERFORMANCE.md",
    "src/Grammar.txt",
    "posts/2020-01-01-spring.md",
    "cross/armcc.txt",
    "installed.txt",
    "licensing-service.md",
    "authorship.md",
    "newsletter.md",
    "examples/numbers.txt",
    "mydocs.md",
    "docs",
    "",
]
HINTED = [
    "tests/a.txt",
    "tests/testthat/_snaps/aes.md",
    "test cases/9 d/docs/index.md",
    "spec/fixtures/x.rst",
    "data/a.txt",
]


def test_there_are_names_enough() -> None:
    assert sum(map(len, [*RECALLED.values(), *NEVER.values(), UNDECIDED, HINTED])) >= 100


@pytest.mark.parametrize(("why", "path"), [(why, path) for why, paths in RECALLED.items() for path in paths])
def test_a_file_about_code_is_known_by_its_name(why: str, path: str) -> None:
    rule = load_names().of(path)
    assert rule is not None and (rule.why, rule.recall, rule.decides) == (why, True, True)


@pytest.mark.parametrize(("why", "path"), [(why, path) for why, paths in NEVER.items() for path in paths])
def test_a_file_for_lawyers_and_machines_is_never_recalled(why: str, path: str) -> None:
    rule = load_names().of(path)
    assert rule is not None and (rule.why, rule.recall, rule.decides) == (why, False, True)


@pytest.mark.parametrize("path", UNDECIDED)
def test_other_names_say_nothing(path: str) -> None:
    assert load_names().of(path) is None


@pytest.mark.parametrize("path", HINTED)
def test_inputs_of_tests_are_hinted_at_and_not_decided(path: str) -> None:
    rule = load_names().of(path)
    assert rule is not None and not rule.decides and not rule.recall


@given(
    st.sampled_from(["README.md", "LICENSE", "docs/a.rst", "notes.md"]), st.lists(st.sampled_from("abxyz"), max_size=4)
)
def test_letter_case_and_folders_above_do_not_move_a_name(path: str, above: list[str]) -> None:
    rules = load_names()
    assert rules.of("/".join([*above, path])) == rules.of(path) == rules.of(path.upper())


@given(st.text(alphabet=st.characters(exclude_characters="/*?[]"), min_size=1))
def test_a_name_without_wildcards_fits_itself_alone(name: str) -> None:
    lower = name.lower()
    pattern = NameRule("x", True, names=(lower,)).pattern
    assert re.search(pattern, lower) and re.search(pattern, f"a/b/{lower}")
    assert not any(re.search(pattern, p) for p in (f"{lower}x", f"x{lower}", f"{lower}/{lower}x", f"{lower}\n"))


def test_own_rules_come_before_those_that_ship(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text('[[rule]]\nwhy = "ours"\nrecall = true\nfolders = ["Legal"]\nendings = [".md"]\n', encoding="utf-8")
    rules = load_names(str(mine))
    own = rules.of("legal/LICENSE.md")
    assert own is not None and own.why == "ours"
    assert rules.of("LICENSE.md") == load_names().of("LICENSE.md")
    assert rules.version != load_names().version


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[rule]]\nrecall = true\nnames = ['a']\n", "rule 1: expected why, a word, found None"),
        ("[[rule]]\nwhy = 'x'\nnames = ['a']\n", "expected recall and decides to be true or false, found None"),
        ("[[rule]]\nwhy = 'x'\nrecall = true\n", "expected names, folders or endings, found none"),
        ("[[rule]]\nwhy = 'x'\nrecall = true\nnames = ['a/b']\n", "globs without a slash, found ['a/b']"),
        ("[[rule]]\nwhy = 'x'\nrecall = true\nname = ['a']\n", "expected the keys decides"),
        ("[rule]\nwhy = 'x'\n", "expected [[rule]] tables alone"),
        ("rule =", "expected TOML"),
    ],
)
def test_a_wrong_file_of_rules_is_named_with_its_fault(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=re.escape(said)) as found:
        load_names(str(file))
    assert str(found.value).startswith(str(file))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(ValueError, match=r"^nowhere\.toml: expected a readable TOML file of rules on names"):
        load_names("nowhere.toml")
