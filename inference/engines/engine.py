# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the worker asks of an engine."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import numpy as np

from ..media.picture import Picture, PictureReader
from ..source import FaceChoice
from ..weights.store import WeightStore
from .description import EngineDescription


class Quality(str, Enum):
    """PREVIEW may use cheaper interpolation; FINAL is what is written to disk."""

    PREVIEW = "preview"
    FINAL = "final"


@dataclass(frozen=True)
class FrameRequest:
    """One frame to make.

    Attributes:
        index: its place in the job.
        picture: its picture index.
        pose: all pose controls by name.
        motion: (468, 3) float displacement of landmarks on top of the pose, in distances between the outer eye
            corners, in the un-rotated frame of the face (x to the image's right, y down, z away); None for none.
            Only given to engines that declare ``Takes.landmark_motion``.
    """

    index: int
    picture: int
    pose: Mapping[str, float]
    motion: np.ndarray | None = None


class Session(Protocol):
    """An engine opened on one source, face and settings. Used by one thread at a time.

    Attributes:
        warnings: sentences about the source or its frames that the user should read; may grow with every frame.
    """

    warnings: list[str]

    def frames(self, requests: Iterable[FrameRequest], quality: Quality) -> Iterator[tuple[int, Picture]]:
        """The frames asked for, each with its index, in any order, as they are made.

        A frame has the picture's size and depth; with an alpha channel when the source has one or the settings cut
        out. A pose at rest, with no cut-out, gives back the source's own pixels bit for bit. The pixels of a frame
        that was given out do not change any more: it is encoded while the next one is made.

        Raises:
            TalkingHeadError: NO_FACE, OUT_OF_MEMORY ...
        """
        ...

    def close(self) -> None:
        """Free what the session holds."""
        ...


class Engine(Protocol):
    """A loaded engine; one lives in a worker."""

    description: EngineDescription

    def load(self, weights: WeightStore) -> None:
        """Load networks; harmless when loaded.

        Raises:
            TalkingHeadError: WEIGHTS_MISSING, WEIGHTS_CORRUPT, PACKAGE_MISSING.
        """
        ...

    def open(
        self, pictures: PictureReader, needed: Sequence[int], face: FaceChoice, settings: Mapping[str, object]
    ) -> Session:
        """Prepare a source. ``needed`` are the picture indices that will be asked for, ascending.

        Raises:
            TalkingHeadError: NO_FACE with the action PLACE_POINTS or CHOOSE_FACE, and whatever decoding raises.
        """
        ...

    def unload(self) -> None:
        """Free memory; ``load`` brings it back."""
        ...
