# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a request's handler may do besides its work: tell, be cancelled, let a preview pass."""

from __future__ import annotations

import time
from collections.abc import Callable

# How often progress is told at most.
_INTERVAL_S = 0.1


class Task:
    """One request that is being answered.

    Args:
        send: sends a message that answers this request: type, payload, fields.
        check: raises CANCELLED when the request was cancelled.
        between: called between two frames, where something urgent may be done.
    """

    def __init__(
        self, send: Callable[..., None], check: Callable[[], None], between: Callable[[], None] = lambda: None
    ) -> None:
        self.send = send
        self.check = check
        self.between = between
        self._told_s = 0.0
        self._stage = ""
        self._started_s = time.monotonic()

    def stage(self, name: str, total: int) -> None:
        """Tell that a stage begins; its time counts from here."""
        self._started_s = time.monotonic()
        self._tell(0, total, name, None)

    def progress(self, done: int, total: int, stage: str) -> None:
        """Tell how far a stage is and when it will end, at most ten times a second; the last step always."""
        now = time.monotonic()
        if now - self._told_s < _INTERVAL_S and done < total:
            return
        eta_s = (now - self._started_s) / done * (total - done) if done else None
        self._tell(done, total, stage, None if eta_s is None else round(eta_s, 2))

    def steps(self, done: int, total: int, stage: str, eta_s: float | None) -> None:
        """Tell how far the drawing of a film is, at most ten times a second; each stage's first, and the end, always.

        Args:
            done, total: steps of the whole film.
            eta_s: seconds to the end; None while nobody knows.
        """
        if stage == self._stage and eta_s != 0 and time.monotonic() - self._told_s < _INTERVAL_S:
            return
        self._tell(done, total, stage, None if eta_s is None else round(eta_s, 2), unit="steps")

    def _tell(self, done: int, total: int, stage: str, eta_s: float | None, **unit: str) -> None:
        self._told_s, self._stage = time.monotonic(), stage
        self.send("progress", done=done, total=total, stage=stage, eta_s=eta_s, **unit)
