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
from faces import picture
from liveportrait_stand_in import StandInModel, frame, frames, open_session

from inference.controls import pose_from
from inference.engines.engine import FrameRequest, Quality
from inference.errors import Action, ErrorCode, TalkingHeadError
from inference.media.picture import Alpha, Picture
from inference.source import MANUAL_POINTS, FaceChoice

TALK = {"jaw_open": 0.6, "head_yaw": 8.0}


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


DEPTHS = ("16 bit", "scene-linear", "8 bit with alpha", "scene-linear with alpha")


def test_at_rest_the_source_comes_back_and_no_network_runs():
    model = StandInModel()
    session = open_session([astronaut()], model=model)
    made = frame(session)
    assert np.array_equal(made.pixels, picture("astronaut"))
    assert (model.crops, model.looked, model.drawn) == ([], [], [])


@pytest.mark.parametrize("depth", DEPTHS)
def test_every_depth_is_kept(depth):
    source = in_depth(depth)
    session = open_session([source])
    rest, moved = frame(session), frame(session, **TALK)
    assert np.array_equal(rest.pixels, source.pixels)
    assert (moved.pixels.dtype, moved.pixels.shape) == (source.pixels.dtype, source.pixels.shape)
    assert (moved.alpha, moved.half) == (source.alpha, source.half)
    assert changed(moved, source).mean() > 0.05
    if source.alpha is not Alpha.NONE:
        assert np.array_equal(moved.pixels[..., 3], source.pixels[..., 3])


def test_only_the_square_around_the_face_changes():
    moved = changed(frame(open_session([astronaut()], {"crop_scale": 1.5}), **TALK), astronaut())
    rows, columns = np.flatnonzero(moved.any(axis=1)), np.flatnonzero(moved.any(axis=0))
    assert moved.mean() > 0.05
    assert np.ptp(rows) < 200 and np.ptp(columns) < 200
    wide = changed(frame(open_session([astronaut()], {"crop_scale": 2.3}), **TALK), astronaut())
    assert wide.sum() > 1.3 * moved.sum()


def test_the_border_is_as_soft_as_the_setting_says():
    hard = frame(open_session([astronaut()], {"feather": 0.0, "colour_match": False}), **TALK).pixels.astype(int)
    soft = frame(open_session([astronaut()], {"feather": 0.2, "colour_match": False}), **TALK).pixels.astype(int)
    column = 115  # inside the square, near its left border
    source = picture("astronaut").astype(int)
    assert np.abs(hard - source)[60:180, column].mean() > 3 * np.abs(soft - source)[60:180, column].mean()


def test_colours_are_matched_to_the_source():
    """The stand-in draws everything darker: that is measured at rest and taken back."""
    middle = (slice(60, 160), slice(180, 270))
    source = picture("astronaut")[middle].mean()
    matched, plain = (frame(open_session([astronaut()], {"colour_match": on}), head_yaw=0.5) for on in (True, False))
    assert abs(matched.pixels[middle].mean() - source) < 0.5 * abs(plain.pixels[middle].mean() - source)


def test_what_is_drawn_grows_with_the_slider():
    session = open_session([astronaut()], {"colour_match": False})
    bright = [frame(session, mouth_smile=amount).pixels[60:160, 180:270].mean() for amount in (0.1, 0.5, 1.0)]
    assert bright[0] + 0.3 < bright[1] < bright[2] - 0.3


def test_the_same_pose_is_drawn_once():
    model = StandInModel()
    session = open_session([astronaut()], {"colour_match": False}, model=model)
    poses = [TALK, TALK, {"jaw_open": 0.1}, {}, TALK]
    made = frames(session, [FrameRequest(n, 0, pose_from(pose)) for n, pose in enumerate(poses)])
    assert model.drawn == [1, 1, 1]
    assert model.crops == [1] and model.looked == [1]
    assert np.array_equal(made[0].pixels, made[4].pixels)
    assert not np.array_equal(made[0].pixels, made[2].pixels)


def test_a_graphics_card_draws_frames_together():
    cpu, gpu = StandInModel("cpu"), StandInModel("cuda")
    requests = [FrameRequest(n, 0, pose_from({"head_yaw": float(n)})) for n in range(1, 12)]
    each = [frames(open_session([astronaut()], {"colour_match": False}, model=m), requests) for m in (cpu, gpu)]
    assert cpu.drawn == [1] * 11 and gpu.drawn == [8, 3]
    assert all(np.array_equal(each[0][n].pixels, each[1][n].pixels) for n in range(1, 12))


def test_frames_come_in_order_and_unchanging():
    session = open_session([astronaut()])
    requests = [FrameRequest(n, 0, pose_from({"head_yaw": float(n % 3)})) for n in range(12)]
    seen, sums = [], []
    for index, made in session.frames(requests, Quality.FINAL):
        seen.append((index, made))
        sums.append(int(made.pixels.sum()))
    assert [index for index, _ in seen] == list(range(12))
    assert [int(made.pixels.sum()) for _, made in seen] == sums


def test_a_frame_is_the_same_alone_and_in_a_range():
    talk = pose_from(TALK)
    whole = frames(open_session(shot(12)), [FrameRequest(n, n, talk) for n in range(12)])
    together = frames(open_session(shot(12), model=StandInModel("cuda")), [FrameRequest(n, n, talk) for n in (3, 6)])
    for number in (0, 6, 11):
        alone = frames(open_session(shot(12)), [FrameRequest(number, number, talk)])[number]
        assert np.array_equal(alone.pixels, whole[number].pixels)
    assert np.array_equal(together[6].pixels, whole[6].pixels)


def test_a_preview_of_a_moving_source_reads_no_neighbours():
    session = open_session(shot(12))
    reader = session._faces._pictures
    reader.reads.clear()
    frame(session, 6, Quality.PREVIEW, **TALK)
    assert set(reader.reads) == {6}
    frame(session, 6, Quality.FINAL, **TALK)
    assert set(reader.reads) == set(range(3, 10))


def test_pictures_without_a_face_are_passed_through_with_a_warning():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    session = open_session([*shot(3), grey, *shot(2)])
    made = frames(session, [FrameRequest(n, n, pose_from(TALK)) for n in range(6)])
    assert made[3].pixels is grey.pixels
    assert changed(made[2], shot(3)[2]).any() and changed(made[4], shot(1)[0]).any()
    assert [w for w in session.warnings if "lost in picture 4" in w] == [
        "The face was lost in picture 4; it is passed through unchanged."
    ]


def test_cut_out_gives_alpha_also_at_rest():
    source = astronaut()
    session = open_session([source], {"cut_out": True})
    for pose in ({}, TALK):
        made = frame(session, **pose)
        assert made.alpha is Alpha.STRAIGHT and made.pixels.shape == (512, 512, 4)
        alpha = made.pixels[..., 3]
        assert alpha[100, 225] == 255 and alpha[20, 400] == 0
    inside = frame(session).pixels
    assert np.array_equal(inside[100, 225, :3], source.pixels[100, 225])


def test_a_person_is_cut_out_by_the_face_of_each_picture(monkeypatch):
    session, faces = open_session(shot(9), {"cut_out": True}), []
    monkeypatch.setattr(session._maker, "cut", lambda picture, face: faces.append(face) or picture)
    talk, rest = pose_from(TALK), pose_from({})
    frames(session, [FrameRequest(0, 8, talk), FrameRequest(1, 8, rest), FrameRequest(2, 0, rest)])
    assert np.array_equal(faces[0].landmarks, faces[1].landmarks)
    assert not np.array_equal(faces[1].landmarks, faces[2].landmarks)


def test_of_several_faces_the_chosen_one_moves():
    both = Picture(np.hstack([picture("hopper")[:512], picture("astronaut")]))
    for index, (first, last) in ((0, (0, 512)), (1, (512, 1024))):
        moved = changed(frame(open_session([both], {"crop_scale": 1.5}, FaceChoice(index)), **TALK), both)
        assert moved[:, first:last].mean() > 0.05
        moved[:, first:last] = False
        assert not moved.any()


def test_a_result_is_the_source_of_another_pass():
    both = Picture(np.hstack([picture("hopper")[:512], picture("astronaut")]))
    settings = {"crop_scale": 1.5}
    first = frame(open_session([both], settings, FaceChoice(0)), jaw_open=0.3)
    second = frame(open_session([first], settings, FaceChoice(1)), jaw_open=0.3)
    assert changed(second, first)[:, 512:].any() and not changed(second, first)[:, :500].any()


def test_no_face_offers_to_place_points():
    with pytest.raises(TalkingHeadError) as caught:
        open_session([Picture(cv2.imread(str(media.coffee())))])
    assert caught.value.code is ErrorCode.NO_FACE and caught.value.action is Action.PLACE_POINTS


def test_points_on_an_animal():
    cat = Picture(cv2.imread(str(media.cat())))
    points = {
        33: (0.26, 0.40), 133: (0.33, 0.42), 362: (0.48, 0.42), 263: (0.55, 0.38), 1: (0.41, 0.58), 61: (0.35, 0.72),
        291: (0.48, 0.72), 13: (0.41, 0.68), 14: (0.41, 0.70), 152: (0.41, 0.80), 105: (0.29, 0.30), 334: (0.51, 0.28),
        234: (0.20, 0.50), 454: (0.62, 0.48),
    }  # fmt: skip
    choice = FaceChoice(points=tuple(points[number] for _, number in MANUAL_POINTS))
    moved = changed(frame(open_session([cat], {"crop_scale": 1.5}, choice), **TALK), cat)
    assert moved[120, 185] and not moved[:, 400:].any()


@pytest.mark.parametrize(("factor", "text"), [(0.35, "px large"), (4.0, "softer than its surroundings")])
def test_sizes_at_which_the_result_suffers_are_told(factor, text):
    sized = cv2.resize(picture("astronaut"), None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
    assert any(text in sentence for sentence in open_session([Picture(sized)]).warnings)
    assert not any(text in sentence for sentence in open_session([astronaut()]).warnings)


def test_half_precision_that_fails_is_told():
    model = StandInModel()
    model.half = "16 bit"
    session = open_session([astronaut()], model=model)
    frame(session, **TALK)
    assert session.warnings == []
    model.half = None
    frame(session, jaw_open=0.1)
    assert session.warnings == ["Half precision fails on this device; full precision is used."]


def test_a_closed_session_lets_go_of_its_pictures():
    session = open_session(shot(2))
    made = frame(session, 1, **TALK)
    kept = [weakref.ref(source) for source in session._faces._kept.values()]
    assert kept
    del made
    session.close()
    gc.collect()
    assert not any(reference() for reference in kept)
