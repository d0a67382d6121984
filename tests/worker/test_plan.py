# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names of frames."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from inference.controls import POSE_CONTROLS, POSE_NAMES, RIG_NAMES, names_for, rest_pose
from inference.errors import ErrorCode, TalkingHeadError
from inference.job import Job
from inference.media.encode import write_frame
from inference.media.picture import Picture
from inference.media.reader import open_source
from inference.performance import Performance
from inference.source import FaceChoice, Source, SourceKind
from inference.worker.exact import FrameMotion
from inference.worker.plan import make_plan


class Reader:
    """A source of one picture."""

    def __len__(self) -> int:
        return 1

    def digest(self, index: int) -> str:
        return "0123456789abcdef"

    def extension(self, index: int) -> str:
        return ".png"


def name_of(folder: Path, engine: str, settings: Mapping[str, object] | None = None, **pose: float) -> str:
    performance = Performance.from_poses(Fraction(24), [{**rest_pose(), **pose}])
    source = Source(SourceKind.IMAGE, (str(folder / "source.png"),))
    job = Job("0123", "strip", engine, settings or {}, source, FaceChoice(), (0,), performance)
    weights: Any = SimpleNamespace(set_digests=lambda engine, settings: ("f" * 64,) if engine.set_setting else ())
    (name,) = make_plan(job, Reader(), folder, None, lambda: None, FrameMotion(), weights).names  # type: ignore[arg-type]
    return name


def test_names_of_the_puppets_frames_never_change(tmp_path):
    # The name of version 2 of the engine. Another name makes all frames on users' disks be rendered again.
    assert name_of(tmp_path, "puppet", head_yaw=12.5, jaw_open=0.25) == "76075157816fa03254509e4d14590354.png"


class TestGaps:
    """Sources that Blender renders: what no frame needs is not there."""

    COUNT = 12

    @pytest.fixture
    def source(self, tmp_path) -> Source:
        files = tuple(str(tmp_path / f"{number:06d}.png") for number in range(self.COUNT))
        for number, file in enumerate(files):
            write_frame(Picture(np.full((4, 6, 3), number, np.uint8)), Path(file))
        return Source(SourceKind.SEQUENCE, files, gaps=True)

    def names(self, folder: Path, source: Source, pictures: range) -> tuple[str, ...]:
        performance = Performance.from_poses(Fraction(24), [{}] * len(pictures))
        job = Job("0123", "strip", "puppet", {}, source, FaceChoice(), tuple(pictures), performance)
        sets: Any = SimpleNamespace(set_digests=lambda engine, settings: ())
        return make_plan(job, open_source(source), folder, None, lambda: None, FrameMotion(), sets).names

    def test_frames_keep_their_names_where_all_that_they_are_made_of_is_there(self, tmp_path, source):
        every = self.names(tmp_path, source, range(self.COUNT))
        assert every == self.names(tmp_path, replace(source, gaps=False), range(self.COUNT))
        Path(source.files[1]).unlink()
        assert self.names(tmp_path, source, range(5, self.COUNT)) == every[5:]
        assert self.names(tmp_path, source, range(2, 5)) != every[2:5]

    def test_no_other_picture_stands_for_one_that_is_animated(self, tmp_path, source):
        Path(source.files[7]).unlink()
        with pytest.raises(TalkingHeadError) as caught:
            self.names(tmp_path, source, range(5, self.COUNT))
        assert caught.value.code is ErrorCode.SOURCE_MISSING and "000007.png" in caught.value.message


def test_sliders_that_an_engine_does_not_have_are_no_part_of_its_names(tmp_path):
    own = {control.name: control.minimum for control in POSE_CONTROLS if control.engine}
    assert name_of(tmp_path, "puppet", **own) == name_of(tmp_path, "puppet")


class Pictures(Reader):
    """A sequence."""

    def __init__(self, *digests: str) -> None:
        self._digests = digests

    def __len__(self) -> int:
        return len(self._digests)

    def digest(self, index: int) -> str:
        return self._digests[index]


def names_of_shot(folder: Path, reader: Pictures, **settings: object) -> tuple[str, ...]:
    """Names of the frames in which the person in a shot is replaced."""
    count = len(reader)
    source = Source(SourceKind.SEQUENCE, tuple(str(folder / f"{n}.png") for n in range(count)))
    performance = Performance.from_poses(Fraction(24), [rest_pose()] * count)
    own = {"mode": "replace", "mask_from": "sam2", "frames_at_once": 5, **settings}
    job = Job("0123", "strip", "wananimate", own, source, FaceChoice(), tuple(range(count)), performance)
    weights: Any = SimpleNamespace(set_digests=lambda engine, settings: ("f" * 64,))
    return make_plan(job, reader, folder, None, lambda: None, FrameMotion(), weights).names  # type: ignore[arg-type]


@pytest.mark.parametrize("settings", [{}, {"mask_from": "matte"}, {"mode": "animate"}])
def test_a_shot_whose_person_is_followed_counts_whole(tmp_path, settings):
    digests = [f"{n}" for n in range(40)]
    before = names_of_shot(tmp_path, Pictures(*digests), **settings)
    after = names_of_shot(tmp_path, Pictures(*digests[:30], "another", *digests[31:]), **settings)
    same = [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old == new]
    # Sections of 5 frames, each from the one before; pictures count for their neighbors, 3 to each side.
    assert same == ([] if not settings else list(range(25)))


@pytest.mark.parametrize("engine", ["liveportrait", "tpsmm", "edtalk"])
def test_every_slider_that_it_has_is(tmp_path, engine):
    moved = {control.name: control.minimum for control in POSE_CONTROLS if control.minimum != control.rest}
    moved |= {name: 0.5 for name in POSE_NAMES if name not in moved}
    names = [name_of(tmp_path, engine, **{name: value}) for name, value in moved.items()]
    assert len({name_of(tmp_path, engine), *names}) == len(names_for(engine)) + 1


def test_sliders_that_an_engine_does_not_heed_are_not(tmp_path):
    """Where bodies alone are seen, films keep the names that they have with sliders at rest."""
    person, body = {"faces": "person"}, {"faces": "body"}
    names = {mode["faces"]: name_of(tmp_path, "wananimate", mode) for mode in (person, body)}
    assert names["person"] != names["body"]
    for control in RIG_NAMES:
        moved = {control: 0.25}
        assert name_of(tmp_path, "wananimate", body, **moved) == names["body"]
        assert name_of(tmp_path, "wananimate", person, **moved) != names["person"]
    # An engine that draws frame by frame moves whole figures by its sliders.
    moved = name_of(tmp_path, "tpsmm", {"area": "body"}, head_yaw=0.25)
    assert moved != name_of(tmp_path, "tpsmm", {"area": "body"})
