"""The client certificate of an organisation, presented to receivers that ask for one (mTLS). Source: journeys §6.7.

Its key is encrypted at rest and never returned. OpenSSL reads keys from files alone: one is written encrypted with a
password that is never written, and removed at once.
"""

import secrets as randomness
import ssl
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat
from sqlalchemy import Connection

from parcours.access.model import Caller
from parcours.access.store import list_sandboxes
from parcours.actions.errors import CertificateInvalid, CertificateNotFound
from parcours.db import Database
from parcours.kit.secrets import SecretBox
from parcours.resources.store import Resource, ResourceStore

CERTIFICATE_KIND = "clientCertificate"
_ID = "organisation"
MAX_BYTES = 65_536


class CertificateService:
    """One certificate for an organisation, kept with its default sandbox."""

    def __init__(self, db: Database, resources: ResourceStore, secrets: SecretBox) -> None:
        self._db = db
        self._resources = resources
        self._secrets = secrets

    def put(self, caller: Caller, body: Mapping[str, Any]) -> dict[str, Any]:
        """Store a certificate and its key in place of what there was. Raises CertificateInvalid."""
        chain, key = read_pair(body)
        document = {"certificate": chain, "key": {"encrypted": self._secrets.encrypt(key)}}
        with self._db.write() as connection:
            scope_id = self._scope(connection, caller.org_id)
            before = self._resources.find(connection, scope_id, CERTIFICATE_KIND, _ID)
            if before is None:
                stored = self._resources.create(
                    connection, scope_id, caller.author, CERTIFICATE_KIND, document, resource_id=_ID
                )
            else:
                stored = self._resources.replace(connection, before, caller.author, document)
        return show(stored)

    def get(self, caller: Caller) -> dict[str, Any]:
        """What may be known of it. Raises CertificateNotFound."""
        with self._db.read() as connection:
            return show(self._stored(connection, caller))

    def delete(self, caller: Caller) -> None:
        """Present none any more. Raises CertificateNotFound."""
        with self._db.write() as connection:
            self._resources.delete(connection, self._stored(connection, caller))

    def _stored(self, connection: Connection, caller: Caller) -> Resource:
        found = self._resources.find(connection, self._scope(connection, caller.org_id), CERTIFICATE_KIND, _ID)
        if found is None:
            raise CertificateNotFound
        return found

    @staticmethod
    def _scope(connection: Connection, org_id: str) -> int:
        return next(one.scope_id for one in list_sandboxes(connection, org_id) if one.is_default)


def read_pair(body: Mapping[str, Any]) -> tuple[str, str]:
    """(certificate chain, private key) as PEM, checked to belong together. Raises CertificateInvalid."""
    for key in body:
        if key not in ("certificate", "privateKey"):
            raise CertificateInvalid(f"a client certificate has no {key!r}", f"$.{key}")
    texts: list[bytes] = []
    for name in ("certificate", "privateKey"):
        value = body.get(name)
        if not isinstance(value, str) or not value.isascii() or len(value) > MAX_BYTES:
            raise CertificateInvalid(f"{name} is a PEM text of at most {MAX_BYTES} characters", f"$.{name}")
        texts.append(value.encode())
    try:
        chain = x509.load_pem_x509_certificates(texts[0])
    except ValueError:
        raise CertificateInvalid("certificate is not PEM: -----BEGIN CERTIFICATE-----", "$.certificate") from None
    try:
        private = serialization.load_pem_private_key(texts[1], None)
    except (ValueError, TypeError):
        raise CertificateInvalid("privateKey is not the PEM of a key without a password", "$.privateKey") from None
    encoding = (Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if chain[0].public_key().public_bytes(*encoding) != private.public_key().public_bytes(*encoding):
        raise CertificateInvalid("the key is not the one of the first certificate", "$.privateKey")
    if chain[0].not_valid_after_utc <= datetime.now(UTC):
        raise CertificateInvalid("the certificate has expired", "$.certificate")
    plain = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    text = "".join(one.public_bytes(Encoding.PEM).decode() for one in chain)
    try:
        client_context(text, plain)
    except ssl.SSLError:
        raise CertificateInvalid("this kind of key can't be used for TLS", "$.privateKey") from None
    return text, plain


def show(stored: Resource) -> dict[str, Any]:
    """A stored certificate as a reader sees it."""
    first = x509.load_pem_x509_certificates(stored.body["certificate"].encode())[0]
    return {
        "certificate": stored.body["certificate"],
        "subject": first.subject.rfc4514_string(),
        "issuer": first.issuer.rfc4514_string(),
        "notBefore": first.not_valid_before_utc.isoformat().replace("+00:00", "Z"),
        "notAfter": first.not_valid_after_utc.isoformat().replace("+00:00", "Z"),
        "fingerprint": first.fingerprint(hashes.SHA256()).hex(),
    }


def open_context(document: Mapping[str, Any], secrets: SecretBox) -> ssl.SSLContext:
    """What connections present. Raises SecretUnreadable."""
    return client_context(document["certificate"], secrets.decrypt(document["key"]["encrypted"]))


def client_context(chain: str = "", key: str = "") -> ssl.SSLContext:
    """TLS 1.3 or 1.2, receivers verified by the system's authorities; with a certificate to present, if given."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if chain:
        password = randomness.token_bytes(32).hex().encode()
        locked = serialization.load_pem_private_key(key.encode(), None).private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(password)
        )
        with tempfile.TemporaryDirectory() as name:
            path = Path(name) / "client.pem"
            path.write_bytes(chain.encode() + locked)
            context.load_cert_chain(path, password=password)
    return context
