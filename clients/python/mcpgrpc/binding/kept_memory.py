"""Keeps the memory that one large message went through for the next one.

It sets nothing and holds nothing itself: it shows glibc's allocator once what that learns from any
program that frees a block of such a size.
"""

from __future__ import annotations

from contextlib import suppress
from functools import cache
from typing import Final

from mcpgrpc.binding.limits import KIB, MIB

LARGE_BYTES: Final = 1 * MIB
"""Messages from here on count as large: memory is touched anew for each copy of them."""

_LARGEST_LEARNT_BYTES: Final = 32 * MIB - 64 * KIB
"""The largest block that glibc learns from, on 64 bits, with room for its rounding."""


def keep_memory_of(message_bytes: int) -> None:
    """Let the process keep up to 64 MiB that it has freed, from its first large message on."""
    if message_bytes >= LARGE_BYTES:
        _show_allocator()


@cache
def _show_allocator() -> None:
    """Free a block of the largest size that glibc learns from; once, and later calls do nothing.

    glibc gives free memory back to the system, which makes every page anew when it is used again;
    for a message of 16 MB that is half of the time. Until it has seen a block of 32 MiB freed, that
    is (mallopt(3), M_MMAP_THRESHOLD). This one is never touched, so it costs no memory. Where
    thresholds are set (`MALLOC_TRIM_THRESHOLD_` and others) glibc learns nothing, and other
    allocators have rules of their own; then nothing changes.
    """
    with suppress(MemoryError):
        bytes(_LARGEST_LEARNT_BYTES)
