"""Certificates of the webhook: own CA, serving certificate, rotation with overlap. No IO.

Two CAs stand in the bundle while one takes over from the other, so that no API server that has read
the old bundle, or only the new one, ever meets a certificate that it can't check.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_LIFETIME = timedelta(days=365)
CA_RENEW_BEFORE = timedelta(days=120)
SERVING_LIFETIME = timedelta(days=90)
SERVING_RENEW_BEFORE = timedelta(days=30)
# An API server may have a slow clock.
_BACKDATE = timedelta(minutes=10)

# Keys of the Secret.
CA_CERT, CA_KEY, CA_OLD = "ca.crt", "ca.key", "ca-old.crt"
TLS_CERT, TLS_KEY = "tls.crt", "tls.key"


class Action(StrEnum):
    """What a look at the certificates asks for."""

    NONE = "none"
    NEW_CA = "new_ca"  # a new CA and serving certificate; the old CA stays in the bundle
    NEW_SERVING = "new_serving"
    DROP_OLD_CA = "drop_old_ca"  # nothing signed by it is left


@dataclass(frozen=True)
class Bundle:
    """Everything in the Secret, as PEM."""

    ca_cert: bytes
    ca_key: bytes
    tls_cert: bytes
    tls_key: bytes
    ca_old: bytes = b""

    @property
    def trust(self) -> bytes:
        """The caBundle: the present CA and, while it overlaps, the one before."""
        return self.ca_cert + self.ca_old

    def to_data(self) -> dict[str, bytes]:
        """As the data of a Secret."""
        return {
            CA_CERT: self.ca_cert,
            CA_KEY: self.ca_key,
            CA_OLD: self.ca_old,
            TLS_CERT: self.tls_cert,
            TLS_KEY: self.tls_key,
        }

    @classmethod
    def from_data(cls, data: dict[str, bytes]) -> "Bundle | None":
        """From a Secret's data; None if something is missing."""
        if any(not data.get(key) for key in (CA_CERT, CA_KEY, TLS_CERT, TLS_KEY)):
            return None
        return cls(
            data[CA_CERT], data[CA_KEY], data[TLS_CERT], data[TLS_KEY], data.get(CA_OLD, b"")
        )


def rotation(bundle: Bundle | None, now: datetime) -> Action:
    """What is due at `now` (timezone-aware)."""
    if bundle is None:
        return Action.NEW_CA
    if expires(bundle.ca_cert) - now < CA_RENEW_BEFORE:
        return Action.NEW_CA
    if expires(bundle.tls_cert) - now < SERVING_RENEW_BEFORE:
        return Action.NEW_SERVING
    if bundle.ca_old and expires(bundle.ca_old) <= now:
        return Action.DROP_OLD_CA
    return Action.NONE


def apply_rotation(
    bundle: Bundle | None, action: Action, hosts: tuple[str, ...], now: datetime
) -> Bundle:
    """The bundle after `action`; `hosts` are the DNS names of the webhook's Service."""
    if bundle is None or action is Action.NEW_CA:
        ca_cert, ca_key = _new_ca(now)
        tls_cert, tls_key = _new_serving(ca_cert, ca_key, hosts, now)
        old = bundle.ca_cert if bundle is not None else b""
        return Bundle(ca_cert, ca_key, tls_cert, tls_key, ca_old=old)
    if action is Action.NEW_SERVING:
        tls_cert, tls_key = _new_serving(bundle.ca_cert, bundle.ca_key, hosts, now)
        return replace(bundle, tls_cert=tls_cert, tls_key=tls_key)
    if action is Action.DROP_OLD_CA:
        return replace(bundle, ca_old=b"")
    return bundle


def expires(certificate: bytes) -> datetime:
    """End of validity of a PEM certificate."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def _new_ca(now: datetime) -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guardedmodel-admission-ca")])
    usage = x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _builder(name, name, key.public_key(), now, CA_LIFETIME)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key)


def _new_serving(
    ca_cert: bytes, ca_key: bytes, hosts: tuple[str, ...], now: datetime
) -> tuple[bytes, bytes]:
    authority = x509.load_pem_x509_certificate(ca_cert)
    signer = serialization.load_pem_private_key(ca_key, password=None)
    if not isinstance(signer, ec.EllipticCurvePrivateKey):
        raise TypeError("the CA's key in the Secret is not an elliptic-curve key")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "guardedmodel-admission")])
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    certificate = (
        _builder(name, authority.subject, key.public_key(), now, SERVING_LIFETIME)
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(signer, hashes.SHA256())
    )
    return _pem(certificate), _key_pem(key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: ec.EllipticCurvePublicKey,
    now: datetime,
    lifetime: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATE)
        .not_valid_after(now + lifetime)
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
