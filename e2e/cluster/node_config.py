"""Configuration files of the one node: pure, from a folder to documents.

Kubernetes' own formats are written as JSON, which is YAML.
"""

from pathlib import Path
from typing import Any

from .components import SERVICE_RANGE

NODE_NAME = "guardedmodel"
NODE_ADDRESS = "10.200.0.2"
NODE_SUBNET = f"{NODE_ADDRESS}/24"
API_PORT = 6443
ETCD_PORT = 2379  # and the next one for its peers; both on the node's own loopback
CLUSTER_RANGE = "10.244.0.0/16"
POD_SUBNET = "10.244.0.0/24"  # the controller manager gives the first node the first /24
DNS_ADDRESS = "10.96.0.10"
CLUSTER_DOMAIN = "cluster.local"
CGROUP = "/guardedmodel"
CNI_PROGRAMS = Path("/usr/lib/cni")  # Debian's containernetworking-plugins
PAUSE_IMAGE = "guardedmodel.local/e2e/pause:1"


def containerd_socket(folder: Path) -> Path:
    """The socket of the node's containerd, reachable from outside the namespaces as well."""
    return folder / "containerd.sock"


def containerd(folder: Path, snapshotter: str) -> str:
    """config.toml for containerd 1.6 and later 1.x."""
    return f"""\
version = 2
root = "{folder}/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.internal.v1.opt"]

[grpc]
  address = "{containerd_socket(folder)}"

[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "{PAUSE_IMAGE}"
  # Neither AppArmor nor a lowered OOM score can be relied on in a restricted root.
  disable_apparmor = true
  restrict_oom_score_adj = true

[plugins."io.containerd.grpc.v1.cri".containerd]
  snapshotter = "{snapshotter}"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".cni]
  bin_dir = "{CNI_PROGRAMS}"
  conf_dir = "{folder}/cni"
"""


def cni() -> dict[str, Any]:
    """A point-to-point link for each pod.

    Not a bridge: between ports of a bridge, packets would pass by the firewall that enforces
    NetworkPolicy unless a kernel setting sends them through it.
    """
    return {
        "cniVersion": "0.4.0",
        "name": "guardedmodel",
        "plugins": [
            {
                "type": "ptp",
                "ipMasq": False,
                "ipam": {
                    "type": "host-local",
                    "ranges": [[{"subnet": POD_SUBNET}]],
                    "routes": [{"dst": "0.0.0.0/0"}],
                },
            },
            {"type": "portmap", "capabilities": {"portMappings": True}},
        ],
    }


def kubelet(folder: Path, authority: Path, certificate: Path, key: Path) -> dict[str, Any]:
    """KubeletConfiguration."""
    return {
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "kind": "KubeletConfiguration",
        "address": NODE_ADDRESS,
        "healthzBindAddress": "127.0.0.1",
        "authentication": {
            "anonymous": {"enabled": False},
            "x509": {"clientCAFile": str(authority)},
        },
        "authorization": {"mode": "Webhook"},
        "tlsCertFile": str(certificate),
        "tlsPrivateKeyFile": str(key),
        "containerRuntimeEndpoint": f"unix://{containerd_socket(folder)}",
        "podLogsDir": str(folder / "pod-logs"),
        "volumePluginDir": str(folder / "volume-plugins"),
        "clusterDNS": [DNS_ADDRESS],
        "clusterDomain": CLUSTER_DOMAIN,
        "resolvConf": str(folder / "resolv.conf"),
        "cgroupDriver": "cgroupfs",
        "cgroupRoot": CGROUP,
        "failCgroupV1": False,
        "enforceNodeAllocatable": [],
        "failSwapOn": False,
        "oomScoreAdj": 0,
        # Root without every capability is what containers and many CI machines give.
        "featureGates": {"KubeletInUserNamespace": True},
        # Images here can't be pulled again: none may ever be collected.
        "imageGCHighThresholdPercent": 100,
        "imageGCLowThresholdPercent": 99,
        "evictionHard": {
            "memory.available": "100Mi",
            "nodefs.available": "1%",
            "imagefs.available": "1%",
            "nodefs.inodesFree": "1%",
        },
    }


def kube_proxy(config: Path) -> dict[str, Any]:
    """KubeProxyConfiguration."""
    return {
        "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
        "kind": "KubeProxyConfiguration",
        "clientConnection": {"kubeconfig": str(config)},
        "mode": "iptables",
        "clusterCIDR": CLUSTER_RANGE,
        "bindAddress": NODE_ADDRESS,
        "healthzBindAddress": "127.0.0.1:10256",
        "metricsBindAddress": "127.0.0.1:10249",
        "oomScoreAdj": 0,
        # The limit of tracked connections belongs to the machine, not to the namespace.
        "conntrack": {"maxPerCore": 0, "min": 0},
        "hostnameOverride": NODE_NAME,
    }


def interface_commands() -> list[list[str]]:
    """The node's network: an address of its own, and a way to service addresses; nothing else.

    Both ends of the veth pair stay inside: it is there only to carry the address.
    """
    return [
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", "node0", "type", "veth", "peer", "name", "node1"],
        ["ip", "link", "set", "node0", "up"],
        ["ip", "link", "set", "node1", "up"],
        ["ip", "address", "add", NODE_SUBNET, "dev", "node0"],
        # Without a route the kernel refuses before kube-proxy's rules are asked.
        ["ip", "route", "add", SERVICE_RANGE, "dev", "node0"],
        ["sysctl", "-q", "-w", "net.ipv4.ip_forward=1"],
    ]
