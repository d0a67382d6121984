# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Watches a whole clip: finds the chosen face, follows it to both ends, and writes down what it does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from ..errors import Action, ErrorCode, TalkingHeadError
from ..face.face import Face
from ..face.picture_8bit import to_bgr8
from ..face.search import Look
from ..face.tracker import FaceTracker
from ..media.picture import PictureReader
from ..source import FaceChoice
from .following import Follower, Sight
from .measures import measures_of
from .recording import RecordingWriter

# While no face was seen yet, every so many pictures are searched thoroughly.
_THOROUGH = 12
# Pictures are decoded forwards; going back, this much is kept decoded at a time.
_BACKWARDS_BYTES = 192 << 20
_MOST_AT_A_TIME = 64


@dataclass
class _Notes:
    """What is noted beside the rows of a recording."""

    cuts: set[int] = field(default_factory=set)
    faces: int = 1
    crowded: tuple[int, int] = (-1, -1)

    def add(self, sight: Sight, picture: int, cut_at: int, back: int) -> None:
        """Note what was seen in a picture.

        Args:
            cut_at: the picture with which another shot begins, if one does.
            back: -1 or 1, where the picture lies that was seen before this one.
        """
        if sight.cut:
            self.cuts.add(cut_at)
        if sight.undone:
            self.cuts.discard(cut_at + back * sight.undone)
        self.count(picture, sight.faces)

    def count(self, picture: int, faces: int) -> None:
        """Note how many faces a picture showed."""
        self.faces = max(self.faces, faces)
        if faces > 1:
            first = picture if self.crowded[0] < 0 else min(self.crowded[0], picture)
            self.crowded = (first, max(self.crowded[1], picture))


def track(
    reader: PictureReader,
    choice: FaceChoice,
    tracker: FaceTracker,
    writer: RecordingWriter,
    step: Callable[[int], None],
) -> None:
    """Watch a clip.

    The face is chosen on ``choice.picture``, or on the first picture after it (then: of all) that shows one, and
    followed from there to the clip's end and then to its beginning. One picture is held at a time, while going back a
    few.

    Args:
        step: called with the number of pictures done before each picture; may raise to stop.

    Raises:
        TalkingHeadError: NO_FACE when no picture shows a face, or fewer than chosen; what reading raises.
    """
    start, faces, bgr = _start(reader, choice, tracker, step)
    face = faces[choice.index]
    notes = _Notes()
    notes.count(start, len(faces))
    _write(writer, tracker, start, face)
    done = 1
    follower = Follower(tracker, face, bgr)
    for picture in range(start + 1, len(reader)):
        step(done)
        sight = follower.see(to_bgr8(reader.read(picture)))
        _write(writer, tracker, picture, sight.face)
        notes.add(sight, picture, picture, -1)
        done += 1
    follower = Follower(tracker, face, bgr)
    for picture, seen in _backwards(reader, start):
        step(done)
        sight = follower.see(seen)
        _write(writer, tracker, picture, sight.face)
        # Seen backwards, a shot begins with the picture after the one on which the other is noticed.
        notes.add(sight, picture, picture + 1, 1)
        done += 1
    writer.finish(sorted(notes.cuts), notes.faces, notes.crowded)


def _write(writer: RecordingWriter, tracker: FaceTracker, picture: int, face: Face | None) -> None:
    if face is None:
        return
    values, landmarks = measures_of(face, tracker.mesh)
    assert face.blendshapes is not None
    writer.write(picture, values, face.blendshapes, landmarks, face.landmarks[:, :2])


def _start(
    reader: PictureReader, choice: FaceChoice, tracker: FaceTracker, step: Callable[[int], None]
) -> tuple[int, list[Face], np.ndarray]:
    """The picture from which the face is followed, the faces on it, and its pixels."""
    chosen = min(choice.picture, len(reader) - 1)
    for number, picture in enumerate((*range(chosen, len(reader)), *range(chosen))):
        step(0)
        bgr = to_bgr8(reader.read(picture))
        faces = tracker.faces(bgr) if number % _THOROUGH == 0 else tracker.faces(bgr, (Look.WHOLE,))
        if len(faces) > choice.index:
            return picture, faces, bgr
        if faces:
            raise _too_few(choice.index, len(faces), picture)
    raise TalkingHeadError(
        ErrorCode.NO_FACE,
        "No face was found in the driving clip.",
        "Choose a clip that shows a person's face, larger and from the front.",
    )


def _too_few(index: int, faces: int, picture: int) -> TalkingHeadError:
    count = "is 1 face" if faces == 1 else f"are {faces} faces"
    return TalkingHeadError(
        ErrorCode.NO_FACE,
        f"Face {index + 1} was asked for, but there {count} in picture {picture + 1} of the driving clip.",
        "Choose one of the faces that were found, or another picture.",
        Action.CHOOSE_FACE,
    )


def _backwards(reader: PictureReader, end: int) -> Iterator[tuple[int, np.ndarray]]:
    """Pictures before ``end`` from the last to the first, decoded forwards in groups."""
    width, height = reader.size()
    group = min(max(_BACKWARDS_BYTES // (width * height * 3), 4), _MOST_AT_A_TIME)
    while end > 0:
        first = max(0, end - group)
        pictures = [to_bgr8(reader.read(picture)) for picture in range(first, end)]
        for picture in range(end - 1, first - 1, -1):
            yield picture, pictures.pop()
        end = first
