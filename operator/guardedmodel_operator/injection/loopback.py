"""Let a model server listen on 127.0.0.1 only, by the switch that each server has. Pure.

vLLM: `--host`, `--port`. llama.cpp's server: `--host`, `--port` (also LLAMA_ARG_HOST). Ollama:
OLLAMA_HOST. Text Generation Inference: `--hostname`, `--port` (also HOSTNAME). A server of
protocol `openai` is unknown: its arguments are left alone, and condition Isolated tells whether
its port is closed.
"""

from typing import Any

from guardedmodel_api.v1alpha1.serving import Protocol

LOOPBACK = "127.0.0.1"
_HOST_OPTION = {Protocol.VLLM: "--host", Protocol.LLAMA_CPP: "--host", Protocol.TGI: "--hostname"}
# TGI's other listener: its Prometheus port is opened on all addresses, and shows no text.


def bind_to_loopback(container: dict[str, Any], protocol: Protocol, port: int) -> None:
    """Change `container` (a copy that the caller owns) so that it listens on loopback:`port`."""
    if protocol is Protocol.OLLAMA:
        _set_env(container, "OLLAMA_HOST", f"{LOOPBACK}:{port}")
    elif protocol in _HOST_OPTION:
        where = "args" if container.get("args") or not _has_options(container) else "command"
        options = list(container.get(where) or [])
        options = _set_option(options, _HOST_OPTION[protocol], LOOPBACK)
        container[where] = _set_option(options, "--port", str(port))
        if protocol is Protocol.LLAMA_CPP:
            _set_env(container, "LLAMA_ARG_HOST", LOOPBACK)
        if protocol is Protocol.TGI:
            _set_env(container, "HOSTNAME", LOOPBACK)


def _has_options(container: dict[str, Any]) -> bool:
    """Whether the options stand in `command`, with no `args` beside it."""
    return any(str(part).startswith("--") for part in container.get("command") or [])


def _set_option(options: list[str], name: str, value: str) -> list[str]:
    """`options` with every `name X` and `name=X` gone and one `name value` at the end."""
    kept: list[str] = []
    skip = False
    for option in options:
        if skip:
            skip = False
        elif option == name:
            skip = True
        elif not option.startswith(f"{name}="):
            kept.append(option)
    return [*kept, name, value]


def _set_env(container: dict[str, Any], name: str, value: str) -> None:
    others = [item for item in container.get("env") or [] if item.get("name") != name]
    container["env"] = [*others, {"name": name, "value": value}]
