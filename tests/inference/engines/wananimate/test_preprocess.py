# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Wan-Animate's preprocessing where the recorded numbers do not reach: limits, and what is our own."""

from __future__ import annotations

import numpy as np
import pytest

from inference.engines.wananimate.preprocess import body as joints
from inference.engines.wananimate.preprocess import face_box, frame_times, light, masks, retarget, sizes, skeleton
from inference.engines.wananimate.preprocess.body import Body, body_of_points, without_gaps
from inference.engines.wananimate.preprocess.seeds import seeds_of_bodies
from inference.face import tables

SIZE = (360, 640)  # height, width

# A person who stands, px of a picture of SIZE, in the order of the body's points.
STANDING = np.array(
    [
        *[(320, 80), (320, 120), (290, 120), (280, 165), (275, 205), (350, 120), (360, 165), (365, 205)],
        *[(300, 210), (298, 265), (296, 320), (340, 210), (342, 265), (344, 320)],
        *[(314, 74), (326, 74), (306, 78), (334, 78), (350, 330), (290, 330)],
    ],
    float,
)


def person(points: np.ndarray = STANDING, size: tuple[int, int] = SIZE, score: float = 1.0) -> Body:
    height, width = size

    def rows(places: np.ndarray) -> np.ndarray:
        return np.column_stack([places / (width, height), np.full(len(places), score)])

    fan = np.linspace((0.0, 0.0), (12.0, 9.0), joints.HAND)
    left, right = (rows(points[wrist] + fan) for wrist in (joints.LEFT_WRIST, joints.RIGHT_WRIST))
    around = np.linspace(0, 2 * np.pi, joints.FACE)
    face = points[joints.NOSE] + np.column_stack([14 * np.cos(around), 18 * np.sin(around)])
    return Body(rows(points), left, right, rows(face))


def in_px(body: Body, size: tuple[int, int] = SIZE) -> np.ndarray:
    return body.body[:, :2] * (size[1], size[0])


def test_sizes_are_never_empty():
    assert sizes.size_of_area(4000, 20, 640 * 640) == (32, 9040)
    assert sizes.size_of_area(4000, 4, 400 * 400)[0] == 16


def test_a_letterboxed_picture_can_be_taken_out_again():
    picture = np.random.default_rng(1).integers(1, 255, (50, 80, 3)).astype(np.uint8)
    canvas = sizes.letterboxed(picture, 64, 96)
    place = sizes.place_of(80, 50, 64, 96)
    assert (place.left, place.top, place.width, place.height) == (0, 2, 96, 60)
    assert canvas[place.rows, place.columns].min() > 0
    assert not canvas[:2].any() and not canvas[62:].any()


def test_the_last_frame_is_held():
    assert frame_times.frame_indices(3, 10, 5, 10).tolist() == [0, 1, 2, 2, 2]


def test_a_body_without_points_keeps_the_one_before():
    lost = body_of_points(np.full((joints.WHOLE_BODY, 3), -20.0), 640, 360)
    first, second, third = without_gaps([person(), lost, lost])
    assert (second.body == first.body).all() and (third.body == first.body).all()
    assert (second.left == lost.left).all()
    assert without_gaps([lost])[0] is lost


def test_the_skeleton_grows_with_the_picture_and_leaves_out_what_is_not_seen():
    drawn = skeleton.draw(person(), *SIZE)
    assert drawn.shape == (360, 640, 3) and drawn.dtype == np.uint8
    assert not skeleton.draw(person(score=0.4), *SIZE).any()
    assert (drawn[80, 320] == (255, 0, 0)).all()  # the nose
    assert skeleton.draw(person(), 1440, 2560).astype(bool).mean() > drawn.astype(bool).mean()


def test_a_face_out_of_the_picture_still_gives_a_crop():
    picture = np.arange(100 * 120 * 3, dtype=np.uint32).astype(np.uint8).reshape(100, 120, 3)
    for x, y in ((-3.0, 0.5), (0.5, 4.0), (1.2, -1.0)):
        crop = face_box.face_crop(picture, np.full((joints.FACE, 3), (x, y, 1.0)), 32)
        assert crop.shape == (32, 32, 3)


def test_masks_grow_by_three_px_a_time():
    mask = np.zeros((40, 60), bool)
    mask[20, 30] = True
    assert masks.grown(mask, 0).sum() == 1
    assert masks.grown(mask, 2).sum() == 13 * 13


def test_blocks_cover_the_mask_and_more_of_them_keep_more():
    y, x = np.mgrid[:90, :120]
    mask = (x - 60) ** 2 + (y - 45) ** 2 < 30**2
    few, many = masks.blocks(mask, 1, 1), masks.blocks(mask, 12, 12)
    assert (few >= mask).all() and (many >= mask).all()
    assert mask.sum() < many.sum() < few.sum()
    assert masks.blocks(mask, 500, 500).sum() == mask.sum()
    assert not masks.blocks(np.zeros((9, 9), bool), 3, 3).any()


def test_what_is_left_of_a_shot():
    picture = np.full((4, 4, 3), 9, np.uint8)
    mask = np.eye(4, dtype=np.uint8)
    left = masks.without_person(picture, mask)
    assert left.dtype == np.uint8 and not left[mask == 1].any() and (left[mask == 0] == 9).all()


def test_empty_masks_keep_the_one_before():
    found = np.zeros((5, 2, 2), bool)
    found[1, 0, 0] = found[3, 1, 1] = True
    filled = masks.without_gaps(found)
    assert [int(each.argmax()) for each in filled] == [0, 0, 0, 3, 3] and filled.any(axis=(1, 2)).all()
    assert not masks.without_gaps(np.zeros((2, 2, 2), bool)).any()


def test_seeds_are_points_of_the_body_in_four_frames():
    seeds = seeds_of_bodies([person()] * 20)
    assert [seed.frame for seed in seeds] == [0, 5, 10, 15]
    assert seeds[0].points.shape == (8, 2) and seeds[0].belong.all()
    assert [seed.frame for seed in seeds_of_bodies([person()] * 3)] == [0]
    assert seeds_of_bodies([person(score=0.1)] * 20) == [] and seeds_of_bodies([]) == []


def test_seeds_leave_out_what_is_not_in_the_picture():
    seeds = seeds_of_bodies([person(STANDING + np.array((0, 100)))])
    assert len(seeds[0].points) == 6  # without the ankles


def landmarks(size: float = 200.0, middle: tuple[float, float] = (320.0, 150.0)) -> np.ndarray:
    """A face that looks ahead, only those points that the body needs being in their places."""
    points = np.tile(np.array(middle), (478, 1))
    for index, place in {
        tables.NOSE_TIP: (0.0, 0.05),
        tables.CHIN: (0.0, 0.5),
        tables.FOREHEAD: (0.0, -0.5),
        tables.RIGHT_EAR: (-0.39, 0.0),
        tables.LEFT_EAR: (0.39, 0.0),
        tables.RIGHT_EYE_OUTER: (-0.25, -0.1),
        tables.LEFT_EYE_OUTER: (0.25, -0.1),
        int(tables.RIGHT_IRIS[0]): (-0.17, -0.1),
        int(tables.LEFT_IRIS[0]): (0.17, -0.1),
    }.items():
        points[index] += np.array(place) * size
    return points


def test_light_tracking_gives_head_and_shoulders():
    body = light.body_of(landmarks(), SIZE)
    seen = np.flatnonzero(body.body[:, 2]).tolist()
    assert seen == [0, 1, 2, 5, 14, 15, 16, 17]
    px = in_px(body)
    assert px[joints.RIGHT_SHOULDER, 0] < px[joints.RIGHT_EAR, 0] < px[joints.LEFT_EAR, 0] < px[joints.LEFT_SHOULDER, 0]
    assert px[joints.NECK] == pytest.approx((320, 350))
    assert not body.left[:, 2].any() and not body.right[:, 2].any()
    assert (body.face[1:, 2] == 1).all() and body.face[0, 2] == 0


def test_an_ear_behind_the_face_is_not_seen():
    turned = landmarks()
    turned[tables.NOSE_TIP, 0] += 65
    body = light.body_of(turned, SIZE).body
    assert body[joints.LEFT_EAR, 2] == 0 and body[joints.RIGHT_EAR, 2] == 1


def test_shoulders_keep_still_while_the_head_turns():
    rest, moved = landmarks(), landmarks(middle=(340.0, 140.0))
    body = light.body_of(moved, SIZE, light.shoulders_of(rest))
    sides = [joints.RIGHT_SHOULDER, joints.LEFT_SHOULDER]
    assert in_px(body)[sides] == pytest.approx(in_px(light.body_of(rest, SIZE))[sides])
    assert in_px(body)[joints.NOSE] == pytest.approx(moved[tables.NOSE_TIP])


def test_only_the_head_follows_moved_landmarks():
    rest = landmarks()
    before, after = person(), light.head_moved(person(), rest, rest + np.array((16.0, -9.0)), SIZE)
    way = in_px(after) - in_px(before)
    head = [joints.NOSE, joints.RIGHT_EYE, joints.LEFT_EYE, joints.RIGHT_EAR, joints.LEFT_EAR]
    assert way[head] == pytest.approx(np.tile((16.0, -9.0), (5, 1)))
    assert not np.delete(way, head, axis=0).any()
    assert (after.face[1:, :2] - before.face[1:, :2]) * (640, 360) == pytest.approx(np.tile((16.0, -9.0), (68, 1)))


def test_an_actor_like_the_character_stays():
    (same,) = retarget.fitted([person()], person(), SIZE, SIZE)
    for part in ("body", "left", "right", "face"):
        assert getattr(same, part) == pytest.approx(getattr(person(), part))


def test_an_actor_elsewhere_and_of_another_size_gets_the_characters_place():
    size = (800, 480)
    acting = person(STANDING * 0.9 + (-150, 10))
    character = person(STANDING * 1.2 + (-100, 60), size)
    (fitted,) = retarget.fitted([acting], character, SIZE, size)
    assert fitted.body == pytest.approx(character.body)
    assert np.ptp(fitted.face[:, 0]) * 480 == pytest.approx(np.ptp(acting.face[:, 0]) * 640 * 1.2 / 0.9)


def test_limbs_keep_their_direction_and_take_the_characters_length():
    points = STANDING.copy()
    points[[joints.RIGHT_WRIST, joints.LEFT_WRIST], 1] = 225  # longer forearms
    raised = STANDING.copy()
    raised[joints.LEFT_WRIST] = raised[joints.LEFT_ELBOW] + (30.0, -40.0)
    _, fitted = retarget.fitted([person(), person(raised)], person(points), SIZE, SIZE)
    arm = in_px(fitted)[joints.LEFT_WRIST] - in_px(fitted)[joints.LEFT_ELBOW]
    length = np.hypot(5, 60) / np.hypot(5, 40)
    assert arm == pytest.approx(np.array((30.0, -40.0)) * length)
    hand = (fitted.left[:, :2] - fitted.left[0, :2]) * (640, 360)
    assert hand[-1] == pytest.approx(np.array((12.0, 9.0)) * length)


def test_the_way_of_a_smaller_actor_is_scaled():
    small = (STANDING - STANDING[joints.NECK]) * 0.5 + (100, 150)
    first, second = retarget.fitted([person(small), person(small + np.array((20, 0)))], person(), SIZE, SIZE)
    assert in_px(second) - in_px(first) == pytest.approx(np.tile((40.0, 0.0), (joints.BODY, 1)))


def test_limbs_that_point_at_the_camera_do_not_get_endless():
    short = STANDING.copy()
    short[joints.LEFT_WRIST] = short[joints.LEFT_ELBOW] + (0, 1)
    short[joints.RIGHT_WRIST] = short[joints.RIGHT_ELBOW] + (0, 1)
    fit = retarget.measured(person(short), person(), SIZE, SIZE)
    assert max(fit.limbs) == pytest.approx(1.5 * fit.whole)


def test_a_character_of_whom_nothing_is_known_takes_the_actors_place():
    size = (720, 1280)
    (fitted,) = retarget.fitted([person()], person(size=size, score=0.0), SIZE, size)
    assert fitted.body == pytest.approx(person().body)
