# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bodies by the networks of Whole Body Tracking, with tiny stand-ins of them."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import wan_tracking_weights

from inference.engines.wananimate.preprocess import body as joints
from inference.engines.wananimate.preprocess.boxes import PersonBoxes, boxes_of, main_person
from inference.engines.wananimate.preprocess.keypoints import WholeBodyPoints, decoded
from inference.engines.wananimate.preprocess.tracker import BodyTracker
from inference.errors import ErrorCode, TalkingHeadError


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    return wan_tracking_weights.write(tmp_path_factory.mktemp("tracking"))


def picture(seed: int = 1, height: int = 240, width: int = 320) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3)).astype(np.uint8)


def test_boxes_are_told_in_px_of_the_picture_and_each_once():
    rows = np.array(
        [
            (64, 64, 320, 640, 0.9, 0),
            (66, 64, 320, 636, 0.6, 0),  # the same person
            (400, 0, 640, 640, 0.8, 56),  # a chair
            (0, 0, 640, 640, 0.04, 0),  # hardly anything
        ],
        np.float32,
    )
    boxes = boxes_of(rows, 1280, 320)
    assert boxes == pytest.approx(np.array([(128, 32, 640, 320, 0.9)]))
    assert boxes_of(rows[:0], 1280, 320).shape == (0, 5)


def test_the_largest_person_counts():
    boxes = np.array([(0, 0, 20, 60, 0.9), (100, 0, 160, 90, 0.5), (200, 0, 380, 35, 0.9)], float)
    assert main_person(boxes, 400, 100).tolist() == boxes[2].tolist()
    assert main_person(boxes[:2], 400, 100).tolist() == boxes[1].tolist()
    assert main_person(boxes[:0], 400, 100).tolist() == [0, 0, 400, 100, -1]


def test_the_person_is_the_one_whose_face_was_chosen():
    people = np.array([[0, 0, 200, 100, 0.9], [150, 20, 250, 100, 0.8], [300, 0, 340, 90, 0.7]])
    for head, chosen in (((195.0, 30.0), 1), ((320.0, 10.0), 2), ((100.0, 10.0), 0)):
        assert main_person(people, 400, 100, np.array(head)).tolist() == people[chosen].tolist()
    # No box is around it: as if nobody was chosen.
    assert main_person(people, 400, 100, np.array([390.0, 50.0])).tolist() == people[0].tolist()


def test_the_network_gives_a_person(paths):
    box = PersonBoxes(paths["boxes"], "cpu").of(picture())
    assert box[4] == pytest.approx(0.93)
    assert box[:4] == pytest.approx((24, 7.5, 296, 238.5), abs=8)


def test_points_lie_in_the_box(paths):
    points = WholeBodyPoints(paths["keypoints"], "cpu").of(picture(), np.array((60.0, 20.0, 260.0, 230.0, 0.9)))
    assert points.shape == (133, 3) and (points[:, 2] > 0.5).all()
    assert points[0, :2] == pytest.approx((160, 40), abs=25)
    assert points[5, 0] > points[6, 0]  # the left shoulder is on the picture's right


def test_a_box_without_size_is_the_whole_picture(paths):
    network = WholeBodyPoints(paths["keypoints"], "cpu")
    whole = network.of(picture(), np.array((0.0, 0.0, 320.0, 240.0, 0.5)))
    assert (network.of(picture(), np.array((5.0, 5.0, 9.0, 90.0, 0.9))) == whole).all()
    assert (network.of(picture(), np.array((0.0, 0.0, 30.0, 30.0, -1.0))) == whole).all()


def test_points_at_the_maps_sides_are_not_refined():
    heatmaps = np.zeros((2, 64, 48))
    heatmaps[0, 0, 47] = heatmaps[1, 30, 20] = 0.5
    heatmaps[1, 30, 21] = 0.4
    points, scores = decoded(heatmaps, np.array((24.0, 32.0)), np.array((48.0, 64.0)) / 200)
    assert points[0] == pytest.approx((47, 0)) and 20 < points[1, 0] < 21
    assert scores == pytest.approx((0.5, 0.5))


def test_a_body_for_each_picture(paths):
    tracker = BodyTracker(paths)
    first, second, third = tracker.bodies([picture(1), picture(2), picture(1)])
    assert (first.body == third.body).all() and (first.body != second.body).any()
    assert first.body.shape == (20, 3) and first.face.shape == (69, 3)
    assert first.body[joints.NOSE, 1] < first.body[joints.NECK, 1] < first.body[joints.LEFT_HIP, 1]


def test_pictures_are_taken_as_blue_green_red(paths):
    tracker, shown = BodyTracker(paths), picture(3)
    rgb = np.ascontiguousarray(shown[..., ::-1])
    box = PersonBoxes(paths["boxes"], "cpu").of(rgb)
    points = WholeBodyPoints(paths["keypoints"], "cpu").of(rgb, box)
    (body,) = tracker.bodies([shown])
    assert body.left[:, :2] * (320, 240) == pytest.approx(points[91:112, :2])


@pytest.mark.parametrize("part", ["boxes", "keypoints"])
def test_another_network_is_refused(paths, part):
    swapped = {"boxes": paths["keypoints"], "keypoints": paths["boxes"]}
    with pytest.raises(TalkingHeadError, match="damaged or is another model") as caught:
        BodyTracker({**paths, part: swapped[part]}).bodies([picture()])
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
