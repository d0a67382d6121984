# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The preview that is on: what it shows, what it has asked the worker for, when it asks again."""

from __future__ import annotations

import itertools
import time
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Any

import bpy
import numpy as np

from ...inference.errors import TalkingHeadError
from ..jobs import service
from ..jobs.runner import JobState, Phase
from ..worker import worker
from ..worker.client import PREVIEW_PATIENCE_S, Outcome, Request
from . import preview_job, preview_state
from .preview_cache import Drawn, PreviewCache
from .preview_job import Description, Wanted
from .preview_state import State

# An engine whose last frame took longer is asked only once the sliders rest for DEBOUNCE_S.
QUICK_S = 0.3
DEBOUNCE_S = 0.15
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Picture:
    """A preview that is shown.

    Attributes:
        pixels: (h, w, 4) uint8, R, G, B, A straight, origin top left.
        size: (width, height) of the full frame in px.
        frame: timeline frame that it shows.
        number: differs for pictures that differ.
    """

    pixels: np.ndarray
    size: tuple[int, int]
    frame: int
    number: int


@dataclass
class Asked:
    """A request that is open.

    Attributes:
        stage: what the worker does for it; "" before it has begun.
        begun_s: when it began; 0 before.
        told: it takes long enough to be shown in the panel.
    """

    request: Request
    state: State
    key: Hashable
    engine: str
    asked_s: float
    stage: str = ""
    begun_s: float = 0.0
    told: bool = False


@dataclass
class Live:
    """The preview that is on. Holds no strip: that is looked up by name each time.

    Attributes:
        state, changed_s: what it depends on as last seen, and since when.
        answered: the state that was last asked for, found in memory, or failed.
        description, wanted: of the strip, and of ``wanted_for``.
        took_s: how long the last frame took the worker, by engine.
        job_seen: state of the last job when the error was last looked at.
    """

    scene: str
    strip: str
    max_size_px: int
    cache: PreviewCache = field(default_factory=PreviewCache)
    state: State | None = None
    changed_s: float = 0.0
    answered: State | None = None
    description: Description | None = None
    wanted_for: State | None = None
    wanted: Wanted | None = None
    asked: Asked | None = None
    took_s: dict[str, float] = field(default_factory=dict)
    picture: Picture | None = None
    error: TalkingHeadError | None = None
    job_seen: JobState | None = None

    def quick(self) -> bool:
        """Whether the engine is asked without waiting for the sliders to rest."""
        description = self.description
        if description is None:
            return True
        return not description.rendered and self.took_s.get(description.job.engine, 0.0) <= QUICK_S

    def rests(self) -> bool:
        """Whether nothing changes at the moment."""
        return time.monotonic() - self.changed_s >= DEBOUNCE_S and not service.playing()

    def settled(self) -> bool:
        """Whether what is shown, or the error, belongs to what was last seen of the strip."""
        return self.asked is None and self.answered == self.state

    def begin(self, scene: Any, strip: Any, max_size_px: int) -> None:
        """Describe a strip anew and ask for its picture, whatever was known.

        Raises:
            TalkingHeadError: whatever keeps the frame from being made.
        """
        self.turn_to(scene, strip)
        self.max_size_px = max_size_px
        self.description, self.error = None, None
        state = preview_state.state_of(scene, strip, max_size_px)
        self.state, self.changed_s, self.job_seen = state, time.monotonic(), service.runner.state
        self.answered = state  # also if it fails
        self.description = preview_job.describe(scene, strip, state)
        self._ask(preview_job.wanted(scene, strip, self.description, state), state)

    def look(self, *, describes: bool) -> None:
        """Look at the strip; show or ask what it wants now.

        Args:
            describes: the strip may be described anew if needed, which adds a scene for a moment and may render.
        """
        scene = preview_state.scene_to_show(self.scene)
        strip = preview_state.source_to_show(scene, self.strip) if scene is not None else None
        if strip is None:
            self.forget()  # it may come back by undo, or another one is selected
            return
        self.turn_to(scene, strip)
        state = preview_state.state_of(scene, strip, self.max_size_px)
        if state != self.state:
            self.state, self.changed_s = state, time.monotonic()
        if state == self.answered or service.blender_renders():
            return
        try:
            if self._described(scene, strip, state, describes):
                self._show_or_ask(self._wanted(scene, strip, state), state)
        except TalkingHeadError as error:
            self.answered, self.error = state, error
            service.redraw()

    def take(self) -> None:
        """Take what the worker has answered."""
        asked = self.asked
        if asked is None:
            return
        now, told = time.monotonic(), asked.told
        for message in asked.request.poll():
            if message.type == "progress" and message.fields.get("stage") != asked.stage:
                asked.begun_s = asked.begun_s if asked.stage else now
                asked.stage = str(message.fields.get("stage"))
                told = False
        asked.told = now - asked.asked_s > QUICK_S
        if asked.request.open:
            if asked.told and not told:
                service.redraw()
            return
        self.asked = None
        self._take_answer(asked, now)

    def retry_after_job(self) -> None:
        """Try what failed again after a job that ended well and may have mended it."""
        if self.error is None or service.runner.state is self.job_seen:
            return
        self.job_seen = service.runner.state
        if self.job_seen is not None and self.job_seen.phase is Phase.DONE:
            self.answered = None

    def turn_to(self, scene: Any, strip: Any) -> None:
        """Go on with a strip, if it is another one than until now."""
        if (self.scene, self.strip) != (scene.name, strip.name):
            self.forget()
            self.scene, self.strip = scene.name, strip.name
            service.redraw()

    def forget(self) -> None:
        """Show nothing; what was drawn stays in memory."""
        self.give_up()
        self.state = self.answered = self.wanted_for = self.wanted = None
        self.description = self.picture = self.error = None

    def give_up(self) -> None:
        """Have the worker give up what it was asked for."""
        asked, self.asked = self.asked, None
        if asked is not None:
            worker.client().cancel(asked.request, PREVIEW_PATIENCE_S)

    def _described(self, scene: Any, strip: Any, state: State, allowed: bool) -> bool:
        """Have a description that serves, unless making it is not allowed now, or is slow while something changes."""
        if self.description is not None and self.description.serves(strip, state):
            return True
        if not allowed or (preview_job.renders_first(scene, strip) and not self.rests()):
            return False
        self.description = None
        self.description = preview_job.describe(scene, strip, state)
        self.wanted_for = None
        return True

    def _wanted(self, scene: Any, strip: Any, state: State) -> Wanted:
        assert self.description is not None
        if self.wanted is None or self.wanted_for != state:
            self.wanted = preview_job.wanted(scene, strip, self.description, state)
            self.wanted_for = state
        return self.wanted

    def _show_or_ask(self, wanted: Wanted, state: State) -> None:
        drawn = self.cache.get(wanted.key)
        if drawn is not None:
            self.answered, self.error = state, None
            self._show(drawn, state)
            return
        quick = self.quick()
        if self.asked is not None and (quick or self.asked.stage):
            return  # the newest state waits until this one is drawn
        if quick or self.rests():
            self.answered, self.job_seen = state, service.runner.state
            self._ask(wanted, state)

    def _ask(self, wanted: Wanted, state: State) -> None:
        request = worker.client().submit("preview", {"job": wanted.job.to_dict(), "max_size": state.size_px})
        self.asked = Asked(request, state, wanted.key, wanted.job.engine, time.monotonic())

    def _take_answer(self, asked: Asked, now: float) -> None:
        request, had_error = asked.request, self.error
        self.error = request.error
        if asked.stage:
            self.took_s[asked.engine] = now - asked.begun_s
        if request.outcome is Outcome.DONE and request.answer is not None:
            width, height = request.answer.fields["size"]  # type: ignore[misc]
            drawn = Drawn(request.answer.array(), (int(width), int(height)), next(_numbers))
            self.cache.put(asked.key, drawn)
            if self.answered in (asked.state, None):  # else a picture from memory is shown since
                self._show(drawn, asked.state)
        if asked.told or had_error or self.error:
            service.redraw()

    def _show(self, drawn: Drawn, state: State) -> None:
        self.picture = Picture(drawn.pixels, drawn.size, state.frame, drawn.number)
        for window in bpy.context.window_manager.windows:
            for area in window.screen.areas:
                for region in area.regions if area.type == "SEQUENCE_EDITOR" else ():
                    if region.type == "PREVIEW":
                        region.tag_redraw()
