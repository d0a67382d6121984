# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait's rotations, key points, crops, openness, smoothing and paste-back, for whatever the case holds."""

from __future__ import annotations

import re

import numpy as np

from inference.engines.liveportrait.crop import (
    box_square,
    driving_box,
    driving_square,
    face_square,
    landmark_crop,
    limited_size,
    resize_to_limit,
)
from inference.engines.liveportrait.hull import motion_multiplier
from inference.engines.liveportrait.kalman import smooth
from inference.engines.liveportrait.keypoints import place
from inference.engines.liveportrait.paste import mask_template, paste_8bit, truncated, warp_affine
from inference.engines.liveportrait.ratios import ratios_of
from inference.engines.liveportrait.rotations import rotation_matrix
from inference.engines.liveportrait.transfer import LIP_NEUTRAL

LANDMARKS = re.compile(r"geo/lm\d+_\d+")
SHIFTED = re.compile(r"_M_o2c_vx(-?[\d.]+)$")
PASTED = re.compile(r"geo/paste(\d+)_u8")
PIXELS = 1e-3


def landmark_sets(case):
    """Names of the landmark sets."""
    return [name for name in case.some("geo/lm") if LANDMARKS.fullmatch(name)]


def row_of(square):
    return [*square.centre, square.side, square.side, square.angle]


def test_rotations(liveportrait):
    angles = liveportrait.array("geo/angles").astype(np.float64)
    liveportrait.close("geo/rotmats", rotation_matrix(*angles.T), 1e-5)


def test_key_points(liveportrait):
    kp, exp, t, scale = (liveportrait.array(f"geo/tk_{name}") for name in ("kp", "exp", "t", "scale"))
    angles = liveportrait.array("geo/angles")[: len(kp)].astype(np.float64)
    liveportrait.close("geo/tk_out", place(kp, rotation_matrix(*angles.T), exp, scale[:, 0], t), 1e-5)


def test_motion_multiplier(liveportrait):
    points = liveportrait.array("geo/tk_out")
    found = [motion_multiplier(points[i], points[(i + 1) % len(points)]) for i in range(len(points))]
    liveportrait.close("geo/motion_multiplier", np.array(found), 1e-5)


def test_squares(liveportrait):
    for name in landmark_sets(liveportrait):
        landmarks = liveportrait.array(name)
        rows = [row_of(face_square(landmarks, by_lips=by_lips)) for by_lips in (True, False)]
        liveportrait.close(f"{name}_rect", np.array(rows), PIXELS)


def test_crop_matrices(liveportrait):
    for name in landmark_sets(liveportrait):
        landmarks = liveportrait.array(name)
        square = face_square(landmarks)
        found = {
            "_M_o2c": square.to_crop(),
            "_M_o2c_norot": square.upright().to_crop(),
            "_M_c2o": square.to_picture(),
            "_landmark224_M_o2c": landmark_crop(landmarks),
        }
        for array in liveportrait.names(f"{name}_M_o2c_vx"):
            shift_x = float(SHIFTED.search(array)[1])
            found[array.removeprefix(name)] = face_square(landmarks, shift_x=shift_x).to_crop()
        for ending, matrix in found.items():
            if f"{name}{ending}" in liveportrait:
                liveportrait.close(f"{name}{ending}", matrix, PIXELS)


def test_driving_crops(liveportrait):
    recorded = [name for name in landmark_sets(liveportrait) if f"{name}_driving_bbox" in liveportrait]
    for name in recorded:
        box = driving_box([driving_square(liveportrait.array(name))])
        liveportrait.close(f"{name}_driving_bbox", box, PIXELS)
        liveportrait.close(f"{name}_driving_M_o2c", np.vstack([box_square(box).to_crop(), [0, 0, 1]]), PIXELS)


def test_openness(liveportrait):
    recorded = [name for name in landmark_sets(liveportrait) if f"{name}_eye_ratio" in liveportrait]
    for name in recorded:
        ratios = ratios_of(liveportrait.array(name)[None])
        liveportrait.close(f"{name}_eye_ratio", ratios.eyes, 1e-5)
        liveportrait.close(f"{name}_lip_ratio", ratios.lips[:, None], 1e-5)


def test_every_array_of_a_landmark_set_is_known(liveportrait):
    known = re.compile(
        r"geo/lm\d+_\d+(_rect|_M_o2c|_M_o2c_norot|_M_c2o|_M_o2c_vx-?[\d.]+|_landmark224_M_o2c|_driving_bbox"
        r"|_driving_M_o2c|_eye_ratio|_lip_ratio)?"
    )
    assert [name for name in liveportrait.names("geo/lm") if not known.fullmatch(name)] == []


def test_smoothing(liveportrait):
    values = liveportrait.array("geo/kalman_in")
    recorded = liveportrait.names("geo/kalman_out_")
    assert recorded
    for name in recorded:
        found = smooth(values, float(name.removeprefix("geo/kalman_out_")))
        liveportrait.close(name, found.reshape(liveportrait.array(name).shape), 1e-6)


def test_size_limit(liveportrait):
    for row in liveportrait.array("geo/resize_limit").tolist():
        height, width, longest, division, *expected = row
        assert limited_size(width, height, longest, division) == tuple(reversed(expected))
        picture = resize_to_limit(np.zeros((height, width, 3), np.uint8), longest, division)
        assert list(picture.shape[:2]) == expected


def test_neutral_lips(liveportrait):
    liveportrait.close("geo/lip_array", LIP_NEUTRAL[None], 1e-7)


def test_pixels_are_truncated(liveportrait):
    picture = truncated(liveportrait.array("geo/parse_in")).transpose(0, 2, 3, 1)
    assert np.array_equal(picture, liveportrait.array("geo/parse_out_u8"))


def test_mask(liveportrait):
    assert np.array_equal(mask_template(), liveportrait.array("geo/mask_template_u8"))


def test_paste_back(liveportrait):
    recorded = [found[1] for name in liveportrait.some("geo/paste") if (found := PASTED.fullmatch(name))]
    whole = [name for name in liveportrait.names("e2e/") if name.endswith("/out_last_u8")]
    crop, picture = liveportrait.array(whole[0]), liveportrait.array("in/source_u8")
    for count in recorded:
        matrix = liveportrait.array(f"geo/lm{count}_0_M_c2o")
        mask = warp_affine(mask_template(), matrix, (picture.shape[1], picture.shape[0]))
        liveportrait.pictures_close(f"geo/paste{count}_mask_u8", mask, most=1, share=1.0)
        pasted = paste_8bit(crop, picture, matrix, mask_template())
        liveportrait.pictures_close(f"geo/paste{count}_u8", pasted, most=8, above=1, share=0.05)
