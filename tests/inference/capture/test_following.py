# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Following a face from picture to picture, and telling cuts."""

from __future__ import annotations

import acting_clips
import cv2
import faces
import media
import numpy as np
import pytest
from acting_clips import carphone

from inference.acting import CaptureSpec
from inference.capture.changes import Changes
from inference.capture.following import Likeness
from inference.capture.read import captured
from inference.source import FaceChoice


@pytest.mark.parametrize("name", faces.PORTRAITS)
@pytest.mark.parametrize("shift", [(0, 0), (12, -8), (40, 30)])
def test_a_step_finds_the_face_that_moved(name, shift):
    picture = faces.picture(name)
    moved = cv2.warpAffine(picture, np.array([[1.0, 0, shift[0]], [0, 1.0, shift[1]]]), picture.shape[1::-1])
    found = faces.tracker().step(moved, faces.face(name))
    assert found is not None and found.blendshapes is not None
    off = faces.mean_distance(found.landmarks[:, :2] - shift, faces.face(name).landmarks)
    assert off < 0.03 * faces.eye_span(faces.face(name))


def test_a_step_into_nothing_finds_nothing():
    assert faces.tracker().step(np.full((512, 512, 3), 128, np.uint8), faces.face("astronaut")) is None


def test_a_person_is_more_like_himself_than_like_another():
    pictures = carphone()
    first, later = (faces.tracker().faces(pictures[number])[0] for number in (0, 60))
    known = Likeness.of(first, pictures[0])
    other = faces.face("hopper")
    himself = known.unlike(Likeness.of(later, pictures[60]), place=0.0)
    assert himself < 0.6 * known.unlike(Likeness.of(other, faces.picture("hopper")), place=0.0)


def cuts(pictures) -> tuple[list[int], list[int]]:
    """Pictures at which a cut was told, and those that were taken back."""
    changes = Changes()
    seen = [changes.see(picture) for picture in pictures]
    told = [number for number, change in enumerate(seen) if change.cut]
    return told, [number - change.undone for number, change in enumerate(seen) if change.undone]


def test_a_moving_camera_makes_no_cut():
    """The clip itself is filmed by hand in a driving car."""
    assert cuts(carphone()) == ([], [])


def test_a_pan_makes_no_cut():
    wide = np.hstack([faces.picture("astronaut"), faces.picture("astronaut")[:, ::-1]])
    assert cuts([wide[100:356, 16 * number : 16 * number + 400] for number in range(30)]) == ([], [])


def test_a_fade_makes_no_cut():
    picture = faces.picture("astronaut").astype(np.float64)
    assert cuts([(picture * part).astype(np.uint8) for part in np.linspace(0, 1, 25)]) == ([], [])


def test_cuts_are_told_at_the_first_picture_of_the_other_shot():
    other = cv2.resize(faces.picture("hopper"), (176, 144))
    pictures = [*carphone()[:10], *[other] * 10, *carphone()[40:50]]
    assert cuts(pictures) == ([10, 20], [])


def test_a_flash_is_taken_back():
    pictures = [*carphone()[:10], *[np.full((144, 176, 3), 255, np.uint8)] * 2, *carphone()[12:20]]
    assert cuts(pictures) == ([10], [10])


def test_the_face_stays_the_same_when_others_come_and_go(tmp_path):
    """Hopper appears beside the driver in the middle of a shot and vanishes again."""
    guest = acting_clips.still(media.hopper(), 200)[20:164, 30:150]
    alone = [acting_clips.beside(picture, np.full_like(guest, 110)) for picture in carphone()[:64]]
    visited = [*alone[:20], *[acting_clips.beside(picture, guest) for picture in carphone()[20:50]], *alone[50:64]]
    sessions = acting_clips.sessions(tmp_path)
    found = [
        captured(CaptureSpec(acting_clips.movie(tmp_path / name, pictures), neutral=0), sessions, acting_clips.task())
        for name, pictures in (("alone.mp4", alone), ("visited.mp4", visited))
    ]
    assert [capture.faces for capture in found] == [1, 2]
    difference = np.abs(found[0].track.values - found[1].track.values)
    assert difference[:, 1].max() < 3.0
    assert not found[1].track.breaks


@pytest.mark.parametrize("index", [0, 1])
def test_the_same_person_is_followed_into_another_shot(tmp_path, index):
    """After the cut the two have changed places, and the light is another."""
    guest = acting_clips.still(media.hopper(), 288)[40:184, 60:200]
    before = [acting_clips.beside(picture, guest) for picture in carphone()[:15]]
    after = [cv2.convertScaleAbs(acting_clips.beside(guest, p), alpha=0.75) for p in carphone()[15:35]]
    clip = acting_clips.movie(tmp_path / "swapped.mp4", [*before, *after])
    spec = CaptureSpec(clip, FaceChoice(index), neutral=5)
    track = captured(spec, acting_clips.sessions(tmp_path), acting_clips.task()).track
    assert track.breaks == (15,)
    # Hopper, the larger one, never moves; the driver does.
    moving = np.ptp(track.values[17:, :3], axis=0).max()
    assert (moving < 1.0) if index == 0 else (moving > 3.0)
