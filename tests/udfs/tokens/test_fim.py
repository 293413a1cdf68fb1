"""Fill-in-the-middle: nothing of a document is lost, cuts follow from its id, and shares are those asked for."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.tokens.fim import Fim, Piece, cut

BEFORE, AFTER, BETWEEN = Fim().markers
PSM, SPM = Fim(1.0, 0.0), Fim(1.0, 1.0)
IDS = [hashlib.sha256(str(n).encode()).hexdigest() for n in range(4000)]
TEXT = "".join(f"line {n}\n" for n in range(100))


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60), st.sampled_from(IDS))
def test_the_pieces_put_together_are_the_text(text: str, content_id: str) -> None:
    (a, prefix), (b, suffix), (c, middle) = cut(text, content_id, PSM)
    assert (a, b, c) == (BEFORE, AFTER, BETWEEN) and prefix + middle + suffix == text
    empty, other_suffix, rest = cut(text, content_id, SPM)
    assert empty == Piece(BEFORE, "") and rest == Piece(BETWEEN, prefix + middle)
    assert other_suffix == Piece(AFTER, suffix), "both forms cut at the same places"


def test_off_or_not_drawn_a_document_stays_whole() -> None:
    assert all(cut(TEXT, i, Fim()) == [Piece("", TEXT)] for i in IDS[:50])


def test_a_document_is_cut_alike_every_time_and_unlike_others() -> None:
    made = [cut(TEXT, i, Fim(0.7)) for i in IDS[:200]]
    assert made == [cut(TEXT, i, Fim(0.7)) for i in IDS[:200]]
    assert len({piece.text for pieces in made for piece in pieces}) > 200


@pytest.mark.parametrize(("rate", "spm"), [(0.5, 0.5), (0.9, 0.1), (0.1, 1.0)])
def test_shares_are_those_asked_for(rate: float, spm: float) -> None:
    made = [found for i in IDS if len(found := cut(TEXT, i, Fim(rate, spm))) == 3]
    assert len(made) / len(IDS) == pytest.approx(rate, abs=0.03)
    assert sum(found[0].text == "" and found[2].text != "" for found in made) / len(made) == pytest.approx(
        spm, abs=0.06
    )


def test_a_greater_rate_cuts_the_same_documents_and_more() -> None:
    few, many = ({i for i in IDS if len(cut(TEXT, i, Fim(rate))) == 3} for rate in (0.2, 0.6))
    assert few < many


def test_cuts_fall_everywhere_in_a_text() -> None:
    """In each tenth about as often: the first of two uniform cuts lies in tenth k with probability (19 - 2 k) / 100."""
    firsts = [len(cut("x" * 999, i, PSM)[0].text) // 100 for i in IDS]
    for tenth in range(10):
        assert firsts.count(tenth) / len(IDS) == pytest.approx((19 - 2 * tenth) / 100, abs=0.025)


def test_settings_name_what_changes_ids_and_nothing_else() -> None:
    assert Fim().settings() == Fim(0.0, 0.9).settings() == "off"
    made = [Fim(0.5), Fim(0.4), Fim(0.5, 0.4), Fim(0.5, markers=("<a>", "<b>", "<c>"))]
    assert len({fim.settings() for fim in made}) == 4


@pytest.mark.parametrize("wrong", [{"rate": 1.5}, {"rate": -0.1}, {"spm": 2.0}])
def test_a_share_outside_of_0_to_1_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"fim: expected (rate|spm) to be a share from 0 to 1"):
        Fim(**wrong)  # type: ignore[arg-type]
