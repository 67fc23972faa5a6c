"""Finding the server that APP names, and the one line that says why there is none."""

import pickle
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.server import MCPServer, Server

from mcpgrpc_server.app_loader import AppLoadError, load_app

ONE = "from mcp.server import MCPServer\napp = MCPServer('one')\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The current folder; what is imported from it is forgotten afterwards."""
    before = set(sys.modules)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(getattr(sys.modules[name], "__file__", "")):
            del sys.modules[name]


def write(folder: Path, name: str, source: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source, encoding="utf-8")
    return path


def name_of(app: object) -> str:
    assert isinstance(app, MCPServer | Server)
    return app.name


def refusal(spec: str) -> str:
    with pytest.raises(AppLoadError) as caught:
        load_app(spec)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_only_server_of_a_file_is_found(folder: Path) -> None:
    assert name_of(load_app(str(write(folder, "solo_app.py", ONE)))) == "one"


def test_a_path_may_be_relative_and_an_attribute_named(folder: Path) -> None:
    write(folder, "sub/two_apps.py", ONE + "other = MCPServer('two')\n")
    assert name_of(load_app("sub/two_apps.py:other")) == "two"


def test_a_low_level_server_is_a_server(folder: Path) -> None:
    write(folder, "low_level_app.py", "from mcp.server import Server\nserver = Server('low')\n")
    assert name_of(load_app("low_level_app.py")) == "low"


def test_a_module_of_the_current_folder_is_found_by_its_dotted_name(folder: Path) -> None:
    write(folder, "dotted_pkg/__init__.py", "")
    write(folder, "dotted_pkg/inner.py", ONE)
    assert name_of(load_app("dotted_pkg.inner")) == "one"
    assert load_app("dotted_pkg.inner:app") is load_app("dotted_pkg.inner")


def test_an_attribute_may_be_dotted(folder: Path) -> None:
    write(folder, "holder_app.py", ONE + "class Holder:\n    held = app\ndel app\n")
    assert name_of(load_app("holder_app.py:Holder.held")) == "one"


def test_a_file_imports_its_neighbours_and_is_not_main(folder: Path) -> None:
    write(folder, "neighbour_words.py", "NAME = 'neighbourly'\n")
    source = (
        "from mcp.server import MCPServer\nfrom neighbour_words import NAME\n"
        "app = MCPServer(NAME)\nif __name__ == '__main__':\n    raise SystemExit(3)\n"
    )
    write(folder, "elsewhere/../with_neighbour.py", source)
    assert name_of(load_app("with_neighbour.py")) == "neighbourly"


def test_a_file_is_loaded_once_and_under_its_own_name(folder: Path) -> None:
    path = write(folder, "once_app.py", ONE)
    app = load_app(str(path))
    assert load_app("once_app.py:app") is app
    assert load_app("once_app:app") is app
    assert sys.modules["once_app"].__dict__["app"] is app


def test_classes_of_a_file_pickle_and_dataclasses_resolve_their_annotations(folder: Path) -> None:
    source = (
        "from __future__ import annotations\nfrom dataclasses import dataclass, KW_ONLY\n"
        "@dataclass\nclass Point:\n    x: int\n    _: KW_ONLY\n    y: int = 2\n"
    )
    write(folder, "pickling_app.py", ONE.replace("from", f"{source}from", 1))
    load_app("pickling_app.py")
    point: Any = sys.modules["pickling_app"].__dict__["Point"](1)
    assert pickle.loads(pickle.dumps(point)) == point


def test_a_file_with_the_name_of_a_loaded_module_leaves_that_module_alone(folder: Path) -> None:
    import json

    write(folder, "json.py", ONE)
    app = load_app("json.py")
    assert name_of(app) == "one"
    assert sys.modules["json"] is json
    assert load_app("json.py") is app


def test_two_files_of_one_name_are_two_modules(folder: Path) -> None:
    write(folder, "left/same_name.py", ONE)
    write(folder, "right/same_name.py", ONE.replace("'one'", "'right'"))
    assert name_of(load_app("left/same_name.py")) == "one"
    assert name_of(load_app("right/same_name.py")) == "right"


def test_one_object_under_two_names_counts_once(folder: Path) -> None:
    write(folder, "alias_app.py", ONE + "server = app\n")
    assert name_of(load_app("alias_app.py")) == "one"


def test_an_imported_server_counts_only_if_there_is_no_other(folder: Path) -> None:
    write(folder, "base_app.py", ONE)
    write(folder, "only_imported.py", "from base_app import app\n")
    write(folder, "star_imported.py", "from base_app import *\nmine = MCPServer('mine')\n")
    assert name_of(load_app("only_imported.py")) == "one"
    assert name_of(load_app("star_imported.py")) == "mine"


def test_several_servers_are_named_with_how_to_pick_one(folder: Path) -> None:
    write(folder, "several.py", ONE + "b = MCPServer('b')\n")
    assert refusal("several.py") == (
        "several.py holds 2 servers: app, b; say which, such as several.py:app"
    )


def test_very_many_servers_are_not_all_named(folder: Path) -> None:
    more = "".join(f"s{index} = MCPServer('s')\n" for index in range(50))
    write(folder, "very_many.py", ONE + more)
    assert "and 41 more" in refusal("very_many.py")


def test_a_module_without_a_server_is_told_what_to_write(folder: Path) -> None:
    write(folder, "empty_module.py", "")
    assert refusal("empty_module.py").startswith("empty_module.py holds no server; make one")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("nowhere.py", "there is no file nowhere.py (looked for "),
        ("a/b/nowhere.py:app", "there is no file a/b/nowhere.py"),
        ("./present", "there is no file ./present; did you mean ./present.py?"),
        ("./some_folder", "./some_folder is a folder"),
        ("./notes.txt", "./notes.txt is no Python file"),
        ("no_such_module_x", "there is no module no_such_module_x in the current folder"),
        ("some_folder.missing:app", "there is no module some_folder.missing"),
        ("notes-txt", "notes-txt is neither a .py file nor the name of a module"),
        ("..present", "..present is neither"),
    ],
)
def test_what_is_not_there_is_told_by_name(folder: Path, spec: str, said: str) -> None:
    write(folder, "present.py", ONE)
    write(folder, "some_folder/__init__.py", "")
    write(folder, "notes.txt", "")
    assert refusal(spec).startswith(said)


@pytest.mark.parametrize("spec", ["", ":", ":app", "present.py:"])
def test_what_is_no_app_at_all_is_told_what_one_is(spec: str) -> None:
    assert "APP is FILE.py:ATTRIBUTE or PACKAGE.MODULE:ATTRIBUTE" in refusal(spec)


def test_an_error_while_importing_is_told_with_type_message_file_and_line(folder: Path) -> None:
    write(folder, "broken_app.py", ONE + "\nprint(undefined_name)\n")
    assert refusal("broken_app.py") == (
        "broken_app.py does not import: NameError: name 'undefined_name' is not defined"
        " (broken_app.py, line 4)"
    )
    assert "broken_app" not in sys.modules


def test_an_error_inside_of_a_library_is_told_with_the_line_of_the_app(folder: Path) -> None:
    write(folder, "bad_call.py", "import json\n\njson.loads('{')\n")
    assert re.search(r"JSONDecodeError: .*\(bad_call\.py, line 3\)$", refusal("bad_call.py"))


def test_an_error_in_a_neighbour_is_told_with_the_neighbours_line(folder: Path) -> None:
    write(folder, "bad_part.py", "\n1 / 0\n")
    write(folder, "imports_bad_part.py", "import bad_part\n")
    for spec in ("imports_bad_part.py", "imports_bad_part"):
        assert refusal(spec).endswith("ZeroDivisionError: division by zero (bad_part.py, line 2)")


def test_a_syntax_error_is_told_with_its_line(folder: Path) -> None:
    write(folder, "unfinished.py", "x = 1\ndef f(:\n")
    message = refusal("unfinished.py")
    assert message.startswith("unfinished.py does not import: SyntaxError: ")
    assert message.endswith("(unfinished.py, line 2)")


def test_a_missing_dependency_is_not_taken_for_a_missing_app(folder: Path) -> None:
    write(folder, "needs_more.py", "import not_installed_anywhere\n")
    for spec in ("needs_more.py", "needs_more"):
        assert refusal(spec) == (
            f"{spec} does not import: ModuleNotFoundError: No module named"
            " 'not_installed_anywhere' (needs_more.py, line 1)"
        )


def test_a_module_that_ends_the_program_is_told_about_main(folder: Path) -> None:
    write(folder, "ends_program.py", "import sys\nsys.exit(0)\n")
    message = refusal("ends_program.py")
    assert "ended the program while it was imported (ends_program.py, line 2)" in message
    assert '__name__ == "__main__"' in message


def test_ctrl_c_while_importing_is_ctrl_c(folder: Path) -> None:
    write(folder, "interrupted.py", "raise KeyboardInterrupt\n")
    with pytest.raises(KeyboardInterrupt):
        load_app("interrupted.py")
    assert "interrupted" not in sys.modules


def test_an_error_of_many_lines_and_control_characters_is_one_bounded_line(folder: Path) -> None:
    write(folder, "loud_app.py", "raise ValueError('a\\nb\\x1b[31m' + 'c' * 10_000)\n")
    message = refusal("loud_app.py")
    assert "\x1b" not in message
    assert "a b" in message
    assert len(message) < 700


def test_an_attribute_that_is_not_there_is_told_with_what_was_meant(folder: Path) -> None:
    write(folder, "typo_app.py", ONE)
    assert refusal("typo_app.py:aap") == "typo_app.py has no aap; did you mean app?"
    assert refusal("typo_app.py:zzzzzz") == "typo_app.py has no zzzzzz; its servers: app"
    assert refusal("typo_app.py:app.nothing_like_it").startswith("typo_app.py has no app.nothing")


def test_an_attribute_that_is_no_server_is_told_with_its_type(folder: Path) -> None:
    write(
        folder,
        "not_servers.py",
        ONE + "def create():\n    return app\nnumber = 3\nimport decimal\nd = decimal.Decimal(1)\n",
    )
    assert "not_servers.py:number is of type int;" in refusal("not_servers.py:number")
    assert "of type decimal.Decimal;" in refusal("not_servers.py:d")
    assert refusal("not_servers.py:create") == (
        "not_servers.py:create is a function; call it in the module (server = create())"
        " and name what it gives"
    )
    assert "is a class; make an instance" in refusal("not_servers.py:MCPServer")
