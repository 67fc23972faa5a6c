"""How the things of several members are named so that no two share a name: a pure rule.

It does not know what is named, nor who is up. The rule:

1. A thing keeps its own name where nothing else has it.
2. A thing whose name something else has too, as its own or as a prefixed one, is offered under its
   member's prefix; so is everything of a member that always wants it.
3. Prefixed names that still coincide (`a` + `_` + `b_x`, `a_b` + `_` + `x`) are numbered: the first
   member in the order of the members keeps the name, the next ones get `_2`, `_3` and so on, past
   every name that is taken.

The outcome depends on who the members are and what they call their things, not on the order in
which they list them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Named:
    """What one member calls its things.

    Attributes:
        prefix: what makes a name its own.
        own: the names; one that repeats counts once.
        always: whether every name gets the prefix.
    """

    prefix: str
    own: Collection[str]
    always: bool = False


@dataclass(slots=True, eq=False)
class _Entry:
    member: int
    own: str
    offered: str
    prefixed: bool


def offered_names(members: Sequence[Named]) -> list[dict[str, str]]:
    """For each member, its own names mapped to what they are offered as."""
    owners: defaultdict[str, list[_Entry]] = defaultdict(list)
    entries = [_entry(at, named, own) for at, named in enumerate(members) for own in set(named.own)]
    for entry in entries:
        owners[entry.offered].append(entry)
    _prefix_clashing(members, owners)
    _number_clashing(owners)
    offered: list[dict[str, str]] = [{} for _ in members]
    for entry in entries:
        offered[entry.member][entry.own] = entry.offered
    return offered


def _entry(member: int, named: Named, own: str) -> _Entry:
    return _Entry(member, own, named.prefix + own if named.always else own, named.always)


def _prefix_clashing(members: Sequence[Named], owners: defaultdict[str, list[_Entry]]) -> None:
    """Prefix until what has no prefix is alone under its name.

    Only what has a prefix arrives under another name, and it never leaves again: so the outcome
    does not depend on the order in which names are looked at.
    """
    clashing = [name for name, sharing in owners.items() if len(sharing) > 1]
    while clashing:
        name = clashing.pop()
        leaving = [entry for entry in owners[name] if not entry.prefixed]
        owners[name] = [entry for entry in owners[name] if entry.prefixed]
        for entry in leaving:
            entry.offered = members[entry.member].prefix + entry.own
            entry.prefixed = True
            owners[entry.offered].append(entry)
            if len(owners[entry.offered]) > 1:
                clashing.append(entry.offered)


def _number_clashing(owners: defaultdict[str, list[_Entry]]) -> None:
    taken = {name for name, sharing in owners.items() if sharing}
    for name in sorted(name for name, sharing in owners.items() if len(sharing) > 1):
        for entry in sorted(owners[name], key=lambda entry: entry.member)[1:]:
            entry.offered = _free_name(name, taken)
            taken.add(entry.offered)


def _free_name(name: str, taken: set[str]) -> str:
    number = 2
    while f"{name}_{number}" in taken:
        number += 1
    return f"{name}_{number}"
