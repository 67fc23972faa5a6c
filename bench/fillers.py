"""Texts of any size that differ from call to call and can be checked without building them again.

It is shared by both ends, so that they agree; it is no compressible constant.
"""

from __future__ import annotations

from typing import Final

HEAD: Final = "{number:012d} "
TAIL: Final = " {number:012d}"
BODY: Final = (
    "The quick brown fox jumps over the lazy dog; pack my box with five dozen liquor jugs, "
    'then say "how razorback frogs can level six piqued gymnasts" and end the line.\n'
)
MIN_SIZE: Final = 26

_BLOCK: Final = BODY * 400
"""Made of these, a text of megabytes is copied once: its making is not what is measured."""


def filler(size: int, number: int) -> str:
    """A text of `size` characters, at least MIN_SIZE, that begins and ends with its number.

    Raises:
        ValueError: it is to be shorter.
    """
    if size < MIN_SIZE:
        raise ValueError(f"a text has at least {MIN_SIZE} characters, not {size}")
    blocks, rest = divmod(size - MIN_SIZE, len(_BLOCK))
    head, tail = HEAD.format(number=number), TAIL.format(number=number)
    return "".join((head, *[_BLOCK] * blocks, _BLOCK[:rest], tail))


def is_filler(text: str, size: int, number: int) -> bool:
    """Whether a text is what `filler` gives, by its length, both ends and its middle."""
    middle = size // 2
    body = (middle - MIN_SIZE // 2) % len(BODY)
    return (
        len(text) == size
        and text.startswith(HEAD.format(number=number))
        and text.endswith(TAIL.format(number=number))
        and (size < MIN_SIZE + 2 * len(BODY) or text[middle] == BODY[body])
    )
