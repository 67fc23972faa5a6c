"""Listings for people who pipe them on."""

from mcpgrpc.cli.tables import Table, plain


def test_columns_are_aligned_under_their_names() -> None:
    table = Table("Tools", ("Tool", "Description"), [("add", "Add."), ("subtract", "")])
    assert plain(table).splitlines() == ["TOOL      DESCRIPTION", "add       Add.", "subtract"]


def test_a_cell_is_one_line_and_holds_no_control_characters() -> None:
    table = Table("Tools", ("Tool", "Description"), [("a\x1b[2J", "First.\nSecond.")])
    assert plain(table).splitlines()[1:] == ["a\\u001b[2J  First."]
