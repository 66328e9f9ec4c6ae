"""The command line: options in, exit status out. The work is in the other modules.

Exit status: 0 done, 1 refused (the guard can't go in, the policy can't be compiled), 2 wrong usage
or a file that can't be used.
"""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml
from rich.console import Console

from guardedmodel_api import __version__, names
from guardedmodel_api.compiled_policy import CompiledPolicy
from guardedmodel_api.v1alpha1 import GuardedModel
from guardedmodel_cli import paper
from guardedmodel_cli.documents import DocumentError, read_documents, read_guarded_model
from guardedmodel_operator.compile import Compilation, compile_policy

app = typer.Typer(
    name="guardedmodel",
    help="Safety guards for open models, and the evidence that they worked.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
ERR = Console(stderr=True, highlight=False)

ModelFile = Annotated[
    Path, typer.Option("--file", "-f", help="File with a GuardedModel; - is standard input.")
]


@app.callback()
def _root() -> None:
    """Keep sub-commands even if there is one."""


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


@app.command()
def run(
    file: ModelFile,
    upstream: Annotated[str, typer.Option(help="Base URL of the model server, without /v1.")],
    listen: Annotated[str, typer.Option(help="host:port of the guard.")] = "127.0.0.1:8080",
    admin_listen: Annotated[
        str, typer.Option(help="host:port of health, metrics and status.")
    ] = "127.0.0.1:8081",
    records: Annotated[
        Path | None, typer.Option(help="Folder for decision records; default: standard output.")
    ] = None,
    log_level: Annotated[str, typer.Option(help="debug, info, warning or error.")] = "info",
) -> None:
    """Guard a model on this machine, without Kubernetes, with the same policy.

    Example: guardedmodel run -f guardedmodel.yaml --upstream http://127.0.0.1:11434
    """
    policy = _compiled(read_guarded_model(file), _today())
    # Only this command needs the classifier's libraries.
    from guardedmodel_sidecar.lifecycle import run as run_sidecar  # noqa: PLC0415
    from guardedmodel_sidecar.settings import load_settings  # noqa: PLC0415

    options = ["--upstream", upstream, "--listen", listen, "--admin-listen", admin_listen]
    options += ["--log-level", log_level]
    if records is not None:
        records.mkdir(parents=True, exist_ok=True)
        options += ["--records-dir", str(records)]
    ERR.print(f"guard: http://{listen}/v1 -> {upstream}   policy {policy.digest}")
    raise typer.Exit(run_sidecar(load_settings(options, {}), policy=policy))


@app.command("compile")
def compile_(
    file: ModelFile,
    output: Annotated[str, typer.Option("-o", "--output", help="json or yaml.")] = "yaml",
    at: Annotated[str, typer.Option(help="Day to compile for, YYYY-MM-DD; default: today.")] = "",
) -> None:
    """Print the compiled policy, its digest and the state of each control.

    Example: guardedmodel compile -f guardedmodel.yaml --at 2027-01-01
    """
    if output not in {"json", "yaml"}:
        raise typer.BadParameter(f"{output!r} is neither json nor yaml", param_hint="--output")
    compilation = compile_policy(read_guarded_model(file), today=_day(at))
    policy = compilation.policy
    document = {
        "digest": policy.digest if policy else "",
        "policy": policy.model_dump(mode="json") if policy else None,
        "controls": compilation.controls.model_dump(mode="json", by_alias=True),
        "tightened": list(compilation.tightened),
        "refusals": [*compilation.invalid, *compilation.refusals],
        "note": names.STANDING_TEXT,
    }
    if output == "json":
        typer.echo(json.dumps(document, indent=2, ensure_ascii=False))
    else:
        typer.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=100))
    if policy is None:
        _say_refused(compilation)
        raise typer.Exit(1)


@app.command()
def inject(
    file: Annotated[
        Path, typer.Option("--file", "-f", help="Deployment, StatefulSet, DaemonSet, Job or Pod.")
    ],
    model: Annotated[Path, typer.Option(help="File with the GuardedModel.")],
    diff: Annotated[bool, typer.Option(help="Print what changes, not the whole.")] = False,
    image: Annotated[
        str, typer.Option(help="Image of the guard, where the GuardedModel names none.")
    ] = names.DEFAULT_SIDECAR_IMAGE,
) -> None:
    """Show on paper what the guard changes in a workload. Nothing is sent to a cluster.

    Example: guardedmodel inject -f deployment.yaml --model guardedmodel.yaml --diff
    """
    result = paper.inject_documents(read_documents(file), read_guarded_model(model), image)
    typer.echo(result.diff if diff else result.text, nl=False)
    for line in result.reasons:
        ERR.print(line)
    if result.refused:
        raise typer.Exit(1)


def _compiled(model: GuardedModel, day: date) -> CompiledPolicy:
    compilation = compile_policy(model, today=day)
    if compilation.policy is None:
        _say_refused(compilation)
        raise typer.Exit(1)
    for line in (*compilation.tightened, *compilation.notes):
        ERR.print(line, markup=False)
    return compilation.policy


def _say_refused(compilation: Compilation) -> None:
    ERR.print("refused:", style="bold red")
    for line in (*compilation.invalid, *compilation.refusals):
        ERR.print(f"  {line}", markup=False)


def _today() -> date:
    return datetime.now(UTC).date()


def _day(text: str) -> date:
    if not text:
        return _today()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is not YYYY-MM-DD", param_hint="--at") from error


def main() -> None:
    """Run the command line; a file that can't be used ends with status 2."""
    try:
        app()
    except DocumentError as error:
        ERR.print(str(error), style="red", markup=False)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
