"""The first process of the node's namespaces: a program of its own, standard library only.

As process 1 of a pid namespace it adopts every container's helper, and has to reap them. When it
ends, the kernel kills all others in the namespace, and with them go mounts, interfaces and firewall
rules: that is what makes the node's tear-down complete.

    unshare --net --mount --pid --fork --mount-proc python node_init.py MARKER

Prepares the mount namespace, then touches MARKER and waits.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

# Kubelet insists on these, and they are the whole machine's. It finds them as it wants them, in
# files that cover the real ones in this mount namespace only.
MACHINE_WIDE_SETTINGS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
# Where container tools leave files at fixed paths: fresh ones, gone with the namespace.
OWN_FOLDERS = ("/run", "/var/log", "/var/lib/cni", "/var/lib/kubelet")


def main(marker: Path) -> None:
    """Prepare, report, reap until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    # Volumes mounted by kubelet must reach the containers that containerd starts.
    _run("mount", "--make-rshared", "/")
    for folder in OWN_FOLDERS:
        if Path(folder).is_dir():
            _run("mount", "-t", "tmpfs", "guardedmodel", folder)
    for setting, value in MACHINE_WIDE_SETTINGS.items():
        cover = Path("/run") / setting.replace("/", ".")
        cover.write_text(value)
        _run("mount", "--bind", str(cover), f"/proc/sys/{setting}")
    marker.touch()
    while True:
        try:
            os.wait()
        except ChildProcessError:
            time.sleep(1)


def _run(*command: str) -> None:
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
