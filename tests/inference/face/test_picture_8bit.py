# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
from faces import face, picture, tracker

from inference.face.picture_8bit import srgb_from_linear, to_bgr8
from inference.media.picture import Alpha, Picture


def linear(pixels: np.ndarray) -> np.ndarray:
    values = pixels.astype(np.float64) / 255
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4).astype(np.float32)


def test_every_depth_shows_the_same():
    pixels = picture("astronaut")
    assert np.array_equal(to_bgr8(Picture(pixels)), pixels)
    assert np.array_equal(to_bgr8(Picture(pixels.astype(np.uint16) * 257)), pixels)
    assert np.array_equal(to_bgr8(Picture(linear(pixels))), pixels)
    opaque = np.dstack([pixels, np.full(pixels.shape[:2], 255, np.uint8)])
    assert np.array_equal(to_bgr8(Picture(opaque, Alpha.STRAIGHT)), pixels)


def test_transparent_parts_are_grey_whatever_their_colour():
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0, 0] = (255, 0, 0, 0)
    pixels[0, 1] = (255, 0, 0, 255)
    shown = to_bgr8(Picture(pixels, Alpha.STRAIGHT))
    assert shown[0, 0].tolist() == [128, 128, 128] and shown[0, 1].tolist() == [255, 0, 0]


def test_premultiplied_colour_is_taken_out_of_its_alpha():
    half = np.array([[[0.5, 0.5, 0.5, 0.5]]], np.float32)  # white, half transparent
    shown = to_bgr8(Picture(half, Alpha.PREMULTIPLIED))
    assert shown[0, 0].tolist() == [191, 191, 191]


def test_values_out_of_range():
    wild = np.array([[[np.nan, np.inf, -np.inf], [5.0, -1.0, 0.0]]], np.float32)
    assert to_bgr8(Picture(wild)).tolist() == [[[0, 255, 0], [255, 0, 0]]]


def test_srgb_curve_ends():
    assert np.allclose(srgb_from_linear(np.array([0.0, 1.0, 9.0, -1.0])), [0, 1, 1, 0])
    assert abs(float(srgb_from_linear(np.array([0.18]))[0]) - 0.4613) < 1e-3


def test_faces_are_the_same_in_linear_float():
    found = tracker().faces(to_bgr8(Picture(linear(picture("astronaut")))))
    assert np.array_equal(found[0].landmarks, face("astronaut").landmarks)
