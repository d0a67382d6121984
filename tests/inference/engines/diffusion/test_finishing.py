# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Drawn squares back in their pictures, in any depth; colors, cut-out."""

from __future__ import annotations

import numpy as np
import pytest
from acting_clips import carphone
from faces import picture, tracker
from redraw_stand_in import astronaut, request, views

from inference.engines.diffusion.finishing import Finisher, matched
from inference.engines.puppet.colour import srgb_to_linear
from inference.face.picture_8bit import to_bgr8
from inference.media.picture import Alpha, Picture

PLAIN = {"feather": 0.08, "colour_match": False, "cut_out": False}


def finished(source, drawn, settings=None, requests=None):
    """Frames whose latents are their numbers; ``drawn`` are their squares."""
    warnings: list[str] = []
    requests = requests or [request()]
    finisher = Finisher(tracker(), source, {**PLAIN, **(settings or {})}, warnings)
    latents = np.arange(len(requests), dtype=np.float32)[:, None, None, None]
    made = dict(finisher.frames(requests, latents, lambda one: [drawn[int(latent[0, 0, 0])] for latent in one]))
    return made, warnings


def own(source, index=0):
    """(S, S, 3) float32: the square as it is."""
    return source.of(index).crop.astype(np.float32) / 255


def deep(kind: str) -> Picture:
    """The astronaut in another depth."""
    pixels = picture("astronaut")
    if kind == "16 bit":
        return Picture(pixels.astype(np.uint16) * 257)
    if kind == "float":
        return Picture(srgb_to_linear(pixels / np.float32(255)))
    alpha = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    alpha[:, :200] = 0
    return Picture(np.concatenate([pixels, alpha], axis=2), Alpha.STRAIGHT)


@pytest.mark.parametrize("kind", ["8 bit", "16 bit", "float", "alpha"])
def test_a_square_is_pasted_in_the_pictures_own_depth(kind):
    source = views(astronaut() if kind == "8 bit" else deep(kind))
    view = source.of(0)
    made, _ = finished(source, [1 - own(source)])
    old, new = view.picture.pixels, made[0].pixels
    assert new.dtype == old.dtype and new.shape == old.shape and made[0].alpha is view.picture.alpha
    left, top, right, bottom = view.square.box().round().astype(int)
    outside = np.ones(old.shape[:2], bool)
    outside[max(top, 0) : bottom + 1, left : right + 1] = False
    assert np.array_equal(new[outside], old[outside])
    assert np.array_equal(new[..., 3:], old[..., 3:])
    x, y = (int(value) for value in view.square.centre)
    shown = to_bgr8(made[0])[y, x].astype(int)
    assert np.abs(shown - (255 - to_bgr8(view.picture)[y, x].astype(int))).max() < 30


def test_the_squares_own_pixels_change_nothing_much():
    source = views()
    made, _ = finished(source, [own(source)])
    assert np.abs(made[0].pixels.astype(int) - picture("astronaut")).mean() < 0.5


def test_feather_is_the_width_of_the_soft_border():
    source, changed = views(), []
    for feather in (0.0, 0.3):
        made, _ = finished(source, [np.zeros((256, 256, 3), np.float32)], {"feather": feather})
        x, y = (int(value) for value in source.of(0).square.centre)
        row = made[0].pixels[y, int(x - source.of(0).square.side / 2) : x].max(axis=1)
        changed.append(int((row < 10).sum()))
    assert changed[0] > changed[1] + 0.2 * source.of(0).square.side


@pytest.mark.parametrize("tint", [(1.0, 0.9, 0.8), (0.85, 0.85, 0.85)])
def test_colors_are_taken_to_the_sources_also_where_something_moved(tint):
    source = views()
    view, wanted = source.of(0), own(source)
    moved = wanted.copy()
    moved[150:200, 100:160] = (0.1, 0.05, 0.05)
    drawn = moved * np.array(tint, np.float32) + 0.02
    put_right = matched(view, drawn)
    before, after = (np.abs(values - moved)[:140].mean() for values in (drawn, put_right))
    assert after < 0.35 * before
    inner = np.abs(put_right - moved)[160:190, 110:150].mean()
    assert inner < 0.08


def test_matching_leaves_a_right_drawing_alone():
    source = views()
    assert np.abs(matched(source.of(0), own(source)) - own(source)).max() < 0.01


def test_another_drawing_is_not_taken_for_a_tint():
    source = views()
    noise = np.random.default_rng(2).uniform(0, 1, (256, 256, 3)).astype(np.float32)
    put_right = matched(source.of(0), noise)
    assert np.abs(put_right - noise).max() < 0.45 and put_right.std() > 0.2


def test_pictures_without_a_face_are_passed_through_with_a_word():
    grey = Picture(np.full((144, 176, 3), 90, np.uint8))
    source = views(Picture(carphone()[0]), grey)
    made, warnings = finished(
        source, [np.zeros((256, 256, 3), np.float32)] * 2, requests=[request(4, 0), request(5, 1)]
    )
    assert made[5].pixels is grey.pixels and not np.array_equal(made[4].pixels, carphone()[0])
    assert warnings == ["The face was lost in picture 2; it is passed through unchanged."]


def test_the_square_is_pasted_where_the_face_went():
    pictures = [Picture(pixels) for pixels in carphone()[:60:30]]
    source = views(*pictures)
    made, _ = finished(source, [np.ones((256, 256, 3), np.float32)] * 2, requests=[request(0, 0), request(1, 1)])
    for number in (0, 1):
        changed = np.abs(made[number].pixels.astype(int) - pictures[number].pixels).max(axis=2) > 20
        box = source.of(number).square.box()
        columns = np.flatnonzero(changed.any(axis=0))
        assert box[0] - 1 <= columns.min() and columns.max() <= box[2] + 1
        assert abs((columns.min() + columns.max()) / 2 - source.of(number).square.centre[0]) < 25


def test_in_a_moving_source_the_background_stays_and_the_person_is_drawn():
    source = views(*(Picture(pixels) for pixels in carphone()[:60:30]))
    made, _ = finished(source, [np.zeros((256, 256, 3), np.float32)] * 2, requests=[request(0, 0), request(1, 1)])
    for number in (0, 1):
        view = source.of(number)
        x, y = view.face.landmarks[4, :2].astype(int)
        assert made[number].pixels[y, x].max() < 10
        left, top, _, _ = view.square.box().astype(int)
        corner = np.s_[max(top, 0) + 8 : max(top, 0) + 30, left + 8 : left + 20]
        assert np.array_equal(made[number].pixels[corner], view.picture.pixels[corner])


def test_a_moving_figure_that_is_no_person_to_the_network_is_pasted_whole(monkeypatch):
    source = views(*(Picture(pixels) for pixels in carphone()[:60:30]))
    monkeypatch.setattr(tracker(), "person_matte", lambda bgr, face=None: np.zeros(bgr.shape[:2], np.float32))
    made, _ = finished(source, [np.zeros((256, 256, 3), np.float32)], {"feather": 0.0}, [request(0, 0)])
    left, top, right, bottom = source.of(0).square.box().astype(int)
    assert made[0].pixels[max(top, 0) + 4 : bottom - 4, left + 4 : right - 4].max() == 0


def test_cut_out_gives_alpha_to_the_person_alone():
    source = views()
    made, _ = finished(source, [own(source)], {"cut_out": True})
    assert made[0].alpha is Alpha.STRAIGHT and made[0].pixels.shape == (512, 512, 4)
    assert made[0].pixels[100, 225, 3] == 255 and made[0].pixels[20, 400, 3] == 0
