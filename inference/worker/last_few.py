# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The last few things that were made, for the next request that needs the same."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class LastFew(Generic[K, V]):
    """Values by what was asked and by the content they were made from; the longest unused ones go.

    Args:
        most: how many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept: dict[K, tuple[str, V]] = {}

    def get(self, asked: K, content: str) -> V | None:
        """What is kept; None where nothing is. What was made from another content is dropped."""
        found = self._kept.pop(asked, None)
        if found is None or found[0] != content:
            return None
        self._kept[asked] = found
        return found[1]

    def put(self, asked: K, content: str, value: V) -> None:
        """Keep a value."""
        self._kept.pop(asked, None)
        self._kept[asked] = (content, value)
        while len(self._kept) > self._most:
            del self._kept[next(iter(self._kept))]

    def clear(self) -> None:
        """Keep nothing."""
        self._kept.clear()
