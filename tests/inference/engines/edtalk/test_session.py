# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Frames of still and moving sources: what changes, what stays, what is passed through. The networks are stand-ins."""

from __future__ import annotations

import gc
import weakref

import cv2
import media
import numpy as np
import pytest
from acting_clips import carphone
from edtalk_stand_in import StandInModel, frame, frames, open_session
from faces import picture

from inference.controls import pose_from
from inference.engines.engine import FrameRequest, Quality
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.picture import Alpha, Picture
from inference.source import FaceChoice

HAPPY = {"edtalk_happy": 0.7}


def astronaut() -> Picture:
    return Picture(picture("astronaut"))


def shot(count: int) -> list[Picture]:
    return [Picture(pixels) for pixels in carphone()[:count]]


def changed(one: Picture, other: Picture) -> np.ndarray:
    """(H, W) bool."""
    return (one.pixels != other.pixels).any(axis=2)


def in_depth(depth: str) -> Picture:
    """The astronaut in another depth, with alpha in the last two."""
    bgr = picture("astronaut")
    if depth == "16 bit":
        return Picture(bgr.astype(np.uint16) * 257)
    unit = (bgr / 255).astype(np.float32) ** 2.2
    if depth == "scene-linear":
        return Picture(unit * 3, half=True)
    alpha = np.full((*bgr.shape[:2], 1), 200, np.uint8)
    alpha[:, :100] = 0
    if depth == "8 bit with alpha":
        return Picture(np.concatenate([bgr, alpha], axis=2), Alpha.STRAIGHT)
    share = (alpha / 255).astype(np.float32)
    return Picture(np.concatenate([unit * share, share], axis=2), Alpha.PREMULTIPLIED)


def test_at_rest_the_source_comes_back_and_no_network_runs():
    model = StandInModel()
    made = frame(open_session([astronaut()], model=model))
    assert np.array_equal(made.pixels, picture("astronaut"))
    assert (model.encoded, model.looked, model.drawn) == ([], [], [])


@pytest.mark.parametrize("depth", ["16 bit", "scene-linear", "8 bit with alpha", "scene-linear with alpha"])
def test_every_depth_is_kept(depth):
    source = in_depth(depth)
    session = open_session([source])
    rest, moved = frame(session), frame(session, **HAPPY)
    assert np.array_equal(rest.pixels, source.pixels)
    assert (moved.pixels.dtype, moved.pixels.shape) == (source.pixels.dtype, source.pixels.shape)
    assert (moved.alpha, moved.half) == (source.alpha, source.half)
    assert changed(moved, source).mean() > 0.05
    if source.alpha is not Alpha.NONE:
        assert np.array_equal(moved.pixels[..., 3], source.pixels[..., 3])


def test_only_the_aligned_square_changes():
    moved = changed(frame(open_session([astronaut()]), **HAPPY), astronaut())
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    assert moved.mean() > 0.05
    assert 150 < np.ptp(rows) < 200 and 150 < np.ptp(columns) < 200


def test_what_is_redrawn_lies_where_it_was_cut():
    """A network that draws its source unchanged gives the source back, to interpolation."""
    model = StandInModel()
    model.picture = lambda code, row, moved: code.features.astype(np.float32) / 255
    source = Picture(cv2.GaussianBlur(picture("astronaut"), (0, 0), 2))
    settings = {"feather": 0.0, "colour_match": False}
    made = frame(open_session([source], settings, model=model), **HAPPY).pixels.astype(int)
    assert changed(Picture(made), source).any()
    assert np.abs(made - source.pixels)[60:180, 160:280].mean() < 0.6


def test_colours_are_matched_to_the_source():
    """The stand-in draws everything darker: that is measured at rest and taken back."""
    middle = (slice(60, 160), slice(180, 270))
    source = picture("astronaut")[middle].mean()
    small = {"edtalk_mouth_01": 0.01}
    matched, plain = (frame(open_session([astronaut()], {"colour_match": on}), **small) for on in (True, False))
    assert abs(matched.pixels[middle].mean() - source) < 0.5 * abs(plain.pixels[middle].mean() - source)


def test_the_same_weights_are_drawn_once():
    model = StandInModel()
    session = open_session([astronaut()], {"colour_match": False}, model=model)
    poses = [HAPPY, HAPPY, {"edtalk_sad": 0.1}, {}, HAPPY]
    made = frames(session, [FrameRequest(n, 0, pose_from(pose)) for n, pose in enumerate(poses)])
    assert model.drawn == [1, 1, 1] and model.encoded == [1]
    assert np.array_equal(made[0].pixels, made[4].pixels)
    assert not np.array_equal(made[0].pixels, made[2].pixels)


def test_a_graphics_card_draws_frames_together():
    cpu, gpu = StandInModel(), StandInModel(kind="cuda")
    requests = [FrameRequest(n, 0, pose_from({"edtalk_pose_01": 0.1 * n})) for n in range(1, 12)]
    each = [frames(open_session([astronaut()], {"colour_match": False}, model=m), requests) for m in (cpu, gpu)]
    assert cpu.drawn == [1] * 11 and gpu.drawn == [8, 3]
    assert all(np.array_equal(each[0][n].pixels, each[1][n].pixels) for n in range(1, 12))


def test_a_frame_is_the_same_alone_and_in_a_range():
    happy = pose_from(HAPPY)
    whole = frames(open_session(shot(12)), [FrameRequest(n, n, happy) for n in range(12)])
    for number in (0, 6, 11):
        alone = frames(open_session(shot(12)), [FrameRequest(number, number, happy)])[number]
        assert np.array_equal(alone.pixels, whole[number].pixels)


def test_a_preview_of_a_moving_source_reads_no_neighbours():
    session = open_session(shot(12))
    reader = session._faces._pictures
    reader.reads.clear()
    frame(session, 6, Quality.PREVIEW, **HAPPY)
    assert set(reader.reads) == {6}
    frame(session, 6, Quality.FINAL, **HAPPY)
    assert set(reader.reads) == set(range(3, 10))


def test_pictures_without_a_face_are_passed_through_with_a_warning():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    session = open_session([*shot(3), grey, *shot(2)])
    made = frames(session, [FrameRequest(n, n, pose_from(HAPPY)) for n in range(6)])
    assert made[3].pixels is grey.pixels
    assert changed(made[2], shot(3)[2]).any() and changed(made[4], shot(1)[0]).any()
    assert "The face was lost in picture 4; it is passed through unchanged." in session.warnings


def test_cut_out_gives_alpha_also_at_rest():
    source = astronaut()
    session = open_session([source], {"cut_out": True})
    for pose in ({}, HAPPY):
        made = frame(session, **pose)
        assert made.alpha is Alpha.STRAIGHT and made.pixels.shape == (512, 512, 4)
        assert made.pixels[100, 225, 3] == 255 and made.pixels[20, 400, 3] == 0
    assert np.array_equal(frame(session).pixels[100, 225, :3], source.pixels[100, 225])


def test_of_several_faces_the_chosen_one_moves():
    both = Picture(np.hstack([picture("hopper")[:512], picture("astronaut")]))
    for index, (first, last) in ((0, (0, 512)), (1, (512, 1024))):
        moved = changed(frame(open_session([both], face=FaceChoice(index)), **HAPPY), both)
        assert moved[:, first:last].mean() > 0.05
        moved[:, first:last] = False
        assert not moved.any()


def test_no_face_offers_to_place_points():
    with pytest.raises(TalkingHeadError) as caught:
        open_session([Picture(cv2.imread(str(media.coffee())))])
    assert caught.value.code is ErrorCode.NO_FACE and caught.value.action is Action.PLACE_POINTS


@pytest.mark.parametrize(("factor", "text"), [(0.3, "px large"), (4.0, "softer than its surroundings")])
def test_sizes_at_which_the_result_suffers_are_told(factor, text):
    sized = cv2.resize(picture("astronaut"), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert any(text in sentence for sentence in open_session([Picture(sized)]).warnings)
    assert not any(text in sentence for sentence in open_session([astronaut()]).warnings)


def test_emotions_of_the_model_without_expressions_are_refused_in_words():
    model = StandInModel(full=False)
    session = open_session([astronaut()], model=model)
    made = frames(session, [FrameRequest(n, 0, pose_from({"edtalk_happy": 0.3 * n + 0.1})) for n in range(3)])
    assert all(np.array_equal(picture.pixels, astronaut().pixels) for picture in made.values())
    assert session.warnings == [
        "The model Mouth and Head has no expressions; emotions need the model Mouth, Head and Emotion."
    ]


def test_half_precision_that_fails_is_told():
    model = StandInModel()
    model.half = "16 bit"
    session = open_session([astronaut()], model=model)
    frame(session, **HAPPY)
    assert session.warnings == []
    model.half = None
    frame(session, edtalk_sad=0.1)
    assert session.warnings == ["Half precision fails on this device; full precision is used."]


def test_a_closed_session_lets_go_of_its_pictures():
    session = open_session(shot(2))
    made = frame(session, 1, **HAPPY)
    kept = [weakref.ref(source) for source in session._faces._kept.values()]
    assert kept
    del made
    session.close()
    gc.collect()
    assert not any(reference() for reference in kept)
