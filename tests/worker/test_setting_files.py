# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What settings name counts by content: files, and folders of corrected pictures frame by frame."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import chain_engine
import pytest
from worker_host import picture, saved_job

from inference.errors import ErrorCode, TalkingHeadError
from inference.job import load
from inference.media.digests import Digests
from inference.media.numbered import numbered
from inference.weights.store import WeightStore
from inference.worker.exact import FrameMotion
from inference.worker.plan import make_plan
from inference.worker.sessions import Sessions
from inference.worker.subject import subject_of
from inference.worker.task import Task

FRAMES = 20
# Frames 0-5, 4-12, 11-19.
NEW = (range(6), range(6, 13), range(13, 20))


@pytest.fixture
def sessions(tmp_path) -> Iterator[Sessions]:
    chain_engine.register()
    sessions = Sessions(WeightStore([]), Digests(), lambda: None, tmp_path / "cache")
    yield sessions
    sessions.unload()
    chain_engine.unregister()


@pytest.fixture
def folder(tmp_path) -> Path:
    """Corrected pictures of the frames 3 and 15."""
    folder = tmp_path / "corrected"
    folder.mkdir()
    for number in (4, 16):
        picture(folder, name=f"pose {number:04d}.png", seed=number)
    return folder


def names(sessions: Sessions, tmp_path: Path, **settings: object) -> tuple[str, ...]:
    values = {name: str(value) if isinstance(value, Path) else value for name, value in settings.items()}
    job = load(saved_job(tmp_path, FRAMES, values, engine="chain"))
    reader = sessions.reader(job.source)
    try:
        return make_plan(job, reader, tmp_path, None, lambda: None, FrameMotion(), sessions).names
    finally:
        reader.close()


def session_key(sessions: Sessions, tmp_path: Path, **settings: object) -> str:
    job = load(saved_job(tmp_path, FRAMES, {name: str(value) for name, value in settings.items()}, engine="chain"))
    task = Task(lambda *_, **__: None, lambda: None)
    return subject_of(job, FrameMotion.of(job, sessions, task), sessions).key()


def changed(one: tuple[str, ...], other: tuple[str, ...]) -> list[int]:
    return [frame for frame in range(FRAMES) if one[frame] != other[frame]]


def test_numbers_in_names(tmp_path):
    for name in ("0001.png", "shot 2 frame 0012.v.png", "take3.jpg", "take3.png", "none.png", ".0005.png", "0006.txt"):
        (tmp_path / name).write_bytes(b"picture")
    (tmp_path / "0000.png").write_bytes(b"people count from 1")
    found = {frame: path.name for frame, path in numbered(tmp_path).items()}
    assert found == {0: "0001.png", 11: "shot 2 frame 0012.v.png", 2: "take3.jpg"}


def test_a_corrected_picture_changes_its_section_and_what_follows(tmp_path, sessions, folder):
    plain, first = names(sessions, tmp_path), names(sessions, tmp_path, pose_pictures=folder)
    assert changed(plain, first) == list(range(FRAMES))
    picture(folder, name="pose 0016.png", seed=99)
    assert changed(first, names(sessions, tmp_path, pose_pictures=folder)) == list(NEW[2])
    (folder / "pose 0004.png").unlink()
    second = names(sessions, tmp_path, pose_pictures=folder)
    assert changed(plain, second) == list(NEW[2]), "frames without a corrected picture are made as ever"


def test_other_names_and_other_files_change_nothing(tmp_path, sessions, folder):
    first = names(sessions, tmp_path, pose_pictures=folder)
    (folder / "pose 0004.png").rename(folder / "better_4.png")
    (folder / "0004.txt").write_text("notes")
    (folder / "job.json").write_text("{}")
    folder = folder.rename(tmp_path / "moved")
    assert names(sessions, tmp_path, pose_pictures=folder) == first


def test_a_movie_counts_as_a_whole(tmp_path, sessions):
    movie = tmp_path / "poses.mkv"
    movie.write_bytes(b"one")
    first = names(sessions, tmp_path, pose_pictures=movie)
    movie.write_bytes(b"another")
    assert changed(first, names(sessions, tmp_path, pose_pictures=movie)) == list(range(FRAMES))


def test_what_does_not_matter_is_not_read_and_in_no_name(tmp_path, sessions):
    plain = names(sessions, tmp_path)
    assert names(sessions, tmp_path, rows=5, mask_pictures=tmp_path / "nowhere") == plain
    other = names(sessions, tmp_path, carried="1")
    assert changed(other, names(sessions, tmp_path, carried="1", rows=5)) == list(range(FRAMES))
    with pytest.raises(TalkingHeadError):
        names(sessions, tmp_path, carried="1", mask_pictures=tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["pose_pictures", "lora"])
def test_what_is_not_there_is_an_error_with_its_name(tmp_path, sessions, name):
    with pytest.raises(TalkingHeadError) as caught:
        names(sessions, tmp_path, **{name: tmp_path / "nowhere"})
    assert caught.value.code is ErrorCode.SOURCE_MISSING
    label = {"pose_pictures": "Poses", "lora": "LoRA"}[name]
    assert caught.value.message.startswith(f"{label} names ") and caught.value.hint.endswith(f"clear {label}.")


def test_other_settings_take_no_folders(tmp_path, sessions, folder):
    with pytest.raises(TalkingHeadError) as caught:
        names(sessions, tmp_path, lora=folder)
    assert caught.value.code is ErrorCode.SOURCE_UNREADABLE


def test_a_session_of_other_pictures_is_another_one(tmp_path, sessions, folder):
    first = session_key(sessions, tmp_path, pose_pictures=folder)
    assert session_key(sessions, tmp_path, pose_pictures=folder) == first
    picture(folder, name="pose 0016.png", seed=99)
    assert session_key(sessions, tmp_path, pose_pictures=folder) != first


class Sets(WeightStore):
    """A store of which some sets are whole."""

    def __init__(self, whole: dict[str, bool]) -> None:
        super().__init__([])
        self._whole = whole

    def found(self, name: str):
        from inference.weights.layouts import Found

        return Found({"part": Path(name)}, () if self._whole[name] else ("missing",), ())  # type: ignore[arg-type]

    def set_digests(self, name: str) -> tuple[str, ...]:
        assert self._whole[name]
        return (name,)


def test_only_sets_that_are_chosen_count(tmp_path):
    from inference.engines import description_of

    engine = description_of("wananimate")
    whole = {"wananimate_official": True, "wan_tracking": True, "wan_masks": False}
    sessions = Sessions(Sets(whole), Digests(), lambda: None, tmp_path)

    def digests(**settings: object) -> tuple[str, ...]:
        return sessions.set_digests(engine, engine.settings_from(settings))

    assert digests() == ("wananimate_official", "wan_tracking")
    assert digests(tracking="light") == ("wananimate_official",)
    assert digests(mode="replace", mask_from="matte") == ("wananimate_official", "wan_tracking")
    with pytest.raises(AssertionError):
        digests(mode="replace")
    liveportrait = description_of("liveportrait")
    for there in (True, False):
        sets = Sessions(
            Sets({"liveportrait_human": True, "liveportrait_landmark": there}), Digests(), lambda: None, tmp_path
        )
        found = sets.set_digests(liveportrait, liveportrait.settings_from({}))
        assert found == ("liveportrait_human", "liveportrait_landmark")[: 1 + there]
