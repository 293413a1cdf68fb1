"""The classifier: the same model from the same examples, scores in batch, thresholds by recall."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from udfs.web.classifier import Example, FastText, Recall, as_words, train
from udfs.web.thresholds import Threshold, precision_and_recall, thresholds

pytest.importorskip("fasttext")
pytest.importorskip("tokenizers")

SMALL = FastText(dim=16, buckets=2000, vocabulary=600, lr=0.5, epochs=10, min_count=1)
CODE = [
    "函数返回列表的长度",
    "import the module and call the function",
    "for i in range(n): print(i)",
    "编译器报错，检查代码",
]
OTHER = ["他昨天去了山里", "the cat sat by the warm fire", "a walk along the river in spring", "今天的晚饭很好吃"]


def examples(seed: int, n: int = 60) -> list[Example]:
    draw = random.Random(seed)
    made = [Example(" ".join(draw.choices(CODE, k=3)) + str(i), True) for i in range(n)]
    return made + [Example(" ".join(draw.choices(OTHER, k=3)) + str(i), False) for i in range(n)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Recall:
    return train(examples(1), tmp_path_factory.mktemp("recall"), SMALL)


def test_pages_of_the_tag_score_high_in_both_languages(model: Recall) -> None:
    scores = model.scores([e.text for e in examples(2)])
    assert min(scores[:60]) > 0.5 > max(scores[60:])
    assert all(0 <= score <= 1 for score in scores)
    chinese = model.scores([CODE[0], OTHER[0]])
    assert chinese[0] > 0.5 > chinese[1]


def test_the_order_of_examples_and_repeats_change_nothing(model: Recall, tmp_path: Path) -> None:
    shuffled = examples(1) + examples(1)[:10]
    random.Random(3).shuffle(shuffled)
    again = train(shuffled, tmp_path, SMALL)
    assert again.version == model.version and again.facts == model.facts
    assert again.facts["examples"] == 120 and again.facts["positives"] == 60
    other = train(examples(4), tmp_path / "other", SMALL)
    assert other.version != model.version and other.facts["trained_from"] != model.facts["trained_from"]


def test_a_score_is_of_the_text_alone(model: Recall) -> None:
    texts = [e.text for e in examples(5, 200)]
    assert model.scores(texts) == [model.scores([text])[0] for text in texts]
    assert Recall(model.folder).scores(texts) == model.scores(texts)
    assert model.scores([]) == [] and 0 <= model.scores([""])[0] <= 1
    assert 0 <= model.scores(["line\nbreak __label__yes \0 \ud7ff"])[0] <= 1


def test_of_a_long_text_the_beginning_counts(model: Recall, tmp_path: Path) -> None:
    short = train(examples(1), tmp_path, FastText(**(vars(SMALL) | {"most_chars": 30})))
    text = CODE[1][:30]
    assert short.scores([text + OTHER[1] * 50]) == short.scores([text])


def test_words_are_ids_on_one_line(model: Recall) -> None:
    (line,) = as_words(["a\nb 你好"], model.tokenizer, SMALL)
    assert "\n" not in line and model.tokenizer.decode([int(word) for word in line.split()]) == "a\nb 你好"


def test_the_strongest_tokens_are_those_of_the_examples(model: Recall) -> None:
    for_it, against = model.strongest(10)
    assert len(for_it) == len(against) == 10
    assert all(weight > 0 for _, weight in for_it) and all(weight < 0 for _, weight in against)
    code, other = " ".join(CODE), " ".join(OTHER)
    assert any(token.strip() in code and token.strip() not in other for token, _ in for_it if token.strip())


def test_examples_of_one_side_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="found 1 of one side only"):
        train([Example("x", True)], tmp_path, SMALL)
    with pytest.raises(ValueError, match=r"expected a recall model, found no model\.bin"):
        Recall(tmp_path)


def test_thresholds_by_recall_and_by_precision() -> None:
    scores = [0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0]
    of_tag = [True, True, True, False, True, True, False, False, False, False]
    assert thresholds(scores, of_tag) == [
        Threshold("recall", 0.9, 0.4, 5 / 6, 1.0),
        Threshold("recall", 0.95, 0.4, 5 / 6, 1.0),
        Threshold("recall", 0.99, 0.4, 5 / 6, 1.0),
        Threshold("precision", 0.9, 0.7, 1.0, 0.6),
        Threshold("precision", 0.95, 0.7, 1.0, 0.6),
    ]


def test_pages_of_one_score_are_recalled_together() -> None:
    assert precision_and_recall([0.5, 0.5, 0.5], [True, False, False]) == [(0.5, 1 / 3, 1.0)]
    assert precision_and_recall([0.5, 0.5], [False, True]) == precision_and_recall([0.5, 0.5], [True, False])


def test_a_precision_that_is_out_of_reach_is_none() -> None:
    found = thresholds([0.9, 0.1], [False, True])
    assert found[3] == Threshold("precision", 0.9, None, None, None)
    with pytest.raises(ValueError, match="among 1 labelled ones, found none"):
        thresholds([0.9], [False])
