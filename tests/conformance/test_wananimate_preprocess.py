# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate's preprocessing against the recorded numbers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from inference.engines.wananimate.preprocess import face_box, frame_times, keypoints, masks, sizes, skeleton
from inference.engines.wananimate.preprocess.body import Body, body_of_points

EXACT = 1e-9
POINTS = 1e-3
# The frame of the face boxes.
FACES_WIDTH, FACES_HEIGHT = 1280, 720
CROP_SCALE = 0.3


def numbers(name: str) -> list[int]:
    """The numbers at the end of an array's name."""
    return [int(number) for number in re.findall(r"\d+", name.rsplit("/", 1)[1])]


def same_picture(case, name: str, actual: np.ndarray) -> None:
    """Other versions of OpenCV round a few px otherwise."""
    case.pictures_close(name, actual, most=255, share=0.01)


def test_sizes(wananimate):
    pictures = wananimate.array("preprocess/in/sizes_wh").tolist()
    areas = wananimate.array("preprocess/in/areas").tolist()
    found = [[sizes.size_of_area(width, height, area) for width, height in pictures] for area in areas]
    wananimate.close("preprocess/out/area_hw", np.array(found), 0)


def test_pictures_of_an_area(wananimate):
    picture = wananimate.array("preprocess/in/image_area")
    for name in wananimate.some("preprocess/out/image_area_"):
        same_picture(wananimate, name, sizes.of_area(picture, *numbers(name)))


def test_letterboxed_pictures(wananimate):
    picture = wananimate.array("preprocess/in/image_pad")
    for name in wananimate.some("preprocess/out/image_pad_"):
        same_picture(wananimate, name, sizes.letterboxed(picture, *numbers(name)))


def test_frame_times(wananimate):
    rows = wananimate.array("preprocess/in/frames").tolist()
    for name in wananimate.some("preprocess/out/frame_indices"):
        count, rate, wanted, wanted_rate = rows[numbers(name)[0]]
        wananimate.close(name, frame_times.frame_indices(int(count), rate, int(wanted), wanted_rate), 0)


def test_face_boxes(wananimate):
    faces = wananimate.array("preprocess/in/face69")
    found = [face_box.face_box(face, FACES_HEIGHT, FACES_WIDTH) for face in faces]
    wananimate.close("preprocess/out/face_boxes", np.array(found), 0)


@pytest.fixture(scope="module")
def bodies(wananimate) -> list[Body]:
    points = wananimate.array("preprocess/in/kp133")
    height, width = wananimate.array("preprocess/out/pose0_drawing").shape[:2]
    return [body_of_points(person, width, height) for person in points]


def test_bodies(wananimate, bodies):
    for number, body in enumerate(bodies):
        parts = {"body": body.body, "left_hand": body.left, "right_hand": body.right, "face": body.face}
        for part, points in parts.items():
            wananimate.close(f"preprocess/out/pose{number}_keypoints_{part}", points, EXACT)


def seen_fully(body: Body) -> Body:
    def certain(points: np.ndarray) -> np.ndarray:
        return np.column_stack([points[:, :2], np.ones(len(points))])

    return Body(certain(body.body), certain(body.left), certain(body.right), body.face)


def test_skeletons(wananimate, bodies):
    for name in wananimate.some("preprocess/out/pose"):
        if "_drawing" in name:
            body = bodies[numbers(name)[0]]
            body = seen_fully(body) if name.endswith("_all") else body
            same_picture(wananimate, name, skeleton.draw(body, *wananimate.array(name).shape[:2]))


def test_masks(wananimate):
    mask = wananimate.array("preprocess/in/mask")
    grown = masks.grown(mask, 3)
    same_picture(wananimate, "preprocess/out/mask_dilated", grown)
    for name in wananimate.some("preprocess/out/mask_blocks_"):
        same_picture(wananimate, name, masks.blocks(grown, *numbers(name)))


def test_decoded_heat_maps(wananimate):
    heatmaps = wananimate.array("preprocess/in/heatmaps").astype(np.float32)
    centres, scales = wananimate.array("preprocess/in/heat_center"), wananimate.array("preprocess/in/heat_scale")
    found = [keypoints.decoded(*person) for person in zip(heatmaps, centres, scales, strict=True)]
    wananimate.close("preprocess/out/heat_points", np.stack([points for points, _ in found]), POINTS)
    wananimate.close("preprocess/out/heat_prob", np.stack([scores[:, None] for _, scores in found]), 1e-6)


def test_frame_of_a_person(wananimate):
    centre, size = keypoints.frame_of_box(wananimate.array("preprocess/in/person_box"))
    wananimate.close("preprocess/out/box_center", centre, EXACT)
    wananimate.close("preprocess/out/box_scale", size, EXACT)
    picture = wananimate.array("preprocess/in/crop_image")
    crop = keypoints.cut(picture, centre * CROP_SCALE, size * CROP_SCALE, 256, 192)
    step = 256 // wananimate.array("preprocess/out/crop").shape[0]
    wananimate.close("preprocess/out/crop", crop[::step, ::step], POINTS)
