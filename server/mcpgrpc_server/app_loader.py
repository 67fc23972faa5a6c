"""Finds the server object that APP names: imports its module, and picks it.

It does not start or inspect the server, and never calls anything in the module.
"""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import sys
import sysconfig
import traceback
import zlib
from inspect import getsource, isclass, isroutine
from pathlib import Path
from types import ModuleType
from typing import Final

from mcpgrpc.logs.redaction import clip, escape_controls
from mcpgrpc_server.sdk.internals import is_server
from mcpgrpc_server.sdk.sealing import mark_process_keys

MAX_REASON_CHARACTERS: Final = 500
MAX_NAMES_SHOWN: Final = 10


class AppLoadError(Exception):
    """APP cannot be served. `str()` says what happened, to what and what to do, in one line."""


def load_app(spec: str) -> object:
    """The SDK server that an APP names.

    Args:
        spec: `path/to/file.py:attribute` or `package.module:attribute`; the attribute may be
            dotted. Without one, the only server object of the module. A file's folder, or for a
            module the current folder, is first on `sys.path` from then on, as it is for `python`.

    Raises:
        AppLoadError: not there, does not import, or names no server. What a module raises while it
            is imported is told in it, except KeyboardInterrupt.
    """
    target, colon, attribute = spec.rpartition(":") if ":" in spec else (spec, "", "")
    if not target or (colon and not attribute):
        raise AppLoadError(f"{_line(spec)}: APP is FILE.py:ATTRIBUTE or PACKAGE.MODULE:ATTRIBUTE")
    mark_process_keys()
    module = _import(target)
    return _attribute(module, target, attribute) if attribute else _only_server(module, target)


def _import(target: str) -> ModuleType:
    try:
        return _import_file(target) if _is_path(target) else _import_module(target)
    except AppLoadError:
        raise
    except (Exception, SystemExit) as error:
        raise AppLoadError(_does_not_import(target, error)) from error


def _is_path(target: str) -> bool:
    return target.endswith(".py") or "/" in target or "\\" in target


def _import_file(target: str) -> ModuleType:
    path = Path(target).resolve()
    if not path.is_file() or path.suffix != ".py":
        raise AppLoadError(_no_file(target, path))
    name = path.stem.replace(".", "_")
    loaded = sys.modules.get(name)
    if loaded is not None and not _is_of_file(loaded, path):
        # Another module has the name, as for a file called json.py; it keeps it.
        name = f"{name}_{zlib.crc32(str(path).encode()):08x}"
        loaded = sys.modules.get(name)
    return loaded or _execute(name, path, target)


def _execute(name: str, path: Path, target: str) -> ModuleType:
    _put_first(path.parent)
    spec = importlib.util.spec_from_file_location(name, path)
    # There is one for every .py file.
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # Registered before it runs: dataclasses and pickle look up a class's module by name.
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _import_module(target: str) -> ModuleType:
    if not all(part.isidentifier() for part in target.split(".")):
        raise AppLoadError(f"{_line(target)} is neither a .py file nor the name of a module")
    _put_first(Path.cwd())
    return importlib.import_module(target)


def _is_of_file(module: ModuleType, path: Path) -> bool:
    return module.__file__ is not None and Path(module.__file__).resolve() == path


def _put_first(folder: Path) -> None:
    if sys.path[0] != str(folder):
        sys.path.insert(0, str(folder))


def _no_file(target: str, path: Path) -> str:
    shown = _line(target)
    if path.is_dir():
        return f"{shown} is a folder; name the .py file in it"
    if path.is_file():
        return f"{shown} is no Python file: its name must end in .py"
    if path.with_suffix(".py").is_file():
        return f"there is no file {shown}; did you mean {shown}.py?"
    return f"there is no file {shown} (looked for {_line(str(path))})"


def _does_not_import(target: str, error: BaseException) -> str:
    shown = _line(target)
    if isinstance(error, ModuleNotFoundError) and f"{target}.".startswith(f"{error.name}."):
        return f"there is no module {shown} in the current folder or on sys.path: {error.msg}"
    told = _line(f"{type(error).__name__}: {traceback.TracebackException.from_exception(error)}")
    # A syntax error names its file and line itself.
    where = "" if isinstance(error, SyntaxError) else f" ({_place(error)})"
    if isinstance(error, SystemExit):
        return (
            f"{shown} ended the program while it was imported{where}; put what runs it under"
            ' `if __name__ == "__main__":`'
        )
    return f"{shown} does not import: {told}{where}"


def _place(error: BaseException) -> str:
    """The file and line of the application that an error came through last."""
    frames = traceback.extract_tb(error.__traceback__)
    libraries = tuple(sysconfig.get_paths()[key] for key in ("stdlib", "purelib", "platlib"))
    own = [each for each in frames if not each.filename.startswith((*libraries, "<", __file__))]
    frame = (own or frames)[-1]
    path = Path(frame.filename)
    shown = path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path
    return f"{_line(str(shown))}, line {frame.lineno}"


def _attribute(module: ModuleType, target: str, attribute: str) -> object:
    found: object = module
    for name in attribute.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            raise AppLoadError(
                f"{_line(target)} has no {_line(attribute)}{_instead(found, name, module)}"
            ) from None
    if not is_server(found):
        raise AppLoadError(f"{_line(target)}:{_line(attribute)} is {_no_server(found, attribute)}")
    return found


def _instead(owner: object, name: str, module: ModuleType) -> str:
    close = difflib.get_close_matches(name, dir(owner), n=3)
    if close:
        return f"; did you mean {' or '.join(close)}?"
    servers = _names(_servers(module))
    return f"; its servers: {servers}" if servers else "; it holds no server at its top level"


def _no_server(found: object, attribute: str) -> str:
    if isroutine(found):
        call = f"server = {_line(attribute)}()"
        return f"a function; call it in the module ({call}) and name what it gives"
    if isclass(found):
        return "a class; make an instance in the module and name that"
    kind = f"{type(found).__module__}.{type(found).__qualname__}".removeprefix("builtins.")
    return f"of type {kind}; an APP is an MCPServer or a low-level Server of the `mcp` package"


def _only_server(module: ModuleType, target: str) -> object:
    shown = _line(target)
    servers = _servers(module)
    if not servers:
        raise AppLoadError(
            f'{shown} holds no server; make one at its top level, such as app = MCPServer("name"),'
            f" or say where it is: {shown}:ATTRIBUTE"
        )
    if len(servers) > 1:
        raise AppLoadError(
            f"{shown} holds {len(servers)} servers: {_names(servers)};"
            f" say which, such as {shown}:{next(iter(servers))}"
        )
    return next(iter(servers.values()))


def _servers(module: ModuleType) -> dict[str, object]:
    """The server objects of a module by their first name; imported ones if it has none itself."""
    assigned = _assigned_names(module)
    found: dict[int, tuple[str, object]] = {}
    for name, value in sorted(vars(module).items(), key=lambda item: item[0] not in assigned):
        if is_server(value):
            found.setdefault(id(value), (name, value))
    servers = dict(found.values())
    return {name: value for name, value in servers.items() if name in assigned} or servers


def _assigned_names(module: ModuleType) -> set[str]:
    """The names that a module's source binds otherwise than by importing them."""
    try:
        tree = ast.parse(getsource(module))
    except (OSError, TypeError):
        # A module without source, such as an extension: nothing tells its names apart.
        return set()
    return {
        node.id
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


def _names(servers: dict[str, object]) -> str:
    more = len(servers) - MAX_NAMES_SHOWN
    shown = ", ".join(list(servers)[:MAX_NAMES_SHOWN])
    return f"{shown} and {more} more" if more > 0 else shown


def _line(text: str) -> str:
    return clip(escape_controls(" ".join(text.split())), MAX_REASON_CHARACTERS)
