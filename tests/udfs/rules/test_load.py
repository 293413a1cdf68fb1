"""Rules: every threshold from both sides, routing, inheritance, overrides and their errors, the generated page."""

from __future__ import annotations

from pathlib import Path

import pytest

from udfs.rules.load import Rule, RuleBook, load_rules
from udfs.signals import all_signals, path_signals

_BOOK = load_rules()
_INTEGERS = {s.name for s in (*all_signals(), *path_signals()) if s.type == "int"}
_CASES = [(name, rule) for name, rules in _BOOK.sets.items() for rule in rules]


@pytest.mark.parametrize(("name", "rule"), _CASES, ids=[f"{n}-{r.signal}-{r.op}" for n, r in _CASES])
def test_threshold_from_both_sides(name: str, rule: Rule) -> None:
    step = 1 if rule.signal in _INTEGERS else 1e-8
    outside = {"<": rule.threshold - step, ">": rule.threshold + step}.get(rule.op, rule.threshold)
    inside = (not rule.threshold,) if rule.op == "is" else (rule.threshold + step, rule.threshold - step)
    if rule.op in "<>":
        inside = (rule.threshold,)
    assert (rule.signal, rule.op, rule.threshold, outside) in _BOOK.evaluate(name, {rule.signal: outside})
    for value in inside:
        assert rule.op not in [hit[1] for hit in _BOOK.evaluate(name, {rule.signal: value})]


# The authors' numbers, written out a second time: a slip in the data file shows here.
_OTHERS = """
num_words<30 num_chars<50 mean_word_length<2 mean_word_length>10 top_2grams>0.2 top_3grams>0.18 top_4grams>0.16
dupe_5grams>0.8 dupe_6grams>0.7 dupe_7grams>0.7 dupe_8grams>0.7 dupe_9grams>0.7 dupe_10grams>0.6
replacement_symbols>0.01 digital>0.2 whitespace>0.5 size_file_byte>3000000 num_lines<10 num_lines>100000
line_max>1000 line_mean<5 line_mean>100 alphabet<0.5 comments>0.8 xml_startisTrue dupe_lines>0.7 autogenisTrue
long_string>0.2 string_length>0.6 long_word_length>0.4 encoded_dataisTrue hex_words>0.4 prompt_comments>0.01
assert>0.4"""
_ENGLISH = """
num_sentences==1 num_words<50 num_chars<50 num_lines<10 mean_word_length<3 mean_word_length>10
readmore>0.1 bullet>0.9 entropy_unigram<3 all_caps>0.5 lines_dupe_lines>0.6 chars_dupe_lines>0.5 top_2grams>0.2
top_3grams>0.18 top_4grams>0.16 dupe_5grams>0.6 dupe_6grams>0.6 dupe_7grams>0.6 dupe_8grams>0.6 dupe_9grams>0.6
dupe_10grams>0.6 replacement_symbols>0.01 html_tag>0.5 alphabet<0.5 digital>0.2 whitespace>0.5 hex_words>0.4"""


@pytest.mark.parametrize(("name", "expected"), [("others", _OTHERS), ("text/en", _ENGLISH)])
def test_thresholds_are_the_authors(name: str, expected: str) -> None:
    found = [f"{r.signal}{r.op}{r.threshold}" for r in _BOOK.sets[name]]
    assert len(found) == len(expected.split())
    for short in expected.split():
        assert sum(text.endswith("_" + short) for text in found) == 1, short


def _difference(name: str, base: str) -> tuple[set[str], set[str]]:
    """General rules that a set has and its base has not, and the other way round."""

    def short(set_name: str) -> set[str]:
        general = [r for r in _BOOK.sets[set_name] if r.signal.startswith(("qsc_code_", "qsc_doc_"))]
        return {f"{r.signal.split('_', 2)[2]}{r.op}{r.threshold}" for r in general}

    return short(name) - short(base), short(base) - short(name)


@pytest.mark.parametrize(
    ("name", "more", "less"),
    [
        (
            "data",
            {"num_chars>5000", "frac_words_unique<0.4"},
            {
                "frac_lines_long_string>0.2",
                "frac_chars_string_length>0.6",
                "frac_lines_prompt_comments>0.01",
                "frac_lines_assert>0.4",
            },
        ),
        (
            "shell",
            set(),
            {"frac_lines_long_string>0.2", "frac_chars_string_length>0.6", "frac_lines_assert>0.4"},
        ),
        ("sql", {"frac_chars_digital>0.3"}, {"frac_chars_digital>0.2"}),
        ("go", set(), {"frac_lines_assert>0.4"}),
        ("python", set(), set()),
        (
            "html",
            {f"frac_chars_dupe_{n}grams>0.6" for n in range(5, 10)},
            {f"frac_chars_dupe_{n}grams>{0.8 if n == 5 else 0.7}" for n in range(5, 10)}
            | {
                "frac_chars_comments>0.8",
                "frac_lines_long_string>0.2",
                "frac_chars_string_length>0.6",
                "frac_chars_long_word_length>0.4",
                "frac_lines_prompt_comments>0.01",
                "frac_lines_assert>0.4",
            },
        ),
    ],
)
def test_sets_differ_from_others_as_the_authors_say(name: str, more: set[str], less: set[str]) -> None:
    assert _difference(name, "others") == (more, less)


def test_chinese_differs_from_english() -> None:
    assert _difference("text/zh", "text/en") == (
        {"mean_word_length<1.3", "frac_words_full_bracket>0.1", "frac_lines_end_with_readmore>0.3"},
        {"mean_word_length<3", "frac_words_all_caps>0.5", "frac_lines_end_with_readmore>0.1"},
    )


@pytest.mark.parametrize(
    ("name", "active"),
    [
        ("others", 31),
        ("data", 28),
        ("shell", 28),
        ("sql", 31),
        ("html", 25),
        ("go", 30),
        ("text/en", 26),
        ("text/zh", 26),
    ],
)
def test_active_general_signals_per_set(name: str, active: int) -> None:
    """Table 3.2 of the catalogue, less the signals of a language's own."""
    general = {s.name for s in all_signals() if s.number < 66} | {s.name for s in path_signals() if s.number < 66}
    assert len({r.signal for r in _BOOK.sets[name]} & general) == active


@pytest.mark.parametrize(
    ("kind", "language", "spoken", "expected"),
    [
        ("text", "markdown", "zh", "text/zh"),
        ("text", "markdown", "ja", "text/en"),
        ("code", "python", "zh", "python"),
        ("data", "html", "en", "html"),
        ("code", "shell", "en", "shell"),
        ("code", "rust", "en", "rust"),
        ("code", "tsx", "en", "tsx"),
        ("code", "haskell", "en", "others"),
        ("data", "json", "en", "data"),
        ("data", "others", "en", "data"),  # the name of a set is not a language
        ("notebook", "jupyter notebook", "en", "notebook"),
    ],
)
def test_routing(kind: str, language: str, spoken: str, expected: str) -> None:
    assert _BOOK.set_for(kind, language, spoken) == expected


def test_routing_of_an_excluded_kind_is_an_error() -> None:
    with pytest.raises(ValueError, match="found 'excluded'"):
        _BOOK.set_for("excluded", "csv", "en")


def test_null_and_missing_hit_nothing() -> None:
    assert _BOOK.evaluate("others", {"qsc_code_mean_word_length": None}) == []
    assert _BOOK.evaluate("others", {}) == []


def test_required_are_signals_of_drop_rules(tmp_path: Path) -> None:
    assert "qsc_code_num_words" in _BOOK.required("others")
    assert "qsc_code_frac_lines_string_concat" not in _BOOK.required("others")
    flagged = _override(tmp_path, '[sets.others.rules]\nqsc_code_num_words = { "<" = 30, severity = "flag" }')
    assert "qsc_code_num_words" not in flagged.required("others")
    assert flagged.evaluate("others", {"qsc_code_num_words": 1}) == [("qsc_code_num_words", "<", 30, 1)]


def test_count_is_of_distinct_rules() -> None:
    one, other = Rule("a", "<", 1, "drop", "", ""), Rule("a", "<", 2, "drop", "", "")
    assert RuleBook({"x": (one,), "y": (one, other)}).count() == 2


def _override(folder: Path, text: str) -> RuleBook:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return load_rules(file)


def test_override_changes_what_it_names_and_sets_below_inherit_it(tmp_path: Path) -> None:
    text = '[sets.others.rules]\nqsc_code_num_lines = { "<" = 5 }\nqsc_code_cate_autogen = "off"\n'
    book = _override(tmp_path, text + '[sets.go.rules]\nqsc_code_num_lines = { "<" = 3 }')
    for name, low in (("others", 5), ("python", 5), ("go", 3)):
        found = [(r.op, r.threshold, r.source) for r in book.sets[name] if r.signal == "qsc_code_num_lines"]
        assert found == [("<", low, "override mine.toml")]
        assert "qsc_code_cate_autogen" not in book.required(name)
    assert len(book.sets["text/en"]) == len(_BOOK.sets["text/en"])
    assert load_rules() == _BOOK


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[sets.othrs.rules]", "expected a known set, found 'othrs'; did you mean 'others'"),
        (
            "[sets.go.rules]\nqsc_code_num_word = 1",
            "set 'go', rule 'qsc_code_num_word'.*did you mean 'qsc_code_num_words'",
        ),
        ("[sets.go.rules]\nqsc_code_num_words = 30", "found 30"),
        ('[sets.go.rules]\nqsc_code_num_words = { "=<" = 3 }', "expected a known key, found '=<'"),
        ('[sets.go.rules]\nqsc_code_num_words = { "<" = "3" }', "expected a number after '<', found '3'"),
        ('[sets.go.rules]\nqsc_code_num_words = { "<" = true }', "expected a number after '<', found True"),
        ("[sets.go.rules]\nqsc_code_num_words = { is = true }", "comparison for type int, found 'is'"),
        ('[sets.go.rules]\nqsc_code_cate_autogen = { ">" = 0 }', "comparison for type bool, found '>'"),
        ("[sets.go.rules]\nqsc_code_cate_autogen = { is = 1 }", "expected true or false after 'is', found 1"),
        ('[sets.go.rules]\nqsc_code_num_words = { why = "x" }', "expected one of <, >, ==, is, found why"),
        ('[sets.go.rules]\nqsc_code_num_words = { "<" = 3, severity = "dorp" }', "did you mean 'drop'"),
        ('[sets.go]\nbase = "other"', "expected a known base, found 'other'; did you mean 'others'"),
        ('[sets.others]\nbase = "go"', "expected a chain of bases that ends"),
        ("[set.go]", "expected a known table, found 'set'; did you mean 'sets'"),
        ("sets = 1", "expected a table, found 1"),
        ("[sets", "expected TOML"),
    ],
)
def test_override_errors_say_where_and_what(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        _override(tmp_path, text)
    assert str(caught.value).startswith((str(tmp_path / "mine.toml"), "rules: set"))


def test_missing_override_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"none\.toml: expected a readable TOML file"):
        load_rules(tmp_path / "none.toml")
