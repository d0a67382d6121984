# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is read in driving clips: once, around one place a shot, between pictures, over lost faces."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from hellomeme_stand_in import ActingClip, StandInHeads, acting_clip, emotions

from inference.engines.hellomeme.clip_readings import ClipReadings
from inference.engines.hellomeme.readings import EMOTION, MIDDLE, FacePicture, FacePlace, Readings


class CountedReadings(Readings):
    def __init__(self) -> None:
        super().__init__(emotions, StandInHeads())  # type: ignore[arg-type]
        self.pictures: list[FacePicture] = []

    def of(self, pictures: Sequence[FacePicture]) -> np.ndarray:
        self.pictures += pictures
        return super().of(pictures)


def readings(clip: ActingClip, version: str = "1") -> tuple[ClipReadings, CountedReadings]:
    networks = CountedReadings()
    return ClipReadings(clip, networks, version), networks


def test_a_clip_is_read_once_and_kept_for_the_same_networks():
    clip = acting_clip()
    found, networks = readings(clip)
    first = found.at(1.0)
    assert np.array_equal(found.at(1.0), first) and len(networks.pictures) == 1
    again, others = readings(clip)
    assert np.array_equal(again.at(1.0), first) and others.pictures == []
    other, others = readings(clip, "2")
    other.at(1.0)
    assert len(others.pictures) == 1


def test_all_pictures_of_a_shot_are_placed_from_one_middle():
    clip = acting_clip(cuts=(3,))
    found, networks = readings(clip)
    rows = [found.at(float(picture)) for picture in range(4)]
    mean = FacePlace.mean([FacePlace.of(clip.landmarks(picture)) for picture in range(3)])
    places = {id(one.rest): one.rest for one in networks.pictures}
    assert len(places) == 2 and mean in places.values()
    # The head of the third picture lies to the right, and the last shot is around itself.
    assert rows[2][MIDDLE][0] > rows[0][MIDDLE][0] + 0.1
    assert np.allclose(rows[3][MIDDLE], 0)


def test_a_lost_face_lies_between_those_beside():
    found, _ = readings(acting_clip(lost=(1,)))
    first, lost, last = (found.at(float(picture))[EMOTION] for picture in range(3))
    part = (lost - first) @ (last - first) / ((last - first) @ (last - first))
    assert 0 < part < 1 and np.allclose(lost, first + part * (last - first), atol=1e-6)


def test_the_neutral_picture():
    clip = acting_clip()
    clip.neutral = 2
    found, _ = readings(clip)
    assert np.array_equal(found.neutral(), found.at(2.0))
