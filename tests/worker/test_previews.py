# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Previews one after the other: which sessions they share, and when they are opened anew."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import cv2
import movies
import numpy as np
import pytest
import tint_engine
from worker_host import make_job, picture

from inference.media.digests import Digests
from inference.media.picture import Alpha, Picture
from inference.source import Source, SourceKind
from inference.weights.store import WeightStore
from inference.worker.preview import preview, shown_pixels
from inference.worker.sessions import Sessions
from inference.worker.task import Task


@pytest.fixture
def opened(monkeypatch):
    """Sessions of the tint engine, and how often one was opened."""
    tint_engine.register()
    made = []
    original = tint_engine.TintEngine.open
    monkeypatch.setattr(
        tint_engine.TintEngine, "open", lambda self, *arguments: made.append(1) or original(self, *arguments)
    )
    sessions = Sessions(WeightStore([]), Digests(), lambda: None)
    yield sessions, made
    sessions.unload()
    tint_engine.unregister()


def drawn(sessions, job, index):
    """The preview of a picture of the job's source, 64 px wide."""
    shown = replace(job, pictures=(index,))
    return preview(shown, 64, sessions, Task(lambda *_, **__: None, lambda: None))[0]


def sequence(folder):
    paths = [picture(folder, name=f"{number}.png", seed=number) for number in range(3)]
    return paths, make_job(folder, 1, source=Source(SourceKind.SEQUENCE, tuple(map(str, paths))))


def test_pictures_of_a_sequence_share_a_session(opened, tmp_path):
    sessions, made = opened
    paths, job = sequence(tmp_path)
    for index in (0, 2, 1, 0):
        expected = cv2.cvtColor(cv2.imread(str(paths[index])), cv2.COLOR_BGR2RGB)
        assert np.array_equal(drawn(sessions, job, index)[4:, :, :3], expected[4:])
    assert len(made) == 1


def test_a_picture_that_changed_on_disk_is_read_again(opened, tmp_path):
    sessions, made = opened
    paths, job = sequence(tmp_path)
    drawn(sessions, job, 1)
    picture(tmp_path, name="1.png", seed=9)
    expected = cv2.cvtColor(cv2.imread(str(paths[1])), cv2.COLOR_BGR2RGB)
    assert np.array_equal(drawn(sessions, job, 1)[4:, :, :3], expected[4:])
    assert len(made) == 2


def test_pictures_of_a_movie_share_a_session_until_the_movie_changes(opened, tmp_path):
    sessions, made = opened
    path = tmp_path / "movie.mp4"
    movies.write_movie(path, Fraction(25), 6)
    job = make_job(tmp_path, 1, source=Source(SourceKind.MOVIE, (str(path),)))
    first = drawn(sessions, job, 0)
    assert not np.array_equal(first, drawn(sessions, job, 5))
    assert len(made) == 1
    movies.write_movie(path, Fraction(25), 9)
    drawn(sessions, job, 3)
    assert len(made) == 2


def test_other_settings_have_a_session_of_their_own(opened, tmp_path):
    sessions, made = opened
    _, job = sequence(tmp_path)
    drawn(sessions, job, 0)
    drawn(sessions, replace(job, settings={"pause_s": 0.001}), 1)
    assert len(made) == 2


@pytest.mark.parametrize("channels", [3, 4])
def test_pixels_are_red_green_blue_alpha(channels):
    bgra = np.arange(2 * 3 * 4, dtype=np.uint8).reshape(2, 3, 4)[..., :channels]
    pixels = np.ascontiguousarray(bgra)
    shown = shown_pixels(Picture(pixels, Alpha.STRAIGHT if channels == 4 else Alpha.NONE))
    assert np.array_equal(shown[..., :3], pixels[..., 2::-1])
    assert np.array_equal(shown[..., 3], pixels[..., 3] if channels == 4 else np.full((2, 3), 255))
