# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engines that measure their source keep what they found, and tell the request at hand how far they are."""

from __future__ import annotations

from fractions import Fraction

import acting_clips
import media
import numpy as np
import pytest

from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job
from inference.performance import Performance
from inference.source import FaceChoice, Source, SourceKind
from inference.worker.exact import FrameMotion
from inference.worker.sessions import _attend
from inference.worker.task import Task


def job(engine: str) -> Job:
    return Job(
        id="job",
        name="test",
        engine=engine,
        settings={},
        source=Source(SourceKind.IMAGE, (str(media.astronaut()),)),
        face=FaceChoice(),
        pictures=(0,),
        performance=Performance.from_poses(Fraction(25), [{}]),
    )


def notes_of(folder, task=None, engine="edtalk"):
    return FrameMotion.of(job(engine), acting_clips.sessions(folder), task or acting_clips.task()).drivers.notes


def listening() -> tuple[list[tuple[str, int]], Task]:
    told: list[tuple[str, int]] = []
    return told, Task(lambda _, **fields: told.append((fields["stage"], fields["done"])), lambda: None)


def test_only_engines_that_measure_get_notes(tmp_path):
    assert notes_of(tmp_path) is not None
    assert notes_of(tmp_path, engine="puppet") is None and notes_of(tmp_path, engine="liveportrait") is None


@pytest.mark.parametrize("engine", ["hellomeme", "xportrait"])
def test_engines_that_draw_films_get_notes_as_well(tmp_path, engine):
    told, task = listening()
    notes = notes_of(tmp_path, task, engine)
    assert notes is not None
    notes.progress(0, 2)
    assert told == [("preparing the drawing", 0)]


def test_what_was_found_is_there_for_another_worker(tmp_path):
    notes_of(tmp_path).remember("portrait of this and that", np.arange(6.0).reshape(2, 3))
    other = notes_of(tmp_path)
    assert np.array_equal(other.remembered("portrait of this and that"), np.arange(6.0).reshape(2, 3))
    assert other.remembered("another portrait") is None


def test_progress_has_words_and_hears_a_cancel(tmp_path):
    told, task = listening()
    notes_of(tmp_path, task).progress(0, 53)
    assert told[0] == ("measuring the portrait", 0)

    def check():
        raise TalkingHeadError(ErrorCode.CANCELLED, "Canceled.")

    with pytest.raises(TalkingHeadError):
        notes_of(tmp_path, Task(lambda *_, **__: None, check)).progress(1, 53)


def test_a_session_that_is_used_again_tells_the_new_request(tmp_path):
    (first, task), (second, other) = listening(), listening()
    kept, asked = (FrameMotion.of(job("edtalk"), acting_clips.sessions(tmp_path), t).drivers for t in (task, other))
    _attend(kept, asked)
    assert kept.notes is not None
    kept.notes.progress(3, 53)
    assert first == [] and second == [("measuring the portrait", 0)]
