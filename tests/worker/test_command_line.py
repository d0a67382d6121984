# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference`` as people and farms use it."""

from __future__ import annotations

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import cv2
import numpy as np
import pytest
from movies import write_movie
from voices import silence, vowel, write_sound
from worker_host import ROOT, picture, saved_job

from inference.controls import CONTROLS
from inference.engines.description import EngineDescription
from inference.job import load
from inference.media.digests import Digests
from inference.media.movies import MovieReader
from inference.performance import Performance
from inference.worker.render_options import frame_list


def command(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run with the tint engine known."""
    line = [sys.executable, str(ROOT / "tests" / "support" / "tint_engine.py"), *map(str, arguments)]
    return subprocess.run(line, capture_output=True, text=True, encoding="utf-8", timeout=60)


def render(*arguments: object) -> subprocess.CompletedProcess[str]:
    return command("render", "--engine", "tint", *arguments)


def brightness(path: Path) -> int:
    return int(cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)[0, 0, 0])


def test_controls_are_all_printed():
    lines = command("controls").stdout.splitlines()
    assert len(lines) == len(CONTROLS) + 1
    assert lines[2].split()[:6] == ["head_yaw", "head", "-45", "to", "45", "0"]


def test_engines_are_printed():
    done = command("engines")
    assert done.returncode == 0
    assert "background" in done.stdout
    assert "stretch | hold (default: stretch)" in done.stdout


def test_one_picture(tmp_path):
    done = render("--source", picture(tmp_path), "--set", "jaw_open=0.5", "--output", tmp_path / "새 폴더" / "out.png")
    assert done.returncode == 0, done.stderr
    assert brightness(tmp_path / "새 폴더" / "out.png") == 128
    assert [path.name for path in (tmp_path / "새 폴더").iterdir()] == ["out.png"]


def performance_file(folder: Path, count: int, rate: Fraction) -> Path:
    performance = Performance.from_poses(rate, [{"jaw_open": (number + 1) / count} for number in range(count)])
    path = folder / "performance.json"
    path.write_text(json.dumps(performance.to_dict()), encoding="utf-8")
    return path


def test_a_folder_of_frames_and_again(tmp_path):
    source, performance = picture(tmp_path), performance_file(tmp_path, 4, Fraction(25))
    arguments = ("--source", source, "--performance", performance, "--output", tmp_path / "frames")
    assert render(*arguments).returncode == 0
    names = sorted(path.name for path in (tmp_path / "frames").glob("*.png"))
    assert names == [f"frame_{number:06d}.png" for number in range(4)]
    assert [brightness(tmp_path / "frames" / name) for name in names] == [64, 128, 191, 255]
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "frames" / ".talkinghead").glob("*.png")}
    assert render(*arguments).returncode == 0
    assert made == {path: path.stat().st_mtime_ns for path in (tmp_path / "frames" / ".talkinghead").glob("*.png")}


def test_a_shorter_film_leaves_no_frames_of_a_longer_one(tmp_path):
    """Only frames that the command wrote go: not those that people numbered, nor other files."""
    source, output = picture(tmp_path), tmp_path / "frames"
    for count in (5, 2):
        performance = performance_file(tmp_path, count, Fraction(25))
        assert render("--source", source, "--performance", performance, "--output", output).returncode == 0
        if count == 5:
            for name in ("frame_000777.png", "frame_000003.txt", "notes.png"):
                (output / name).write_bytes(b"mine")
    names = sorted(path.name for path in output.iterdir() if not path.name.startswith("."))
    assert names == ["frame_000000.png", "frame_000001.png", "frame_000003.txt", "frame_000777.png", "notes.png"]
    assert (output / "frame_000777.png").read_bytes() == b"mine"


def test_a_folder_of_pictures_among_other_files(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(3):
        picture(folder, name=f"{number}.PNG", seed=number)
    for name in ("thumbs.db", "a_note.txt", "sound.wav", ".hidden.png"):
        (folder / name).write_bytes(b"no picture")
    done = render("--source", folder, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "out").glob("frame_*.png"))) == 3


@pytest.mark.parametrize("names", [(), ("note.txt", "clip.mp4")])
def test_a_folder_without_pictures(tmp_path, names):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes(b"no picture")
    done = render("--source", folder, "--output", tmp_path / "out")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ") and "holds no pictures" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("extension", [".mp4", ".mkv", ".mov"])
def test_a_movie(tmp_path, extension):
    performance = performance_file(tmp_path, 6, Fraction(30000, 1001))
    output = tmp_path / f"out{extension}"
    done = render("--source", picture(tmp_path), "--performance", performance, "--output", output)
    assert done.returncode == 0, done.stderr
    reader = MovieReader(output, Digests())
    assert (len(reader), reader.rate) == (6, Fraction(30000, 1001))
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_a_movie_source_at_another_rate(tmp_path):
    write_movie(tmp_path / "shot.mp4", Fraction(50), 20)
    arguments = ("--source", tmp_path / "shot.mp4", "--rate", "25", "--output", tmp_path / "out.mkv")
    assert render(*arguments).returncode == 0
    out, shot = MovieReader(tmp_path / "out.mkv", Digests()), MovieReader(tmp_path / "shot.mp4", Digests())
    assert (len(out), out.rate) == (10, 25)
    assert all(np.array_equal(out.read(frame).pixels, shot.read(2 * frame).pixels) for frame in range(10))


def test_a_voice_moves_the_mouth_of_any_engine(tmp_path):
    sound = write_sound(tmp_path / "voice.wav", np.concatenate([silence(0.4), vowel("a", 0.4)]))
    output = tmp_path / "frames"
    done = render("--source", picture(tmp_path), "--speech", sound, "--cache", tmp_path / "cache", "--output", output)
    assert done.returncode == 0, done.stderr
    shown = [brightness(path) for path in sorted(output.glob("frame_*.png"))]
    closed = brightness(tmp_path / "source.png")
    assert len(shown) == 20 and shown[0] == shown[5] == closed
    assert len(set(shown[10:18])) > 2


def test_a_part_of_a_job(tmp_path):
    path = saved_job(tmp_path, 6)
    done = command("render", "--job", path, "--only", "1-2,4")
    assert done.returncode == 0, done.stderr
    there = [name for name in load(path).frame_files if (tmp_path / name).exists()]
    assert there == [load(path).frame_files[index] for index in (1, 2, 4)]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--source", "none.png", "--output", "o.png"), "There is no file"),
        (("--source", "{source}", "--set", "nose=1", "--output", "o.png"), "no control named 'nose'"),
        (("--source", "{source}", "--set", "head_yaw", "--output", "o.png"), "not of the form NAME=VALUE"),
        (("--source", "{source}", "--set", "head_yaw=99", "--output", "o.png"), "outside its range"),
        (("--source", "{source}", "--set", "head_yaw=far", "--output", "o.png"), "not a number"),
        (("--source", "{source}", "--setting", "speed=1", "--output", "o.png"), "no setting 'speed'"),
        (("--source", "{source}", "--setting", "print=maybe", "--output", "o.png"), "on or off"),
        (("--source", "{source}", "--rate", "0", "--output", "o.png"), "not a frame rate"),
        (("--source", "{source}", "--points", "[[0, 0]]", "--output", "o.png"), "Give 14 pairs"),
        (("--source", "{source}", "--points", "none.json", "--output", "o.png"), "points cannot be read"),
        (("--source", "{source}", "--output", "o.gif"), ".gif are not written"),
        (("--source", "{source}", "--output", "o.exr"), "needs a .png file"),
        (("--source", "{source}", "--performance", "none.json", "--output", "o"), "There is no file"),
        (("--source", "{source}", "--setting", "no_face=on", "--output", "o.png"), "No face was found"),
        (("--source", "{source}", "--output", "{source}/o.png"), "cannot be written"),
        (("--job", "none.job.json"), "There is no job"),
        (("--job", "none.job.json", "--only", "5-1"), "names no frame"),
        (("--job", "none.job.json", "--only", "0-99999999999"), "more frames than a job can have"),
        (("--source", "{source}", "--points", "[" * 20_000, "--output", "o.png"), "points cannot be read"),
        (("--source", "{source}", "--speech", "none.wav", "--output", "o"), "There is no file"),
        (("--source", "{source}", "--speech", "{source}", "--output", "o"), "has no sound"),
        (("--source", "{source}", "--head-driver", "none.mp4", "--output", "o"), "There is no file"),
    ],
)  # fmt: skip
def test_errors_are_one_sentence(tmp_path, arguments, text):
    source = picture(tmp_path)
    done = subprocess.run(
        [sys.executable, str(ROOT / "tests" / "support" / "tint_engine.py"), "render", "--engine", "tint",
         *(argument.format(source=source) for argument in arguments)],
        capture_output=True, text=True, cwd=tmp_path, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["source.png"]


@pytest.mark.parametrize(
    "arguments",
    [(), ("dance",), ("render",), ("render", "--source", "a.png"), ("render", "--source", "a", "--job", "b"),
     ("render", "--source", "a.png", "--output", "b.png", "--only", "1"), ("render", "--job", "a", "--set", "x=1"),
     ("render", "--job", "a", "--rate", "25"), ("render", "--job", "a", "--head-driver", "b.mp4"),
     ("render", "--job", "a", "--speech", "b.wav"),
     ("render", "--source", "a", "--output", "b.png", "--sound", "s.wav")],
)  # fmt: skip
def test_wrong_usage(arguments):
    done = command(*arguments)
    assert done.returncode == 2
    assert "usage:" in done.stderr


def test_help_for_a_stranger():
    assert "render" in command("--help").stdout
    assert "--set head_yaw=15" in command("render", "--help").stdout


def test_frame_list():
    assert frame_list("0-3,7, 9-9") == [0, 1, 2, 3, 7, 9]


def test_an_engine_whose_package_is_missing(tmp_path, monkeypatch):
    import inference.engines
    from inference.cli import main

    lacking = EngineDescription("lacking", "Lacking", 1, "s", "l", "neural", "no_such_module")
    monkeypatch.setitem(inference.engines.ENGINES, "lacking", lacking)
    out = str(tmp_path / "o.png")
    assert main(["render", "--source", str(picture(tmp_path)), "--engine", "lacking", "--output", out]) == 1
