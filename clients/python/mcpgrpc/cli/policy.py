"""`mcpgrpc policy check`: what a policy file says about one caller, and why.

It talks to no server and changes nothing: a server reads the file by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mcpgrpc.cli.failures import CommandError, MisuseError
from mcpgrpc.cli.server_extra import server_extra
from mcpgrpc.cli.terminal import write, write_json
from mcpgrpc.cli.words import WordsCommand, WordsGroup

if TYPE_CHECKING:
    from mcpgrpc_server.rights.decision import Decision, Rights

_METHODS = {"tool": "tools/call", "prompt": "prompts/get", "resource": "resources/read"}


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    policy = typer.Typer(
        cls=WordsGroup, no_args_is_help=True, help="Explain what a policy file allows."
    )
    policy.callback()(lambda: None)
    policy.command("check", cls=WordsCommand)(check)
    app.add_typer(policy, name="policy")


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The policy, in TOML.")],
    subject: Annotated[
        str,
        typer.Option(
            "--subject",
            metavar="SUBJECT",
            help="Who calls: api_key:NAME, jwt:NAME, mtls:NAME or anonymous.",
        ),
    ] = "anonymous",
    scope: Annotated[
        list[str] | None, typer.Option("--scope", metavar="SCOPE", help="A scope held; repeatable.")
    ] = None,
    method: Annotated[
        str | None, typer.Option("--method", metavar="METHOD", help="Such as tools/call.")
    ] = None,
    tool: Annotated[str | None, typer.Option("--tool", metavar="NAME", help="A tool.")] = None,
    prompt: Annotated[
        str | None, typer.Option("--prompt", metavar="NAME", help="A prompt.")
    ] = None,
    resource: Annotated[
        str | None, typer.Option("--resource", metavar="URI", help="A resource.")
    ] = None,
    output: Annotated[
        str, typer.Option("--output", metavar="table|json", help="For people, or JSON.")
    ] = "table",
) -> None:
    """Say whether a caller may do one thing, and which rule decides.

    Exit code 0 when it may, 1 when it may not. Without a thing to do the file
    alone is checked.
    """
    named = {"tool": tool, "prompt": prompt, "resource": resource}
    given = {kind: name for kind, name in named.items() if name is not None}
    if len(given) > 1:
        raise MisuseError("give one of --tool, --prompt and --resource")
    if output not in ("table", "json"):
        raise MisuseError(f"--output is table or json, not {output!r}")
    rights = _rights(file, subject, frozenset(scope or ()))
    if not given and method is None:
        write(f"{file} is a policy that can be used")
        return
    decision = _decide(rights, method, given)
    if output == "json":
        write_json({"verdict": decision.verdict.value, "why": decision.why})
    else:
        write(f"{decision.verdict.value}: {decision.why}")
    if decision.verdict.value != "allowed":
        raise typer.Exit(1)


def _rights(file: str, subject: str, scopes: frozenset[str]) -> Rights:
    with server_extra():
        from mcpgrpc_server.identity import ANONYMOUS, Identity, IdentityKind
        from mcpgrpc_server.rights.decision import Rights
        from mcpgrpc_server.rights.policy import PolicyError, parse_policy

    kind, _, name = subject.partition(":")
    known = {each.value for each in IdentityKind}
    if kind not in known or bool(name) == (kind == IdentityKind.ANONYMOUS.value):
        raise MisuseError(
            f"--subject is api_key:NAME, jwt:NAME, mtls:NAME or anonymous, not {subject!r}"
        )
    caller = Identity(name, IdentityKind(kind), scopes=scopes) if name else ANONYMOUS
    try:
        return Rights(parse_policy(Path(file).read_bytes()), caller)
    except OSError as error:
        raise MisuseError(f"cannot read {file}: {(error.strerror or 'failed').lower()}") from None
    except PolicyError as error:
        raise CommandError(f"cannot use the policy in {file}: {error}") from None


def _decide(rights: Rights, method: str | None, given: dict[str, str]) -> Decision:
    from mcpgrpc_server.rights.vocabulary import Kind

    if not given:
        return rights.for_method(method or "")
    (word, name), *_ = given.items()
    return rights.for_name(method or _METHODS[word], Kind(f"{word}s"), name)
