"""What only looks like an address: operators of programs, versions, drawings; and addresses that stand beside them."""

from __future__ import annotations

import json

import pytest

from schemas.identity import data_bytes
from udfs.cleaning import addresses, assigned, emails
from udfs.cleaning.personal_data import replace

QUAD = "54.217.7.118"
SMALL = "54.12.0.3"
MORE_ALGORITHMS = """
chacha20-ietf-poly1305 xchacha20poly1305_ietf curve25519xsalsa20poly1305 aes256gcm siphash24
argon2id argon2i argon2id13 scryptsalsa208sha256 blake2b ristretto255 hmacsha512256
ECDHE-RSA-AES128-GCM-SHA256 DHE-RSA-CHACHA20-POLY1305 diffie-hellman-group14-sha256
hmac-sha2-256-etm@openssh.com ML-KEM-768 Kyber768 SPHINCS+-SHA2-128f AWS4-HMAC-SHA256
RSASSA_PKCS1_V1_5_SHA_256 ECC_NIST_P256 WPA2-PSK SHA512-256 Rijndael256 SM4-CBC
"""


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "y = q@k.mT\n"),
        ("python", "loss = (a@b.it).sum() + weights@values.me\n"),
        ("python", "s = f'{q@k.mT}'\n"),
        ("kotlin", "val id = this@toView.id\n"),
        ("kotlin", 'log("${this@Main.name}")\n'),
        ("r", "x <- object@data.me\n"),
        ("scala", "case all@List.of => all\n"),
        ("haskell", "f all@Just.me = all\n"),
        ("ocaml", "let x = a@b.me\n"),
        ("plsql", "select * from emp@sales.world where id = 1;\n"),
        ("assembly", "call memcpy@plt.so\n"),
    ],
)
def test_an_at_outside_of_strings_and_comments_is_an_operator(language: str, text: str) -> None:
    assert replace(text, language) == (text, {})


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("python", "y = q@k.mT  # by jane@some-host.org\n"),
        ("python", '"""By jane@some-host.org."""\ny = q@k.mT\n'),
        ("python", "m = 'jane@some-host.org' if q@k.mT else 0\n"),
        ("kotlin", 'val m = "jane@some-host.org"; this@toView.id\n'),
        ("r", "# jane@some-host.org\nx@data.me\n"),
        ("shell", "git config user.email jane@some-host.org\n"),
        ("html", "<p>jane@some-host.org</p>\n"),
        ("javascript", "const x = <p>jane@some-host.org</p>;\n"),
        (None, "jane@some-host.org\n"),
    ],
)
def test_the_addresses_in_strings_comments_and_prose_go(language: str | None, text: str) -> None:
    assert replace(text, language)[0] == text.replace("jane@some-host.org", "<EMAIL>")


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("yaml", f"image: registry.acme.io/shop/api:{QUAD}\n"),
        ("yaml", f"image: api:{QUAD}\n"),
        ("dockerfile", f"FROM mcr.acme.io/windows/nanoserver:{QUAD}\n"),
        ("gradle", f"implementation 'org.acme:shop:{QUAD}'\n"),
        ("java", f"// org.acme:shop:{QUAD}\n"),
        ("maven pom", f"<version>{QUAD}</version>\n"),
        ("xml", f"<acme.version>{QUAD}</acme.version>\n"),
        ("xml", f'<package id="Acme" version="{QUAD}" />\n'),
        ("xml", f"<bindingRedirect oldVersion='0.0.0.0-{QUAD}' newVersion='{QUAD}' />\n"),
        ("csharp", f'[assembly: AssemblyFileVersion("{QUAD}")]\n'),
        ("gemfile.lock", f"    acme ({QUAD})\n      other (~> {QUAD})\n"),
        ("pip requirements", f"acme=={QUAD}\n"),
        ("ruby", f"gem 'acme', '~> {QUAD}'\ngem 'acme', '{QUAD}'\n"),
        ("json", f'"acme": "^{QUAD}",\n"other": "~{QUAD}"\n'),
        ("json", f'"acme": "{SMALL}"\n'),
        ("toml", f'acme = ">= {QUAD}"\n'),
        ("markdown", f"## {QUAD}\n\n* x\n\n## [{QUAD}] - 2020-01-02\n"),
        ("restructuredtext", f"{QUAD}\n============\n\n{QUAD} (2020-01-02)\n------\n"),
        ("text", f"acme ({QUAD}) unstable; urgency=low, version\n"),
        ("text", f"{QUAD} / 2020-01-02\n"),
        ("text", f"upgraded acme to {QUAD}\n"),
        ("svg", f'<path d="M12 3.5l4-{QUAD} 3 2z"/>\n'),
        ("html", f'<path d="M12 3.5c1 {QUAD} 3 2z"/>\n'),
        ("javascript", f'const icon = "M3 4.5a1 1 0 {QUAD} 2h-3z";\n'),
    ],
)
def test_versions_and_drawings_are_no_addresses(language: str, text: str) -> None:
    assert replace(text, language) == (text, {})


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("scala", f'libraryDependencies += "a" %% "b" % "{QUAD}"\n"a" % "b" % "{QUAD}" % Test\n'),
        ("clojure", f'(defproject x "1"\n  [[a/b "{QUAD}"]\n   [org.clojure/c "{QUAD}" :scope "test"]])\n'),
        ("elixir", f'defp deps do\n  [{{:plug, "{QUAD}"}}]\nend\n'),
        ("json", f'{{"dependencies": {{"a": "{QUAD}",\n "@b/c": "{QUAD}"}}}}\n'),
        ("json", f'{{"devDependencies": {{\n  "a": "{QUAD}"\n}}}}\n'),
        ("json", f'{{"require-dev": {{\n  "a/b": "{QUAD}"\n}}}}\n'),
        ("toml", f'[dependencies]\na = "{QUAD}"\n\nb-c = "{QUAD}"\n'),
        ("toml", f'[tool.poetry.group.dev.dependencies]\na = "{QUAD}"\n'),
        ("toml", f'[workspace]\ndependencies = {{ a = "{QUAD}" }}\n'),
        ("toml", f'[versions]\nkotlin = "{QUAD}"\n'),
        ("yaml", f"dependencies:\n  a: {QUAD}\n  b:\n  c: '{QUAD}'\n"),
        ("yaml", f"dependencies:\n  - python=3.11\n  - a={QUAD}\n"),
        ("shell", f"apt-get install -y x={QUAD} y\n"),
        ("dockerfile", f"RUN apt-get update && apt-get install -y \\\n    x={QUAD} \\\n    y={QUAD}\n"),
        ("dockerfile", f"RUN apk add --no-cache x={QUAD}\n"),
        ("shell", f"npm i -g a@{QUAD}\nbrew install b@{QUAD}\nconda install c={QUAD}\n"),
        ("yaml", f"- uses: foo/bar@{QUAD}\n"),
        ("typescript", f'import x from "https://deno.land/x/oak@{QUAD}/mod.ts";\n'),
        ("swift", f'.package(url: "https://github.com/a/b", from: "{QUAD}"),\n'),
        ("text", f"Changes in {QUAD}:\n"),
        ("markdown", f"What's new in {QUAD}\n\n**New features in {QUAD}**\n"),
        ("text", f"* Release notes for {QUAD}\nFixed in {QUAD}: a\nDeprecated since {QUAD}.\n"),
        ("debian package control file", f"Depends: a (= {QUAD})\n"),
        ("opam", f'"a" {{= "{QUAD}"}}\n'),
    ],
)
def test_versions_of_packages_are_no_addresses(language: str, text: str) -> None:
    assert replace(text, language) == (text, {})


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("json", f'{{"dependencies": {{"a": "1"}},\n{"a" * 80}\n"x": {{"a": "{QUAD}"}}}}\n'),
        ("json", f'{{"dependencies": {{"host": "{QUAD}"}}}}\n'),
        ("json", f'{{"a": "{QUAD}"}}\n'),
        ("toml", f'[dependencies]\nb = "1"\n[servers]\na = "{QUAD}"\n'),
        ("yaml", f"dependencies:\n  a: 1\nb: {QUAD}\n"),
        ("clojure", f'[host "{QUAD}"]\n'),
        ("elixir", f'[{{:node, "{QUAD}"}}]\n'),
        ("shell", f"ssh root@{QUAD}\nscp ./x root@{QUAD}:/y\n"),
        ("shell", f"apt-get install x\ny={QUAD}\n"),
        ("python", f'print("%s" % "{QUAD}")\n'),
        ("text", f"Changes were made from {QUAD}\n"),
    ],
)
def test_addresses_beside_packages_go(language: str, text: str) -> None:
    result = replace(text, language)[0]
    assert QUAD not in result and "<IP_ADDRESS>" in result


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("yaml", "host: 54.217.7.118\n"),
        ("yaml", "image_server: http://54.217.7.118:8080/x\n"),
        ("ini", "ip=54.217.7.118\n"),
        ("python", 'hosts = ["54.217.7.118", "54.217.7.118"]\n'),
        ("shell", "ping 54.217.7.118\nssh root@54.217.7.118\n"),
        ("text", "54.217.7.118\n54.217.7.118\n"),
        ("text", "Failed password for root from 54.217.7.118 port 22\n"),
        ("gradle", "url 'http://54.217.7.118/maven'\n"),
        ("json", '{"addr": "54.12.0.3:443"}\n'),
        ("markdown", "The server answers at 54.217.7.118.\n"),
    ],
)
def test_addresses_go(language: str, text: str) -> None:
    result = replace(text, language)[0]
    assert "54." not in result and "<IP_ADDRESS>" in result


@pytest.mark.parametrize(
    "value",
    [
        "AES-256-GCM",
        "prime256v1",
        "secp256k1",
        "AES/CBC/PKCS5Padding",
        "RSA-OAEP-256",
        "A256GCM",
        "HS256",
        "ed25519",
        "ChaCha20-Poly1305",
        "brainpoolP256r1",
        "SHA512withRSA",
        "DES-EDE3-CBC",
        "ssh-ed25519",
        "ecdsa-sha2-nistp256",
        *MORE_ALGORITHMS.split(),
        *[
            "HmacSHA256",
            "HmacSHA512",
            "HmacSHA512/224",
            "PBKDF2WithHmacSHA256",
            "PBEWithMD5AndDES",
            "PBEWithHmacSHA256AndAES_128",
        ],
        *[
            "SHA256withECDSAinP1363Format",
            "SHA1PRNG",
            "RSASSA-PSS",
            "OAEPWithSHA-256AndMGF1Padding",
            "ARCFOUR128",
            "PKCS12",
        ],
        *[
            "PBES2-HS256+A128KW",
            "ECDH-ES+A256KW",
            "A128CBC-HS256",
            "RSA1_5",
            "ES256K",
            "A256GCMKW",
            "RS512",
            "P-384",
            "X448",
        ],
        *[
            "pbkdf2_sha256",
            "sha512crypt",
            "md5crypt",
            "bcrypt_sha256",
            "HKDF-SHA256",
            "X963KDF",
            "BLAKE3",
            "xxHash64",
            "CRC32C",
        ],
    ],
)
def test_names_of_algorithms_are_no_keys(value: str) -> None:
    text = f'encryption_key = "{value}"\nsecret = "{value}"\nPASSWORD_KEY: {value}\n'
    assert replace(text, "yaml") == (text, {})


def test_an_image_by_its_digest_holds_no_password() -> None:
    text = "docker://alpine:3.18@sha256:" + "0a1b" * 16 + " oci://acme:edge-2@sha256:" + "0a1b" * 16 + "\n"
    assert replace(text, "yaml") == (text, {})


def test_the_languages_that_decide_are_languages() -> None:
    known = set(json.loads(data_bytes("languages.json"))["languages"])
    deciding = emails.OPERATORS | addresses._OF_VERSIONS | assigned._SETTINGS | assigned._SHELLS
    assert deciding - {None} <= known
