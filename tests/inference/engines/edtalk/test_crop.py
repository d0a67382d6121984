# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Faces on the template: the similarity is exact, portraits lie right, and clips keep the motion of the head."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from acting_clips import carphone
from faces import PORTRAITS, face, picture, tracker

from inference.engines.edtalk.crop import (
    NETWORK_PX,
    PICKED,
    TEMPLATE,
    aligned_square,
    cut,
    shot_square,
    similarity,
)


def placed(scale: float, angle: float, shift: tuple[float, float]) -> np.ndarray:
    """(478, 2) landmarks whose picked ones are the template's under a similarity."""
    turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    landmarks = np.zeros((478, 2))
    landmarks[PICKED] = scale * TEMPLATE @ turn.T + shift
    return landmarks


def in_square(landmarks: np.ndarray) -> np.ndarray:
    """(47, 2) picked landmarks in px of their own square."""
    matrix = aligned_square(landmarks).to_crop(NETWORK_PX)
    return landmarks[PICKED, :2] @ matrix[:, :2].T + matrix[:, 2]


def test_each_point_of_the_template_is_picked_once():
    assert TEMPLATE.shape == (47, 2) and PICKED.shape == (47,)
    assert len(set(PICKED.tolist())) == 47 and PICKED.max() < 468


def test_the_jaw_is_picked_alike_on_both_sides():
    """The mesh is symmetrical, so mirrored landmarks lie at mirrored places."""
    vertices = tracker().mesh.image_vertices[PICKED[:17]]
    assert np.abs(vertices[:, 0] + vertices[::-1, 0]).max() < 1e-3
    assert np.abs(vertices[:, 1] - vertices[::-1, 1]).max() < 1e-3


@pytest.mark.parametrize(("scale", "angle", "shift"), [(1.0, 0.0, (0, 0)), (2.5, 0.6, (90, -40)), (0.3, -2.9, (7, 8))])
def test_a_template_lies_on_itself(scale, angle, shift):
    landmarks = placed(scale, angle, shift)
    found = similarity(TEMPLATE, landmarks[PICKED])
    assert np.allclose((found[0], found[1]), (scale, angle)) and np.allclose(found[2], shift)
    assert np.allclose(in_square(landmarks), TEMPLATE)
    assert math.isclose(aligned_square(landmarks).side, scale * NETWORK_PX)


def test_no_other_similarity_is_nearer():
    points = face("hopper").landmarks[PICKED, :2]
    scale, angle, shift = similarity(TEMPLATE, points)

    def error(scale: float, angle: float, shift: np.ndarray) -> float:
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        return float(np.square(scale * TEMPLATE @ turn.T + shift - points).sum())

    best = error(scale, angle, shift)
    for step in (-1, 1):
        assert error(scale * (1 + step * 1e-3), angle, shift) > best
        assert error(scale, angle + step * 1e-3, shift) > best
        assert error(scale, angle, shift + step * 0.1) > best


@pytest.mark.parametrize("name", PORTRAITS)
def test_portraits_lie_on_the_template(name):
    apart = np.linalg.norm(in_square(face(name).landmarks) - TEMPLATE, axis=1)
    assert apart.mean() < 7 and apart[36:].mean() < 6


def test_a_leaning_portrait_is_cut_as_an_upright_one():
    turned = cv2.warpAffine(picture("hopper"), cv2.getRotationMatrix2D((254, 209), 25, 1), (512, 512))
    upright = cut(picture("hopper"), aligned_square(face("hopper").landmarks))
    leaning = cut(turned, aligned_square(tracker().faces(turned)[0].landmarks))
    middle = (slice(60, 230), slice(60, 200))
    assert np.abs(upright[middle].astype(float) - leaning[middle]).mean() < 8
    assert leaning.shape == (256, 256, 3) and leaning.dtype == np.uint8


def test_a_cut_is_red_green_blue_and_black_outside():
    blue = np.zeros((40, 40, 3), np.uint8)
    blue[..., 0] = 200
    landmarks = placed(0.3, 0.0, (-10, 0))
    crop = cut(blue, aligned_square(landmarks))
    assert crop[10, 10].tolist() == [0, 0, 0]
    assert crop[60, 100].tolist() == [0, 0, 200]


def test_a_shot_has_one_upright_square_in_which_the_head_leans():
    landmarks = [tracker().faces(pixels)[0].landmarks for pixels in carphone()[:40:8]]
    square = shot_square(landmarks)
    assert square.angle == 0
    angles = [aligned_square(one).angle for one in landmarks]
    assert np.ptp(angles) > 0.02 and abs(np.mean(angles)) > 0.1
    assert abs(square.side / np.mean([aligned_square(one).side for one in landmarks]) - 1) < 0.2


@pytest.mark.parametrize(("angle", "expected"), [(0.5, 0.0), (1.4, math.pi / 2), (-1.7, -math.pi / 2)])
def test_a_clip_on_its_side_is_set_upright(angle, expected):
    square = shot_square([placed(1.0, angle + lean, (300, 300)) for lean in (-0.05, 0.05)])
    assert math.isclose(square.angle, expected)


def test_a_head_that_walks_stays_in_the_square_as_far_as_that_is_sensible():
    near = shot_square([placed(1.0, 0.0, (x, 0)) for x in (0, 20)])
    far = shot_square([placed(1.0, 0.0, (x, 0)) for x in (0, 100)])
    across = shot_square([placed(1.0, 0.0, (x, 0)) for x in (0, 3000)])
    assert math.isclose(near.side, 256)
    assert math.isclose(far.side, 2 * (0.38 * 256 + 50))
    assert math.isclose(across.side, 1.6 * 256)
    assert math.isclose(far.centre[0], 128 + 50)
