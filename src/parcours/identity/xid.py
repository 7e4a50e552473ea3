"""The XID: one key for a (namespace, value) pair, which leads back to it."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from hashlib import blake2b

from parcours.identity.namespaces import canonical_namespace

_CHECK_BYTES = 3


def xid(namespace: str, value: str) -> str:
    """URL-safe characters, the same for the same pair at any time, in any process and sandbox.

    namespace: a code in any case. The value is taken as it is. Opaque to clients but no secret: who holds an XID can
    read the identity out of it, as `from_xid` does, so that a look-up by XID needs no table.
    """
    text = f"{canonical_namespace(namespace)}\0{value}".encode(errors="surrogatepass")
    return urlsafe_b64encode(_check(text) + text).rstrip(b"=").decode()


def from_xid(text: str) -> tuple[str, str] | None:
    """(canonical namespace, value) of an XID; None for a text that `xid` never gave."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        check, pair = raw[:_CHECK_BYTES], raw[_CHECK_BYTES:]
        namespace, separator, value = pair.decode().partition("\0")
    except (Base64Error, UnicodeError):
        return None
    if not separator or check != _check(pair) or xid(namespace, value) != text:
        return None
    return namespace, value


def _check(text: bytes) -> bytes:
    """Tells a mistyped XID from an unknown identity."""
    return blake2b(text, digest_size=_CHECK_BYTES).digest()
