# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Installing PyTorch from inside Blender. Which build, and what pip does, is tested in tests/worker."""

from __future__ import annotations

from types import SimpleNamespace

import bpy
import pytest
import recording_layout
import talking

pytestmark = pytest.mark.usefixtures("own_environment")


@pytest.fixture
def card(monkeypatch):
    """A graphics card that the driver tells of."""
    builds, graphics = talking.core("worker.torch_builds"), talking.core("worker.graphics")
    found = [builds.Card(builds.Vendor.NVIDIA, "GeForce", 580, (8, 9))]
    monkeypatch.setattr(graphics, "cards", lambda *_: found)
    monkeypatch.setattr(graphics, "cards_at_a_glance", lambda *_: found)
    monkeypatch.setattr(talking.core("worker.worker").sys, "platform", "linux")
    monkeypatch.setattr(talking.core("worker.worker").platform, "machine", lambda: "x86_64")
    return found


@pytest.fixture
def commands(bare_worker, card, monkeypatch):
    """A worker that is set up, and a pip that only makes the folder; what it was told."""
    told = []

    def pip(python, packages, constraints, target, index="", wheels=None):
        told.append(SimpleNamespace(packages=packages, index=index, wheels=wheels))
        return [str(python), "-c", f"import pathlib; pathlib.Path({str(target)!r}).mkdir(parents=True)"]

    environment = talking.core("worker.environment")
    monkeypatch.setattr(environment, "pip_build_command", pip)
    monkeypatch.setattr(environment, "bundles", lambda *_: False)
    monkeypatch.setattr(environment, "pinned", lambda *_: ["onnxruntime==1", "torch==2"])
    monkeypatch.setattr(talking.core("worker.optional_tier"), "_needed_bytes", lambda *_: 0)
    return told


@pytest.fixture
def preferences():
    chosen = talking.core("preferences").preferences()
    yield chosen
    chosen.graphics_card, chosen.device = "AUTO", "auto"


def draw_box():
    layout = recording_layout.RecordingLayout()
    talking.core("worker.worker_box").draw(layout)
    return layout


def install():
    """The packages are empty, so the worker cannot start afterwards; the tier is there all the same."""
    with pytest.raises(RuntimeError, match="could not start"):
        bpy.ops.talkinghead.install_neural()


def test_error_of_a_missing_package_has_the_button():
    errors = talking.shared("errors")
    error = errors.TalkingHeadError(errors.ErrorCode.PACKAGE_MISSING, "No.", action=errors.Action.INSTALL_NEURAL)
    assert talking.core("fixes").operator_of(error) == "talkinghead.install_neural"


def test_announcement_says_what_from_where_how_much_and_for_what(card):
    plan = talking.core("worker.worker").setup_plan("neural")
    text = " ".join(talking.core("worker.setup_job").neural_announcement(plan))
    for part in (
        "NVIDIA, CUDA 13.0", "https://download.pytorch.org/whl/cu130", "an estimated 2.9 GB, 7.0 GB on disk",
        "torch==2", "+cu130", "onnxruntime-gpu==", str(plan.places.user), "Blender's own Python", "Graphics Card",
    ):  # fmt: skip
        assert part in text


def test_it_is_offered_once_the_worker_is_set_up(commands):
    assert "talkinghead.install_neural" in draw_box().of("operator")
    assert "PyTorch for neural engines is not installed" in draw_box().text
    install()
    worker = talking.core("worker.worker")
    assert worker.neural_state().value == "ready"
    assert worker.neural_build() == "NVIDIA, CUDA 13.0"
    assert [(told.packages, told.index) for told in commands] == [
        (["onnxruntime-gpu==1", "torch==2+cu130"], "https://download.pytorch.org/whl/cu130")
    ]
    assert "installed: NVIDIA, CUDA 13.0" in draw_box().text
    assert "PyTorch for: NVIDIA, CUDA 13.0" in talking.core("jobs.report").text()


def test_the_preference_chooses_another_build(commands, preferences):
    preferences.graphics_card = "NONE"
    install()
    preferences.graphics_card = "AMD"
    install()
    assert [told.index.rpartition("/")[2] for told in commands] == ["cpu", "rocm7.2"]
    assert talking.core("worker.worker").neural_build() == "AMD, ROCm 7.2"


def test_python_without_a_build_is_told_before_the_dialog(commands, monkeypatch):
    environment, errors = talking.core("worker.environment"), talking.shared("errors")
    lock = environment.read_lock
    monkeypatch.setattr(environment, "read_lock", lambda folder: {**lock(folder), "python": "3.14"})
    with pytest.raises(errors.TalkingHeadError, match=r"need Python 3\.11 to 3\.13"):
        talking.core("worker.setup_job").check_neural()


def test_dialog_starts_no_program(commands, monkeypatch):
    def refuse(*_):
        raise AssertionError("a program was started")

    monkeypatch.setattr(talking.core("worker.graphics"), "cards", refuse)
    assert talking.core("worker.worker").torch_build(at_a_glance=True).name == "cu130"


def test_old_driver_is_told_and_nothing_is_installed(commands, card):
    builds = talking.core("worker.torch_builds")
    card[:] = [builds.Card(builds.Vendor.NVIDIA, "GeForce", 470, (8, 9))]
    with pytest.raises(RuntimeError, match=r"GeForce.*470.*too old"):
        bpy.ops.talkinghead.install_neural()
    assert talking.core("jobs.service").runner.state.error.code.value == "DRIVER_TOO_OLD"
    assert commands == []
    assert talking.core("worker.worker").state().value == "ready"


def test_cancel_leaves_the_worker_ready_and_it_can_be_tried_again(commands):
    setup_job, runner = talking.core("worker.setup_job"), talking.core("jobs.service").runner
    runner.start(setup_job.NEURAL_TITLE, setup_job.install_neural)
    talking.step_until(runner, lambda state: state.text.startswith(("Installing", "Trying")))
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    worker = talking.core("worker.worker")
    assert worker.neural_state().value == "missing"
    assert worker.state().value == "ready"
    install()
    assert worker.neural_state().value == "ready"


def test_progress_is_drawn_in_the_box(commands):
    setup_job, runner = talking.core("worker.setup_job"), talking.core("jobs.service").runner
    runner.start(setup_job.NEURAL_TITLE, setup_job.install_neural)
    talking.step_until(runner, lambda state: state.text.startswith("Installing"))
    assert draw_box().of("progress")[0].startswith("Installing packages")
    assert "talkinghead.cancel" in draw_box().of("operator")
    runner.cancel()
    talking.step_to_end(runner)


def test_without_a_worker_it_says_what_comes_first(card):
    with pytest.raises(RuntimeError, match="Set up the worker first"):
        bpy.ops.talkinghead.install_neural()


def test_named_python_shows_the_command(card, tmp_path):
    python = tmp_path / "my python"
    python.write_text("")
    talking.core("preferences").preferences().worker_python = str(python)
    command = f'"{python}" -m pip install --extra-index-url https://download.pytorch.org/whl/cu130'
    with pytest.raises(RuntimeError, match="install it there yourself"):
        bpy.ops.talkinghead.install_neural()
    assert talking.core("worker.worker").neural_command().startswith(command)
    assert "torch==" in draw_box().text
    errors = talking.shared("errors")
    with pytest.raises(errors.TalkingHeadError) as caught:
        next(talking.core("worker.setup_job").install_neural(talking.core("jobs.runner").JobControl()))
    assert command in caught.value.hint


def test_named_python_is_taken_to_have_pytorch_until_it_says_otherwise(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("")
    talking.core("preferences").preferences().worker_python = str(python)
    worker = talking.core("worker.worker")
    assert worker.neural_state().value == "ready"
    greetings = iter(({"packages": {"numpy": "2"}}, {"packages": {"numpy": "2", "torch": "2"}}))
    for expected in ("missing", "ready"):
        monkeypatch.setattr(worker, "_client", SimpleNamespace(greeting=next(greetings), stop=lambda: None))
        assert worker.neural_state().value == expected


def test_device_preference_reaches_the_worker_and_the_shell_wins(preferences, monkeypatch, tmp_path):
    python = tmp_path / "python"
    python.write_text("")
    monkeypatch.setenv("TALKINGHEAD_PYTHON", str(python))
    monkeypatch.delenv("TALKINGHEAD_DEVICE", raising=False)
    launch = talking.core("worker.worker").launch
    assert "TALKINGHEAD_DEVICE" not in launch().environment
    for device in ("cuda", "mps", "cpu"):
        preferences.device = device
        assert launch().environment["TALKINGHEAD_DEVICE"] == device
    monkeypatch.setenv("TALKINGHEAD_DEVICE", "cuda:1")
    assert launch().environment["TALKINGHEAD_DEVICE"] == "cuda:1"


def test_answer_of_the_worker_is_put_into_words():
    info = talking.core("worker.device_info").DeviceInfo
    fields = {"torch": "2.13.0+cu130", "kind": "cuda", "name": "NVIDIA H200", "cuda": "CUDA 13.0", "memory_mb": 143771}
    card = info.from_fields({**fields, "loaded": ["liveportrait"]})
    assert card.line == "Runs on NVIDIA H200, 144 GB (PyTorch 2.13.0+cu130, CUDA 13.0)"
    assert (card.warning, card.loaded) == ("", ("liveportrait",))
    lost = {**fields, "kind": "cpu", "name": "CPU", "memory_mb": 0}
    assert info.from_fields(lost).line == "Runs on the CPU (PyTorch 2.13.0+cu130, CUDA 13.0)"
    assert "cannot use" in info.from_fields(lost).warning
    assert info.from_fields(lost, chosen=True).warning == ""
    assert info.from_fields({}).line == "Runs on the CPU, without PyTorch"


@pytest.fixture
def on_top(commands, monkeypatch):
    """A pip that says that one package is needed on top of PyTorch, and puts it there; the packages it was told."""
    told = []

    def report(python, requirements, constraints, path, wheels=None):
        content = '{"install": [{"metadata": {"name": "diffusers", "version": "1"}}]}'
        return [str(python), "-c", f"import pathlib; pathlib.Path({str(path)!r}).write_text({content!r})"]

    def pip(python, requirements, target, wheels=None):
        told.append(requirements.read_text().split())
        return [str(python), "-c", f"import pathlib; pathlib.Path({str(target)!r}).mkdir(parents=True)"]

    environment = talking.core("worker.environment")
    monkeypatch.setattr(environment, "pip_report_command", report)
    monkeypatch.setattr(environment, "pip_target_command", pip)
    return told


def install_diffusion():
    with pytest.raises(RuntimeError, match="could not start"):  # as ``install``
        bpy.ops.talkinghead.install_diffusion()


def test_redrawing_engines_bring_pytorch_along(commands, on_top):
    worker = talking.core("worker.worker")
    assert "Diffusers for engines that redraw is not installed" in draw_box().text
    assert "talkinghead.install_diffusion" in draw_box().of("operator")
    install_diffusion()
    assert (worker.neural_state().value, worker.diffusion_state().value) == ("ready", "ready")
    assert (len(commands), on_top) == (1, [["diffusers==1"]])
    assert "Diffusers for engines that redraw is installed" in draw_box().text


def test_redrawing_engines_leave_pytorch_that_is_there(commands, on_top):
    install()
    install_diffusion()
    assert (len(commands), len(on_top)) == (1, 1)


def test_announcement_names_pytorch_only_where_it_comes_first(card):
    setup_job, worker = talking.core("worker.setup_job"), talking.core("worker.worker")
    both = " ".join(setup_job.diffusion_announcement(worker.setup_plan("neural", at_a_glance=True)))
    alone = " ".join(setup_job.diffusion_announcement(None))
    for part in ("about 45 MB, 300 MB on disk", "diffusers==", "Blender's own Python", "Models are got separately"):
        assert part in both and part in alone
        assert both.count(part) == 1
    assert "torch==" in both and "cu130" in both
    assert "torch==" not in alone and "PyTorch stays as it is" in alone


def test_cancel_after_pytorch_keeps_pytorch(commands, on_top):
    setup_job, runner = talking.core("worker.setup_job"), talking.core("jobs.service").runner
    runner.start(setup_job.DIFFUSION_TITLE, setup_job.install_diffusion)
    talking.step_until(runner, lambda state: state.text.startswith("Looking which packages"))
    assert draw_box().of("progress")[0].startswith("Looking which packages")
    runner.cancel()
    assert talking.step_to_end(runner).phase.value == "cancelled"
    worker = talking.core("worker.worker")
    assert (worker.neural_state().value, worker.diffusion_state().value) == ("ready", "missing")


def test_named_python_shows_the_command_for_redrawing_engines(card, tmp_path):
    python = tmp_path / "python"
    python.write_text("")
    talking.core("preferences").preferences().worker_python = str(python)
    with pytest.raises(RuntimeError, match="install it there yourself"):
        bpy.ops.talkinghead.install_diffusion()
    command = talking.core("worker.worker").diffusion_command()
    assert "torch==" in command and "diffusers==" in command and command in draw_box().text


def test_named_python_lacks_what_it_says_it_lacks(tmp_path, monkeypatch):
    python = tmp_path / "python"
    python.write_text("")
    talking.core("preferences").preferences().worker_python = str(python)
    worker = talking.core("worker.worker")
    greetings = iter(
        ({"packages": {"torch": "2"}}, {"packages": dict.fromkeys(("torch", "diffusers", "transformers"))})
    )
    for expected in ("missing", "ready"):
        monkeypatch.setattr(worker, "_client", SimpleNamespace(greeting=next(greetings), stop=lambda: None))
        assert worker.diffusion_state().value == expected
