# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long the steps of a film take, and how long it will still take: known after two steps."""

from __future__ import annotations

import time
from collections.abc import Callable


class FilmClock:
    """Measures steps of drawing and the finishing of frames.

    The first step is left out of what a step takes, because it loads networks and warms up. Steps may be long: within
    one the time left goes down as time passes.

    Args:
        steps: how many steps the whole film takes.
        frames: how many frames are finished.
        now: seconds that only go on.

    Attributes:
        steps, frames: what is still to be done; may be changed.
        drawing_s, finishing_s: seconds that were spent, the first step's included.
    """

    def __init__(self, steps: int, frames: int, now: Callable[[], float] = time.monotonic) -> None:
        self.steps = steps
        self.frames = frames
        self.drawing_s = 0.0
        self.finishing_s = 0.0
        self._now = now
        self._since = now()
        self._first_s = 0.0
        self._first_steps = 0
        self._within_s = 0.0
        self._drawn = 0
        self._finished = 0

    def go(self) -> None:
        """What passes from now on counts."""
        self._since = self._now()

    def stepped(self, steps: int) -> None:
        """So many more steps are done; 0 within a step."""
        passed_s = self._lap()
        self.drawing_s += passed_s
        self._within_s = 0.0 if steps else self._within_s + passed_s
        if not self._drawn:
            self._first_s, self._first_steps = self.drawing_s, steps
        self._drawn += steps
        self.steps -= steps

    def drawn(self) -> None:
        """A section is drawn; what came after its last step, such as decoding, counts as its steps do."""
        self.drawing_s += self._lap()
        self._within_s = 0.0

    def finished(self) -> None:
        """One more frame is finished."""
        self.finishing_s += self._lap()
        self._finished += 1
        self.frames -= 1

    @property
    def step_s(self) -> float | None:
        """Seconds of a step; None before the second one is done."""
        steps = self._drawn - self._first_steps
        return (self.drawing_s - self._first_s - self._within_s) / steps if steps > 0 else None

    @property
    def film_s(self) -> float | None:
        """Seconds that all that was done so far takes when networks are loaded; None before two steps are done."""
        return None if self.step_s is None else self.step_s * self._drawn + self.finishing_s

    @property
    def eta_s(self) -> float | None:
        """Seconds to the end; None before two steps are done."""
        if self.step_s is None and self.steps:
            return None
        frame_s = self.finishing_s / self._finished if self._finished else 0.0
        step_s = self.step_s or 0.0
        within_s = min(self._within_s, step_s) if self.steps else 0.0
        return step_s * self.steps - within_s + frame_s * self.frames

    def _lap(self) -> float:
        since, self._since = self._since, self._now()
        return self._since - since
