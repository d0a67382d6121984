# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tier with PyTorch: tiny wheels stand for its packages, pip and the environment are real."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace

import pytest
from source_package import source_module
from tiny_packages import make_places, make_plan, make_wheel

environment = source_module("blender_talkinghead.worker.environment")
setup = source_module("blender_talkinghead.worker.environment_setup")
optional = source_module("blender_talkinghead.worker.optional_tier")
setup_steps = source_module("blender_talkinghead.worker.setup_steps")
builds = source_module("blender_talkinghead.worker.torch_builds")
errors = source_module("inference.errors")

CPU = replace(builds.build_named("cpu", "linux", "x86_64"), download_mb=1, disk_mb=1)


@pytest.fixture(scope="module")
def base_environment(tmp_path_factory):
    places = make_places(tmp_path_factory.mktemp("base"))
    list(setup.set_up(make_plan(places)))
    return places.environment("base")


@pytest.fixture
def places(tmp_path, base_environment):
    """The base has talkinghead_tiny 1.0; the wheel for PyTorch asks for it and for a package of its own."""
    places = make_places(tmp_path)
    shutil.copytree(base_environment, places.environment("base"), symlinks=True)
    make_wheel(places.bundled_wheels, "talkinghead_tiny", "", "2.0")
    make_wheel(places.bundled_wheels, "talkinghead_torch", "", needs=["talkinghead_tiny", "talkinghead_sympy>=0.5"])
    make_wheel(places.bundled_wheels, "talkinghead_sympy")
    places.requirements("neural").write_text("# optional\ntalkinghead_torch==1.0\n")
    return places


def plan_for(places, **changes):
    return make_plan(places, **{"tier": "neural", "build": CPU, **changes})


def run(places, code):
    """What the environment's Python, started as the worker is, prints."""
    python = environment.environment_python(places.environment("base"))
    done = subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def test_what_the_packages_need_comes_with_them_and_the_base_stays(places):
    steps = list(optional.install(plan_for(places)))
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert steps[-1].fraction == 1.0
    assert optional.state_of(places, "neural") is environment.State.READY
    assert optional.build_of(places, "neural") == "cpu"
    assert run(places, "import talkinghead_torch, talkinghead_sympy; print('both')") == "both"
    version = "import importlib.metadata as m; print(m.version('talkinghead_tiny'))"
    assert run(places, version) == "1.0"
    assert run(places, "import talkinghead_tiny as t; print('optional' in t.__file__)") == "False"
    inside = places.environment("base") / "optional" / "neural"
    assert [path.name for path in inside.glob("talkinghead_tiny-*")] == ["talkinghead_tiny-1.0.dist-info"]


def test_nothing_temporary_stays_in_the_users_folder(places):
    before = sorted(path.name for path in places.user.iterdir())
    list(optional.install(plan_for(places)))
    assert sorted(path.name for path in places.user.iterdir() if path.name != "logs") == before


def test_failure_takes_it_out_without_a_trace(places):
    places.requirements("neural").write_text("talkinghead_torch==9.0\n")
    with pytest.raises(errors.TalkingHeadError, match="no package"):
        list(optional.install(plan_for(places)))
    assert optional.state_of(places, "neural") is environment.State.MISSING
    assert optional.build_of(places, "neural") is None
    assert run(places, "import talkinghead_torch") is None
    assert not list(places.user.glob("th-*"))
    assert environment.state_of(places) is environment.State.READY


def test_cancel_while_installing_leaves_nothing_and_it_can_be_tried_again(places):
    steps = optional.install(plan_for(places))
    for step in steps:
        if step.text.startswith("Installing"):
            break
    steps.close()
    assert optional.state_of(places, "neural") is environment.State.MISSING
    assert not list(places.user.glob("th-*"))
    assert not (places.environment("base") / "optional" / "neural").exists()
    list(optional.install(plan_for(places)))
    assert run(places, "import talkinghead_torch; print(1)") == "1"


def test_python_3_14_is_told_before_anything_is_downloaded(places):
    lock = places.environment("base") / "talkinghead.lock.json"
    lock.write_text(json.dumps({**json.loads(lock.read_text()), "python": "3.14"}))
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(optional.install(plan_for(places)))
    assert "3.11 to 3.13" in caught.value.message
    assert "3.14" in caught.value.message
    assert "Python for Set-Up" in caught.value.hint
    assert caught.value.action is errors.Action.REPAIR_WORKER


def test_disk_must_hold_the_packages_and_their_wheels(places):
    huge = replace(CPU, disk_mb=10**9)
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(optional.install(plan_for(places, build=huge)))
    assert caught.value.code is errors.ErrorCode.DISK_FULL


def test_offline_is_refused(places):
    next(places.bundled_wheels.glob("talkinghead_torch*")).unlink()
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(optional.install(plan_for(places)))
    assert caught.value.code is errors.ErrorCode.OFFLINE


def test_repair_keeps_it_without_copying_what_the_disk_can_share(places):
    list(optional.install(plan_for(places)))
    module = places.environment("base") / "optional" / "neural" / "talkinghead_torch.py"
    inode = module.stat().st_ino
    for wheel in places.bundled_wheels.glob("talkinghead_torch*"):
        wheel.unlink()
    steps = list(setup.set_up(make_plan(places)))
    assert steps[-1].warnings == ()
    assert optional.state_of(places, "neural") is environment.State.READY
    assert optional.build_of(places, "neural") == "cpu"
    assert module.stat().st_ino == inode
    assert run(places, "import talkinghead_torch, talkinghead_sympy; print(1)") == "1"


def test_files_are_copied_where_the_disk_cannot_share_them(tmp_path, monkeypatch):
    (tmp_path / "old" / "lib").mkdir(parents=True)
    (tmp_path / "old" / "lib" / "a.txt").write_text("a")
    (tmp_path / "old" / "empty").mkdir()

    def refuse(*_):
        raise OSError("another disk")

    monkeypatch.setattr(optional.os, "link", refuse)
    list(optional._link_tree(tmp_path / "old", tmp_path / "new"))
    assert (tmp_path / "new" / "lib" / "a.txt").read_text() == "a"
    assert (tmp_path / "new" / "empty").is_dir()


def test_repair_installs_the_same_build_again_when_its_requirements_changed(places, monkeypatch):
    list(optional.install(plan_for(places, build=replace(CPU, name="cu130"))))
    requirements = places.requirements("neural")
    requirements.write_text(requirements.read_text() + "# changed\n")
    assert optional.state_of(places, "neural") is environment.State.OUTDATED
    asked = []
    monkeypatch.setattr(builds, "build_named", lambda name, *_: asked.append(name) or replace(CPU, name=name))
    list(setup.set_up(make_plan(places)))
    assert asked == ["cu130"]
    assert optional.state_of(places, "neural") is environment.State.READY
    assert optional.build_of(places, "neural") == "cu130"


def test_progress_tells_what_has_arrived(tmp_path):
    (tmp_path / "pip-unpack-x").mkdir()
    (tmp_path / "pip-unpack-x" / "torch.whl").write_bytes(b"x" * 2_000_000)
    assert optional._arrived(tmp_path, 4) == (", 2 of about 4 MB", 0.375)
    assert optional._arrived(tmp_path / "pip-unpack-x", 1)[1] == 0.75


@pytest.mark.parametrize(
    "text", ["HINT: ... does not have Windows Long Path support enabled.", "[WinError 206] too long"]
)
def test_too_long_paths_of_windows_are_explained(text):
    assert "long paths" in setup_steps.advice("Installing packages", text).hint
