"""The whole one-node cluster from our own build: control plane, node, DNS; up, down and status.

Everything it has is in one folder, and its processes are recorded there, so that a later command
finds and ends them. Up is repeatable: what runs already is left alone.
"""

from pathlib import Path

from . import addons, archive, binaries, node_config, places, processes, requirements
from . import node as nodes
from .control_plane import GRACE_SECONDS, ControlPlane, Settings
from .errors import HarnessError, WrongStateError
from .node import Node
from .progress import say, step

READY_TIMEOUT = "90s"
API_DOOR = "api"
CONTAINERD_READY_SECONDS = 20
STATIC_IMAGES = {node_config.PAUSE_IMAGE: binaries.PAUSE, addons.COREDNS_IMAGE: binaries.COREDNS}


class NodeCluster:
    """The cluster in `directory`; there is one for a machine's user."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = directory or places.cluster()
        self.node = Node(self.directory)

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig, for programs outside the node."""
        return self.directory / "admin.kubeconfig"

    @property
    def running(self) -> bool:
        """Whether the node's namespaces are there; `broken` says whether all in it still runs."""
        return self.node.running

    def broken(self) -> list[str]:
        """Names of processes that were started and have ended by themselves."""
        recorded = [*self.node.processes.values(), *self._control_plane_processes()]
        return [process.name for process in recorded if not process.alive]

    def up(self) -> None:
        """Bring it up, or leave it alone where it is up."""
        if self.running and not self.broken():
            say("the cluster is up already")
            return
        requirements.install(requirements.NODE_PACKAGES)
        requirements.check_node()
        for program in (binaries.KUBERNETES, *STATIC_IMAGES.values()):
            binaries.ensure(program)
        self.down()
        self.directory.mkdir(mode=0o700, parents=True)
        self.node = Node(self.directory)
        try:
            self._start()
        except BaseException:
            say(f"it did not come up; logs are kept in {self.directory}")
            self._end()
            raise

    def down(self) -> None:
        """End it and remove its folder; nothing is left, whatever state it was in."""
        self._end()
        nodes.remove(self.directory)

    def control_plane(self) -> ControlPlane:
        """The running control plane, to stop and start parts of it."""
        if not self.running:
            raise WrongStateError("the cluster is not up", "python -m e2e.cluster up")
        return ControlPlane(self._settings(), self.directory)

    def load(self, image_archive: Path) -> None:
        """Make a docker-archive's images known to the node."""
        self.node.containerd("images", "import", image_archive)

    def _start(self) -> None:
        with step("node: namespaces, network, cgroups"):
            self.node.start()
            self.node.open_door(API_DOOR, node_config.NODE_ADDRESS, node_config.API_PORT)
        with step("containerd"):
            self._start_containerd()
        with step("control plane"):
            plane = ControlPlane(self._settings(), self.directory)
            plane.start()
        with step("kubelet, kube-proxy, DNS"):
            self._start_kubelet(plane)
            for image, program in STATIC_IMAGES.items():
                self._load_static(image, program)
            plane.run_kubectl("apply", "-f", "-", stdin=addons.manifests())
            plane.run_kubectl(
                "wait",
                "--for=create",
                f"node/{node_config.NODE_NAME}",
                f"--timeout={READY_TIMEOUT}",
            )
            self._wait_ready(plane, f"node/{node_config.NODE_NAME}", "Ready")
            self._wait_ready(plane, "deployment/coredns", "Available", "-n", addons.NAMESPACE)

    def _settings(self) -> Settings:
        return Settings(
            address=node_config.NODE_ADDRESS,
            api_port=node_config.API_PORT,
            etcd_port=node_config.ETCD_PORT,
            peer_port=node_config.ETCD_PORT + 1,
            scheduler=True,
            cluster_range=node_config.CLUSTER_RANGE,
            enter=self.node.enter_network,
            outside_url=f"https://127.0.0.1:{self.node.door(API_DOOR)}",
        )

    def _start_containerd(self) -> None:
        kind = nodes.snapshotter(self.directory)
        config = self.node.write_config(
            "containerd.toml", node_config.containerd(self.directory, kind)
        )
        self.node.write_config("cni/10-guardedmodel.conflist", node_config.cni())
        self.node.start_daemon("containerd", ["containerd", "--config", config])
        self.node.wait("containerd", self._containerd_answers, "its socket")

    def _containerd_answers(self) -> bool:
        try:
            self.node.containerd("version")
        except HarnessError:
            return False
        return True

    def _start_kubelet(self, plane: ControlPlane) -> None:
        serving = plane.authority.server("kubelet", [node_config.NODE_ADDRESS])
        config = self.node.write_config(
            "kubelet.json",
            node_config.kubelet(self.directory, plane.ca_file, serving.certificate, serving.key),
        )
        user = f"system:node:{node_config.NODE_NAME}"
        identity = plane.kubeconfig_inside(user, ["system:nodes"])
        program = binaries.ensure(binaries.KUBERNETES)
        arguments = [
            f"--config={config}",
            f"--kubeconfig={identity}",
            f"--root-dir={self.directory / 'kubelet'}",
            f"--cert-dir={self.directory / 'pki'}",
            f"--node-ip={node_config.NODE_ADDRESS}",
            f"--hostname-override={node_config.NODE_NAME}",
        ]
        self.node.start_daemon("kubelet", [program, "kubelet", *arguments])
        proxy = self.node.write_config(
            "kube-proxy.json",
            node_config.kube_proxy(plane.kubeconfig_inside("system:kube-proxy")),
        )
        self.node.start_daemon("kube-proxy", [program, "kube-proxy", f"--config={proxy}"])

    def _load_static(self, image: str, program: binaries.GoProgram) -> None:
        built = binaries.ensure(program)
        file = built.with_suffix(".image.tar")
        if not file.exists():
            archive.write(file, image, built)
        self.load(file)

    def _wait_ready(self, plane: ControlPlane, what: str, condition: str, *more: str) -> None:
        flags = [f"--for=condition={condition}", f"--timeout={READY_TIMEOUT}", *more]
        plane.run_kubectl("wait", what, *flags)

    def _control_plane_processes(self) -> list[processes.Process]:
        return processes.load(self.directory / "processes.json")

    def _end(self) -> None:
        # The node first: an API server that ends waits for its watchers.
        self.node.stop()
        processes.stop(reversed(self._control_plane_processes()), GRACE_SECONDS)
