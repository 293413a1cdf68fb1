"""How many made-up secrets vanish and how many look-alikes stay; and the parts that decide it."""

from __future__ import annotations

import base64
import json
import random
import re
import string
import zlib
from pathlib import Path

import pytest

from tests.udfs.cleaning.secret_samples import Sample, kinds, sample
from udfs.cleaning import issued, secrecy
from udfs.cleaning.personal_data import replace

EACH = 4
# Where a token of an issuer may stand, and the language of the text.
AROUND = [("x = '{}'\n", "python"), ("curl -H 'X: {}'\n", "markdown"), ("{}\n", None), ("- url: {} # x\n", "yaml")]
LOOK_ALIKES = [
    tuple(line.split("\t", 1))
    for line in (Path(__file__).parent / "secret_lookalikes.tsv").read_text(encoding="utf-8").splitlines()
    if not line.startswith("#")
]


def left(group: str) -> tuple[int, list[Sample]]:
    """(samples tried, those of which a drawn part is left)."""
    samples, failed = [sample(kind, number) for kind in kinds(group) for number in range(EACH)], []
    for number, each in enumerate(samples):
        around, language = AROUND[number % EACH] if group == "issuer" else ("{}", None)
        result = replace(around.format(each.text) if group == "issuer" else each.text, language)[0]
        if any(part in result for part in each.drawn):
            failed.append(each)
    return len(samples), failed


@pytest.mark.parametrize(("group", "least"), [("issuer", 0.99), ("place", 0.97), ("assigned", 0.95)])
def test_made_up_secrets_vanish(group: str, least: float) -> None:
    tried, failed = left(group)
    assert 1 - len(failed) / tried >= least, [each.text for each in failed]


def test_there_are_200_issuers_forms_and_places() -> None:
    assert len(kinds("issuer")) >= 200 and len(kinds("place")) >= 50 and len(kinds("assigned")) >= 40
    assert len(LOOK_ALIKES) >= 250
    assert len(issued.FORMS) >= 300


@pytest.mark.parametrize(("language", "form"), LOOK_ALIKES)
def test_look_alikes_stay(language: str, form: str) -> None:
    for number in range(EACH if "(" in form else 1):
        text = sample(form, number).text
        assert replace(text, language) == (text, {})


@pytest.mark.parametrize("name", issued.FORMS)
def test_a_form_is_found_by_its_needle_alone(name: str) -> None:
    """The shortest token of each form, which the pass over the bytes must let through."""
    drawn = {"digit": "1720398465", "hex": "7c0e1a9f4b2d8365", "lower": "k7q2z9x4m1b8v5", "upper": "K7Q2Z9X4M1B8V5"}
    drawn |= {"alpha": "kQzXmBvRtY", "equal": "=", "bot": "M", "azure": "k7Q2~Zx4", "percent": "k7Q2%Zx4"}

    def shortest(part: re.Match[str]) -> str:
        if part[1] == "uuid":
            return "7c0e1a9f-4b2d-4365-9a1b-0c2d4e6f8a1b"
        if part[4]:
            return ""
        body = drawn.get(part[1], "k7Q2Zx4M1bR8v5")
        return (body * 400)[: int(part[2])]

    text = issued._PART.sub(shortest, name.removeprefix("form "))
    assert sum(replace(f"= {text}")[1].values()) == 1, text


def test_a_checksum_that_holds_makes_a_sample_certain() -> None:
    body = "your" + "Example1Token2Of3Github4xxxx"[:26]
    number, digits = zlib.crc32(body.encode()), ""
    while number:
        number, digit = divmod(number, 62)
        digits = issued._BASE62[digit] + digits
    digits = digits.rjust(6, "0")
    wrong = digits[::-1] if digits != digits[::-1] else "1" + digits[1:]
    assert replace("ghp_" + body + digits)[1] == {"token": 1}
    assert replace("ghp_" + body + wrong)[1] == {}


def test_values_without_quotes_are_read_where_they_are_values() -> None:
    line = "db_password = " + "k4tz" + "3nXq\n"
    assert replace(line, "ini")[1] == {"password": 1}
    assert replace(line, "python")[1] == {}
    assert replace(line.replace(" ", ""), "shell")[1] == {"password": 1}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("k4tz3n", True),
        ("Tr0ub4dor&3", True),
        ("Walnut!Comet", True),
        ("settings.db.word2", False),
        ("Required!", False),
        ("get_password(1)", False),
        ("%(db)s1", False),
        ("#fff000", False),
    ],
)
def test_what_a_password_is(value: str, expected: bool) -> None:
    assert secrecy.is_password(value) is expected


def drawn(alphabet: str, size: int) -> str:
    draw = random.Random(f"{alphabet} {size}")
    return "".join(draw.choice(alphabet) for _ in range(size))


BASE64 = string.ascii_letters + string.digits + "+/"
BODY = drawn(BASE64, 1_600)
DJANGO = drawn("abcdefghijklmnopqrstuvwxyz0123456789!@#$%^&*(-_=+)", 50)
FRAMELESS = [
    "MIIEpAI" + "BAAKCAQEA" + BODY,
    "MIIEvQI" + "BADANBgkqhkiG9w0BAQEFAASC" + BODY,
    "MIGHAgEAMBMG" + "ByqGSM49" + BODY[:120],
    "MHcCAQ" + "EEI" + BODY[:150] + "==",
    base64.b64encode(json.dumps({"auths": {"r.io": {"auth": BODY[:24]}}}).encode()).decode(),
    base64.b64encode(json.dumps({"auths": {"r.io": {"auth": BODY[:24]}}}, indent=2).encode()).decode(),
    base64.b64encode(json.dumps({"auths": {"r.io": {"auth": BODY[:24]}}}, separators=(",", ":")).encode()).decode(),
    base64.b64encode(json.dumps({"type": "service_account", "private_key": BODY}).encode()).decode(),
]


@pytest.mark.parametrize("value", FRAMELESS, ids=range(len(FRAMELESS)))
@pytest.mark.parametrize("around", ["key: {}\n", "x = '{}'\n", "  .dockerconfigjson: {}\n", "[{}]\n"])
def test_keys_in_base64_without_a_frame_go(value: str, around: str) -> None:
    assert value[20:60] not in replace(around.format(value), "yaml")[0]


@pytest.mark.parametrize("kind", ["RSA PRIVATE KEY", "PRIVATE KEY", "OPENSSH PRIVATE KEY"])
@pytest.mark.parametrize("newline", ["\n", "\\n", '" +\n    "', "\r\n"])
def test_a_private_key_that_is_cut_off_goes(kind: str, newline: str) -> None:
    lines = [BODY[at : at + 64] for at in range(0, 640, 64)]
    text = f'key = "-----BEGIN {kind}-----{newline}' + newline.join(lines) + '"\nx = 1\n'
    result = replace(text, "java")[0]
    assert not any(line in result for line in lines) and result.endswith("x = 1\n")


@pytest.mark.parametrize("value", [DJANGO, "django-insecure-" + DJANGO, "%(" + DJANGO[2:]], ids=range(3))
def test_djangos_keys_go(value: str) -> None:
    assert replace(f"SECRET_KEY = '{value}'\n", "python") == ("SECRET_KEY = '<KEY>'\n", {"key": 1})


@pytest.mark.parametrize(
    "text",
    ["storePassword '{}'\n", 'keyPassword "{}"\n', "credentials {{\n  username 'bob'\n  password '{}'\n}}\n"],
)
def test_passwords_that_are_arguments_go(text: str) -> None:
    word = drawn(string.ascii_letters + string.digits, 14)
    assert replace(text.format(word), "gradle")[0] == text.format("<PASSWORD>")
