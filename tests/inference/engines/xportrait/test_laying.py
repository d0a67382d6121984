# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The clip laid over the source."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from acting_clips import carphone
from faces import picture, tracker
from redraw_stand_in import ActedClip, acted, place, request, views

from inference.engines.diffusion.performer import DrivingPicture, Performer
from inference.engines.xportrait.laying import Laying, middle_square, reference_picture


def laid(clip, reference, driving, source=None):
    source = source or views()
    laying = Laying.of(clip, source.reference.landmarks, reference, 256)
    (shown,) = Performer(tracker(), source, clip).pictures([request(driving=driving)])
    return laying.laid(shown)


def test_the_actors_face_comes_to_lie_on_the_sources():
    source = views()
    clip = ActedClip(acted((), (("head_yaw", 10.0),)), ({}, {"head_yaw": 10.0}))
    rgb, landmarks = laid(clip, "first", place(0.0), source)
    assert rgb.shape == (256, 256, 3) and rgb.dtype == np.uint8
    found = tracker().faces(rgb[..., ::-1].copy())[0].landmarks[:, :2]
    assert np.linalg.norm(landmarks - found, axis=1).mean() < 1.5
    wanted = source.reference.landmarks
    assert np.abs(found.mean(axis=0) - wanted.mean(axis=0)).max() < 5
    assert np.ptp(found, axis=0) == pytest.approx(np.ptp(wanted, axis=0), rel=0.06)
    # Red and blue are not exchanged: skin is redder than blue.
    cheek = landmarks[50].astype(int)
    assert rgb[cheek[1], cheek[0], 0] > rgb[cheek[1], cheek[0], 2] + 10


def test_the_other_pictures_keep_their_motion():
    rest, moved = (ActedClip(acted((), (("head_x", 0.2),)), ({}, {"head_x": 0.2})) for _ in range(2))
    _, before = laid(rest, "first", place(0.0))
    _, after = laid(moved, "first", place(1.0))
    shift = (after - before).mean(axis=0)
    assert shift[0] == pytest.approx(0.2 * np.ptp(before[:, 0]), rel=0.25) and abs(shift[1]) < 4


def test_references():
    pictures = carphone()[:60:12]
    clip = ActedClip([np.full_like(pictures[0], 90), *pictures], lost=(0,))
    clip.neutral = 2
    faces = tracker().faces(np.ascontiguousarray(cv2.resize(pictures[3], None, fx=2, fy=2)))
    source = faces[0].landmarks[:, :2]
    assert [reference_picture(clip, source, name) for name in ("best", "neutral", "first")] == [4, 2, 1]
    clip.neutral = 0
    assert reference_picture(clip, source, "neutral") == 1


def test_without_a_reference_the_middle_of_the_picture_is_shown_as_it_is():
    clip = ActedClip([picture("astronaut")[:400]])
    rgb, _ = laid(clip, "none", place(0.0))
    expected = cv2.resize(picture("astronaut")[:400, 56:456], (256, 256), interpolation=cv2.INTER_AREA)
    assert np.abs(rgb[..., ::-1].astype(int) - expected).mean() < 4


def test_the_middle_square_of_a_picture():
    matrix = middle_square((30, 20), 10)
    assert np.allclose(matrix @ [4.5, -0.5, 1], [-0.5, -0.5]) and np.allclose(matrix @ [24.5, 19.5, 1], [9.5, 9.5])


def test_the_portraits_own_square_stays():
    bgr = np.random.default_rng(1).integers(0, 255, (256, 256, 3), np.uint8)
    landmarks = np.random.default_rng(1).uniform(0, 255, (478, 2))
    clip = ActedClip([picture("astronaut")])
    rgb, points = Laying.of(clip, views().reference.landmarks, "best", 256).laid(DrivingPicture(bgr, landmarks))
    assert np.array_equal(rgb, bgr[..., ::-1]) and points is landmarks
