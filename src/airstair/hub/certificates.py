"""Client certificates: how a partner knows us that wants one with each connection. Nothing of them is kept on disk."""

from __future__ import annotations

import os
import re
import ssl
from functools import lru_cache

import msgspec

# A form field turns the lines of a PEM text into spaces; what stands between the marks is base64 all the same.
_BLOCK = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----([A-Za-z0-9+/=\s]+)-----END \1-----")
_LINE = 64


class BadCertificate(ValueError):
    """It cannot be used; the text is a sentence with the next step."""


class ClientCertificate(msgspec.Struct, frozen=True):
    """A certificate, with those that vouch for it, and its private key without a password; both as PEM text."""

    chain: str
    key: str

    def __repr__(self) -> str:
        """Without the key: it must not show in a log or a traceback."""
        return "<client certificate>"


@lru_cache(maxsize=64)
def context_of(certificate: ClientCertificate) -> ssl.SSLContext:
    """What connections are opened with; the same one for the same certificate, so that they can be kept.

    Raises `BadCertificate`.
    """
    text = _tidy(certificate.chain, "certificate", "CERTIFICATE") + _tidy(certificate.key, "private key", "PRIVATE KEY")
    context = ssl.create_default_context()
    # OpenSSL reads files only. This one is in memory, and gone when it is closed.
    file = os.memfd_create("client-certificate", os.MFD_CLOEXEC)
    try:
        os.write(file, text.encode())
        context.load_cert_chain(f"/proc/self/fd/{file}", password=_no_password)
    except (ssl.SSLError, OSError, ValueError) as problem:
        raise BadCertificate(
            "The certificate and its private key cannot be used together. Paste both as PEM text, the key without a"
            " password."
        ) from problem
    finally:
        os.close(file)
    return context


def _tidy(text: str, what: str, mark: str) -> str:
    """The PEM blocks of that kind in lines as OpenSSL wants them."""
    blocks = [(kind, "".join(body.split())) for kind, body in _BLOCK.findall(text) if kind.endswith(mark)]
    if not blocks:
        raise BadCertificate(
            f"There is no {what} in that text. Paste all of the PEM file, its first and last line too."
        )
    return "".join(
        f"-----BEGIN {kind}-----\n"
        + "".join(f"{body[at : at + _LINE]}\n" for at in range(0, len(body), _LINE))
        + f"-----END {kind}-----\n"
        for kind, body in blocks
    )


def _no_password() -> str:
    raise ValueError("the key has a password")
