# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference workflow`` as people use it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import comfyui_files
import pytest

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "1 = 1:10\n2 = 11:32"
# Runs the command line where every package but numpy is missing.
BARE = """
import runpy, sys
class Missing:
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        if top in ("numpy", "inference") or top in sys.stdlib_module_names:
            return None
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
sys.path.insert(0, sys.argv.pop(1))
runpy.run_module("inference", run_name="__main__", alter_sys=True)
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-c", BARE, str(ROOT), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    workflow = comfyui_files.chained(COMMAND, {"rotate_yaw": 20, "smile": 1.3}, {"aaa": 120, "pupil_x": -7.5})
    return comfyui_files.save(tmp_path / "Žižka's workflow.json", workflow.data())


def test_it_prints_the_plan_and_nothing_else_with_numpy_alone(file):
    result = run("workflow", file)
    assert (result.returncode, result.stderr) == (0, "")
    plan = json.loads(result.stdout)
    assert (plan["format"], plan["version"], plan["rate"], plan["frames"]) == ("talkinghead-workflow", 1, "8/1", 54)
    frames = {name: [key["frame"] for key in plan["keys"] if key["control"] == name] for name in ("head_yaw", "gaze_x")}
    assert frames == {"head_yaw": [0, 1, 11, 22, 54], "gaze_x": [0, 1, 11, 22, 54]}
    assert {"control": "gaze_x", "frame": 22, "value": -0.5, "interpolation": "LINEAR"} in plan["keys"]
    assert [(strip["role"], strip["file"]) for strip in plan["strips"]] == [
        ("source", "portrait.png"), ("acting", "acting.mp4")
    ]  # fmt: skip
    assert [item["what"] for item in plan["not_understood"]] == ["smile = 1.3"]


def test_it_prints_the_same_each_time(file):
    assert run("workflow", file).stdout == run("workflow", file).stdout


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(None, "There is no file"), (b"{", "it is not JSON"), (b"\xff\xfe\x00", "it is not JSON"), (b"[]", "no workflow")],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path, content, sentence):
    path = tmp_path / "broken.json"
    if content is not None:
        path.write_bytes(content)
    result = run("workflow", path)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr.startswith("error: ") and sentence in result.stderr
    assert "Traceback" not in result.stderr


def test_what_never_ends_is_not_read():
    result = run("workflow", "/dev/zero")
    assert result.returncode == 1
    assert "it is no file" in result.stderr


def test_a_reader_that_has_enough_is_no_crash(file):
    line = [sys.executable, "-m", "inference", "workflow", str(file)]
    with subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_deeply_nested_json_is_no_crash(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text("[" * 200_000, encoding="utf-8")
    result = run("workflow", path)
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
