# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
import numpy as np
import pytest
from faces import PORTRAITS, eye_span, face, mean_distance, picture, tracker

from inference.face.pose import head_pose


@pytest.mark.parametrize("name", PORTRAITS)
def test_portrait_has_one_face(name):
    found = tracker().faces(picture(name))
    assert len(found) == 1
    assert found[0].score > 0.8
    assert found[0].landmarks.shape == (478, 3)
    assert found[0].blendshapes.shape == (52,)
    left, top, right, bottom = found[0].box()
    height, width = picture(name).shape[:2]
    assert 0 < left < right < width and 0 < top < bottom < height


def test_known_places_of_the_astronaut():
    # Read off the picture by eye, to within 3 px: nose tip, mouth corners, chin.
    landmarks = face("astronaut").landmarks[:, :2]
    for index, place in ((1, (227, 128)), (61, (204, 143)), (291, (247, 144)), (152, (225, 177))):
        assert np.linalg.norm(landmarks[index] - place) < 5, (index, landmarks[index])


@pytest.mark.parametrize("turns", range(4))
def test_cat_is_refused(turns):
    assert tracker().faces(np.ascontiguousarray(np.rot90(picture("cat"), turns))) == []


def test_nothing_in_noise_and_tiny_pictures():
    noise = np.random.default_rng(1).integers(0, 256, (300, 400, 3), np.uint8)
    assert tracker().faces(noise) == []
    assert tracker().faces(np.zeros((1, 1, 3), np.uint8)) == []
    assert tracker().faces(np.full((3, 700, 3), 200, np.uint8)) == []


@pytest.mark.parametrize("name", PORTRAITS)
def test_the_same_picture_gives_the_same_face(name):
    before = tracker().faces(picture(name))[0]
    tracker().faces(picture("cat"))
    again = tracker().faces(picture(name))[0]
    assert np.array_equal(before.landmarks, again.landmarks)
    assert np.array_equal(before.blendshapes, again.blendshapes)


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_pictures(name, turns):
    pixels = picture(name)
    height, width = pixels.shape[:2]
    found = tracker().faces(np.ascontiguousarray(np.rot90(pixels, turns)))
    assert len(found) == 1
    x, y = found[0].landmarks[:, 0], found[0].landmarks[:, 1]
    back = {1: (width - 1 - y, x), 2: (width - 1 - x, height - 1 - y), 3: (y, height - 1 - x)}[turns]
    error = mean_distance(np.column_stack(back), face(name).landmarks) / eye_span(face(name))
    print(f"{name} turned by {90 * turns} degrees: {100 * error:.2f} % of the eye span")
    assert error < 0.02
    roll = head_pose(found[0].landmarks, tracker().mesh).roll_deg
    expected = head_pose(face(name).landmarks, tracker().mesh).roll_deg - 90 * turns
    assert abs((roll - expected + 180) % 360 - 180) < 2


@pytest.mark.parametrize("name", PORTRAITS)
def test_mirrored_picture_gives_mirrored_face(name):
    # With pixel centres at whole coordinates, x and its mirror image add up to width - 1.
    mirrored = tracker().faces(np.ascontiguousarray(picture(name)[:, ::-1]))[0].landmarks
    own = face(name).landmarks
    pairs = [(33, 263), (133, 362), (61, 291), (234, 454), (1, 1), (10, 10), (152, 152), (468, 473)]
    sums = [own[a, 0] + mirrored[b, 0] for a, b in pairs] + [own[b, 0] + mirrored[a, 0] for a, b in pairs]
    print(f"{name}: mirror error {np.mean(sums) - (picture(name).shape[1] - 1):+.3f} px")
    assert abs(np.mean(sums) - (picture(name).shape[1] - 1)) < 0.5


def two_faces() -> np.ndarray:
    canvas = np.full((600, 1024, 3), 128, np.uint8)
    canvas[:512, :512] = picture("astronaut")
    canvas[:, 512:] = picture("hopper")
    return canvas


def test_two_faces_largest_first():
    found = tracker().faces(two_faces())
    assert len(found) == 2
    assert mean_distance(found[0].landmarks - (512, 0, 0), face("hopper").landmarks) < 0.03 * eye_span(face("hopper"))
    assert mean_distance(found[1].landmarks, face("astronaut").landmarks) < 0.03 * eye_span(face("astronaut"))


def test_follow_keeps_to_the_nearest_face():
    small = tracker().follow(two_faces(), face("astronaut"))
    assert mean_distance(small.landmarks, face("astronaut").landmarks) < 0.03 * eye_span(face("astronaut"))


@pytest.mark.parametrize("name", PORTRAITS)
@pytest.mark.parametrize("factor", [3, 5])
def test_small_face_in_a_large_picture(name, factor):
    pixels = picture(name)
    height, width = pixels.shape[:2]
    canvas = np.full((height * factor, width * factor, 3), 127, np.uint8)
    top, left = height, width * factor // 3
    canvas[top : top + height, left : left + width] = pixels
    found = tracker().faces(canvas)
    assert len(found) == 1
    assert mean_distance(found[0].landmarks - (left, top, 0), face(name).landmarks) < 0.03 * eye_span(face(name))


def test_large_faces_are_reduced_without_aliasing_or_shift():
    import cv2

    big = cv2.resize(picture("hopper"), None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    found = tracker().faces(big)[0].landmarks
    # (x + 0.5) * 4 - 0.5 with pixel centres at whole coordinates.
    expected = (face("hopper").landmarks[:, :2] + 0.5) * 4 - 0.5
    assert mean_distance(found, expected) < 0.02 * 4 * eye_span(face("hopper"))
    assert np.abs((found[:, :2] - expected).mean(axis=0)).max() < 2.0


def test_refine_finds_a_moved_face():
    moved = np.roll(picture("hopper"), 12, axis=1)
    found = tracker().refine(moved, face("hopper"))
    assert mean_distance(found.landmarks - (12, 0, 0), face("hopper").landmarks) < 0.03 * eye_span(face("hopper"))
    assert tracker().refine(np.zeros_like(moved), face("hopper")) is None


@pytest.mark.parametrize("name", PORTRAITS)
def test_matte_covers_the_person(name):
    matte = tracker().person_matte(picture(name))
    assert matte.shape == picture(name).shape[:2] and matte.dtype == np.float32
    assert matte.min() >= 0 and matte.max() <= 1
    inside = np.rint(face(name).landmarks[:, :2]).astype(int)
    assert matte[inside[:, 1], inside[:, 0]].mean() > 0.95
    assert matte[5:40, -40:-5].mean() < 0.05
