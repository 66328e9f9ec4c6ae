"""The command lines of a control plane's parts: pure, from a layout to lists of arguments."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

SERVICE_RANGE = "10.96.0.0/16"
API_SERVER_SERVICE = "10.96.0.1"  # the first address of the range is the API server's own
LOOPBACK = "127.0.0.1"
SERVER_NAMES = (
    "localhost",
    LOOPBACK,
    API_SERVER_SERVICE,
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
)

# Names of certificate files, each once.
API_SERVER = "kube-apiserver"
ETCD = "etcd"
ETCD_CLIENT = "kube-apiserver-etcd-client"
KUBELET_CLIENT = "kube-apiserver-kubelet-client"
FRONT_PROXY = "front-proxy-client"
ACCOUNTS = "service-accounts"


@dataclass(frozen=True)
class Layout:
    """Where a control plane's files are, and where it listens."""

    directory: Path
    address: str
    api_port: int
    etcd_port: int
    peer_port: int
    feature_gates: Mapping[str, bool] = field(default_factory=dict)
    runtime_config: Sequence[str] = ()
    cluster_range: str | None = None  # pod addresses; None where there is no node

    @property
    def authority(self) -> Path:
        """The CA's certificate."""
        return self.certificate("ca")

    def certificate(self, name: str) -> Path:
        """The certificate file of that name."""
        return self.directory / "pki" / f"{name}.crt"

    def key(self, name: str) -> Path:
        """Its key."""
        return self.directory / "pki" / f"{name}.key"


def etcd(layout: Layout) -> list[str]:
    """Arguments of etcd: loopback only, and no flush to disk for data that lives for minutes."""
    client = f"https://{LOOPBACK}:{layout.etcd_port}"
    peer = f"http://{LOOPBACK}:{layout.peer_port}"
    return [
        f"--data-dir={layout.directory / 'etcd'}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        f"--cert-file={layout.certificate(ETCD)}",
        f"--key-file={layout.key(ETCD)}",
        f"--trusted-ca-file={layout.authority}",
        "--client-cert-auth",  # other users of the machine reach loopback too
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def api_server(layout: Layout) -> list[str]:
    """Arguments of kube-apiserver."""
    # Endpoints on loopback are refused by validation, and nobody would use them.
    reconciler = "none" if layout.address == LOOPBACK else "lease"
    return [
        f"--etcd-servers=https://{LOOPBACK}:{layout.etcd_port}",
        f"--etcd-cafile={layout.authority}",
        f"--etcd-certfile={layout.certificate(ETCD_CLIENT)}",
        f"--etcd-keyfile={layout.key(ETCD_CLIENT)}",
        f"--bind-address={layout.address}",
        f"--advertise-address={layout.address}",
        f"--endpoint-reconciler-type={reconciler}",
        f"--secure-port={layout.api_port}",
        f"--tls-cert-file={layout.certificate(API_SERVER)}",
        f"--tls-private-key-file={layout.key(API_SERVER)}",
        f"--client-ca-file={layout.authority}",
        f"--kubelet-certificate-authority={layout.authority}",
        f"--kubelet-client-certificate={layout.certificate(KUBELET_CLIENT)}",
        f"--kubelet-client-key={layout.key(KUBELET_CLIENT)}",
        "--kubelet-preferred-address-types=InternalIP",
        f"--proxy-client-cert-file={layout.certificate(FRONT_PROXY)}",
        f"--proxy-client-key-file={layout.key(FRONT_PROXY)}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={layout.directory / 'pki' / ACCOUNTS}.pub",
        f"--service-account-signing-key-file={layout.key(ACCOUNTS)}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
        "--authorization-mode=Node,RBAC",
        "--allow-privileged=true",
        "--profiling=false",
        *_gates(layout),
        *([f"--runtime-config={','.join(layout.runtime_config)}"] if layout.runtime_config else []),
    ]


def controller_manager(layout: Layout, config: Path) -> list[str]:
    """Arguments of kube-controller-manager."""
    ranges = [
        "--allocate-node-cidrs=true",
        f"--cluster-cidr={layout.cluster_range}",
        f"--service-cluster-ip-range={SERVICE_RANGE}",
    ]
    return [
        *_identity(config),
        "--use-service-account-credentials=true",
        f"--service-account-private-key-file={layout.key(ACCOUNTS)}",
        f"--root-ca-file={layout.authority}",
        f"--cluster-signing-cert-file={layout.authority}",
        f"--cluster-signing-key-file={layout.key('ca')}",
        "--leader-elect=false",
        "--secure-port=0",
        # Its own default of 20 requests a second makes the start last five seconds.
        "--kube-api-qps=1000",
        "--kube-api-burst=2000",
        *(ranges if layout.cluster_range else []),
        *_gates(layout),
    ]


def scheduler(config: Path) -> list[str]:
    """Arguments of kube-scheduler."""
    return [*_identity(config), "--leader-elect=false", "--secure-port=0"]


def _identity(config: Path) -> list[str]:
    return [
        f"--kubeconfig={config}",
        f"--authentication-kubeconfig={config}",
        f"--authorization-kubeconfig={config}",
    ]


def _gates(layout: Layout) -> list[str]:
    gates = ",".join(f"{name}={str(on).lower()}" for name, on in layout.feature_gates.items())
    return [f"--feature-gates={gates}"] if gates else []
