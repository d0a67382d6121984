# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The geometry around HelloMeme's networks against the recorded numbers."""

from __future__ import annotations

import numpy as np
import pytest
from hellomeme_recorded import Recorded, grown

from inference.engines.hellomeme import tools

EXACT = 1e-4
FRAME_PX = 512


@pytest.fixture(scope="module")
def recorded(hellomeme) -> Recorded:
    return Recorded(hellomeme, "tools")


@pytest.mark.parametrize("how", ["crop", "nocrop"])
def test_frames(hellomeme, recorded, how):
    frames, landmarks = grown(recorded["frames_small"]), recorded["landmarks"]
    height, width = frames.shape[1:3]
    box = tools.film_box(landmarks, width, height) if how == "crop" else None
    found = [tools.resized(frame, points, FRAME_PX, box) for frame, points in zip(frames, landmarks, strict=True)]
    hellomeme.close(f"tools/out/{how}_landmarks", np.stack([points for _, points in found]), EXACT)
    name = f"tools/out/{how}_frames"
    step = FRAME_PX // hellomeme.array(name).shape[1]
    hellomeme.pictures_close(name, np.stack([picture[::step, ::step] for picture, _ in found]), 255, share=0.01)


def test_head_squares(hellomeme, recorded):
    poses = zip(recorded["pose_angles"][:, 0], recorded["pose_translations"][:, 0], strict=True)
    hellomeme.close("tools/out/pose_squares", np.stack([tools.head_square(*pose) for pose in poses]), EXACT)


def test_head_pictures(hellomeme, recorded):
    angles, driving = recorded["pose_angles"][:, 0], recorded["pose_translations"][:, 0]
    for ratio in recorded["trans_ratios"].tolist():
        places = tools.moved(recorded["ref_translation"][0], driving, ratio)
        pictures = tools.head_pictures(angles, places).transpose(3, 0, 1, 2)
        hellomeme.pictures_close(f"tools/out/condition_ratio{ratio:g}", pictures, 255, share=0.01)


def test_translation_in_the_whole_picture(hellomeme, recorded):
    x, y, scale, *whole = recorded["crop_geometry"].tolist()
    found = tools.full_translation(recorded["crop_translation"], (x, y), scale, whole)
    hellomeme.close("tools/out/full_translation", found, EXACT)


def test_similarity(hellomeme, recorded):
    first, second = recorded["landmarks"][:2, :7]
    hellomeme.close("tools/out/umeyama", tools.similarity(first, second * 1.3 + 5), EXACT)


def test_upright_crops(hellomeme, recorded):
    points = recorded["landmarks"][0]
    hellomeme.close("tools/out/warp_by_landmarks", tools.upright_crop(points, 224, 0.35), EXACT)
    turned = tools.upright_crop(points, 128, 0.15, float(recorded["align_angle"]))
    hellomeme.close("tools/out/warp_by_landmarks_angle", turned, EXACT)
    box = tools.upright_crop(recorded["box"].reshape(2, 2), 128, 0.15)
    hellomeme.close("tools/out/warp_by_box", box, EXACT)


def test_aligned_face(hellomeme, recorded):
    found = tools.aligned_face(grown(recorded["frames_small"])[0], recorded["landmarks"][0], 224)
    step = 224 // hellomeme.array("tools/out/pd_fgc_warp").shape[0]
    hellomeme.pictures_close("tools/out/pd_fgc_warp", found[::step, ::step], most=6, above=2, share=0.02)


def test_smoothing(hellomeme, recorded):
    smoother = tools.Smoother(90)
    found = np.stack([smoother.smooth(points) for points in recorded["smooth_sequence"]])
    hellomeme.close("tools/out/smoothed", found, EXACT)
