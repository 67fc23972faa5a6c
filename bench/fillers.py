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


def filler(size: int, number: int) -> str:
    """A text of `size` characters, at least MIN_SIZE, that begins and ends with its number.

    Raises:
        ValueError: it is to be shorter.
    """
    if size < MIN_SIZE:
        raise ValueError(f"a text has at least {MIN_SIZE} characters, not {size}")
    inner = size - MIN_SIZE
    body = (BODY * (inner // len(BODY) + 1))[:inner]
    return f"{HEAD.format(number=number)}{body}{TAIL.format(number=number)}"


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
