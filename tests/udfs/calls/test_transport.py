"""What lies below a call: TLS, proxies, and a loop that dies."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from benchmarks.calls import endpoint as quick_endpoint
from benchmarks.calls import measure
from tests.udfs.calls.asking import all_of, chat, one, quick
from tests.udfs.calls.endpoint import Endpoint
from udfs.calls.outcomes import Outcome
from udfs.calls.requests import Request
from udfs.calls.rows import Rows
from udfs.calls.trying import proxy_of


@pytest.fixture(scope="module")
def own_certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that only who has it trusts, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    file = tmp_path_factory.mktemp("tls") / "own.pem"
    file.write_bytes(private + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return file


def test_tls_is_verified_unless_told_otherwise(own_certificate: Path) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(own_certificate)
    with Endpoint(tls=tls) as endpoint:
        refused = one(chat(), quick(endpoint, tries=1))
        assert (refused.error, refused.uncertain, endpoint.log) == ("connection", 0, [])
        found = all_of([chat(i) for i in range(40)], quick(endpoint, verify_tls=False, concurrency=4))
    assert {o.status for o in found.values()} == {"answered"}
    assert len({a.connection for a in endpoint.log}) <= 8, "connections are used again"


def test_the_environments_proxy_is_asked_but_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint() as proxy:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.setenv("no_proxy", "inside.example")
        assert proxy_of("http://127.0.0.1:1/v1") is None and proxy_of("http://inside.example/v1") is None
        found = one(chat(), quick(proxy, endpoints={"m": ["http://models.example/v1"]}))
    assert found.status == "answered" and proxy.log[0].path == "http://models.example/v1/chat/completions"


def test_a_loop_that_dies_loses_no_row(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = Rows.answer

    async def sometimes(self: Rows, request: Request) -> Outcome:
        if request.key == chat(3).key:
            raise SystemExit("out of memory, say")
        return await answer(self, request)

    monkeypatch.setattr(Rows, "answer", sometimes)
    with Endpoint() as endpoint:
        found = all_of([chat(i) for i in range(40)], quick(endpoint, concurrency=4))
    lost = [o for o in found.values() if o.error == "internal"]
    assert found[chat(3).key] in lost and 1 <= len(lost) <= 8 and "out of memory" in lost[0].detail
    assert sum(o.status == "answered" for o in found.values()) == 40 - len(lost)


def test_an_error_of_the_sender_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a mistake of ours")

    with Endpoint() as endpoint:
        settings = quick(endpoint)
        monkeypatch.setattr(Rows, "_check", broken)
        found = all_of([chat(i) for i in range(3)], settings)
    assert {(o.status, o.error, o.uncertain) for o in found.values()} == {("failed", "internal", 1)}


def test_the_benchmark_measures() -> None:
    with quick_endpoint() as url:
        for stream in (False, True):
            rate, cpu, latency = measure(url, 30, 4, stream)
            assert 0 < rate < 10**5 and 0 < cpu < 1000 and 0 < latency < 10**4
