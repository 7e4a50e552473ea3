"""Encrypts what a browser is sent, so that the push service on the way can't read it. Pure.

Sources: RFC 8291 (Message Encryption for Web Push), RFC 8188 (aes128gcm). Made with `cryptography`, which is here
anyway: the libraries for it bring a synchronous HTTP client along, and the whole of it is below.
"""

import os

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from parcours.channels.push.keys import public_point

RECORD_BYTES = 4_096
MAX_PLAIN_BYTES = 3_993
"""What every push service must take is 4096 bytes (RFC 8030 §7.2): less header (86), tag (16) and delimiter (1)."""


class SubscriptionUnusable(ValueError):
    """A subscription whose keys are none."""


def encrypt(
    plain: bytes,
    browser_key: bytes,
    auth: bytes,
    own_key: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """A body with `Content-Encoding: aes128gcm`.

    browser_key: 65 bytes, `keys.p256dh` of the subscription; auth: 16 bytes, its `keys.auth`. own_key, salt: fresh for
    every message, None in use. Raises SubscriptionUnusable.
    """
    try:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), browser_key)
    except ValueError:
        raise SubscriptionUnusable("p256dh is no point of P-256") from None
    if len(auth) != 16:
        raise SubscriptionUnusable("auth has 16 bytes")
    own_key = own_key or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(16)
    own_point = public_point(own_key)
    shared = own_key.exchange(ec.ECDH(), theirs)
    key_material = _hkdf(auth, shared, b"WebPush: info\x00" + browser_key + own_point, 32)
    key = _hkdf(salt, key_material, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, key_material, b"Content-Encoding: nonce\x00", 12)
    header = salt + RECORD_BYTES.to_bytes(4) + bytes([len(own_point)]) + own_point
    return header + AESGCM(key).encrypt(nonce, plain + b"\x02", None)


def _hkdf(salt: bytes, material: bytes, info: bytes, length: int) -> bytes:
    return HKDF(SHA256(), length, salt, info).derive(material)
