# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The reference programs' editors and timeline, where recorded numbers do not reach."""

from __future__ import annotations

import numpy as np
import pytest
from liveportrait_motion import LinearNetworks, motion

from inference.engines.liveportrait import expression_editor, image_editor, timeline
from inference.engines.liveportrait.expression_editor import Expression, expression_of, face_region
from inference.engines.liveportrait.ratios import Ratios
from inference.workflow.motion_command import Step

OPEN = Ratios(np.array([[0.31, 0.396]]), np.array([0.164]))
SOURCE = motion(1)
SMILE, OPEN_MOUTH = expression_of({"smile": 1.0}), expression_of({"aaa": 60.0, "rotate_yaw": 5.0})


def test_image_editor_at_rest_keeps_the_key_points_but_for_their_depth():
    networks = LinearNetworks()
    found = image_editor.edited(SOURCE, {}, OPEN, networks, stitching=False)
    np.testing.assert_allclose(found - SOURCE.points(), np.tile([0, 0, SOURCE.t[2]], (21, 1)), atol=1e-12)
    assert image_editor.rest(OPEN) == {"eye_ratio": 0.35, "lip_ratio": 0.16, "mov_z": 1.0}
    assert not networks.eye_ratios


def test_image_editor_asks_the_network_for_the_slider_itself():
    networks = LinearNetworks()
    image_editor.edited(SOURCE, {"eye_ratio": 0.5}, OPEN, networks)
    np.testing.assert_allclose(networks.eye_ratios, [[[0.31, 0.396, 0.5]]])


def test_image_editors_looking_up_leaves_the_brows():
    up = image_editor.offsets({"gaze_y": 10.0})
    assert not up[[1, 2]].any()
    np.testing.assert_allclose(up[[11, 13, 15, 16], 1], [-0.005, -0.0015, -0.005, -0.0015])


@pytest.mark.parametrize(
    ("size", "face", "factor", "square", "inside"),
    [
        ((640, 540), (250, 180, 370, 330), 1.7, (182, 127, 437, 382), (182, 127, 437, 382)),
        ((640, 540), (5, 10, 205, 260), 1.7, (0, 0, 424, 424), (0, 0, 424, 424)),
        ((300, 700), (20, 500, 280, 690), 2.0, (0, 180, 520, 700), (0, 180, 300, 700)),
        ((256, 256), (10, 10, 246, 246), 1.5, (0, 0, 256, 256), (0, 0, 256, 256)),
        ((640, 540), (300, 200, 329, 330), 1.7, (0, 0, 640, 540), (0, 0, 640, 540)),
    ],
)
def test_squares_move_into_the_picture_shrink_or_leave_it(size, face, factor, square, inside):
    region = face_region(size, face, factor)
    assert (region.square, region.inside, region.clipped) == (square, inside, square != inside)


def test_a_square_that_leaves_the_picture_is_black_there():
    picture = np.full((700, 300, 3), 200, np.uint8)
    region = face_region((300, 700), (20, 500, 280, 690), 2.0)
    crop = region.cut(picture)
    assert crop.shape == (256, 256, 3)
    assert (crop[:, :140] == 200).all() and (crop[:, 155:] == 0).all()
    pasted = region.paste(np.zeros((512, 512, 3), np.uint8), picture)
    assert (pasted[:170] == 200).all() and (pasted[300:600, 20:280] == 0).all()


def test_editors_expression_turns_with_the_head():
    still = expression_editor.key_points(SOURCE, Expression())
    assert np.abs(still - SOURCE.points()).max() > 1e-3, "at rest this editor moves the face: it is known for that"
    without = expression_editor.key_points(SOURCE, SMILE, 0.0)
    neck = expression_editor.key_points(SOURCE, SMILE, 1.0)[5]
    np.testing.assert_allclose(without[5], neck)


def test_fades_and_holds():
    steps = [Step(1, 4, 2), Step(2, 2, 0), Step(0, 1, 1)]
    frames = timeline.commanded(steps, [SMILE, OPEN_MOUTH], 13)
    smiles = [float(frame.exp[20, 1] / SMILE.exp[20, 1]) for frame in frames]
    np.testing.assert_allclose(smiles, [0.25, 0.5, 0.75, 1, 1, 1, 0.5, 0, 0, 0, 0, 0, 0], atol=1e-12)
    yaws = [float(frame.angles_deg[1]) for frame in frames]
    np.testing.assert_allclose(yaws, [0] * 6 + [-2.5, -5] + [0] * 5, atol=1e-12)
    assert len(timeline.commanded(steps, [SMILE, OPEN_MOUTH], 3)) == 3


def test_how_many_frames_there_are():
    steps = [Step(1, 4, 2)]
    assert timeline.frame_count(steps, 3, 1, without_driving=True) == 6
    assert timeline.frame_count(steps, 3, 1, without_driving=False) == 3
    assert timeline.frame_count(steps, 0, 2, without_driving=False) == 2


def test_the_last_pose_is_held_and_driving_ends_with_the_clip():
    actor = [motion(4), motion(5)]
    frames = timeline.commanded([Step(1, 1, 0)], [SMILE], 3)
    points = timeline.key_points(SOURCE, frames, actor)
    np.testing.assert_allclose(points[0], points[2])
    assert np.abs(points[1] - points[0]).max() > 1e-3


def test_retargeting_counts_from_the_second_frame_on():
    actor = [motion(4), motion(4)]
    plain = timeline.key_points(SOURCE, [Expression()] * 3, actor)
    eyes = timeline.key_points(SOURCE, [Expression()] * 3, actor, retargeting_eyes=0.5)
    np.testing.assert_array_equal(eyes[0], plain[0])
    for frame in (1, 2):
        rows = np.flatnonzero(np.abs(eyes[frame] - plain[frame]).max(axis=1) > 1e-9)
        assert rows.tolist() == [11, 13, 15, 16]
