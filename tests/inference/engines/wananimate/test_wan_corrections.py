# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Corrected pictures of stages take the place of those that are made."""

from __future__ import annotations

import cv2
import media
import numpy as np
import pytest
from acting_clips import movie
from faces import picture
from wananimate_stand_in import SIZE_PX, StandInDrawing, StandInHelpers, open_session, reader, request

from inference.engines.wananimate.corrections import Corrections, numbered
from inference.errors import ErrorCode, TalkingHeadError
from inference.film import Section


def save(path, value, size=SIZE_PX):
    cv2.imwrite(str(path), np.full((size, size, 3), value, np.uint8))


def drawn(count=2, helpers=None, **settings):
    drawing = StandInDrawing()
    session = open_session(drawing=drawing, helpers=helpers, **settings)
    requests = [request(n) for n in range(count)]
    session.draw(Section(0, range(count)), requests, None, lambda done: None)
    session.close()
    return drawing.asks[0]


def test_files_are_named_by_frame(tmp_path):
    for name in ("pose_0002.png", "take 3 frame 10.png", "0001.jpg", "0000.png", "notes.txt", "cover.png"):
        save(tmp_path / name, 9) if not name.endswith("txt") else (tmp_path / name).write_text("x")
    found = numbered(tmp_path)
    assert {frame: path.name for frame, path in found.items()} == {
        0: "0001.jpg", 1: "pose_0002.png", 9: "take 3 frame 10.png",
    }  # fmt: skip


def test_frames_without_a_correction_are_made(tmp_path):
    save(tmp_path / "0002.png", 200)
    made = drawn()
    corrected = drawn(pose_pictures=str(tmp_path))
    assert (corrected.pose[1] == 200).all() and np.array_equal(corrected.pose[0], made.pose[0])
    assert np.array_equal(corrected.faces, made.faces)


def test_nothing_is_looked_for_where_all_is_corrected(tmp_path):
    poses, faces = tmp_path / "poses", tmp_path / "faces"
    for folder, size in ((poses, 100), (faces, 30)):
        folder.mkdir()
        for number in (1, 2):
            save(folder / f"{number:04d}.png", 50 * number, size)
    helpers = StandInHelpers()
    ask = drawn(helpers=helpers, tracking="full", pose_pictures=str(poses), face_pictures=str(faces))
    assert helpers.bodies.looked == 0
    assert ask.pose.shape[1:] == (SIZE_PX, SIZE_PX, 3) and ask.faces.shape[1:] == (512, 512, 3)
    assert [face.mean() for face in ask.faces[:2]] == [50, 100]


def test_a_movie_corrects_as_well(tmp_path):
    pictures = [np.full((SIZE_PX, SIZE_PX, 3), value, np.uint8) for value in (40, 180)]
    path = movie(tmp_path / "faces.mp4", pictures).files[0]
    ask = drawn(3, face_pictures=path)
    assert [round(float(face.mean()) / 20) for face in ask.faces[:2]] == [2, 9]
    assert ask.faces[2].std() > 5  # the movie has no third picture


def test_one_picture_is_a_mask_of_all_frames_and_refused_where_the_film_would_stand_still(tmp_path):
    still = tmp_path / "0001.png"
    save(still, 200)
    ask = drawn(3, mode="replace", character=str(media.hopper()), mask_pictures=str(still))
    assert ask.mask.all()
    for setting, label in (("pose_pictures", "Poses"), ("face_pictures", "Faces")):
        with pytest.raises(TalkingHeadError) as caught:
            drawn(3, **{setting: str(still)})
        assert caught.value.code is ErrorCode.INVALID_REQUEST
        assert label in caught.value.message and "folder" in caught.value.hint


def warnings(**settings):
    session = open_session(drawing=StandInDrawing(), **settings)
    for _ in range(2):
        session.draw(Section(0, range(2)), [request(0), request(1)], None, lambda done: None)
    session.close()
    return session.warnings


def test_pictures_of_other_proportions_are_told_once(tmp_path):
    wide = [np.full((48, 96, 3), value, np.uint8) for value in (40, 180)]
    path = movie(tmp_path / "wide.mp4", wide).files[0]
    (told,) = warnings(pose_pictures=path)
    assert told.startswith("Poses: wide.mp4 has 96 x 48 px, the drawing 64 x 64; it is fitted")
    (told,) = warnings(face_pictures=path)
    assert told.startswith("Faces: wide.mp4 has 96 x 48 px, a face 512 x 512; it is squeezed")
    replaced = {"mode": "replace", "character": str(media.hopper())}
    (told,) = warnings(mask_pictures=path, **replaced)
    assert told.startswith("Masks: wide.mp4 has 96 x 48 px")
    # Another size is no other shape.
    save(tmp_path / "0001.png", 50, 200)
    for setting in ("pose_pictures", "face_pictures"):
        assert not warnings(**{setting: str(tmp_path)})


def test_pictures_may_have_the_proportions_of_the_source(tmp_path):
    source = reader(picture("astronaut")[:400])
    cv2.imwrite(str(tmp_path / "0001.png"), np.zeros((200, 256, 3), np.uint8))
    session = open_session(source, pose_pictures=str(tmp_path))
    assert session._canvas.width / session._canvas.height != 256 / 200
    session.draw(Section(0, range(1)), [request(0)], None, lambda done: None)
    assert not session.warnings


def test_corrected_masks_are_taken_as_they_are(tmp_path):
    mask = np.zeros((SIZE_PX, SIZE_PX, 3), np.uint8)
    mask[10:20, 30:50] = 255
    cv2.imwrite(str(tmp_path / "0001.png"), mask)
    ask = drawn(mode="replace", character=str(media.hopper()), mask_pictures=str(tmp_path))
    assert np.array_equal(ask.mask[0], mask[..., 0] // 255)
    assert ask.mask[1].sum() > 4 * ask.mask[0].sum()


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(TalkingHeadError) as caught:
        Corrections(str(tmp_path / "none"), "Poses")
    assert caught.value.code is ErrorCode.SOURCE_MISSING and "Poses" in caught.value.hint
    with pytest.raises(TalkingHeadError) as caught:
        Corrections(str(tmp_path), "Poses")
    assert caught.value.code is ErrorCode.INVALID_REQUEST and "0001.png" in caught.value.hint
    assert 0 not in Corrections("", "Poses")
