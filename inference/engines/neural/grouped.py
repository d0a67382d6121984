# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames in groups: most of a group is finished in threads while the next one is drawn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import islice

from ...media.picture import Picture
from ..engine import FrameRequest, Quality
from .device import Device

# Frames that a GPU draws at once; a processor draws one at a time, so that progress is told and cancels are seen soon.
_GPU_GROUP = 8

Made = tuple[int, Future[Picture]]


def group_size(device: Device, quality: Quality) -> int:
    """How many frames are drawn at once."""
    return 1 if device.kind == "cpu" or quality is Quality.PREVIEW else _GPU_GROUP


def grouped(
    requests: Iterable[FrameRequest], size: int, make: Callable[[Sequence[FrameRequest]], Iterable[Made]]
) -> Iterator[tuple[int, Picture]]:
    """The frames asked for, in their order.

    Args:
        make: begins the frames of a group; they are waited for when the next group was begun.
    """
    waiting: deque[Made] = deque()
    remaining = iter(requests)
    try:
        while group := list(islice(remaining, size)):
            waiting += make(group)
            while len(waiting) >= size:
                yield _taken(waiting)
        while waiting:
            yield _taken(waiting)
    finally:
        for _, future in waiting:
            future.cancel()


def done(picture: Picture) -> Future[Picture]:
    """A frame that is finished already."""
    future: Future[Picture] = Future()
    future.set_result(picture)
    return future


def _taken(waiting: deque[Made]) -> tuple[int, Picture]:
    index, future = waiting.popleft()
    return index, future.result()
