"""A partner that wants to see a certificate sees ours, and who has none, or another's, is not let in."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airstair.hub.certificates import BadCertificate, ClientCertificate, context_of
from airstair.hub.http import CallFailed, HttpPool, PartnerHttp
from airstair.kernel.clock import SystemClock
from airstair.kernel.outcome import OutcomeKind


class Pair(NamedTuple):
    """A certificate and its key, as PEM text and as what signs others."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def chain(self) -> str:
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    def key_text(self, password: bytes = b"") -> str:
        kind = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, kind).decode()


def made(name: str, by: Pair | None = None) -> Pair:
    """A certificate for that name, signed `by` somebody, else by itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
    )
    return Pair(builder.sign(by.key if by else key, hashes.SHA256()), key)


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pair:
    """Who vouches for server and clients; trusted by this process."""
    trusted = made("authority.example")
    (tmp_path / "authority.pem").write_text(trusted.chain)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context_of.cache_clear()
    return trusted


@pytest.fixture
async def address(authority: Pair, tmp_path: Path) -> AsyncIterator[str]:
    """A server that asks everybody for a certificate, and answers with whose it was."""
    server = made("localhost", authority)
    (tmp_path / "server.pem").write_text(server.chain + server.key_text())
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "server.pem")
    context.load_verify_locations(cadata=authority.chain)
    context.verify_mode = ssl.CERT_REQUIRED

    async def answer(request: web.Request) -> web.Response:
        assert request.transport is not None
        shown = request.transport.get_extra_info("peercert")
        return web.Response(text=str(dict(one[0] for one in shown["subject"])["commonName"]))

    app = web.Application()
    app.router.add_route("*", "/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context)
    await site.start()
    yield f"https://localhost:{runner.addresses[0][1]}/"
    await runner.cleanup()


async def call(address: str, certificate: ClientCertificate | None) -> str:
    pool = HttpPool(allow_private=True)
    try:
        http = PartnerHttp(pool, SystemClock(), deadline=timedelta(seconds=10))
        answer = await http.request("GET", address, headers={}, certificate=certificate)
        return answer.body.decode()
    finally:
        await pool.close()


async def test_the_partner_sees_whose_certificate_it_is(address: str, authority: Pair) -> None:
    ours = made("airstair.example", authority)
    assert await call(address, ClientCertificate(ours.chain, ours.key_text())) == "airstair.example"


async def test_a_form_field_may_have_turned_lines_into_spaces(address: str, authority: Pair) -> None:
    ours = made("airstair.example", authority)
    pasted = ClientCertificate(ours.chain.replace("\n", " "), ours.key_text().replace("\n", "\r\n  "))
    assert await call(address, pasted) == "airstair.example"


@pytest.mark.parametrize("whose", ["nobody's", "a stranger's"])
async def test_others_are_not_let_in(address: str, authority: Pair, whose: str) -> None:
    stranger = made("stranger.example", made("elsewhere.example"))
    wrong = ClientCertificate(stranger.chain, stranger.key_text()) if whose == "a stranger's" else None
    with pytest.raises(CallFailed) as refusal:
        await call(address, wrong)
    assert refusal.value.kind in (OutcomeKind.UNAVAILABLE, OutcomeKind.UNKNOWN)


def _wrong() -> dict[str, Any]:
    one, other = made("one.example"), made("other.example")
    return {
        "another's key": ClientCertificate(one.chain, other.key_text()),
        "a password": ClientCertificate(one.chain, one.key_text(b"secret")),
        "no certificate": ClientCertificate("", one.key_text()),
        "no key": ClientCertificate(one.chain, ""),
        "the wrong way round": ClientCertificate(one.key_text(), one.chain),
    }


@pytest.mark.parametrize("name", list(_wrong()))
async def test_what_cannot_be_used_says_so_and_calls_nobody(name: str) -> None:
    wrong = _wrong()[name]
    with pytest.raises(BadCertificate, match="Paste"):
        context_of(wrong)
    with pytest.raises(CallFailed, match="Paste") as refusal:
        await call("https://localhost:1/", wrong)
    assert refusal.value.kind is OutcomeKind.MISCONFIGURED


def test_the_key_does_not_show_in_a_traceback() -> None:
    assert "PRIVATE" not in repr(_wrong()["another's key"])
