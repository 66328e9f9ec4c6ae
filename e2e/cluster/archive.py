"""A container image that is one static program, as a docker-archive: no image builder needed."""

import hashlib
import io
import json
import tarfile
from pathlib import Path

from . import golang


def write(target: Path, name: str, program: Path, user: str = "65532:65532") -> None:
    """Write an image called `name` whose only file and entry point is the program."""
    layer = _tar({f"{program.name}": (program.read_bytes(), 0o755)})
    layer_name = f"{hashlib.sha256(layer).hexdigest()}.tar"
    config = json.dumps(
        {
            "architecture": golang.architecture(),
            "os": "linux",
            "config": {"Entrypoint": [f"/{program.name}"], "User": user},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer_name.removesuffix('.tar')}"]},
            "history": [{"created_by": "e2e.cluster.archive"}],
        }
    ).encode()
    config_name = f"{hashlib.sha256(config).hexdigest()}.json"
    manifest = [{"Config": config_name, "RepoTags": [name], "Layers": [layer_name]}]
    files = {
        layer_name: (layer, 0o644),
        config_name: (config, 0o644),
        "manifest.json": (json.dumps(manifest).encode(), 0o644),
    }
    draft = target.with_suffix(".draft")
    draft.write_bytes(_tar(files))
    draft.replace(target)


def _tar(files: dict[str, tuple[bytes, int]]) -> bytes:
    """A tar without times and owners: the same program makes the same image."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, (content, mode) in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()
