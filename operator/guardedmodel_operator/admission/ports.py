"""What admission needs of the cluster, as protocols: the server and its tests know no more."""

from typing import Protocol

from guardedmodel_api.v1alpha1.guarded_model import GuardedModel
from guardedmodel_operator.admission.certificates import Bundle
from guardedmodel_operator.admission.review import GuardedPods


class ModelLookup(Protocol):
    """Where GuardedModels come from."""

    async def find(self, namespace: str, name: str) -> GuardedModel | None:
        """The GuardedModel, or None if there is none; raises if the cluster can't be asked."""

    async def guarded_pods(self, namespace: str) -> tuple[GuardedPods, ...]:
        """The guarded pods of a namespace, by their labels."""


class CertificateStore(Protocol):
    """Where the certificates live, and where the trust is written."""

    async def read(self) -> tuple[Bundle | None, str]:
        """The bundle and the resource version that a write must name."""

    async def write(self, bundle: Bundle, version: str) -> bool:
        """Store `bundle`; False if somebody else wrote since `version`."""

    async def trust(self, ca_bundle: bytes) -> None:
        """Write the caBundle into the webhook configurations that Helm owns."""
