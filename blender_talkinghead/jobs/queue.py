# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which job comes next: the one that runs, those that wait in their order, and how the last ones ended. No bpy here.

Renders may take hours, everything else takes a moment. So what is no render waits before all waiting renders, and only
renders are kept in the list and beside the file.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from enum import Enum

from .runner import JobMaker, JobState, Phase

KEPT_ENDED = 50
AtEnd = Callable[[JobState], None]


class EntryState(str, Enum):
    """How far an entry of the queue is."""

    WAITING = "waiting"
    PAUSED = "paused"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Move(str, Enum):
    """Where a waiting entry is moved."""

    UP = "UP"
    DOWN = "DOWN"
    FRONT = "FRONT"


_END_OF = {Phase.FAILED: EntryState.FAILED, Phase.CANCELLED: EntryState.CANCELLED}


@dataclass(frozen=True)
class RenderOrder:
    """What is to be rendered; enough to go on in another session.

    Attributes:
        scene, strip: names of the scene and of the source strip.
        range_mode: one of ``properties.RANGE_...``.
        pair_id: the source's id, by which it is found when it was renamed.
        engine: name of the engine when the order was given.
        frames: timeline frames of the range at that time.
        size: (width, height) of the source in px, None while unknown.
        first_section: only what the first section of the engine's film has.
        film_s: seconds that the frames take of an engine whose films depend on its settings; None while unknown.
    """

    scene: str
    strip: str
    range_mode: str
    pair_id: str = ""
    engine: str = ""
    frames: int = 0
    size: tuple[int, int] | None = None
    first_section: bool = False
    film_s: float | None = None

    def same_strip(self, other: RenderOrder) -> bool:
        """Whether both render one strip, all of it or its first section. Halves of a cut share their id: names tell."""
        mine, others = ((o.scene, o.strip, o.first_section) for o in (self, other))
        return mine == others


@dataclass(frozen=True)
class Entry:
    """A job of the queue.

    Attributes:
        id: number that no other entry of this session has.
        title: what the user asked for.
        make: begins the job.
        strip: name of the strip that it works on, "" for none.
        order: what a render renders; None for every other job.
        at_end: called with the last state.
        job: the last state, once it ended.
        from_last_session: it was left unfinished when its file was closed.
        added_s, started_s, ended_s: Unix times; None while that has not happened.
    """

    id: int
    title: str
    make: JobMaker = field(repr=False, compare=False)
    strip: str = ""
    order: RenderOrder | None = None
    at_end: tuple[AtEnd, ...] = field(default=(), repr=False, compare=False)
    state: EntryState = EntryState.WAITING
    job: JobState | None = None
    from_last_session: bool = False
    added_s: float = 0.0
    started_s: float | None = None
    ended_s: float | None = None

    @property
    def can_retry(self) -> bool:
        """Whether it came to nothing."""
        return self.state in (EntryState.FAILED, EntryState.CANCELLED)


class Queue:
    """The list of jobs. It runs nothing itself: ``service`` asks for the next one and tells how it ended."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ids = itertools.count(1)
        self._pending: list[Entry] = []
        self._ended: list[Entry] = []
        self.running: Entry | None = None
        # Called after each change.
        self.listeners: list[Callable[[], None]] = []
        # Called with every entry that came to its end, canceled ones that never ran included.
        self.end_listeners: list[Callable[[Entry], None]] = []

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All entries as a list shows them: the one that runs, those to come, those that ended, the last one first."""
        return (*((self.running,) if self.running else ()), *self._pending, *self._ended)

    @property
    def pending(self) -> tuple[Entry, ...]:
        """Entries that wait or are paused, in their order."""
        return tuple(self._pending)

    @property
    def ended(self) -> tuple[Entry, ...]:
        """Entries that ended, the last one first."""
        return tuple(self._ended)

    @property
    def waiting(self) -> int:
        """How many entries wait and are not paused."""
        return sum(entry.state is EntryState.WAITING for entry in self._pending)

    @property
    def from_last_session(self) -> tuple[Entry, ...]:
        """Paused entries that were left unfinished when the file was closed."""
        return tuple(e for e in self._pending if e.from_last_session and e.state is EntryState.PAUSED)

    def find(self, entry_id: int) -> Entry | None:
        """The entry with an id."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)

    def unfinished_orders(self) -> tuple[RenderOrder, ...]:
        """The renders that have not ended, the running one first."""
        return tuple(entry.order for entry in (self.running, *self._pending) if entry and entry.order)

    def add(
        self,
        title: str,
        make: JobMaker,
        *,
        strip: str = "",
        order: RenderOrder | None = None,
        at_end: AtEnd | None = None,
    ) -> Entry:
        """Append a job; a render of a strip that waits already takes the place of the older one."""
        if order is not None and self.running is None and not self._pending:  # a new list begins
            self._ended = [entry for entry in self._ended if entry.state is not EntryState.DONE]
        callbacks = (at_end,) if at_end else ()
        return self._put(Entry(next(self._ids), title, make, strip, order, callbacks, added_s=self._clock()))

    def restore(self, orders: Iterable[tuple[str, JobMaker, RenderOrder]]) -> None:
        """Append paused renders of an earlier session: title, maker and order of each."""
        for title, make, order in orders:
            entry = Entry(next(self._ids), title, make, order.strip, order, added_s=self._clock())
            self._pending.append(replace(entry, state=EntryState.PAUSED, from_last_session=True))
        self._changed()

    def begin_next(self) -> Entry | None:
        """Take the first waiting entry for the running one; None if one runs or none waits."""
        waiting = next((entry for entry in self._pending if entry.state is EntryState.WAITING), None)
        if self.running is not None or waiting is None:
            return None
        self._pending.remove(waiting)
        self.running = replace(waiting, state=EntryState.RUNNING, started_s=self._clock())
        self._changed()
        return self.running

    def finish(self, job: JobState) -> Entry | None:
        """Note how the running entry ended."""
        if self.running is None:
            return None
        entry, self.running = self.running, None
        return self._end(entry, job)

    def cancel(self, entry_id: int) -> Entry | None:
        """End an entry that has not begun; None if there is none such."""
        index = self._pending_index(entry_id)
        if index is None:
            return None
        entry = self._pending.pop(index)
        return self._end(entry, JobState(entry.title, Phase.CANCELLED, "Canceled before it began."))

    def move(self, entry_id: int, where: Move) -> bool:
        """Move an entry that has not begun; whether it moved."""
        index = self._pending_index(entry_id)
        if index is None:
            return False
        target = {Move.UP: index - 1, Move.DOWN: index + 1, Move.FRONT: 0}[where]
        if target == index or not 0 <= target < len(self._pending):
            return False
        self._pending.insert(target, self._pending.pop(index))
        self._changed()
        return True

    def retry(self, entry_id: int) -> Entry | None:
        """Queue an entry again that failed or was canceled; None if there is none such."""
        entry = self.find(entry_id)
        if entry is None or not entry.can_retry:
            return None
        self._ended.remove(entry)
        return self._put(
            Entry(next(self._ids), entry.title, entry.make, entry.strip, entry.order, added_s=self._clock())
        )

    def remove(self, entry_id: int) -> bool:
        """Take an entry that does not run off the list; whether there was one."""
        self.cancel(entry_id)
        kept = [entry for entry in self._ended if entry.id != entry_id]
        found = len(kept) < len(self._ended)
        self._ended = kept
        if found:
            self._changed()
        return found

    def clear_ended(self) -> int:
        """Take all that ended off the list; how many."""
        count, self._ended = len(self._ended), []
        if count:
            self._changed()
        return count

    def clear_last_session(self) -> int:
        """Take off what an earlier session left unfinished and nobody asked for since; how many."""
        left = self.from_last_session
        self._pending = [entry for entry in self._pending if entry not in left]
        if left:
            self._changed()
        return len(left)

    def pause(self) -> int:
        """Hold all that waits; the running entry goes on to its end. How many."""
        return self._set_pending(EntryState.WAITING, EntryState.PAUSED)

    def proceed(self) -> int:
        """Let all that is paused wait for its turn; how many."""
        return self._set_pending(EntryState.PAUSED, EntryState.WAITING)

    def forget_all(self) -> None:
        """Begin with an empty list, without telling anybody: another file is open."""
        self.running, self._pending, self._ended = None, [], []

    def _set_pending(self, old: EntryState, new: EntryState) -> int:
        count = sum(entry.state is old for entry in self._pending)
        self._pending = [replace(e, state=new) if e.state is old else e for e in self._pending]
        if count:
            self._changed()
        return count

    def _put(self, entry: Entry) -> Entry:
        """Put an entry to those that wait. How a moment's job or an older render of the strip ended is over then."""
        order = entry.order
        self._ended = [e for e in self._ended if e.order and not (order and e.order.same_strip(order))]
        place = self._place_of(order)
        if place is not None:
            entry = replace(entry, at_end=self._pending[place].at_end + entry.at_end)
            self._pending[place] = entry
        elif order is None:
            self._pending.insert(self._first_render(), entry)
        else:
            self._pending.append(entry)
        self._changed()
        return entry

    def _place_of(self, order: RenderOrder | None) -> int | None:
        """Place of the waiting render of the same strip."""
        if order is None:
            return None
        waiting = [place for place, e in enumerate(self._pending) if e.order and e.order.same_strip(order)]
        return waiting[0] if waiting else None

    def _first_render(self) -> int:
        return next((place for place, entry in enumerate(self._pending) if entry.order), len(self._pending))

    def _pending_index(self, entry_id: int) -> int | None:
        return next((place for place, entry in enumerate(self._pending) if entry.id == entry_id), None)

    def _end(self, entry: Entry, job: JobState) -> Entry:
        state = _END_OF.get(job.phase, EntryState.DONE)
        entry = replace(entry, state=state, job=job, ended_s=self._clock())
        self._ended = [entry, *self._ended][:KEPT_ENDED]
        self._changed()
        for listener in self.end_listeners:
            listener(entry)
        return entry

    def _changed(self) -> None:
        for listener in self.listeners:
            listener()


SecondsPerFrame = Callable[[str, tuple[int, int] | None], float | None]


def seconds_left(queue: Queue, running: JobState | None, speed: SecondsPerFrame) -> float | None:
    """How long the running render and those that wait will take; None without any, or where some is not known.

    Frames that are there already are not known before a job begins, so it is an upper bound.

    Args:
        running: the state of the running job.
        speed: seconds a frame of an engine, by name and size of the source in px.
    """
    orders = [entry.order for entry in queue.pending if entry.state is EntryState.WAITING and entry.order]
    parts = [_seconds(order, order.frames, speed) for order in orders]
    if queue.running is not None and queue.running.order is not None:
        parts.append(_left_of_running(queue.running.order, running, speed))
    known = [part for part in parts if part is not None]
    return sum(known) if known and len(known) == len(parts) else None


def _left_of_running(order: RenderOrder, state: JobState | None, speed: SecondsPerFrame) -> float | None:
    if state is not None and state.eta_s is not None:
        return state.eta_s
    counted = state is not None and state.total and not state.in_steps
    return _seconds(order, state.total - state.done if state is not None and counted else order.frames, speed)


def _seconds(order: RenderOrder, frames: int, speed: SecondsPerFrame) -> float | None:
    if order.film_s is not None:
        return order.film_s * frames / max(1, order.frames)
    seconds = speed(order.engine, order.size)
    return None if seconds is None else seconds * frames
