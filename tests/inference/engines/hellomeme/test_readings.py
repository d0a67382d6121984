# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of a picture the reading networks see."""

from __future__ import annotations

import cv2
import hellomeme_weights
import numpy as np
import pytest
from faces import face, picture
from hellomeme_stand_in import StandInHeads, emotions

from inference.engines.hellomeme.head_pose import HeadPoses
from inference.engines.hellomeme.readings import (
    ANGLES,
    EMOTION,
    MIDDLE,
    SIZE,
    TRANSLATION,
    WIDTH,
    FacePicture,
    FacePlace,
    Readings,
    emotion_crop,
    head_crop,
)
from inference.errors import ErrorCode, TalkingHeadError


def turned(degrees: float, factor: float) -> tuple[np.ndarray, np.ndarray]:
    """The astronaut under a similarity, with landmarks."""
    pixels, points = picture("astronaut"), face("astronaut").landmarks[:, :2]
    middle = points.mean(axis=0)
    matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), degrees, factor)
    bent = cv2.warpAffine(pixels, matrix, (512, 512), flags=cv2.INTER_CUBIC)
    return bent, points @ matrix[:, :2].T + matrix[:, 2]


def difference(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(cv2.blur(one, (5, 5)).astype(float) - cv2.blur(other, (5, 5))).mean())


def test_expressions_are_read_in_an_aligned_face():
    points = face("astronaut").landmarks[:, :2]
    plain = emotion_crop(picture("astronaut"), points)
    assert plain.shape == (224, 224, 3) and plain.dtype == np.uint8
    leaning = emotion_crop(*turned(25, 0.9))
    assert difference(plain, leaning) < 3
    assert difference(plain, emotion_crop(picture("hopper"), face("hopper").landmarks)) > 20


def test_pupils_lie_where_the_network_expects_them():
    marked = np.zeros((512, 512, 3), np.uint8)
    points = face("astronaut").landmarks[:, :2]
    for index, colour in ((468, (0, 0, 255)), (473, (255, 0, 0))):
        cv2.circle(marked, points[index].round().astype(int).tolist(), 2, colour, -1)
    crop = emotion_crop(marked, points)
    for channel, wanted in ((0, (0.3843, 0.27)), (2, (0.62, 0.2668))):
        y, x = (places.mean() for places in np.nonzero(crop[..., channel] > 100))
        assert np.allclose((x / 224, y / 224), wanted, atol=0.03)


def test_heads_are_read_upright_around_jaw_and_brows():
    points = face("astronaut").landmarks[:, :2]
    box = FacePlace.of(points)
    marked = np.zeros((512, 512, 3), np.uint8)
    (x, y), half = box.middle, box.size_px / 2
    cv2.rectangle(marked, (round(x - half), round(y - half)), (round(x + half), round(y + half)), (255, 255, 255), -1)
    rows = np.flatnonzero(head_crop(marked, points)[..., 0].any(axis=1))
    assert rows[0] == pytest.approx(224 * 0.175, abs=3) and rows[-1] == pytest.approx(224 * 0.825, abs=3)


@pytest.mark.parametrize("crop", [emotion_crop, head_crop])
def test_large_pictures_are_averaged_and_lie_in_the_same_place(crop):
    points = face("astronaut").landmarks[:, :2]
    large = cv2.resize(picture("astronaut"), None, fx=6, fy=6, interpolation=cv2.INTER_CUBIC)
    assert difference(crop(picture("astronaut"), points), crop(large, (points + 0.5) * 6 - 0.5)) < 1.5


def test_a_row_tells_all_of_a_face():
    readings = Readings(emotions, StandInHeads())  # type: ignore[arg-type]
    points = face("astronaut").landmarks[:, :2]
    rest = FacePlace.of(points)
    moved, moved_points = turned(0, 1.25)
    rows = readings.of(
        [
            FacePicture(picture("astronaut"), points, rest),
            FacePicture(moved, moved_points + np.array([rest.size_px, 0]), rest),
        ]
    )
    assert rows.shape == (2, WIDTH) and rows[0, EMOTION].any() and rows[0, ANGLES].any()
    assert rows[0, TRANSLATION].tolist() == [0, 0, -5]
    assert np.allclose(rows[0, MIDDLE], 0) and rows[0, SIZE] == 1
    assert rows[1, SIZE] == pytest.approx(1.25, abs=0.01) and rows[1, MIDDLE][0] == pytest.approx(1, abs=0.05)


def test_places():
    one, other = FacePlace((10, 20), 30), FacePlace((20, 40), 50)
    assert FacePlace.mean([one, other]) == FacePlace((15, 30), 40)
    assert one.scaled(2) == FacePlace((20.5, 40.5), 60)


def test_head_poses_of_the_network(tmp_path):
    poses = HeadPoses(hellomeme_weights.write_hello_3dmm(tmp_path / "hello_3dmm.onnx"))
    crops = np.stack([head_crop(picture(name), face(name).landmarks) for name in ("astronaut", "hopper")])
    angles, translations = poses.of(crops)
    assert angles.shape == translations.shape == (2, 3) and angles.dtype == np.float32
    assert np.abs(angles).max() < 0.4 and np.abs(angles[0] - angles[1]).max() > 1e-3
    assert np.abs(translations[:, 2] + 5).max() < 0.2
    # Red and blue are not mistaken for each other.
    assert not np.allclose(poses.of(crops[..., ::-1])[0], angles)


def test_another_network_is_refused(tmp_path):
    import onnx
    from onnx import TensorProto, helper

    graph = helper.make_graph(
        [helper.make_node("Identity", ["image"], ["same"])],
        "other",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, None)],
        [helper.make_tensor_value_info("same", TensorProto.FLOAT, None)],
    )
    path = tmp_path / "hello_3dmm.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), str(path))
    with pytest.raises(TalkingHeadError) as caught:
        HeadPoses(path).of(np.zeros((1, 224, 224, 3), np.uint8))
    assert caught.value.code is ErrorCode.WEIGHTS_CORRUPT
