"""An index of the Python standard library that is installed: its names, their texts, their places.

It is not a server and not an importer: everything is read from source files with `ast`, and no
module is ever imported, so looking up `antigravity` opens no browser.
"""

import ast
import builtins
import difflib
import os
import sys
import time
import tokenize
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import anyio
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ResourceNotFoundError

MAX_FILES = 2_000
MAX_FILE_BYTES = 1_000_000
MAX_LIBRARY_BYTES = 40_000_000
MAX_ALIAS_LOOKUPS = 64
MAX_MEMBERS = 200
MAX_COMPLETIONS = 100
BATCH_FILES = 20
SEARCH_BUDGET_SECONDS = 2.0
INDEX_BUDGET_SECONDS = 60.0
PRIVATE_SCORE = 3
MISS_SCORE = 20
# `collections.abc` puts another module there.
OWN_PLACE = "sys.modules[__name__]"

# Tests, bundled applications and tables of data: not what a reader looks up.
EXCLUDED = {"idlelib", "lib2to3", "pydoc_data", "site-packages", "test", "tests", "turtledemo"}

Kind = Literal["module", "class", "function", "method"]
KIND_ORDER: dict[Kind, int] = {"module": 0, "class": 1, "function": 2, "method": 3}
Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Symbol:
    """One documented name and where it is defined."""

    name: str
    module: str
    kind: Kind
    signature: str
    docstring: str
    summary: str
    first_line: int
    last_line: int


@dataclass(frozen=True, slots=True)
class Module:
    """What one source file defines, and which names it takes from elsewhere."""

    symbols: dict[str, Symbol]
    aliases: dict[str, list[str]]
    star_imports: list[str]


def statements(body: Iterable[ast.AST]) -> Iterator[ast.stmt]:
    """The statements of a block, entering `if`, `try` and `with` but no definition."""
    for node in body:
        if isinstance(node, ast.If | ast.Try | ast.With | ast.ExceptHandler):
            yield from statements(ast.iter_child_nodes(node))
        elif isinstance(node, ast.stmt):
            yield node


def symbol(node: Definition | ast.Module, name: str, module: str, kind: Kind) -> Symbol:
    docstring = ast.get_docstring(node, clean=False) or ""
    summary = docstring.strip().partition("\n")[0].strip()
    if isinstance(node, ast.Module):
        return Symbol(name, module, kind, f"module {name}", docstring, summary, 1, sys.maxsize)
    first_line = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
    last_line = node.end_lineno or node.lineno
    node.body, node.decorator_list = [], []
    signature = ast.unparse(node).removesuffix(":")
    return Symbol(name, module, kind, signature, docstring, summary, first_line, last_line)


def definitions(body: list[ast.stmt], owner: str, module: str, inner: Kind) -> Iterator[Symbol]:
    for node in statements(body):
        if isinstance(node, ast.ClassDef):
            name = f"{owner}.{node.name}"
            yield from definitions(node.body, name, module, "method")
            yield symbol(node, name, module, "class")
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield symbol(node, f"{owner}.{node.name}", module, inner)


def names_taken(tree: ast.Module, module: str, package: list[str]) -> Iterator[tuple[str, str]]:
    """Pairs of a local name (or `*`) and the qualified name it stands for."""
    for node in statements(tree.body):
        if isinstance(node, ast.ImportFrom):
            parents = package[: len(package) - node.level + 1] if node.level else []
            for item in node.names:
                target = [*parents, *filter(None, [node.module]), item.name]
                yield item.asname or item.name, ".".join(target)
        elif isinstance(node, ast.Import):
            yield from ((item.asname or item.name, item.name) for item in node.names)
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == OWN_PLACE:
            yield "*", f"{module}.{ast.unparse(node.value)}.*"
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            # `_inst = Random()`, then `randint = _inst.randint`: the class answers for both.
            value = node.value.func if isinstance(node.value, ast.Call) else node.value
            if isinstance(value, ast.Name | ast.Attribute):
                yield node.targets[0].id, f"{module}.{ast.unparse(value)}"


def parse(name: str, file: Path) -> Module:
    tree = ast.parse(file.read_bytes())
    package = name.split(".") if file.stem == "__init__" else name.split(".")[:-1]
    aliases: dict[str, list[str]] = {}
    for local, target in names_taken(tree, name, package):
        aliases.setdefault(local, []).append(target)
    stars = [target.removesuffix(".*") for target in aliases.pop("*", [])]
    found = {name: symbol(tree, name, name, "module")}
    for each in definitions(tree.body, name, name, "function"):
        found.setdefault(each.name, each)
    return Module(found, aliases, stars)


def is_private(name: str) -> bool:
    return name.startswith("_") or "._" in name


def word_score(word: str, name: str, summary: str) -> int:
    """How well one word fits one symbol; 0 is best."""
    if word not in name:
        return 5 if word in summary else MISS_SCORE
    parts = name.split(".")
    fits = (name == word, parts[-1] == word, word in parts, parts[-1].startswith(word), True)
    return fits.index(True)


class Library:
    """The source files under one directory, each parsed the first time it is needed."""

    def __init__(self, root: Path, top_level: Iterable[str]) -> None:
        self.root = root
        self.top_level = frozenset(top_level)
        self.modules: dict[str, Module] = {}
        self.unreadable: dict[str, str] = {}
        self.parsing = anyio.Lock()

    @cached_property
    def files(self) -> dict[str, Path]:
        """Module names and their files, within the limits on number and size."""
        found: dict[str, Path] = {}
        budget_bytes = MAX_LIBRARY_BYTES
        for file in self.candidates():
            parts = file.relative_to(self.root).with_suffix("").parts
            size_bytes = file.stat().st_size
            if parts[0] not in self.top_level or size_bytes > min(MAX_FILE_BYTES, budget_bytes):
                continue
            if len(found) == MAX_FILES:
                break
            budget_bytes -= size_bytes
            found[".".join(parts).removesuffix(".__init__")] = file
        return found

    def candidates(self) -> Iterator[Path]:
        for directory, folders, names in os.walk(self.root):
            folders[:] = sorted(set(folders) - EXCLUDED)
            sources = (name for name in sorted(names) if name.endswith(".py"))
            yield from (Path(directory, name) for name in sources if name != "__main__.py")

    def load(self, name: str) -> Module | None:
        if name in self.files and name not in self.modules and name not in self.unreadable:
            try:
                self.modules[name] = parse(name, self.files[name])
            except (OSError, SyntaxError, ValueError, RecursionError) as problem:
                self.unreadable[name] = str(problem)
        return self.modules.get(name)

    def symbols(self, module_name: str) -> dict[str, Symbol]:
        module = self.load(module_name)
        return module.symbols if module else {}

    def text(self, name: str) -> str:
        try:
            return self.files[name].read_text(encoding="utf-8", errors="replace").casefold()
        except OSError as problem:
            self.unreadable[name] = str(problem)
            return ""

    def unread(self, words: list[str]) -> list[str]:
        """Modules not parsed yet that mention one of the words, the likeliest first."""
        # A file that defines `json.dumps` need not say more of it than `dumps`.
        needles = [max(word.split("."), key=len) for word in words]
        waiting = [name for name in self.files if name not in self.modules | self.unreadable]
        named = [name for name in waiting if any(needle in name.casefold() for needle in needles)]
        others = [name for name in waiting if name not in named]
        return named + [n for n in others if any(map(self.text(n).__contains__, needles))]

    async def read(self, names: list[str], ctx: Context, budget_seconds: float) -> int:
        """Parse modules in a worker thread, a batch at a time; return how many were left."""
        deadline = time.monotonic() + budget_seconds
        done = 0
        while done < len(names) and time.monotonic() < deadline:
            batch = names[done : done + BATCH_FILES]
            async with self.parsing:
                await anyio.to_thread.run_sync(lambda part: [self.load(n) for n in part], batch)
            done += len(batch)
            await ctx.report_progress(done, len(names), f"read {batch[-1]}")
        return len(names) - done

    def rank(self, words: list[str]) -> list[Symbol]:
        """Every symbol that fits at least one word, best first."""
        scored: list[tuple[int, int, int, str, Symbol]] = []
        for module in list(self.modules.values()):
            for each in module.symbols.values():
                name, summary = each.name.casefold(), each.summary.casefold()
                score = sum(word_score(word, name, summary) for word in words)
                if score < MISS_SCORE * len(words):
                    score += PRIVATE_SCORE * is_private(name)
                    scored.append((score, name.count("."), KIND_ORDER[each.kind], name, each))
        return [entry[-1] for entry in sorted(scored, key=lambda entry: entry[:-1])]

    def module_of(self, name: str) -> str:
        """The longest leading part of a name that is a module, or an empty string."""
        while name and name not in self.files:
            name = name.rpartition(".")[0]
        return name

    def origins(self, name: str) -> list[str]:
        """The names that a name its module does not define may have been imported from."""
        module = self.load(self.module_of(name))
        if module is None:
            return []
        first, dot, rest = name.removeprefix(f"{self.module_of(name)}.").partition(".")
        stars = [f"{star}.{first}" for star in module.star_imports]
        return [origin + dot + rest for origin in module.aliases.get(first, []) + stars]

    def resolve(self, name: str, seen: set[str]) -> Symbol | None:
        """The definition of a name, following imports to where it really is."""
        if name in seen or len(seen) == MAX_ALIAS_LOOKUPS:
            return None
        seen.add(name)
        if (found := self.symbols(self.module_of(name)).get(name)) is not None:
            return found
        return next(filter(None, (self.resolve(other, seen) for other in self.origins(name))), None)

    def find(self, name: str) -> Symbol:
        found = self.resolve(name, set())
        if found is None:
            raise ResourceNotFoundError(self.explain_absence(name))
        return found

    def explain_absence(self, name: str) -> str:
        module_name, top = self.module_of(name), name.partition(".")[0]
        if module_name in self.unreadable:
            return f"The source of {module_name!r} is unreadable: {self.unreadable[module_name]}."
        if top in EXCLUDED:
            return f"{top!r} is left out here: it is an application, a test suite or a data table."
        if not module_name and (top in self.top_level or hasattr(builtins, name)):
            return (
                f"{name!r} is built in or compiled, so it has no Python source to read; "
                f"run `help({name!r})` in Python instead."
            )
        candidates = set(self.symbols(module_name)) or set(self.files)
        for inner in (each for each in self.files if each.startswith(f"{module_name}.")):
            candidates.update(self.symbols(inner))
        near = difflib.get_close_matches(name, candidates, cutoff=0.7)
        compiled = [other for other in self.origins(name) if not self.module_of(other)]
        reason = f" It may be {compiled[0]!r}, which is compiled." if compiled else ""
        advice = f"Did you mean {' or '.join(near)}?" if near else "Use `search` to find a name."
        return f"The standard library has no Python source for {name!r}.{reason} {advice}"

    def members(self, found: Symbol) -> list[str]:
        """The public names defined directly inside a module or class."""
        depth = found.name.count(".") + 1
        inside = (n for n in self.symbols(found.module) if n.startswith(f"{found.name}."))
        return [n for n in inside if n.count(".") == depth and not is_private(n)][:MAX_MEMBERS]

    def lines(self, found: Symbol) -> list[str]:
        with tokenize.open(self.files[found.module]) as file:
            return file.read().splitlines()[found.first_line - 1 : found.last_line]

    def completions(self, prefix: str) -> list[str]:
        names = {*self.files, *self.symbols(self.module_of(prefix.rpartition(".")[0]))}
        fitting = (n for n in names if n.startswith(prefix) and is_private(n) <= is_private(prefix))
        return sorted(fitting, key=lambda name: (name.count("."), name))
