"""Parameters in force: defaults, one TOML file over them, --set over both, and what every mistake is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from jobs.code.parameters import SECTIONS, Dedup, FileRules, Ingest, Sampling
from jobs.runtime.stage import params_json
from schemas.params import load_params


@dataclass(frozen=True)
class Bands:
    bands: int = 16
    threshold: float = 0.9
    exact: bool = False
    name: str = "paper"
    licences: tuple[str, ...] = ()
    rates: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Other:
    bands: int = 3


KNOWN: dict[str, type] = {"bands": Bands, "other": Other}


def load(*settings: str, file: str | None = None) -> Any:
    return load_params(KNOWN, file, settings)[Bands]


def toml(folder: Path, text: str) -> str:
    file = folder / "mine.toml"
    file.write_text(text, encoding="utf-8")
    return str(file)


def error_of(*settings: str, file: str | None = None) -> str:
    with pytest.raises(ValueError) as error:
        load_params(KNOWN, file, settings)
    return str(error.value)


def test_defaults_are_those_of_the_classes() -> None:
    assert load_params(KNOWN) == {Bands: Bands(), Other: Other()}
    assert load_params(SECTIONS) == {cls: cls() for cls in SECTIONS.values()}


def test_a_file_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    file = toml(tmp_path, '[bands]\nbands = 14\nname = "mine"\nexact = true\n[bands.rates]\njava = 0.5\n')
    assert load_params(KNOWN, file) == {Bands: Bands(14, name="mine", exact=True, rates={"java": 0.5}), Other: Other()}


def test_a_setting_wins_over_the_file_and_the_last_one_over_others(tmp_path: Path) -> None:
    file = toml(tmp_path, "[bands]\nbands = 14\nthreshold = 0.5\n")
    found = load("bands.bands=8", "bands.bands=7", file=file)
    assert (found.bands, found.threshold) == (7, 0.5)


@pytest.mark.parametrize(
    ("setting", "name", "value"),
    [
        ("bands.bands=3", "bands", 3),
        (" bands.bands = 3 ", "bands", 3),  # spaces around
        ("bands.threshold=0.5", "threshold", 0.5),
        ("bands.exact=true", "exact", True),
        ('bands.name="quoted"', "name", "quoted"),
        ("bands.name=plain", "name", "plain"),  # a bare word is a string
        ("bands.name=a=b", "name", "a=b"),  # only the first sign separates
        ('bands.licences=["MIT", "BSD"]', "licences", ["MIT", "BSD"]),
        ("bands.rates={java = 0.5}", "rates", {"java": 0.5}),
    ],
)
def test_a_setting_is_read_as_toml(setting: str, name: str, value: Any) -> None:
    assert getattr(load(setting), name) == value


def test_a_whole_number_will_do_for_a_float_and_is_one_afterwards() -> None:
    found = load("bands.threshold=1").threshold
    assert found == 1.0 and type(found) is float


def test_lists_become_tuples_where_the_parameter_is_one() -> None:
    found = load_params(SECTIONS, None, ['file_rules.licences=["MIT"]'])[FileRules]
    assert found.licences == ("MIT",)
    assert hash(found) == hash(FileRules(licences=("MIT",)))


def test_sections_with_the_same_name_inside_stay_apart() -> None:
    found = load_params(KNOWN, None, ["other.bands=1"])
    assert (found[Other].bands, found[Bands].bands) == (1, 16)


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("bands.bands=1.5", "bands.bands: expected int, found 1.5 (float)"),
        ("bands.bands=true", "bands.bands: expected int, found True (bool)"),
        ("bands.bands=many", "bands.bands: expected int, found 'many' (str)"),
        ("bands.threshold=high", "bands.threshold: expected float, found 'high' (str)"),
        ("bands.threshold=false", "bands.threshold: expected float, found False (bool)"),
        ("bands.exact=1", "bands.exact: expected bool, found 1 (int)"),
        ("bands.name=1", "bands.name: expected str, found 1 (int)"),
        ("bands.licences=MIT", "bands.licences: expected tuple, found 'MIT' (str)"),
        ("bands.rates=0.5", "bands.rates: expected dict, found 0.5 (float)"),
    ],
)
def test_a_value_of_another_type_is_refused(setting: str, found: str) -> None:
    assert error_of(setting) == f"--set: {found}"


def test_a_mistake_on_the_command_line_is_not_blamed_on_the_file(tmp_path: Path) -> None:
    file = toml(tmp_path, "[bands]\nbands = 14\n")
    assert error_of("bands.exact=1", file=file).startswith("--set")


def test_a_typo_is_told_the_nearest_name(tmp_path: Path) -> None:
    assert error_of("bands.treshold=1") == (
        "--set: [bands]: expected a known parameter name, found treshold; did you mean threshold?"
    )
    assert error_of("band.bands=1") == "--set: expected a known parameter name, found band; did you mean bands?"
    file = toml(tmp_path, "[othre]\n")
    assert error_of(file=file) == f"{file}: expected a known parameter name, found othre; did you mean other?"
    file = toml(tmp_path, "[bands]\nexat = true\n")
    assert error_of(file=file).startswith(f"{file}: [bands]: ") and error_of(file=file).endswith("did you mean exact?")


def test_a_name_like_no_other_is_told_all_of_them() -> None:
    assert error_of("bands.qqq=1").endswith("found qqq; known are bands, threshold, exact, name, licences, rates")


@pytest.mark.parametrize("setting", ["bands", "bands=1", "bands.bands", ".bands=1", "bands.=1", "=1", ""])
def test_a_setting_without_section_name_and_value_is_refused(setting: str) -> None:
    assert error_of(setting).startswith(f"--set {setting}: expected SECTION.NAME=VALUE, as in ")


def test_errors_of_the_file_name_it(tmp_path: Path) -> None:
    missing = str(tmp_path / "none.toml")
    assert error_of(file=missing).startswith(f"{missing}: expected a TOML file of parameters, found none")
    folder = error_of(file=str(tmp_path))
    assert folder.startswith(f"{tmp_path}: expected a TOML file of parameters, found Is a directory; ")
    (tmp_path / "latin.toml").write_bytes("[bands]\n# f\u00fcr\n".encode("latin-1"))
    assert "latin.toml: expected TOML, found an error: 'utf-8'" in error_of(file=str(tmp_path / "latin.toml"))
    broken = toml(tmp_path, "[bands\n")
    assert error_of(file=broken).startswith(f"{broken}: expected TOML, found an error: ")
    flat = toml(tmp_path, "bands = 3\n")
    assert error_of(file=flat) == f"{flat}: expected a table [bands], found 3; write [bands] above it"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("dedup.threshold=0.0", "threshold is a Jaccard index"),
        ("dedup.neighbours=0", "neighbours must be at least 1"),
        ("sampling.rates={java = 0}", "a rate is a share in"),
        ("dedup.bits=3", "bits must be 1, 2, 4 or 8"),
        ("dedup.strategy=line", 'strategy must be one of "file", '),
    ],
)
def test_values_out_of_range_are_refused_by_their_section(setting: str, said: str) -> None:
    with pytest.raises(ValueError, match=rf"^\w+: .*{said}"):
        load_params(SECTIONS, None, [setting])


@pytest.mark.parametrize(
    ("old", "new"),
    [("level=chunk", "dedup.strategy"), ("threshold=0.8", "dedup.threshold"), ("nobody=1", "dedup.nobody")],
)
def test_a_former_name_is_told_the_new_one(old: str, new: str, tmp_path: Path) -> None:
    name, _, value = old.partition("=")
    said = f"expected {new}, found its former name near_duplicates.{name}; see docs/parameters.md"
    file = toml(tmp_path, f"[near_duplicates]\n{name} = {value!r}\n")
    for where, given in (("--set", (None, [f"near_duplicates.{old}"])), (file, (file, []))):
        with pytest.raises(ValueError) as error:
            load_params(SECTIONS, *given)
        assert str(error.value) == f"{where}: {said}"
    empty = toml(tmp_path, "[near_duplicates]\n")
    with pytest.raises(ValueError, match=r"expected \[dedup\], found its former name \[near_duplicates\]"):
        load_params(SECTIONS, empty)


def test_numbers_of_the_paper() -> None:
    rates = {language: round(rate, 3) for language, rate in Sampling().rates.items()}
    assert rates == {"java": round(200 / 449, 3), "html": round(64 / 474, 3)}
    assert Ingest().max_file_bytes == 8 * 1024**2
    assert Dedup().neighbours >= 1


def test_parameters_as_json_do_not_depend_on_the_order_they_were_given_in() -> None:
    one = Sampling({"java": 0.5, "html": 0.25})
    assert params_json(one) == params_json(Sampling({"html": 0.25, "java": 0.5}))
    assert params_json(one) != params_json(Sampling({"java": 0.25, "html": 0.25}))
