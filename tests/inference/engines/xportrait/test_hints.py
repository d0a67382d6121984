# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import faces
import numpy as np
import pytest

from inference.engines.xportrait.hints import (
    MEASURED_PX,
    aligned,
    alignment,
    best_match,
    ibug_points,
    local_patches,
    patch_corners,
)
from inference.face.tables import LEFT_IRIS, RIGHT_IRIS

LIPS = (61, 291, 13, 14)


@pytest.fixture(scope="module")
def astronaut() -> tuple[np.ndarray, np.ndarray]:
    """(512, 512, 3) picture and (478, 2) landmarks."""
    return faces.picture("astronaut"), faces.face("astronaut").landmarks[:, :2]


def some_points(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(60, 200, (68, 2))


def test_patches_lie_around_eyes_and_mouth(astronaut):
    picture, landmarks = astronaut
    size = picture.shape[0]
    corners = patch_corners(ibug_points(landmarks, size), size)
    for corner, wanted in zip(corners, (LEFT_IRIS, RIGHT_IRIS, LIPS), strict=True):
        centre = landmarks[list(wanted)].mean(axis=0)
        assert np.abs(corner + size // 8 - centre).max() < size / 50


def test_points_have_the_order_of_the_scheme(astronaut):
    """Jaw from the picture's left to its right, brows above eyes above nose above mouth."""
    picture, landmarks = astronaut
    points = ibug_points(landmarks, picture.shape[0])
    assert points.shape == (68, 2)
    assert points[0, 0] < points[8, 0] < points[16, 0]
    assert points[8, 1] == points[:, 1].max()
    heights = [points[part, 1].mean() for part in (slice(17, 27), slice(36, 48), slice(31, 36), slice(48, 68))]
    assert heights == sorted(heights)
    assert points[36, 0] < points[39, 0] < points[42, 0] < points[45, 0]
    assert points[48, 0] < points[60, 0] < points[64, 0] < points[54, 0]
    assert points[51, 1] < points[62, 1] <= points[66, 1] < points[57, 1]


@pytest.mark.parametrize("size", [128, 256, 512])
def test_patches_stay_inside(size):
    for point in (-500.0, 500.0):
        corners = patch_corners(np.full((68, 2), point), size)
        assert (corners >= 0).all() and (corners + size // 4 <= size).all()


def test_only_patches_are_shown():
    frames = np.random.default_rng(1).integers(1, 256, (2, 128, 128, 3), dtype=np.uint8)
    points = some_points()
    local = local_patches(frames, [points, None])
    is_inside = np.zeros((128, 128), bool)
    for x, y in patch_corners(points, 128):
        is_inside[y : y + 32, x : x + 32] = True
    assert np.array_equal(local[0], frames[0] * is_inside[..., None])
    assert not local[1].any()
    assert frames.all(), "what is given stays as it is"


def test_the_best_match_is_the_nearest():
    source = some_points()
    assert best_match(source, [source + 9, None, source + 2, source - 3]) == 2
    assert best_match(source, [None, None]) == 0


def test_alignment_gives_the_source_place_and_extent():
    source, driving = some_points(1), some_points(2) * [0.5, 0.8] + 10
    matrix = alignment(source, driving, MEASURED_PX)
    laid = driving @ matrix[:, :2].T + matrix[:, 2]
    assert np.allclose(laid.mean(axis=0), source.mean(axis=0), atol=1e-3)
    assert np.allclose(np.ptp(laid, axis=0), np.ptp(source, axis=0), atol=1e-3)
    assert matrix[0, 1] == pytest.approx(0, abs=1e-6) and matrix[1, 0] == pytest.approx(0, abs=1e-6)


def test_alignment_in_a_larger_picture():
    small, large = (alignment(some_points(1), some_points(2), size) for size in (256, 512))
    assert np.allclose(large[:, :2], small[:, :2], atol=1e-5)
    assert np.allclose(large[:, 2], 2 * small[:, 2], atol=1e-3)


@pytest.mark.parametrize("kind", [np.uint8, np.float32])
def test_a_picture_that_fits_stays_as_it_is(kind):
    frames = np.random.default_rng(3).integers(0, 256, (2, 64, 64, 3)).astype(kind)
    points = some_points()
    laid = aligned(frames, alignment(points, points, 64))
    assert laid.dtype == kind
    assert np.abs(laid.astype(float) - frames).max() <= (0 if kind is np.uint8 else 0.01)


def test_beyond_the_picture_it_is_black():
    frames = np.full((1, 64, 64, 3), 200, np.uint8)
    laid = aligned(frames, np.array([[1.0, 0, 20], [0, 1, 0]]))
    assert not laid[:, :, :20].any() and (laid[:, :, 20:] == 200).all()
