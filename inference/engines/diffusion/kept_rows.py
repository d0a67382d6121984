# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What text encoders made of prompts, kept, so that a prompt that was read once needs no network."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np

from ..engine import Notes


class KeptRows:
    """Rows of prompts.

    Args:
        notes: where they are remembered; None for in memory only.
        kind: of the text encoder and its version, such as "sd15-text/1".
        key: digest of all else that decides the rows.
    """

    def __init__(self, notes: Notes | None, kind: str, key: str) -> None:
        self._notes = notes
        self._name = f"{kind}/{key}"
        self._known: dict[str, np.ndarray] = {}

    def of(self, prompt: str, make: Callable[[str], np.ndarray]) -> np.ndarray:
        """(rows, width) float32 of a prompt, made where they are not remembered."""
        if prompt not in self._known:
            self._known[prompt] = self._remembered(prompt, make)
        return self._known[prompt]

    def _remembered(self, prompt: str, make: Callable[[str], np.ndarray]) -> np.ndarray:
        what = f"{self._name}/{hashlib.sha256(prompt.encode()).hexdigest()}"
        rows = None if self._notes is None else self._notes.remembered(what)
        if rows is None:
            rows = make(prompt)
            if self._notes is not None:
                self._notes.remember(what, rows)
        return rows
