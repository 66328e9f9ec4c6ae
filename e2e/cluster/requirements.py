"""What the machine must offer for a node: root, kernel features, Debian packages.

Checked before anything is started, so that a missing one is a sentence and not a stack of logs.
"""

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .errors import MissingPrivilegeError, MissingToolError
from .progress import say

# What a tool is called, and the Debian package that has it.
NODE_PACKAGES = {
    "containerd": "containerd",
    "runc": "runc",
    "/usr/lib/cni/ptp": "containernetworking-plugins",
    "iptables": "iptables",
    "nft": "nftables",
    "conntrack": "conntrack",
    "ip": "iproute2",
    "nsenter": "util-linux",
}
IMAGE_PACKAGES = {"buildah": "buildah", "mmdebstrap": "mmdebstrap"}
PROMETHEUS_PACKAGES = {"prometheus": "prometheus"}
APT = ["apt-get", "-o", "DPkg::Lock::Timeout=300", "-q"]


def install(wanted: dict[str, str]) -> None:
    """Install the Debian packages of the tools that are missing."""
    missing = missing_packages(wanted)
    if not missing:
        return
    line = f"apt-get install --no-install-recommends {' '.join(missing)}"
    if shutil.which("apt-get") is None:
        raise MissingToolError(
            f"missing programs: {', '.join(missing)}", "install them with your package manager"
        )
    if os.geteuid() != 0:
        raise MissingPrivilegeError(f"missing packages: {', '.join(missing)}", f"sudo {line}")
    say(line)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    command = [*APT, "install", "-y", "--no-install-recommends", *missing]
    done = _quietly(command, environment)
    if done.returncode != 0:  # package lists may be old or absent
        _quietly([*APT, "update"], environment)
        done = _quietly(command, environment)
    if done.returncode != 0:
        raise MissingToolError(f"{line} failed:\n{done.stdout[-800:]}", "install them by hand")


def missing_packages(wanted: dict[str, str]) -> list[str]:
    """Packages whose tool is not there."""
    return sorted({package for tool, package in wanted.items() if not _there(tool)})


def check_node() -> None:
    """Raise unless this process may make namespaces, mounts and cgroups."""
    if os.geteuid() != 0:
        raise MissingPrivilegeError(
            "a node needs root: it mounts, and makes namespaces and cgroups",
            "run as root, or install kind, or set KUBECONFIG to a cluster that you have",
        )
    probe = ["unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise MissingPrivilegeError(
            f"namespaces can't be made here: {done.stderr.strip()}",
            "CAP_SYS_ADMIN and CAP_NET_ADMIN are needed (docker run --privileged gives both)",
        )
    if not os.access("/sys/fs/cgroup", os.W_OK):
        raise MissingPrivilegeError(
            "/sys/fs/cgroup is read-only", "docker run --privileged --cgroupns=host"
        )


def have(tools: Sequence[str]) -> bool:
    """Whether all tools are there."""
    return all(_there(tool) for tool in tools)


def _there(tool: str) -> bool:
    return Path(tool).exists() if tool.startswith("/") else shutil.which(tool) is not None


def _quietly(command: list[str], environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
