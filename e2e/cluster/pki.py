"""Certificates for a cluster that lives for minutes: one CA, what it signs, and key files.

Elliptic keys, because making them costs nothing; valid for days, because the cluster is not.
"""

import datetime as dt
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

Extensions = list[tuple[x509.ExtensionType, bool]]  # with whether each is critical
VALID_FOR = dt.timedelta(days=30)
CLOCK_SKEW = dt.timedelta(minutes=5)


@dataclass(frozen=True)
class KeyPair:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """A certificate authority whose files are in `folder`; made on first use, read after that."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.folder = folder
        self.certificate_file = folder / "ca.crt"
        key_file = folder / "ca.key"
        if key_file.exists():
            loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
            assert isinstance(loaded, ec.EllipticCurvePrivateKey)
            self._key = loaded
            self._certificate = x509.load_pem_x509_certificate(self.certificate_file.read_bytes())
            return
        self._key = ec.generate_private_key(ec.SECP256R1())
        name = _name("guardedmodel-test-ca", ())
        self._certificate = self._sign(name, self._key, _authority_extensions(self._key), name)
        self.certificate_file.write_bytes(_pem(self._certificate))
        _write_key(key_file, self._key)

    def server(self, name: str, addresses: Sequence[str]) -> KeyPair:
        """A server certificate for host names and IP addresses."""
        alternatives = x509.SubjectAlternativeName([_alternative(one) for one in addresses])
        return self._issue(name, _name(name, ()), [(alternatives, False)])

    def client(self, name: str, groups: Sequence[str] = (), file: str | None = None) -> KeyPair:
        """A client certificate: Kubernetes reads the user from CN and its groups from O."""
        stem = file or file_name("+".join([name, *groups]))
        return self._issue(stem, _name(name, groups), [])

    def signing_key(self, name: str) -> KeyPair:
        """A key without certificate (the public part in its place), for service-account tokens."""
        pair = KeyPair(self.folder / f"{name}.pub", self.folder / f"{name}.key")
        if not pair.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            _write_key(pair.key, key)
            public = key.public_key().public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
            pair.certificate.write_bytes(public)
        return pair

    def _issue(self, file: str, name: x509.Name, extensions: Extensions) -> KeyPair:
        pair = KeyPair(self.folder / f"{file}.crt", self.folder / f"{file}.key")
        if not pair.key.exists():
            key = ec.generate_private_key(ec.SECP256R1())
            usage = x509.ExtendedKeyUsage(
                [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            )
            issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
            certificate = self._sign(name, key, [*extensions, (usage, False), (issuer, False)])
            pair.certificate.write_bytes(_pem(certificate))
            _write_key(pair.key, key)
        return pair

    def _sign(
        self,
        name: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        extensions: Extensions,
        issuer: x509.Name | None = None,
    ) -> x509.Certificate:
        now = dt.datetime.now(dt.UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(issuer or self._certificate.subject)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - CLOCK_SKEW)
            .not_valid_after(now + VALID_FOR)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self._key, hashes.SHA256())


def _authority_extensions(key: ec.EllipticCurvePrivateKey) -> Extensions:
    """What strict verifiers (Python's from 3.13 on) want to see in a CA."""
    no = dict.fromkeys(
        (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return [
        (x509.BasicConstraints(ca=True, path_length=None), True),
        (x509.KeyUsage(key_cert_sign=True, crl_sign=True, **no), True),
        (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
    ]


def _name(common: str, organisations: Sequence[str]) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, each) for each in organisations]
    return x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def file_name(text: str) -> str:
    """The text with whatever a file name had better not have replaced."""
    return "".join(each if each.isalnum() or each in "-._+" else "-" for each in text)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _write_key(file: Path, key: ec.EllipticCurvePrivateKey) -> None:
    file.touch(mode=0o600)
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
