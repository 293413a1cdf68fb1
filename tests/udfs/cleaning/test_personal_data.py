"""What is replaced, what survives, and that no text takes long. Credentials are put together here, none is real."""

from __future__ import annotations

import time

import pytest

from udfs.cleaning.personal_data import replace

LETTERS = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
PEM = "MIIEpAIBAAKCAQEA" + LETTERS + "\n" + LETTERS + LETTERS + "\nAbCd12=="


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("mail jane.doe+x@mail.some-host.co.uk.", "mail <EMAIL>."),
        ("<jane@some-host.org>, (joe@other.de)", "<<EMAIL>>, (<EMAIL>)"),
        ("by 1234+jane@users.noreply.github.com", "by <EMAIL>"),
        (f"ssh-rsa AAAAB3NzaC1yc2E{LETTERS} jane@some-host.org", f"ssh-rsa AAAAB3NzaC1yc2E{LETTERS} <EMAIL>"),
        ('"by\\njane@some-host.org"', '"by\\n<EMAIL>"'),
        ('host = "54.217.7.118"', 'host = "<IP_ADDRESS>"'),
        ("http://54.217.7.118:8080/x", "http://<IP_ADDRESS>:8080/x"),
        ("<ip>54.217.7.118</ip> in 54.217.0.0/16.", "<ip><IP_ADDRESS></ip> in <IP_ADDRESS>/16."),
        ("地址54.217.7.118。", "地址<IP_ADDRESS>。"),
        ("[2a00:16d8:0:7::205]:443", "[<IP_ADDRESS>]:443"),
        ("2607:f0d0:1002:0051:0000:0000:0000:0004", "<IP_ADDRESS>"),
        ("postgres://bob:" + "k4tz3n" + "@db.some-host.org/x", "postgres://bob:<PASSWORD>@db.some-host.org/x"),
        ('password = "' + "k4tz3n" + '"', 'password = "<PASSWORD>"'),
        ("DB_PASSWD: '" + "Tr0ub4dor&3" + "',", "DB_PASSWD: '<PASSWORD>',"),
        ('{"api_key": "' + LETTERS + '"}', '{"api_key": "<KEY>"}'),
        ('client_secret => "' + "0123fedcba9876aa7766554433221100" + '"', 'client_secret => "<KEY>"'),
        ("access_token = u'" + LETTERS + "'", "access_token = u'<TOKEN>'"),
        ("AKIA" + "Z7QJ2MWX5RTB8KPL", "<KEY>"),
        ("ghp_" + LETTERS[:36], "<TOKEN>"),
        ("glpat-" + LETTERS[:20], "<TOKEN>"),
        ("xoxb-" + "1234567890-abcdef", "<TOKEN>"),
        ("sk_live_" + LETTERS[:24], "<KEY>"),
        ("AIza" + LETTERS[:35], "<KEY>"),
        ("npm_" + LETTERS[:36], "<TOKEN>"),
        ("pypi-AgEI" + LETTERS * 2, "<TOKEN>"),
        ("SK" + "0123456789abcdef" * 2, "<KEY>"),
        ("SG." + LETTERS[:22] + "." + LETTERS + "abc", "<KEY>"),
        ("bot123456789:AA" + LETTERS[:33], "bot123456789<TOKEN>"),
        (f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}", "<TOKEN>"),
        (
            f"-----BEGIN RSA PRIVATE KEY-----\n{PEM}\n-----END RSA PRIVATE KEY-----\n",
            "-----BEGIN RSA PRIVATE KEY-----\n<KEY>\n-----END RSA PRIVATE KEY-----\n",
        ),
        (
            "'-----BEGIN PRIVATE KEY-----\\n" + LETTERS + LETTERS + "\\n-----END PRIVATE KEY-----'",
            "'-----BEGIN PRIVATE KEY-----\\n<KEY>\\n-----END PRIVATE KEY-----'",
        ),
    ],
)
def test_replaced(text: str, expected: str) -> None:
    result, counts = replace(text)
    assert result == expected
    assert sum(counts.values()) == sum(
        result.count(p) for p in ("<EMAIL>", "<IP_ADDRESS>", "<KEY>", "<TOKEN>", "<PASSWORD>")
    )
    assert replace(result) == (result, {})


@pytest.mark.parametrize(
    "text",
    [
        "jane@example.com x@mail.example.org a@b.test a@b.invalid root@localhost a@host.local",
        "git@github.com:a/b.git git@some-host.org:a ssh://git@some-host.org/x jane@some-host.org:/var/x",
        "https://jane@some-host.org/x",
        "react@18.2.0 foo@1.2 icon@2x.png @decorator user@host a@b.T vault@script.py curve25519-sha256@libssh.org",
        "y = (x@w.data) + x@w.transpose() + '%s@some-host.org'",
        "10.1.2.3 172.16.0.9 192.168.1.1 127.0.0.1 169.254.1.1 224.0.0.1 0.0.0.0 255.255.255.0",
        "192.0.0.9 192.88.99.1 192.0.2.1 198.51.100.7 203.0.113.9 8.8.8.8 1.1.1.1",
        'v54.217.7.118 version 54.217.7.118 "version": "54.217.7.118" pkg==54.217.7.118 pkg>=54.217.7.118',
        "pkg-54.217.7.118 54.217.7.118-rc1 54.217.7.118.5 54.217.7.118b 1.2.3.4 3.0.0.1 300.1.2.3 54.017.7.118",
        "1.3.6.1.4.1.311 ObjectIdentifier('2.5.29.35') 1.3.101.112 Chrome/54.0.2840.99 /product/12.1.0.1/db",
        "std::vector a::b 12:34:56 00:1a:2b:3c:4d:5e ::1 fe80::1 fc00::1 2001:db8::1:2 2001:4860:4860::8888 2019::x",
        'sha256 = "' + "0123456789abcdef" * 4 + '" integrity="sha512-' + LETTERS + '"',
        'password = "changeme" passwd="your-password-1" pwd = "${PWD_1}" secret = "<secret1>" api_key = "xxxxxxxx1"',
        'password = "password1" pwd="test1234" password: "Enter the 2 words" password = "%s1234"',
        'password = "DB_PASS_1" password = "new_password" key = "abc123def"',
        'password = "settings.db.word2" secret = "keys/app1.pem"',
        'api_key = os.environ["API_KEY1"] password = get(1) token_type = "bearer12"',
        "http://user:pass@some-host postgresql://postgres:postgres@some-host",
        "gist://username:token@id/file http://u:{p}@some-host http://[user[:pass]]@host",
        "AKIAIOSFODNN7EXAMPLE ghp_" + "x" * 36,
        "-----BEGIN PRIVATE KEY-----(.*)-----END PRIVATE KEY-----",
        "-----BEGIN CERTIFICATE-----\n" + PEM + "\n-----END CERTIFICATE-----",
        "<EMAIL> <KEY> <PASSWORD>@some-host.org",
    ],
)
def test_survives(text: str) -> None:
    assert replace(text) == (text, {})


def test_counts_are_by_kind() -> None:
    text = "a@some-host.org b@some-host.org 54.217.7.118 2a00:16d8:0:7::205 " + "ghp_" + LETTERS[:36]
    assert replace(text)[1] == {"email": 2, "ipv4": 1, "ipv6": 1, "token": 1}


WORST = [
    "a",
    "1",
    "@",
    "a@",
    "a@b",
    "@a.com",
    "x@a.",
    "a.",
    "a-",
    "1.",
    "1.1.1.1 ",
    "54.1.2.3 ",
    "2a:",
    "2001:",
    "2001:a:b::1 ",
    ":",
    "://",
    "://a:b@",
    "://a:aaaa@h ",
    "eyJ",
    "eyJ" + "a" * 20 + ".",
    "pypi-AgEI",
    "sk_live_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "ghp_",
    "SG.",
    "SK",
    "AKIA",
    "AIza",
    "npm_",
    ":AA",
    "1:AA",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----" + "A" * 39 + " ",
    "password",
    "password=",
    'password="a',
    "password" + " " * 16,
    "key ",
    "token:'",
    'secret="1a2b3c4d"',
    "\\",
    'a = "31.44.15.92"\n',
    ' "a": "31.44.15.92",\n',
    '"dependencies": {"a": "31.44.15.92",\n',
    "  a: 31.44.15.92\n",
    "apt-get install some-package=121.44.150.92 ",
]


@pytest.mark.parametrize("unit", WORST)
def test_time_is_linear(unit: str) -> None:
    """A tenth of the largest text of the pipeline, in one line; 8 MB takes ten times as long."""
    text = unit * (800_000 // len(unit))
    start = time.process_time()
    replace(text)
    assert time.process_time() - start < 1.0
