"""Damaged copies of files: a seeded choice of what breaks them in practice, the same for each number."""

from __future__ import annotations

import random

_ODD = [b"\0", b"\xff", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\x80\0\0\0", b"\0\0\0\0", b"\xfe\xff\xff\xff"]


def damaged(content: bytes, others: list[bytes], number: int) -> bytes:
    """The content after one to three faults: bytes changed, cut off, lost, doubled, or those of another file."""
    draw = random.Random(number)
    for _ in range(draw.randint(1, 3)):
        content = draw.choice(_FAULTS)(content, others, draw)
    return content


def _place(content: bytes, draw: random.Random) -> int:
    """Somewhere, the first bytes more often: there are the sizes and types."""
    end = len(content) if draw.random() < 0.5 else min(64, len(content))
    return draw.randrange(end) if end else 0


def _changed(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    new = bytearray(content)
    for _ in range(draw.choice([1, 1, 2, 8, 32]) if content else 0):
        new[_place(content, draw)] = draw.randrange(256)
    return bytes(new)


def _odd(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    at, new = _place(content, draw), draw.choice(_ODD)
    return content[:at] + new + content[at + len(new) :]


def _cut(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    return content[: _place(content, draw)]


def _lost(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    at = _place(content, draw)
    return content[:at] + content[at + draw.randint(1, 64) :]


def _doubled(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    at, size = _place(content, draw), draw.randint(1, 200)
    return content[: at + size] + content[at:]


def _spliced(content: bytes, others: list[bytes], draw: random.Random) -> bytes:
    other = draw.choice(others)
    return content[: _place(content, draw)] + other[_place(other, draw) :]


_FAULTS = [_changed, _changed, _odd, _odd, _cut, _lost, _doubled, _spliced]
