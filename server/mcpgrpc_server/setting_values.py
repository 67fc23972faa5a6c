"""Values of settings as people write them in variables and options, before they are checked."""

from __future__ import annotations


def separated(value: object) -> object:
    """The parts of a text between commas; what is no text stays as it is."""
    return [each.strip() for each in value.split(",")] if isinstance(value, str) else value


def lower(value: object) -> object:
    """A word in lower case; what is no text stays as it is."""
    return value.lower() if isinstance(value, str) else value
