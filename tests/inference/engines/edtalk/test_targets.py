# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which weights a frame gets from source, clips, sound and sliders."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inference.controls import pose_from
from inference.engines.edtalk.emotions import PRESETS
from inference.engines.edtalk.targets import Driving, Targets, raw_offsets
from inference.engines.edtalk.weights import EXPRESSION, MOUTH, POSE
from inference.engines.engine import DrivingPlace, FrameRequest, Quality, SpeechPlace

OWN = np.linspace(-1, 1, 36)
NONE = np.zeros(36)


class Clip:
    """Weights that grow with the place; another constant for each clip."""

    def __init__(self, base: float) -> None:
        self.base = base

    def at(self, position: float, quality: Quality) -> np.ndarray:
        return np.full(36, self.base + position)

    def neutral(self, quality: Quality) -> np.ndarray:
        return self.at(1.0, quality)


class Mouth:
    def __init__(self, silent: bool = False) -> None:
        self.silent = silent

    def at(self, time_s: float) -> np.ndarray | None:
        return None if self.silent else np.full(20, 100 + time_s)


def row(drivers: Driving, motion: str = "absolute", own: np.ndarray = OWN, **places: Any) -> np.ndarray:
    pose = pose_from(places.pop("pose", {}))
    request = FrameRequest(0, 0, pose, **places)
    source: Any = SimpleNamespace(own=own)
    return Targets(drivers, {"motion": motion}).row(source, request, Quality.FINAL, np.zeros(len(own)))


def acting(base: float = 10.0) -> Driving:
    return Driving(acting=Clip(base))  # type: ignore[arg-type]


def test_nothing_gives_the_sources_own_to_the_bit():
    assert np.array_equal(row(Driving()), OWN)
    assert np.array_equal(row(acting()), OWN)


def test_each_bank_is_driven_by_its_strength():
    found = row(acting(), driving=DrivingPlace(3.0, head=0.5, eyes=0.25, brows=0.0, mouth=1.0))
    assert np.allclose(found[MOUTH], 13)
    assert np.allclose(found[POSE], OWN[POSE] + 0.5 * (13 - OWN[POSE]))
    assert np.allclose(found[EXPRESSION], OWN[EXPRESSION] + 0.25 * (13 - OWN[EXPRESSION]))


def test_relative_motion_is_added_to_the_source():
    found = row(acting(), "relative", driving=DrivingPlace(3.0, head=2.0, eyes=0.0, brows=0.5, mouth=1.0))
    assert np.allclose(found[MOUTH], OWN[MOUTH] + 2)
    assert np.allclose(found[POSE], OWN[POSE] + 4)
    assert np.allclose(found[EXPRESSION], OWN[EXPRESSION] + 1)


def test_head_and_expression_come_from_clips_of_their_own():
    driving = Driving(acting=Clip(10), head=Clip(20), expression=Clip(30))  # type: ignore[arg-type]
    found = row(
        driving,
        driving=DrivingPlace(1.0, head=0.0, eyes=0.0, brows=0.0, mouth=1.0),
        driving_head=DrivingPlace(2.0, head=1.0, eyes=1.0, brows=1.0, mouth=1.0),
        driving_expression=DrivingPlace(3.0, head=1.0, eyes=1.0, brows=1.0, mouth=1.0),
    )
    assert np.allclose(found[MOUTH], 11) and np.allclose(found[POSE], 22) and np.allclose(found[EXPRESSION], 33)


@pytest.mark.parametrize("motion", ["absolute", "relative"])
def test_a_sound_has_the_mouth(motion):
    driving = Driving(acting=Clip(10), speech=Mouth())  # type: ignore[arg-type]
    place = DrivingPlace(1.0, head=1.0, eyes=1.0, brows=1.0, mouth=1.0)
    found = row(driving, motion, driving=place, speech=SpeechPlace(2.0, 0.5))
    assert np.allclose(found[MOUTH], OWN[MOUTH] + 0.5 * (102 - OWN[MOUTH]))
    assert np.allclose(found[POSE], 11 if motion == "absolute" else OWN[POSE])
    unheard = row(driving, motion, driving=place)
    assert np.allclose(unheard[MOUTH], 11 if motion == "absolute" else OWN[MOUTH])


def test_a_sound_that_is_too_short_leaves_the_mouth():
    driving = Driving(speech=Mouth(silent=True))  # type: ignore[arg-type]
    assert np.array_equal(row(driving, speech=SpeechPlace(0.0, 1.0)), OWN)


def test_emotions_are_laid_over_the_driven_expression():
    place = DrivingPlace(3.0, head=0.0, eyes=1.0, brows=1.0, mouth=0.0)
    found = row(acting(), driving=place, pose={"edtalk_sad": 0.5})
    assert np.allclose(found[EXPRESSION], 0.5 * 13 + 0.5 * PRESETS["sad"])
    assert np.array_equal(found[MOUTH], OWN[MOUTH])


def test_single_weights_are_moved_last():
    pose = {"edtalk_mouth_01": 1.0, "edtalk_mouth_20": 2.0, "edtalk_pose_06": -3.0, "edtalk_expression_10": 4.0}
    offsets = raw_offsets(pose_from(pose))
    assert np.flatnonzero(offsets).tolist() == [0, 19, 25, 35] and offsets[[0, 19, 25, 35]].tolist() == [1, 2, -3, 4]
    assert np.allclose(row(Driving(), pose=pose), OWN + offsets)


def test_the_model_without_expressions_has_shorter_rows():
    pose = {"edtalk_happy": 1.0, "edtalk_expression_01": 2.0, "edtalk_pose_01": 1.0}
    place = DrivingPlace(3.0, head=0.0, eyes=1.0, brows=1.0, mouth=1.0)
    driving = Driving(acting=SimpleNamespace(at=lambda *_: np.full(26, 13.0)))  # type: ignore[arg-type]
    found = row(driving, own=OWN[:26], driving=place, pose=pose)
    assert found.shape == (26,) and np.allclose(found[MOUTH], 13) and np.isclose(found[20], OWN[20] + 1)
