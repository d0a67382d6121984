# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What frames shall show: the portrait's own, the actor's by region, and the sliders, added up. The networks tell known
numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from inference.controls import pose_from
from inference.engines.engine import DrivingPlace, FrameRequest
from inference.engines.hellomeme.readings import (
    ANGLES,
    BROWS,
    EMOTION,
    EYES,
    MIDDLE,
    MOUTH,
    OUTLINE,
    SIZE,
    TRANSLATION,
    WIDTH,
    FacePicture,
    FacePlace,
    head_translation,
)
from inference.engines.hellomeme.signals import SignalMaker, Signals, held

# The portrait's picture says what is read in it: its brightness, and sliders by name.
_SIDE = 64
REGIONS = {"eyes": EYES, "brows": BROWS, "mouth": MOUTH}


class KnownReadings:
    """Reads the picture's brightness everywhere, and where its landmarks are."""

    def __init__(self) -> None:
        self.read = 0

    def of(self, pictures: Sequence[FacePicture]) -> np.ndarray:
        self.read += len(pictures)
        rows = np.zeros((len(pictures), WIDTH))
        for row, one in zip(rows, pictures, strict=True):
            place = FacePlace.of(one.landmarks)
            row[EMOTION] = row[ANGLES] = float(one.bgr[0, 0, 0])
            row[TRANSLATION] = (0, 0, -5)
            row[MIDDLE] = (np.array(place.middle) - one.rest.middle) / one.rest.size_px
            row[SIZE] = place.size_px / one.rest.size_px
        return rows


class KnownClip:
    """An actor of brightness 100 at rest, and 1 more and 0.1 faces further right with each picture."""

    def at(self, position: float) -> np.ndarray:
        row = np.full(WIDTH, 100.0 + position)
        row[TRANSLATION], row[MIDDLE], row[SIZE] = (0, 0, -5), (0.1 * position, 0), 1
        return row

    def neutral(self) -> np.ndarray:
        return self.at(0)


def portrait(picture: int, pose: Mapping[str, float]) -> tuple[np.ndarray, np.ndarray] | None:
    """Brighter by 10 for each picture and by 5 with an open jaw, moved by Head X; lost from picture 7 on."""
    if picture >= 7:
        return None
    bright = 10 + 10 * picture + round(5 * pose["jaw_open"])
    landmarks = np.zeros((478, 2))
    landmarks[OUTLINE] = np.random.default_rng(1).uniform(20, 44, (len(OUTLINE), 2))
    return np.full((_SIDE, _SIDE, 3), bright, np.uint8), landmarks + np.array([20 * pose["head_x"], 0])


def of(
    *requests: FrameRequest, clip: KnownClip | None = None, movement: float = 1.0, readings: object = None
) -> Signals:
    maker = SignalMaker(readings or KnownReadings(), portrait, 0, clip, movement)  # type: ignore[arg-type]
    return maker.of(requests, lambda: None)


def frame(picture: int = 0, driving: DrivingPlace | None = None, **pose: float) -> FrameRequest:
    return FrameRequest(0, picture, pose_from(pose), driving=driving)


def test_at_rest_a_portrait_shows_itself():
    signals = of(frame(), frame(3))
    assert (signals.emotions[0] == 10).all() and (signals.emotions[1] == 40).all()
    assert signals.emotions.dtype == np.float32 and signals.emotions.shape == (2, 548)
    assert (signals.angles[0] == 10).all() and np.allclose(signals.translations[0], signals.translations[1])


def test_sliders_add_what_the_puppet_changes():
    signals = of(frame(), frame(jaw_open=1.0), frame(head_x=0.3))
    assert (signals.emotions[1] == 15).all() and (signals.angles[1] == 15).all()
    assert np.allclose(signals.translations[1], signals.translations[0])
    assert signals.translations[2, 0] > signals.translations[0, 0] + 0.01
    assert np.allclose(signals.translations[2, 1:], signals.translations[0, 1:])


def test_the_actor_is_followed_as_it_is():
    signals = of(frame(driving=DrivingPlace(2.5, 1, 1, 1, 1)), clip=KnownClip())
    assert np.allclose(signals.emotions, 102.5) and np.allclose(signals.angles, 102.5)


@pytest.mark.parametrize("region", REGIONS)
def test_a_region_that_is_released_stays_the_portraits_own(region):
    strengths = {"head": 1.0, "eyes": 1.0, "brows": 1.0, "mouth": 1.0, region: 0.0}
    signals = of(frame(driving=DrivingPlace(2.0, **strengths)), clip=KnownClip())
    for name, columns in REGIONS.items():
        assert np.allclose(signals.emotions[0, columns], 10 if name == region else 102)
    assert np.allclose(signals.angles, 102)


def test_a_head_that_is_released_neither_turns_nor_moves():
    still, half, moved = (
        of(frame(driving=DrivingPlace(2.0, head, 1, 1, 1)), clip=KnownClip()) for head in (0.0, 0.5, 1.0)
    )
    assert np.allclose(still.angles, 10) and np.allclose(half.angles, 56) and np.allclose(moved.angles, 102)
    assert np.allclose(still.translations, of(frame()).translations)
    way = moved.translations[0] - still.translations[0]
    assert way[0] > 0.01 and np.allclose(half.translations[0] - still.translations[0], way / 2)


def test_the_actors_way_is_measured_from_the_neutral_picture():
    at_rest = of(frame(driving=DrivingPlace(0.0, 1, 1, 1, 1)), clip=KnownClip())
    assert np.allclose(at_rest.translations, of(frame()).translations)


def test_sliders_come_on_top_of_the_actor():
    driving = DrivingPlace(2.0, 1, 1, 1, 1)
    signals = of(frame(driving=driving), frame(driving=driving, jaw_open=1.0, head_x=0.3), clip=KnownClip())
    assert np.allclose(signals.emotions[1] - signals.emotions[0], 5)
    assert signals.translations[1, 0] > signals.translations[0, 0] + 0.01


@pytest.mark.parametrize("request_", [frame(head_x=0.3), frame(driving=DrivingPlace(3.0, 1, 1, 1, 1))])
def test_without_movement_the_head_stays_in_its_place(request_):
    rest = of(frame()).translations
    held_, half, moved = (of(request_, clip=KnownClip(), movement=m) for m in (0.0, 0.5, 1.0))
    assert np.allclose(held_.translations, rest)
    assert np.allclose(half.translations - rest, (moved.translations - rest) / 2)
    assert np.array_equal(held_.angles, moved.angles) and np.array_equal(held_.emotions, moved.emotions)


def test_pictures_without_a_face_hold_the_last_pose():
    signals = of(frame(8), frame(2), frame(9), frame(7), frame(4))
    assert signals.emotions[:, 0].tolist() == [30, 30, 30, 30, 50]
    assert of(frame(8), frame(9)).emotions[:, 0].tolist() == [10, 10]


def test_held():
    assert held([False, True, False, True, False]) == [1, 1, 1, 3, 3]
    assert held([False, False]) == [None, None]


def test_nothing_is_read_twice():
    readings = KnownReadings()
    of(frame(), frame(jaw_open=0.5), frame(jaw_open=0.5), frame(), readings=readings)
    assert readings.read == 2


def test_a_cancel_is_heard_between_frames():
    def cancel() -> None:
        raise InterruptedError

    readings = KnownReadings()
    with pytest.raises(InterruptedError):
        SignalMaker(readings, portrait, 0, None, 1.0).of([frame()], cancel)  # type: ignore[arg-type]
    assert readings.read == 0


def test_translations_tell_where_in_the_frame_a_face_is():
    row = np.zeros(WIDTH)
    row[TRANSLATION], row[SIZE] = (0, 0, -5), 1
    middle = FacePlace((256.0, 256.0), 170.0)
    centred = head_translation(row, middle)
    assert np.allclose(centred[:2], 0) and centred[2] < 0
    right, lower = (head_translation(row, FacePlace(at, 170.0)) for at in ((300.0, 256.0), (256.0, 300.0)))
    assert right[0] > 0.01 and np.isclose(right[1], 0) and lower[1] < -0.01 and np.isclose(lower[0], 0)
    larger = head_translation(row, FacePlace((256.0, 256.0), 340.0))
    assert np.isclose(larger[2], centred[2] / 2)
