# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad input gets a clear sentence and changes nothing."""

from __future__ import annotations

import errno
import shutil
import struct
import zlib
from pathlib import Path

import bpy
import media
import pytest
import sequencer
import talking


@pytest.fixture(autouse=True)
def worker(addon):
    talking.fresh_start()
    yield
    talking.fresh_start()


@pytest.fixture
def portrait(scene, saved_file, astronaut):
    return sequencer.add_image(astronaut, length=3)


def png_of_size(width: int, height: int) -> bytes:
    """A PNG whose header promises a size, with hardly any pixels behind it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def spoil(path: Path, how: str) -> None:
    good = path.read_bytes()
    if how == "missing":
        path.unlink()
    else:
        bad = {
            "empty": b"",
            "truncated": good[: len(good) // 3],
            "no picture": b"This is a letter to my aunt.\n" * 40,
            "huge": png_of_size(60_000, 60_000),
        }
        path.write_bytes(bad[how])


def refused(operator, scene) -> str:
    """The sentence with which an operator fails; nothing in the scene has changed."""
    before = talking.snapshot(scene)
    with pytest.raises(RuntimeError) as caught:
        operator()
    assert talking.snapshot(scene) == before
    sentence = str(caught.value).removeprefix("Error: ").strip()
    assert sentence.count(".") >= 2, f"what is wrong, and what to do: {sentence}"
    assert "Traceback" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ("missing", "does not exist"),
        ("empty", "astronaut.png"),
        ("truncated", "astronaut.png"),
        ("no picture", "astronaut.png"),
        ("huge", "60000"),
    ],
)
def test_spoiled_picture_is_refused(scene, portrait, astronaut, how, words):
    spoil(astronaut, how)
    assert words in refused(bpy.ops.talkinghead.animate_portrait, scene)


@pytest.mark.parametrize("how", ["missing", "empty", "truncated"])
def test_spoiled_movie_is_refused(scene, saved_file, tmp_path, how):
    path = Path(shutil.copy(media.carphone(), tmp_path / "shot.mp4"))
    sequencer.add_movie(path)
    spoil(path, how)
    assert "shot.mp4" in refused(bpy.ops.talkinghead.animate_portrait, scene)


def test_picture_spoiled_after_animating_keeps_the_result(scene, portrait, astronaut):
    bpy.ops.talkinghead.animate_portrait()
    portrait.th_jaw_open = 0.5
    before = talking.frame_files(portrait)
    spoil(astronaut, "truncated")
    assert "astronaut.png" in refused(bpy.ops.talkinghead.render_frames, scene)
    assert talking.frame_files(portrait) == before


def test_picture_without_a_face_offers_the_points(scene, saved_file, tmp_path):
    path = Path(shutil.copy(media.coffee(), tmp_path / "coffee.png"))
    sequencer.add_image(path)
    sentence = refused(bpy.ops.talkinghead.animate_portrait, scene)
    assert "No face" in sentence
    error = talking.core("jobs.service").runner.state.error
    assert talking.core("fixes").operator_of(error) == "talkinghead.place_points"


def test_folder_that_cannot_be_made_is_refused(scene, portrait, tmp_path):
    (tmp_path / "a file").write_text("")
    scene.th_output_folder = str(tmp_path / "a file") + "/"
    assert "written" in refused(bpy.ops.talkinghead.animate_portrait, scene)
    error = talking.core("jobs.service").runner.state.error
    assert talking.core("fixes").operator_of(error) == "talkinghead.choose_folder"


def test_full_disk_is_refused(scene, portrait, monkeypatch):
    def full(*arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(talking.core("jobs.jobs").job_file, "save", full)
    assert "written" in refused(bpy.ops.talkinghead.animate_portrait, scene)


def test_face_that_is_not_there_is_refused(scene, portrait):
    bpy.ops.talkinghead.animate_portrait()
    portrait.th_face_index = 7
    portrait.th_jaw_open = 0.5
    assert "face" in refused(bpy.ops.talkinghead.render_frames, scene).lower()


def test_strip_outside_the_range_is_refused(scene, portrait):
    bpy.ops.talkinghead.animate_portrait()
    scene.th_range_mode = "SCENE"
    scene.frame_start, scene.frame_end = 100, 110
    assert "range" in refused(bpy.ops.talkinghead.render_frames, scene)


def test_worker_python_that_is_gone_is_refused(scene, portrait, monkeypatch):
    monkeypatch.setenv("TALKINGHEAD_PYTHON", "/nowhere/python")
    assert "/nowhere/python" in refused(bpy.ops.talkinghead.animate_portrait, scene)


def test_python_without_the_packages_is_refused(scene, portrait, monkeypatch, tmp_path):
    import venv

    venv.create(tmp_path / "bare", with_pip=False)
    python = talking.core("worker.environment").environment_python(tmp_path / "bare")
    monkeypatch.setenv("TALKINGHEAD_PYTHON", str(python))
    sentence = refused(bpy.ops.talkinghead.animate_portrait, scene)
    assert "worker" in sentence.lower() or "package" in sentence.lower()


def test_worker_that_is_not_set_up_offers_to_set_it_up(scene, portrait, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_PYTHON")
    assert "not set up" in refused(bpy.ops.talkinghead.animate_portrait, scene)
    error = talking.core("jobs.service").runner.state.error
    assert talking.core("fixes").operator_of(error) == "talkinghead.set_up_worker"


def test_without_consent_nothing_is_animated(scene, portrait, monkeypatch):
    monkeypatch.delenv("TALKINGHEAD_CONSENT", raising=False)
    talking.fresh_start(consent=False)
    assert "right to animate" in refused(bpy.ops.talkinghead.animate_portrait, scene)
