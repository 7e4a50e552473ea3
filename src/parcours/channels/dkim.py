"""DKIM signatures (RFC 6376, RFC 8463) over keys of `cryptography`.

The kept library for DKIM in Python computes RSA in Python, which takes tens of milliseconds for each e-mail; it serves
the tests, which verify with it what is signed here.
"""

import base64
import hashlib
import re
from collections.abc import Sequence

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

SIGNED = (
    "from", "to", "subject", "date", "message-id", "reply-to", "mime-version", "content-type",
    "content-transfer-encoding", "list-unsubscribe", "list-unsubscribe-post",
)  # fmt: skip
"""Headers that are signed where there are any; `from` once more, so that nobody can add another."""
MIN_RSA_BITS = 1_024
_SPACE = re.compile(rb"[ \t]+")
_ENDS = re.compile(rb"[ \t]+\r\n")
_FOLD = re.compile(r"\r\n[ \t]+|[ \t]+")


class KeyUnusable(ValueError):
    """A text that is no key to sign with."""


class Signer:
    """Signs e-mails of one domain, relaxed/relaxed."""

    def __init__(self, domain: str, selector: str, private_key: str) -> None:
        """private_key: PEM of an RSA or an Ed25519 key, without password. Raises KeyUnusable."""
        self._domain = domain
        self._selector = selector
        try:
            key = serialization.load_pem_private_key(private_key.encode(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise KeyUnusable("no private key in PEM without password") from None
        if isinstance(key, RSAPrivateKey):
            if key.key_size < MIN_RSA_BITS:
                raise KeyUnusable(f"an RSA key has at least {MIN_RSA_BITS} bits")
        elif not isinstance(key, Ed25519PrivateKey):
            raise KeyUnusable("a key is RSA or Ed25519")
        self._key: RSAPrivateKey | Ed25519PrivateKey = key

    def sign(self, headers: Sequence[tuple[str, str]], body: bytes, at_s: int) -> tuple[str, str]:
        """The header DKIM-Signature, to stand before the others. body: lines end with CRLF."""
        present = {name.lower(): value for name, value in headers}
        names = ["from", *(name for name in SIGNED if name in present)]
        body_hash = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest()).decode()
        algorithm = "rsa-sha256" if isinstance(self._key, RSAPrivateKey) else "ed25519-sha256"
        value = (
            f"v=1; a={algorithm}; c=relaxed/relaxed; d={self._domain}; s={self._selector}; t={at_s};\r\n"
            f" h={':'.join(names)};\r\n bh={body_hash};\r\n b="
        )
        # of a name that stands twice the second finds no header and adds nothing (RFC 6376 §5.4.2)
        signed = "".join(f"{name}:{_relaxed(present[name])}\r\n" for name in names[1:])
        data = (signed + f"dkim-signature:{_relaxed(value)}").encode()
        if isinstance(self._key, RSAPrivateKey):
            signature = self._key.sign(data, PKCS1v15(), hashes.SHA256())
        else:
            signature = self._key.sign(hashlib.sha256(data).digest())
        text = base64.b64encode(signature).decode()
        folded = "\r\n ".join(text[start : start + 72] for start in range(0, len(text), 72))
        return "DKIM-Signature", value + folded


def unused_key() -> str:
    """A new key in PEM that nothing is signed with."""
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return pem.decode()


def _relaxed(value: str) -> str:
    return _FOLD.sub(" ", value).strip(" \t\r\n")


def _relaxed_body(body: bytes) -> bytes:
    if b" " in body or b"\t" in body:
        body = _ENDS.sub(b"\r\n", _SPACE.sub(b" ", body))
    end = len(body)
    while body.endswith(b"\r\n", 0, end) and (end == 2 or body.endswith(b"\r\n", 0, end - 2)):
        end -= 2
    return body[:end]
