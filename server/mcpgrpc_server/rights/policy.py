"""The policy file: rules from TOML, checked word by word.

It decides nothing: `decision` does. A file with a word that means nothing is refused as a whole,
since a rule that was misspelt would give less, or more, than its author reads in it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpgrpc_server.identity import Identity, IdentityKind
from mcpgrpc_server.rights.patterns import Pattern
from mcpgrpc_server.rights.vocabulary import BASE, Kind, implied_methods

MAX_RULES: Final = 1024
MAX_WORDS: Final = 1024
"""Of one list of a rule. Each request of a new caller is compared with all of them once."""

EVERYBODY: Final = "*"
ANONYMOUS: Final = "anonymous"
_KINDS_OF_SUBJECTS: Final = ("api_key", "jwt", "mtls")

_WORDS: Final = frozenset(
    {"subjects", "scopes", "methods", "comment", *(kind.value for kind in Kind)}
)


class PolicyError(ValueError):
    """A policy cannot be used; the message says which rule and why, in one line."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Gives what it names to the callers that it fits.

    Attributes:
        number: its place in the file, from 1.
        subjects: patterns of qualified subjects ("jwt:alice", "mtls:spiffe://mesh/*"); empty for
            any.
        scopes: all of them must be held.
        methods: patterns of methods.
        names: patterns of tools, prompts and resources.
    """

    number: int
    subjects: tuple[Pattern, ...]
    scopes: frozenset[str]
    methods: tuple[Pattern, ...]
    names: Mapping[Kind, tuple[Pattern, ...]]

    def fits_subject(self, subject: str) -> bool:
        """Whether it is about this caller, whatever scopes it holds."""
        return not self.subjects or any(each.matches(subject) for each in self.subjects)

    def gives_method(self, method: str) -> bool:
        """Whether it gives this method."""
        return any(each.matches(method) for each in self.methods)


@dataclass(frozen=True, slots=True)
class Policy:
    """Every rule, in the order of the file; what none gives is not given."""

    rules: tuple[Rule, ...]


def qualified_subject(identity: Identity) -> str:
    """A caller's subject with how it was proven in front: two schemes may know the same name."""
    if identity.kind is IdentityKind.ANONYMOUS:
        return ANONYMOUS
    return f"{identity.kind.value}:{identity.subject}"


def parse_policy(contents: bytes) -> Policy:
    """The policy of a file's contents.

    Raises:
        PolicyError: it is not TOML, or says something that has no meaning.
    """
    try:
        document = tomllib.loads(contents.decode("utf-8"))
    except UnicodeDecodeError:
        raise PolicyError("it is not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise PolicyError(f"it is not TOML: {error}") from None
    if unknown := sorted(document.keys() - {"rules"}):
        raise PolicyError(f"{unknown[0]!r} means nothing: a policy is a list of [[rules]]")
    rules = document.get("rules", [])
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise PolicyError("rules is a list of tables: write each as [[rules]]")
    if len(rules) > MAX_RULES:
        raise PolicyError(f"there are {len(rules)} rules; {MAX_RULES} are allowed")
    return Policy(tuple(_rule(number, rule) for number, rule in enumerate(rules, 1)))


def _rule(number: int, table: dict[str, Any]) -> Rule:
    if unknown := sorted(table.keys() - _WORDS):
        known = ", ".join(sorted(_WORDS))
        raise PolicyError(f"rule {number}: {unknown[0]!r} means nothing; known are {known}")
    subjects = _patterns(number, table, "subjects")
    for pattern in subjects:
        _check_subject(number, pattern.text)
    scopes = frozenset(_words(number, table, "scopes"))
    if not subjects and not scopes:
        raise PolicyError(
            f'rule {number}: whom it is for is missing: give subjects (["*"] for all) or scopes'
        )
    names = {kind: _patterns(number, table, kind.value) for kind in Kind if kind.value in table}
    methods = _patterns(number, table, "methods")
    if not methods:
        methods = tuple(Pattern(method) for method in sorted(implied_methods(set(names))))
    elif "methods" in table:
        # Who may do anything at all may say hello and ask what there is.
        methods += tuple(Pattern(method) for method in sorted(BASE))
    return Rule(number, subjects, scopes, methods, names)


def _check_subject(number: int, subject: str) -> None:
    kind, colon, _ = subject.partition(":")
    if subject in (EVERYBODY, ANONYMOUS) or (colon and kind in _KINDS_OF_SUBJECTS):
        return
    kinds = ", ".join(f"{kind}:NAME" for kind in _KINDS_OF_SUBJECTS)
    raise PolicyError(f"rule {number}: a subject is {kinds}, {ANONYMOUS} or *, not {subject!r}")


def _patterns(number: int, table: dict[str, Any], word: str) -> tuple[Pattern, ...]:
    try:
        return tuple(Pattern(text) for text in _words(number, table, word))
    except PolicyError:
        raise
    except ValueError as error:
        raise PolicyError(f"rule {number}: {word}: {error}") from None


def _words(number: int, table: dict[str, Any], word: str) -> list[str]:
    words = table.get(word, [])
    if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
        raise PolicyError(f"rule {number}: {word} is a list of texts")
    if len(words) > MAX_WORDS:
        raise PolicyError(
            f"rule {number}: {word} has {len(words)} entries; {MAX_WORDS} are allowed"
        )
    if word in table and not words:
        raise PolicyError(f"rule {number}: {word} is empty; leave it out or name something")
    return words
