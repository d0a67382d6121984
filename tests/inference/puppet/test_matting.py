# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The edge of a cut-out against a person whose matte is known, laid over other backgrounds and cut out again."""

from __future__ import annotations

from functools import cache

import cv2
import media
import numpy as np
import pytest
from faces import face, picture, tracker
from puppets import frame, open_session

from inference.engines.puppet.background import PersonLayers, person_layers
from inference.engines.puppet.colour import Canvas
from inference.engines.puppet.frame import FaceFrame
from inference.engines.puppet.matting import refined_matte
from inference.media.picture import Picture

OVER = ((128, 128, 128), (60, 190, 60), (255, 255, 255), (0, 0, 0))
# Below, the astronaut's collar is as uncertain in what counts as truth.
HEAD_ROWS = slice(0, 300)


@cache
def known_person() -> tuple[np.ndarray, np.ndarray]:
    """Colour (512, 512, 3) and matte (512, 512, 1) of the astronaut, cut from the studio's plain wall."""
    made = frame(open_session([Picture(picture("astronaut"))], settings={"cut_out": True})).pixels
    return made[..., :3].astype(np.float64), made[..., 3:] / 255


def backgrounds() -> dict[str, np.ndarray]:
    shade = np.random.default_rng(1).normal(0, 60, (512, 512, 3))
    shade = cv2.GaussianBlur(shade, (0, 0), 8)
    return {
        "coffee": cv2.resize(cv2.imread(str(media.coffee())), (512, 512)).astype(np.float64),
        "cat": cv2.resize(cv2.imread(str(media.cat())), (512, 512)).astype(np.float64),
        "hair color": np.clip(np.array((40, 70, 90)) + shade, 0, 255),
        "dark": np.clip(np.array((18, 16, 14)) + shade, 0, 255),
        "bright": np.clip(np.array((215, 225, 230)) + shade, 0, 255),
    }


def shown(background: np.ndarray) -> np.ndarray:
    colour, matte = known_person()
    return np.rint(colour * matte + background * (1 - matte)).astype(np.uint8)


def rim_error(pixels: np.ndarray, layers: PersonLayers) -> float:
    """Mean error around the head's edge, of 255, of the cut-out over four colours."""
    colour, truth = known_person()
    rim = cv2.dilate(((truth > 0.02) & (truth < 0.98)).astype(np.uint8)[..., 0], np.ones((9, 9), np.uint8)) > 0
    own, matte = pixels + layers.fringe.astype(np.float64), layers.matte[..., None]
    errors = []
    for color in OVER:
        below = np.array(color, np.float64)
        made = np.clip(own * matte + below * (1 - matte), 0, 255)
        errors.append(np.abs(made - (colour * truth + below * (1 - truth)))[HEAD_ROWS][rim[HEAD_ROWS]].mean())
    return float(np.mean(errors))


@pytest.mark.parametrize(("name", "most"), {"coffee": 8, "cat": 10, "hair color": 6, "dark": 6, "bright": 5}.items())
def test_rim_of_a_known_person(name, most):
    pixels = shown(backgrounds()[name])
    chosen = face("astronaut")
    canvas = Canvas.of(Picture(pixels))
    error = rim_error(pixels, person_layers(canvas, chosen, chosen, tracker()))
    placed = FaceFrame.of(chosen)
    far = refined_matte(pixels, tracker().person_matte(pixels), placed.width * placed.span_px)
    from_afar = rim_error(pixels, PersonLayers.of(canvas, far, placed))
    print(f"over {name}: rim error {error:.1f} of 255; {from_afar:.1f} without the closer look")
    assert error < most and error < from_afar + 0.5


def test_no_haze_where_person_and_background_have_one_colour():
    """A dark figure before a dark wall of nearly its colour: the edge is a few px wide, not the width of a window."""
    x = np.broadcast_to(np.arange(400, dtype=np.float32), (300, 400))
    pixels = np.full((300, 400, 3), 20, np.uint8)
    pixels[x > 200] = 26
    pixels += np.random.default_rng(3).integers(0, 8, pixels.shape, np.uint8)
    mask = np.clip((225 - x) / 50, 0, 1)
    matte = refined_matte(pixels, np.ascontiguousarray(mask), 120.0)
    soft = ((matte > 0.05) & (matte < 0.95)).sum(axis=1)
    print(f"soft px in a row: {soft.mean():.1f}; {((mask > 0.05) & (mask < 0.95)).sum(axis=1).mean():.1f} in the mask")
    assert soft.mean() < 8
    assert matte[:, :150].min() == 1 and matte[:, 250:].max() == 0


def test_a_closer_look_stays_inside_of_the_picture():
    """Faces in corners and pictures that are hardly larger than the face."""
    pixels = picture("astronaut")
    for box in ((0, 0, 40, 40), (480, 470, 530, 540), (-30, 200, 30, 260), (100, 20, 320, 260)):
        matte = tracker()._matte.run_near(pixels, box)
        assert matte.shape == (512, 512) and matte.min() >= 0 and matte.max() <= 1
