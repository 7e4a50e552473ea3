"""The XID: one opaque key for a (namespace, value) pair."""

from base64 import urlsafe_b64encode
from hashlib import blake2b

from parcours.identity.namespaces import canonical_namespace


def xid(namespace: str, value: str) -> str:
    """24 URL-safe characters, the same for the same pair at any time and in any process.

    namespace: a code in any case. The value is taken as it is; "\\0" parts the two, which no code contains.
    """
    text = f"{canonical_namespace(namespace)}\0{value}".encode(errors="surrogatepass")
    return urlsafe_b64encode(blake2b(text, digest_size=18).digest()).decode()
