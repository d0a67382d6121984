# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Only frames that nothing refers to are deleted."""

from __future__ import annotations

import bpy
import numbered
import pytest
import rendered_jobs
import sequencer
from rendered_jobs import core, shared


@pytest.fixture
def portrait(scene, saved_file, tmp_path):
    path = numbered.write_png(tmp_path / "portrait.png", numbered.picture(7))
    return sequencer.add_image(path, start=10, length=5)


def unused() -> list[str]:
    cleanup = core("strips.cleanup")
    found = cleanup.unused_frames(cleanup.frame_folders())
    assert found.size_bytes == sum(path.stat().st_size for path in found.files)
    return sorted(path.name for path in found.files)


def test_fresh_frames_are_used(scene, portrait):
    rendered_jobs.render(scene, portrait)
    assert unused() == [rendered_jobs.PLACEHOLDER]


def test_replaced_frames_are_found_and_deleted(scene, portrait):
    old = rendered_jobs.render(scene, portrait)
    portrait.th_head_yaw = 5.0
    new = rendered_jobs.render(scene, portrait)
    assert unused() == sorted([*old.files, rendered_jobs.PLACEHOLDER])
    cleanup = core("strips.cleanup")
    found = cleanup.unused_frames(cleanup.frame_folders())
    assert cleanup.delete(found) == found
    assert unused() == []
    assert all((new.prepared.folder / name).is_file() for name in new.files)
    assert not any((new.prepared.folder / name).exists() for name in old.files)


def test_frames_of_a_saved_job_are_kept_when_the_strips_are_gone(scene, portrait):
    done = rendered_jobs.render(scene, portrait)
    for strip in list(sequencer.all_strips()):
        sequencer.strips().remove(strip)
    assert not set(unused()) & set(done.files)


def test_frames_of_a_strip_in_another_scene_are_kept(scene, portrait):
    old = rendered_jobs.render(scene, portrait)
    scene.copy()
    portrait.th_head_yaw = 5.0
    rendered_jobs.render(scene, portrait)
    assert not set(unused()) & set(old.files)


def test_files_of_the_user_are_never_touched(scene, portrait):
    folder = rendered_jobs.render(scene, portrait).prepared.folder
    for name in ("notes.txt", "my picture.png", "0123456789abcdef.png"):
        (folder / name).write_bytes(b"mine")
    assert unused() == [rendered_jobs.PLACEHOLDER]


def test_frames_that_came_into_use_again_are_not_deleted(scene, portrait):
    old = rendered_jobs.render(scene, portrait)
    portrait.th_head_yaw = 5.0
    new = rendered_jobs.render(scene, portrait)
    cleanup = core("strips.cleanup")
    found = cleanup.unused_frames(cleanup.frame_folders())
    new.strip.elements[0].filename = old.files[0]
    deleted = cleanup.delete(found)
    assert (old.prepared.folder / old.files[0]).is_file()
    assert len(deleted.files) == len(found.files) - 1


def test_unreadable_job_stops_the_cleaning(scene, portrait):
    folder = rendered_jobs.render(scene, portrait).prepared.folder
    (folder / "broken.job.json").write_text("{")
    with pytest.raises(shared("errors").TalkingHeadError):
        unused()


def test_other_folders_are_not_looked_at(scene, portrait, tmp_path):
    rendered_jobs.render(scene, portrait)
    foreign = tmp_path / "talkinghead" / "not ours"
    foreign.mkdir()
    (foreign / ("0" * 32 + ".png")).write_bytes(b"")
    assert unused() == [rendered_jobs.PLACEHOLDER]


def test_unsaved_empty_file_has_no_folders(addon):
    assert bpy.data.filepath == ""
    assert core("strips.cleanup").frame_folders() == ()
