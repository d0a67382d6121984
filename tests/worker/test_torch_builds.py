# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which build of PyTorch a computer gets, and the command lines for Linux, Windows and macOS."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from source_package import ROOT, source_module

environment = source_module("blender_talkinghead.worker.environment")
optional = source_module("blender_talkinghead.worker.optional_tier")
graphics = source_module("blender_talkinghead.worker.graphics")
builds = source_module("blender_talkinghead.worker.torch_builds")
errors = source_module("inference.errors")

AUTO, NVIDIA, AMD, NONE = builds.CardChoice
LINUX, WINDOWS, MACOS = ("linux", "x86_64"), ("win32", "AMD64"), ("darwin", "arm64")
LINES = ["onnxruntime==1.31.1", "safetensors==0.8.0", "torch==2.13.0"]


def nvidia(driver, capability=(8, 6)):
    return builds.Card(builds.Vendor.NVIDIA, "GeForce", driver, capability)


def amd(target=110000):
    return builds.Card(builds.Vendor.AMD, target=target)


@pytest.mark.parametrize(
    ("computer", "choice", "cards", "name", "onnxruntime"),
    [
        (LINUX, AUTO, [], "cpu", "onnxruntime"),
        (LINUX, AUTO, [nvidia(580)], "cu130", "onnxruntime-gpu"),
        (LINUX, AUTO, [nvidia(0, None)], "cu130", "onnxruntime-gpu"),
        (LINUX, AUTO, [nvidia(550)], "cu126", "onnxruntime"),
        (LINUX, AUTO, [nvidia(590, (7, 0))], "cu126", "onnxruntime"),
        (LINUX, AUTO, [nvidia(590, (6, 1)), nvidia(590, (12, 0))], "cu130", "onnxruntime-gpu"),
        (LINUX, AUTO, [nvidia(470, (3, 5))], "cpu", "onnxruntime"),
        (LINUX, AUTO, [amd()], "rocm7.2", "onnxruntime"),
        (LINUX, AUTO, [amd(100306)], "cpu", "onnxruntime"),
        (LINUX, AUTO, [amd(), nvidia(580)], "cu130", "onnxruntime-gpu"),
        (LINUX, AMD, [amd(), nvidia(580)], "rocm7.2", "onnxruntime"),
        (LINUX, AMD, [amd(100306)], "rocm7.2", "onnxruntime"),
        (LINUX, NONE, [nvidia(580)], "cpu", "onnxruntime"),
        (LINUX, NVIDIA, [], "cu130", "onnxruntime-gpu"),
        (("linux", "aarch64"), AUTO, [nvidia(580, (12, 1))], "cu130", "onnxruntime"),
        (WINDOWS, AUTO, [], "cpu", "onnxruntime"),
        (WINDOWS, AUTO, [nvidia(581)], "cu130", "onnxruntime-gpu"),
        (WINDOWS, AUTO, [nvidia(528)], "cu126", "onnxruntime"),
        (WINDOWS, AMD, [], "cpu", "onnxruntime"),
        (MACOS, AUTO, [], "", "onnxruntime"),
        (MACOS, NVIDIA, [], "", "onnxruntime"),
    ],
)
def test_build_follows_choice_card_and_driver(computer, choice, cards, name, onnxruntime):
    build = builds.choose(choice, cards, *computer)
    assert (build.name, build.onnxruntime) == (name, onnxruntime)
    assert build.index == (f"https://download.pytorch.org/whl/{name}" if name else "")
    assert build.index in build.source


@pytest.mark.parametrize(
    ("computer", "card", "wanted"),
    [
        (LINUX, nvidia(470), "580"),
        (LINUX, nvidia(470, (6, 1)), "525"),
        (WINDOWS, nvidia(527), "580"),
        (WINDOWS, nvidia(527, (6, 1)), "528"),
        (LINUX, nvidia(570, (12, 0)), "580"),
    ],
)
def test_old_drivers_are_told_with_the_version_that_will_do(computer, card, wanted):
    with pytest.raises(errors.TalkingHeadError) as caught:
        builds.choose(AUTO, [card], *computer)
    assert caught.value.code is errors.ErrorCode.DRIVER_TOO_OLD
    assert str(card.driver) in caught.value.message
    assert wanted in caught.value.hint
    assert builds.choose(NONE, [card], *computer).name == "cpu"


def test_macs_with_intel_processors_are_told():
    with pytest.raises(errors.TalkingHeadError, match="Intel"):
        builds.choose(AUTO, [], "darwin", "x86_64")


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
@pytest.mark.parametrize("name", ["cpu", "cu126", "cu130", "rocm7.2"])
def test_every_build_says_its_size_and_whether_it_is_estimated(platform, name):
    build = builds.build_named(name, platform, "x86_64")
    assert build.disk_mb > build.download_mb > 100
    assert re.search(r"\d+(\.\d)? [MG]B, \d+(\.\d)? [MG]B on disk$", build.size_text)
    assert build.size_text.startswith("an estimated") == build.estimated


def test_a_platform_without_a_build_gets_the_processors():
    assert builds.build_named("rocm7.2", "win32", "AMD64").name == "cpu"
    assert builds.build_named("cu130", "darwin", "arm64").name == ""
    assert builds.build_named("cpu", "freebsd14", "amd64").name == "cpu"


@pytest.mark.parametrize(
    ("computer", "cards", "index", "packages"),
    [
        (LINUX, [], "cpu", ["onnxruntime==1.31.1", "safetensors==0.8.0", "torch==2.13.0+cpu"]),
        (LINUX, [nvidia(580)], "cu130", ["onnxruntime-gpu==1.31.1", "safetensors==0.8.0", "torch==2.13.0+cu130"]),
        (LINUX, [amd()], "rocm7.2", ["onnxruntime==1.31.1", "safetensors==0.8.0", "torch==2.13.0+rocm7.2"]),
        (WINDOWS, [nvidia(580)], "cu130", ["onnxruntime-gpu==1.31.1", "safetensors==0.8.0", "torch==2.13.0+cu130"]),
        (WINDOWS, [], "cpu", ["onnxruntime==1.31.1", "safetensors==0.8.0", "torch==2.13.0+cpu"]),
        (MACOS, [], "", LINES),
    ],
)
def test_command_line_of_every_platform(computer, cards, index, packages):
    build = builds.choose(AUTO, cards, *computer)
    python = environment.environment_python(Path("env"), computer[0])
    command = environment.pip_build_command(
        python, build.requirements(LINES), Path("base.txt"), Path("optional"), build.index
    )
    assert command[0] == str(python)
    assert command[1:5] == ["-I", "-m", "pip", "install"]
    assert "--only-binary=:all:" in command
    extra = ["--extra-index-url", f"https://download.pytorch.org/whl/{index}"] if index else []
    rest = [*extra, "--constraint", "base.txt", "--target", "optional", *packages]
    assert command[-len(rest) :] == rest
    assert ("--extra-index-url" in command) == bool(index)


def test_local_wheels_are_used_instead_of_every_index():
    command = environment.pip_build_command(
        Path("python"), LINES, Path("base.txt"), Path("optional"), "https://index", Path("wheels")
    )
    assert "--extra-index-url" not in command
    assert command[command.index("--no-index") :][:3] == ["--no-index", "--find-links", "wheels"]


def test_users_with_a_python_of_their_own_are_told_the_command():
    places = environment.Places(ROOT, Path("user"))
    build = builds.choose(AUTO, [nvidia(580)], *LINUX)
    command = optional.user_command(Path("/opt/my python"), places, "neural", build)
    assert command.startswith(
        '"/opt/my python" -m pip install --extra-index-url https://download.pytorch.org/whl/cu130 '
    )
    assert re.search(r"\btorch==[\d.]+\+cu130\b", command)
    mac = optional.user_command(Path("python"), places, "neural", builds.choose(AUTO, [], *MACOS))
    assert "index-url" not in mac
    assert "+" not in mac


def test_answer_of_nvidias_program_is_read():
    cards = graphics.nvidia_cards("NVIDIA H200, 580.65.06, 9.0\nTesla, K80, 470.1, [N/A]\nNo devices were found\n")
    assert [(card.name, card.driver, card.capability) for card in cards] == [
        ("NVIDIA H200", 580, (9, 0)),
        ("Tesla, K80", 470, None),
    ]


def test_drivers_version_is_read_from_linux():
    text = (
        "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  575.57.08  Release Build\nGCC version: gcc 13.2.0\n"
    )
    assert graphics.nvidia_driver(text).driver == 575


def test_amd_cards_are_read_from_linux_and_processors_are_none(tmp_path):
    for number, target in enumerate((0, 110001)):
        node = tmp_path / str(number)
        node.mkdir()
        (node / "properties").write_text(f"cpu_cores_count 8\ngfx_target_version {target}\n")
    assert [card.target for card in graphics.amd_cards(tmp_path)] == [110001]
    assert graphics.amd_cards(tmp_path / "none") == []


def test_program_that_hangs_or_fails_is_no_card(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(graphics, "cards_at_a_glance", lambda platform: [])
    for text in ("exit 9", "exec /bin/sleep 60"):
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
        monkeypatch.setattr(graphics, "PATIENCE_S", 0.2)
        monkeypatch.setattr(graphics, "_told", None)
        assert graphics.cards("linux") == []


def test_what_the_driver_was_asked_is_not_asked_again(tmp_path, monkeypatch):
    program = tmp_path / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'NVIDIA H200, 580.65.06, 9.0'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(graphics, "_told", None)
    for _ in graphics.look("linux"):
        pass
    program.unlink()
    assert [card.name for card in graphics.cards("linux") if card.capability == (9, 0)] == ["NVIDIA H200"]


def test_nothing_is_looked_for_on_macos():
    assert graphics.cards("darwin") == graphics.cards_at_a_glance("darwin") == []
