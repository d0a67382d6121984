# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tier that stands on PyTorch's: tiny wheels stand for the packages, pip and the environment are real."""

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
pip_report = source_module("blender_talkinghead.worker.pip_report")
builds = source_module("blender_talkinghead.worker.torch_builds")
errors = source_module("inference.errors")

CPU = replace(builds.build_named("cpu", "linux", "x86_64"), download_mb=1, disk_mb=1)


@pytest.fixture(scope="module")
def with_torch(tmp_path_factory):
    """An environment with the base and PyTorch, whose wheel is then gone: it cannot be installed once more."""
    places = make_places(tmp_path_factory.mktemp("torch"))
    wheels = places.bundled_wheels
    make_wheel(wheels, "talkinghead_torch", "", needs=["talkinghead_sympy"])
    make_wheel(wheels, "talkinghead_sympy")
    places.requirements("neural").write_text("talkinghead_torch==1.0\n")
    list(setup.set_up(make_plan(places)))
    list(optional.install(make_plan(places, tier="neural", build=CPU)))
    return places.environment("base")


@pytest.fixture
def places(tmp_path, with_torch):
    places = make_places(tmp_path)
    shutil.copytree(with_torch, places.environment("base"), symlinks=True)
    wheels = places.bundled_wheels
    make_wheel(wheels, "talkinghead_tiny", "", "2.0")
    make_wheel(
        wheels, "talkinghead_redraw", "", needs=["talkinghead_torch", "talkinghead_tiny", "talkinghead_words>=0.5"]
    )
    make_wheel(wheels, "talkinghead_words")
    places.requirements("neural").write_text("talkinghead_torch==1.0\n")
    places.requirements("diffusion").write_text("# optional\ntalkinghead_redraw==1.0\n")
    return places


def plan_for(places, **changes):
    return make_plan(places, **{"tier": "diffusion", **changes})


def inside(places):
    return {path.name for path in (places.environment("base") / "optional" / "diffusion").glob("*.dist-info")}


def run(places, code):
    python = environment.environment_python(places.environment("base"))
    done = subprocess.run([str(python), "-I", "-c", code], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def test_only_what_is_not_there_comes_with_it(places):
    steps = list(optional.install(plan_for(places)))
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert inside(places) == {"talkinghead_redraw-1.0.dist-info", "talkinghead_words-1.0.dist-info"}
    assert optional.state_of(places, "diffusion") is environment.State.READY
    assert run(places, "import talkinghead_redraw, talkinghead_words, talkinghead_torch; print(1)") == "1"
    assert run(places, "import importlib.metadata as m; print(m.version('talkinghead_tiny'))") == "1.0"
    assert not list(places.user.glob("th-*"))


def test_failure_takes_it_out_and_pytorch_stays(places):
    next(places.bundled_wheels.glob("talkinghead_words*")).unlink()
    with pytest.raises(errors.TalkingHeadError, match="no package"):
        list(optional.install(plan_for(places)))
    assert optional.state_of(places, "diffusion") is environment.State.MISSING
    assert inside(places) == set()
    assert optional.state_of(places, "neural") is environment.State.READY


def test_without_pytorch_it_is_refused_and_cannot_be_used(places):
    list(optional.install(plan_for(places)))
    requirements = places.requirements("neural")
    requirements.write_text(requirements.read_text() + "# changed\n")
    assert optional.state_of(places, "diffusion") is environment.State.OUTDATED
    environment.note_optional(places.environment("base"), "neural", None)
    assert optional.state_of(places, "diffusion") is environment.State.MISSING
    with pytest.raises(errors.TalkingHeadError, match="without PyTorch") as caught:
        list(optional.install(plan_for(places)))
    assert caught.value.action is errors.Action.INSTALL_DIFFUSION


def test_repair_keeps_both(places):
    list(optional.install(plan_for(places)))
    for name in ("torch", "redraw"):
        for wheel in places.bundled_wheels.glob(f"talkinghead_{name}*"):
            wheel.unlink()
    assert list(setup.set_up(make_plan(places)))[-1].warnings == ()
    assert optional.state_of(places, "diffusion") is environment.State.READY
    assert run(places, "import talkinghead_redraw, talkinghead_torch; print(1)") == "1"


def test_repair_that_loses_pytorch_says_so_of_both(places, monkeypatch):
    list(optional.install(plan_for(places)))
    places.requirements("neural").write_text("talkinghead_torch==9.0\n")
    monkeypatch.setattr(builds, "build_named", lambda *_: CPU)
    warnings = list(setup.set_up(make_plan(places)))[-1].warnings
    assert [warning.partition(" must")[0] for warning in warnings] == [
        "PyTorch for neural engines", "Diffusers for engines that redraw",
    ]  # fmt: skip
    assert environment.state_of(places) is environment.State.READY


def test_command_for_a_python_of_ones_own_names_both_tiers(places):
    build = builds.build_named("cu130", "linux", "x86_64")
    command = optional.user_command("/opt/python", places, "diffusion", build)
    assert build.index in command
    assert command.endswith("talkinghead_torch==1.0 talkinghead_redraw==1.0")


@pytest.mark.parametrize("text", ["", "{}", json.dumps({"install": [{"metadata": {"name": "a"}}]}), "[1]"])
def test_what_is_no_report_is_told(tmp_path, text):
    path = tmp_path / "report.json"
    path.write_text(text)
    with pytest.raises(errors.TalkingHeadError) as caught:
        pip_report.added_packages(path)
    assert caught.value.action is errors.Action.REPAIR_WORKER
