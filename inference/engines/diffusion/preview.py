# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Previews of engines that redraw: the performance, as the puppet shows it on the source itself. Needs no network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ...face.tracker import FaceTracker
from ...media.picture import Picture, PictureReader
from ...source import FaceChoice
from ..engine import DrivingClip, FrameRequest, Quality
from ..puppet.description import PUPPET
from ..puppet.session import PuppetSession
from .poses import shown


class Preview:
    """Shows sliders, and what was measured of the clip's actor, on the source. Prepared with the first frame.

    Args:
        settings: the engine's; of them ``cut_out``.
        executor: for bands of a frame; None for one thread.
    """

    def __init__(
        self,
        tracker: FaceTracker,
        pictures: PictureReader,
        choice: FaceChoice,
        settings: Mapping[str, object],
        clip: DrivingClip | None,
        executor: ThreadPoolExecutor | None = None,
    ) -> None:
        self._opened = lambda: PuppetSession(
            tracker, pictures, choice, PUPPET.settings_from({"cut_out": settings["cut_out"]}), executor
        )
        self._session: PuppetSession | None = None
        self._clip = clip

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, in their order; at rest, without a cut-out, the source's own pixels."""
        if self._session is None:
            self._session = self._opened()
        yield from self._session.frames((posed(request, self._clip) for request in requests), quality)

    def close(self) -> None:
        """Free the puppet."""
        if self._session is not None:
            self._session.close()
        self._session = None


def posed(request: FrameRequest, clip: DrivingClip | None) -> FrameRequest:
    """A request in which the sliders do what the clip's actor does, and no clip acts."""
    if request.driving is None or clip is None:
        return replace(request, driving=None)
    measured = clip.pose(request.driving.position)
    return replace(request, pose=shown(measured, request.driving, request.pose), driving=None)
