"""Settings: what is refused, what is hidden, and shares."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from udfs.calls.settings import Settings, base_url, label

URL = "https://models.example:8443/v1"
SECRET = "tell-nobody-4711"


def test_keys_and_headers_are_never_shown() -> None:
    settings = Settings({"m": [f"{URL}?token={SECRET}"]}, keys={"m": SECRET}, headers={"X-Key": SECRET})
    assert SECRET not in repr(settings) and SECRET not in str(settings) and "models.example:8443" in repr(settings)
    assert settings.secrets() == (f"token={SECRET}", SECRET)


def test_settings_travel_to_workers() -> None:
    settings = Settings({"m": [URL]}, keys={"m": SECRET}, prices={"m": (1, 2)})
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_a_key_of_a_place_goes_before_that_of_a_model() -> None:
    settings = Settings({"m": [URL, "http://other:1"], "n": [URL]}, keys={URL + "/": "place", "m": "model"})
    assert [settings.key_of("m", u) for u in settings.endpoints["m"]] == ["place", "model"]
    assert settings.key_of("n", URL) == "place"


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("http://host:8000", "http://host:8000/v1"),
        ("http://host:8000/", "http://host:8000/v1"),
        ("http://host:8000/v1/", "http://host:8000/v1"),
        ("https://host/serving-endpoints", "https://host/serving-endpoints"),
        ("https://host/v1/chat/completions", "https://host/v1"),
        ("https://host/openai/v1?api-version=1", "https://host/openai/v1"),
        ("http://[::1]:8000", "http://[::1]:8000/v1"),
    ],
)
def test_base_urls_with_and_without_a_version(url: str, place: str) -> None:
    assert base_url(url)[0] == place


def test_a_label_is_host_and_port_only() -> None:
    assert label("https://user:pass@host:8443/v1?key=1") == "host:8443"


def test_a_share_is_a_share() -> None:
    whole = Settings({"m": [URL]}, concurrency=10, requests_per_minute=90, tokens_per_minute=300)
    share = whole.divided(3)
    assert (share.concurrency, share.requests_per_minute, share.tokens_per_minute, share.tasks) == (3, 30, 100, 3)
    with pytest.raises(ValueError, match="tasks: expected 1 to 10"):
        whole.divided(11)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"endpoints": {"m": []}}, "endpoints.m: expected a list of one base URL or more, found none"),
        ({"endpoints": {"m": URL}}, "endpoints.m: expected a list"),
        ({"endpoints": {"m": ["host:8000"]}}, "endpoints: expected base URLs"),
        ({"endpoints": {"m": [f"https://user:{SECRET}@host"]}}, "no credentials in the URL of host"),
        ({"keys": {"n": SECRET}}, "keys: expected the name of a model or a base URL of endpoints, found n"),
        ({"keys": {"m": f"{SECRET}\n"}}, "keys: expected printable ASCII for m"),
        ({"headers": {"X-A": "ü"}}, "headers: expected printable ASCII for X-A"),
        ({"prices": {"m": (1,)}}, "prices.m: expected money"),
        ({"prices": {"m": (1, -1)}}, "prices.m: expected money"),
        ({"concurrency": 0}, "concurrency: expected a whole number from 1, found 0"),
        ({"concurrency": 1.5}, "concurrency: expected a whole number"),
        ({"tries": True}, "tries: expected"),
        ({"deadline_s": 0}, "deadline_s: expected a number above 0, found 0"),
        ({"timeout_s": float("nan")}, "timeout_s: expected a number above 0"),
        ({"requests_per_minute": -1}, "requests_per_minute: expected 0 or more"),
    ],
)
def test_what_cannot_be_is_refused_and_no_secret_is_told(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError) as why:
        Settings(**{"endpoints": {"m": [URL]}, **wrong})
    assert says in str(why.value) and SECRET not in str(why.value)
