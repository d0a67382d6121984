# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import cv2
import faces
import numpy as np
import pytest

from inference.engines.liveportrait.colour_match import match_colours
from inference.engines.liveportrait.crop import cut_square, face_square


@pytest.fixture(scope="module")
def portrait():
    """(512, 512, 3) float32 R, G, B square of a portrait."""
    square = face_square(faces.face("astronaut").landmarks)
    return cut_square(faces.picture("astronaut"), square)[..., ::-1].astype(np.float32) / 255


def softened(values):
    """As networks draw: without the finest detail."""
    return cv2.GaussianBlur(values, (0, 0), 1.5)


def tinted(values):
    """Paler, redder, and darker towards the right."""
    shade = np.linspace(0, -0.06, 512, dtype=np.float32)[None, :, None]
    return np.clip(values * np.float32([0.9, 0.92, 0.85]) + np.float32([0.07, 0.02, 0.03]) + shade, 0, 1)


def blurred_difference(one, other):
    return np.abs(cv2.GaussianBlur(one - other, (0, 0), 12)).mean()


def test_a_tint_and_a_shade_are_put_right(portrait):
    drawn = tinted(softened(portrait))
    found = match_colours(portrait, drawn).applied(drawn)
    assert blurred_difference(found, portrait) < 0.2 * blurred_difference(drawn, portrait)
    assert np.abs(found.mean(axis=(0, 1)) - portrait.mean(axis=(0, 1))).max() < 0.004


def test_the_border_meets_the_picture(portrait):
    drawn = tinted(softened(portrait))
    found = match_colours(portrait, drawn).applied(drawn)
    rim = np.ones((512, 512), bool)
    rim[32:-32, 32:-32] = False
    assert abs((found - portrait)[rim].mean()) < 0.2 * abs((drawn - portrait)[rim].mean())


def test_right_colours_hardly_change(portrait):
    drawn = softened(portrait)
    assert np.abs(match_colours(portrait, drawn).applied(drawn) - drawn).mean() < 0.006
    same = match_colours(portrait, portrait)
    assert same.applied(portrait) == pytest.approx(portrait, abs=1e-4)


def test_a_moved_face_leaves_no_ghost(portrait):
    """What is measured at rest varies so slowly that a face drawn elsewhere shows nothing of it."""
    offset = match_colours(portrait, tinted(softened(portrait))).offset
    assert max(np.abs(np.diff(offset, axis=axis)).max() for axis in (0, 1)) < 0.004


def test_a_wrong_drawing_is_not_forced(portrait):
    noise = np.random.default_rng(0).random((512, 512, 3), np.float32)
    match = match_colours(portrait, noise)
    assert match.gain.min() >= 0.8 and match.gain.max() <= 1.25
    assert np.abs(match.offset).max() < 0.11
    assert np.isfinite(match_colours(portrait * 0, portrait * 0).applied(portrait)).all()


def test_what_lies_outside_the_picture_does_not_count(portrait):
    inside = np.ones((512, 512), np.float32)
    inside[:, :200] = 0
    cut, drawn = portrait * inside[..., None], tinted(softened(portrait))
    found = match_colours(cut, drawn, inside).applied(drawn)
    assert np.abs((found - portrait)[:, 260:].mean(axis=(0, 1))).max() < 0.01
    nothing = match_colours(cut, drawn, inside * 0)
    assert np.isfinite(nothing.applied(drawn)).all()
