"""The only way out: private addresses refused, secrets hidden, nothing repeated, nothing followed."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import ResolveResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from airstair.hub import http
from airstair.hub.http import HIDDEN, CallFailed, HttpPool, PartnerHttp, host_of, is_private, same_origin
from airstair.kernel.clock import SystemClock
from airstair.kernel.errors import Invalid
from airstair.kernel.outcome import OutcomeKind

from .own_partner import KEY, Receiver, check, own_addon
from .stage import Stage

PRIVATE = [
    "127.0.0.1",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "::",
    "fe80::1%eth0",
    "fd00::1",
    "::ffff:10.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "localhost",
    "LOCALHOST.",
]


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    made = HttpPool(allow_private=False, sandbox_url="http://127.0.0.1:8900")
    yield made
    await made.close()


@pytest.fixture
async def open_pool() -> AsyncIterator[HttpPool]:
    made = HttpPool(allow_private=True)
    yield made
    await made.close()


def client(pool: HttpPool, seconds: float = 2, **facts: Any) -> PartnerHttp:
    return PartnerHttp(pool, SystemClock(), deadline=dt.timedelta(seconds=seconds), **facts)


async def fails(pool: HttpPool, url: str, seconds: float = 2, **facts: Any) -> CallFailed:
    with pytest.raises(CallFailed) as failed:
        await client(pool, seconds, **facts).request("PUT", url, headers={}, body=b"{}")
    return failed.value


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known(address: str) -> None:
    assert is_private(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "services.avinode.com", "::ffff:8.8.8.8"])
def test_public_ones_are_not_private(address: str) -> None:
    assert not is_private(address)


@pytest.mark.parametrize("host", [a if ":" not in a else f"[{a.partition('%')[0]}]" for a in PRIVATE])
async def test_a_private_address_is_not_called(pool: HttpPool, host: str) -> None:
    failed = await fails(pool, f"http://{host}:8901/api")
    assert failed.kind is OutcomeKind.MISCONFIGURED


@pytest.mark.parametrize("spelling", ["127.1", "2130706433", "0x7f000001", "017700000001", "localhost.localdomain"])
async def test_nor_is_it_by_another_spelling(pool: HttpPool, spelling: str) -> None:
    failed = await fails(pool, f"http://{spelling}:8901/api")
    assert failed.kind in (OutcomeKind.MISCONFIGURED, OutcomeKind.UNAVAILABLE), "refused, or not even an address"


@pytest.mark.parametrize("spelling", ["①27.0.0.1", "127。0。0。1", "１２７.0.0.1", "ｌocalhost"])
async def test_nor_in_letters_that_the_client_takes_for_it(pool: HttpPool, receiver: Receiver, spelling: str) -> None:
    failed = await fails(pool, receiver.url.replace("127.0.0.1", spelling))
    assert failed.kind is OutcomeKind.MISCONFIGURED and "private address" in str(failed)
    assert is_private(host_of(f"https://{spelling}/"))


@pytest.mark.parametrize("host", ["a" * 64 + ".example", "a..example", "x_\ud800y"])
async def test_a_name_that_cannot_be_one_is_no_fault_of_ours(pool: HttpPool, host: str) -> None:
    failed = await fails(pool, f"https://{host}/api")
    assert failed.kind in (OutcomeKind.MISCONFIGURED, OutcomeKind.UNAVAILABLE)


@pytest.mark.parametrize("addresses", [["10.0.0.5"], ["8.8.8.8", "127.0.0.1"], ["::1"]])
async def test_a_name_that_leads_to_a_private_address_is_not_called(
    pool: HttpPool, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    async def resolve(self: Any, host: str, port: int = 0, family: Any = None) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=one, port=port, family=socket.AF_INET, proto=0, flags=0)
            for one in addresses
        ]

    monkeypatch.setattr(http.aiohttp.DefaultResolver, "resolve", resolve)
    failed = await fails(pool, "https://partner.example/api")
    assert failed.kind is OutcomeKind.MISCONFIGURED and "private address" in str(failed)


async def test_the_sandbox_alone_may_be_called_by_connections_to_the_sandbox(receiver: Receiver) -> None:
    pool = HttpPool(allow_private=False, sandbox_url=receiver.url)
    try:
        answer = await client(pool, sandbox=True).request("GET", receiver.url, headers={"X-Key": KEY})
        assert answer.status == 200
        assert (await fails(pool, receiver.url)).kind is OutcomeKind.MISCONFIGURED, "not by live ones"
        beside = f"http://127.0.0.1:{int(receiver.url.split(':')[2].split('/')[0]) + 1}"
        assert (await fails(pool, beside, sandbox=True)).kind is OutcomeKind.MISCONFIGURED, "nor its neighbours"
    finally:
        await pool.close()


def test_origins() -> None:
    assert same_origin("http://127.0.0.1:8900/avinode", "http://127.0.0.1:8900")
    assert same_origin("https://partner.example", "https://partner.example:443/x")
    assert not same_origin("http://127.0.0.1:89001/", "http://127.0.0.1:8900")
    assert not same_origin("http://127.0.0.1:8900@partner.example/", "http://127.0.0.1:8900")
    assert not same_origin("http://[::1", "http://127.0.0.1:8900")


@pytest.mark.parametrize("url", ["", "ftp://partner.example", "partner.example", "https://", "file:///etc/passwd"])
async def test_what_is_no_web_address_is_told(pool: HttpPool, url: str) -> None:
    assert (await fails(pool, url)).kind is OutcomeKind.MISCONFIGURED


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "https://localhost/api", "http://[::1", "http://127.0.0.1:89001/api", "https://[fd00::1]/"],
)
async def test_a_private_address_is_refused_where_it_is_entered(stage: Stage, url: str) -> None:
    own_addon(check=check)
    for environment in ("live", "sandbox"):
        with pytest.raises(Invalid) as refused:
            await stage.configure("own", values={"base_url": url, "environment": environment})
        assert refused.value.problems[0].field == "base_url"


async def test_a_name_that_leads_inside_is_not_left_on(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolve(self: Any, host: str, port: int = 0, family: Any = None) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host="10.0.0.5", port=port, family=socket.AF_INET, proto=0, flags=0)]

    monkeypatch.setattr(http.aiohttp.DefaultResolver, "resolve", resolve)
    own_addon(check=check)
    made = await stage.configure("own", values={"base_url": "https://inside.example/", "key": KEY}, on=True)
    assert not made.connection.on and "private address" in made.warnings[0].sentence


async def _serving(handler: Any, ssl_context: ssl.SSLContext | None = None) -> tuple[web.AppRunner, str]:
    app = web.Application()
    app.router.add_route("*", "/{anything:.*}", handler)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=ssl_context).start()
    return runner, f"127.0.0.1:{runner.addresses[0][1]}"


async def test_redirects_are_not_followed(open_pool: HttpPool) -> None:
    asked: list[str] = []

    async def redirect(request: web.Request) -> web.Response:
        asked.append(request.path)
        return web.Response(status=302, headers={"Location": f"http://169.254.169.254/latest?key={KEY}"})

    runner, host = await _serving(redirect)
    try:
        one = client(open_pool, secrets=[KEY])
        answer = await one.request("GET", f"http://{host}/here", headers={})
        assert (answer.status, asked) == (302, ["/here"])
        assert KEY not in str(one.exchanges[0]), "the place that it points to is shown without our key"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "GET"])
@pytest.mark.req("HUB-26")
async def test_a_call_is_made_once_also_on_a_kept_connection(open_pool: HttpPool, method: str) -> None:
    """aiohttp by itself repeats idempotent methods when a kept connection closes without an answer."""
    asked = 0

    async def once(request: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        await request.read()
        if asked > 1:
            assert request.transport is not None
            request.transport.close()
        return web.Response(text="{}")

    runner, host = await _serving(once)
    try:
        one = client(open_pool)
        await one.request("GET", f"http://{host}/", headers={})
        with pytest.raises(CallFailed) as failed:
            await one.request(method, f"http://{host}/", headers={}, body=b"x")
        await asyncio.sleep(0.05)
        assert (failed.value.kind, asked) == (OutcomeKind.UNKNOWN, 2)
    finally:
        await runner.cleanup()


async def test_who_cannot_be_reached_has_not_seen_the_call(open_pool: HttpPool) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        failed = await fails(open_pool, f"http://127.0.0.1:{taken.getsockname()[1]}/")
        assert failed.kind is OutcomeKind.UNAVAILABLE
        taken.listen(0)  # takes no more connections than these, and answers nobody
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(taken.getsockname())
            fillers.append(filler)
        failed = await fails(open_pool, f"http://127.0.0.1:{taken.getsockname()[1]}/", seconds=0.4)
        assert failed.kind is OutcomeKind.UNAVAILABLE, str(failed)
        for filler in fillers:
            filler.close()
    assert (await fails(open_pool, "https://no-such-host.invalid/")).kind is OutcomeKind.UNAVAILABLE


async def test_who_does_not_answer_in_time_may_have_seen_it(open_pool: HttpPool, receiver: Receiver) -> None:
    async def slow(request: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    runner, host = await _serving(slow)
    try:
        failed = await fails(open_pool, f"http://{host}/", seconds=0.2)
        assert failed.kind is OutcomeKind.UNKNOWN
    finally:
        await runner.cleanup()


async def test_a_wrong_certificate_is_told(open_pool: HttpPool, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "somebody.example")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    signed = made.not_valid_before(day).not_valid_after(day.replace(year=2046)).sign(key, hashes.SHA256())
    pem, plain = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    stored = tmp_path / "both.pem"
    stored.write_bytes(signed.public_bytes(pem) + key.private_bytes(pem, plain, serialization.NoEncryption()))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(stored)

    async def answer(request: web.Request) -> web.Response:
        return web.Response()

    runner, host = await _serving(answer, context)
    try:
        assert (await fails(open_pool, f"https://{host}/")).kind is OutcomeKind.UNAVAILABLE
    finally:
        await runner.cleanup()


async def test_an_endless_answer_is_cut(open_pool: HttpPool) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(64):
            await response.write(b"x" * 65536)
        return response

    runner, host = await _serving(endless)
    try:
        assert (await fails(open_pool, f"http://{host}/")).kind is OutcomeKind.UNREADABLE
    finally:
        await runner.cleanup()


@pytest.mark.req("HUB-14")
async def test_secrets_are_hidden_however_they_are_spelled(open_pool: HttpPool, receiver: Receiver) -> None:
    secret = 'p&ss "wörd"/<x>'
    spelled = [secret, "p%26ss%20%22w%C3%B6rd%22/%3Cx%3E", "p%26ss+%22w%C3%B6rd%22%2F%3Cx%3E", 'p&ss \\"wörd\\"/<x>']
    spelled.append('p&amp;ss "wörd"/&lt;x&gt;')

    async def echo(request: web.Request) -> web.Response:
        return web.Response(body=await request.read(), headers={"Server": spelled[1], "X-Token": secret})

    runner, host = await _serving(echo)
    try:
        one = client(open_pool, secrets=[secret, "", "abc"], shown=["X-Product"])
        headers = {"Authorization": "Bearer x", "X-Product": "Airstair", "X-Other": "y"}
        await one.request(
            "POST", f"http://{host}/?key={spelled[1]}", headers=headers, body=" | ".join(spelled).encode()
        )
        (exchange,) = one.exchanges
        assert exchange.request_body.decode() == " | ".join([HIDDEN] * 5) == exchange.response_body.decode()
        assert exchange.url.endswith(f"?key={HIDDEN}")
        assert exchange.request_headers == {"Authorization": HIDDEN, "X-Product": "Airstair", "X-Other": HIDDEN}
        assert (exchange.response_headers["server"], exchange.response_headers["x-token"]) == (HIDDEN, HIDDEN)
    finally:
        await runner.cleanup()
