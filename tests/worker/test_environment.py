# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the worker's environment: command lines for every platform, and a real set-up from local wheels."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import stat
import sys
import zipfile
from pathlib import Path, PurePosixPath

import pytest
from source_package import ROOT, source_module

environment = source_module("blender_talkinghead.environment")
setup = source_module("blender_talkinghead.environment_setup")
errors = source_module("inference.errors")


def make_wheel(folder: Path, name: str) -> None:
    """A wheel that pip installs, with one empty module."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            wheel.writestr(path, text)


@pytest.fixture
def places(tmp_path):
    """An extension that carries one tiny wheel, and a user folder with a difficult name."""
    extension = tmp_path / "extension"
    shutil.copytree(ROOT / "inference", extension / "inference", ignore=shutil.ignore_patterns("__pycache__"))
    wheels = extension / "bundle" / "wheels"
    wheels.mkdir(parents=True)
    make_wheel(wheels, "talkinghead_tiny")
    (extension / "inference" / "requirements" / "base.txt").write_text("# pinned\ntalkinghead_tiny==1.0\n")
    return environment.Places(extension, tmp_path / "user Ärger")


def make_plan(places, **changes):
    plan = {
        "places": places, "tier": "base", "interpreters": (Path(sys.executable),), "weights": (), "online": False,
        "offline_hint": "Go online.", "variables": {"PATH": "/usr/bin:/bin"},
    }  # fmt: skip
    return setup.Plan(**{**plan, **changes})


def test_set_up_from_the_bundle_needs_no_network_and_is_complete(places):
    assert environment.state_of(places) is environment.State.MISSING
    steps = list(setup.set_up(make_plan(places)))
    assert environment.state_of(places) is environment.State.READY
    assert steps[-1].fraction == 1.0
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert not list(places.user.glob("*.part"))


def test_other_requirements_make_it_outdated_and_set_up_again_mends_it(places):
    list(setup.set_up(make_plan(places)))
    requirements = places.requirements("base")
    requirements.write_text(requirements.read_text() + "# changed\n")
    assert environment.state_of(places) is environment.State.OUTDATED
    list(setup.set_up(make_plan(places)))
    assert environment.state_of(places) is environment.State.READY


def test_failure_keeps_the_old_environment_and_leaves_nothing_half_made(places):
    list(setup.set_up(make_plan(places)))
    requirements = places.requirements("base")
    good = requirements.read_text()
    requirements.write_text("no_such_package_in_the_bundle==1\n")
    with pytest.raises(errors.TalkingHeadError, match="no package") as caught:
        list(setup.set_up(make_plan(places)))
    assert "no_such_package" in caught.value.details
    assert not list(places.user.glob("*.part"))
    requirements.write_text(good)
    assert environment.state_of(places) is environment.State.READY


def test_cancel_ends_the_program_and_rolls_back(places):
    steps = setup.set_up(make_plan(places))
    for step in steps:
        if step.text.startswith("Making"):
            break
    steps.close()
    assert not list(places.user.glob("environment-*"))
    assert environment.state_of(places) is environment.State.MISSING


def test_offline_without_a_bundle_is_refused_before_anything_is_made(places):
    shutil.rmtree(places.bundled_wheels)
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(setup.set_up(make_plan(places)))
    assert (caught.value.code, caught.value.hint) == (errors.ErrorCode.OFFLINE, "Go online.")
    assert not list(places.user.glob("environment-*"))


def test_missing_weights_need_the_network_as_well(places):
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(setup.set_up(make_plan(places, weights=("face_landmarker",))))
    assert caught.value.code is errors.ErrorCode.OFFLINE


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_read_only_user_folder_is_told(places):
    if os.getuid() == 0:
        pytest.skip("root may write everywhere")
    places.user.mkdir()
    places.user.chmod(stat.S_IREAD | stat.S_IEXEC)
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(setup.set_up(make_plan(places)))
    assert caught.value.code is errors.ErrorCode.OUTPUT_NOT_WRITABLE


def test_user_folder_that_is_a_file_is_told(places):
    places.user.write_text("")
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(setup.set_up(make_plan(places)))
    assert caught.value.code is errors.ErrorCode.OUTPUT_NOT_WRITABLE


def test_full_disk_is_told_before_anything_is_made(places, monkeypatch):
    monkeypatch.setitem(setup.NEEDED_BYTES, "base", 10**18)
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(setup.set_up(make_plan(places)))
    assert caught.value.code is errors.ErrorCode.DISK_FULL


def test_what_is_no_python_is_passed_over(places, tmp_path):
    fake = tmp_path / "python3.99"
    fake.write_text("#!/bin/sh\necho hello\n")
    fake.chmod(0o755)
    list(setup.set_up(make_plan(places, interpreters=(tmp_path / "gone", fake, Path(sys.executable)))))
    assert environment.state_of(places) is environment.State.READY


def test_no_interpreter_names_the_reason_and_the_next_way(places, tmp_path):
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(setup.set_up(make_plan(places, interpreters=(tmp_path / "gone",))))
    assert str(tmp_path / "gone") in caught.value.message
    assert "preferences" in caught.value.hint


def test_remove_deletes_the_environment_and_size_counts_it(places):
    list(setup.set_up(make_plan(places)))
    assert setup.size_bytes(places) > 1_000_000
    setup.remove(places)
    assert environment.state_of(places) is environment.State.MISSING
    assert setup.size_bytes(places) == 0


def interpreter(**changes):
    usual = {
        "path": Path("/usr/bin/python3.11"), "version": (3, 11), "implementation": "CPython", "bits": 64,
        "has_venv": True, "has_ensurepip": True,
    }  # fmt: skip
    return environment.Interpreter(**{**usual, **changes})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"version": (3, 10)}, "3.11 to 3.14"),
        ({"version": (3, 15)}, "3.11 to 3.14"),
        ({"implementation": "PyPy"}, "CPython"),
        ({"bits": 32}, "64-bit"),
        ({"has_ensurepip": False}, "python3.11-venv"),
        ({"has_venv": False, "has_ensurepip": False}, "venv and ensurepip"),
    ],
)
def test_interpreters_that_do_not_fit_are_explained(changes, words):
    assert words in environment.objection(interpreter(**changes))


def test_interpreters_that_fit():
    for version in ((3, 11), (3, 12), (3, 13), (3, 14)):
        assert environment.objection(interpreter(version=version)) == ""


def test_bundled_wheels_bind_the_python_version():
    assert environment.objection(interpreter(), "3.11") == ""
    assert "3.13" in environment.objection(interpreter(), "3.13")


def test_bundled_python_is_read_from_the_wheels(places):
    assert environment.bundled_python(places) is None
    for name in ("opencv_python-5-cp37-abi3-win_amd64.whl", "numpy-2-cp313-cp313-win_amd64.whl"):
        (places.bundled_wheels / name).touch()
    assert environment.bundled_python(places) == "3.13"


def test_blender_itself_is_never_run_as_a_python(tmp_path):
    assert environment.candidates("", "/opt/blender/blender", str(tmp_path)) == ()
    own = environment.candidates("", "/opt/blender/5.2/python/bin/python3.13", str(tmp_path))
    assert own == (Path("/opt/blender/5.2/python/bin/python3.13"),)
    assert environment.candidates("/x/python", "/y/python", str(tmp_path)) == (Path("/x/python"),)


def test_command_lines_on_windows_and_macos():
    folder = Path("environment")
    assert environment.environment_python(folder, "win32") == folder / "Scripts" / "python.exe"
    assert environment.environment_python(folder, "darwin") == folder / "bin" / "python"
    python = environment.environment_python(folder, "win32")
    command = environment.pip_command(python, Path("base.txt"), Path("wheels"))
    assert command[:5] == [str(python), "-I", "-m", "pip", "install"]
    assert command[-5:] == ["--no-index", "--find-links", "wheels", "--requirement", "base.txt"]
    assert "--no-index" not in environment.pip_command(python, Path("base.txt"))
    assert environment.venv_command(Path("python"), folder)[1:4] == ["-I", "-m", "venv"]
    assert PurePosixPath(environment.venv_command(Path("python"), folder)[-1]).name == "environment"


def test_imports_that_are_tried_come_from_the_requirements(tmp_path):
    requirements = tmp_path / "base.txt"
    requirements.write_text("# a comment\nav==1\nopencv-python==5.0 ; python_version > '3'\n\n-r other.txt\n")
    assert environment.import_command(Path("python"), requirements)[-1] == "import av, cv2"


@pytest.mark.parametrize(
    ("output", "code", "words"),
    [
        ("OSError: [Errno 28] No space left on device", "DISK_FULL", "full"),
        ("ImportError: libGL.so.1: cannot open shared object file", "ENVIRONMENT_BROKEN", "apt install libgl1"),
        ("pip._vendor.urllib3...NewConnectionError", "DOWNLOAD_FAILED", "network"),
        ("ssl.SSLCertVerificationError: CERTIFICATE_VERIFY_FAILED", "DOWNLOAD_FAILED", "certificate"),
        ("OSError: [WinError 225] the file contains a virus", "ENVIRONMENT_BROKEN", "virus"),
        ("ERROR: No matching distribution found for av", "ENVIRONMENT_BROKEN", "3.11"),
        ("something nobody has seen", "ENVIRONMENT_BROKEN", "log"),
    ],
)
def test_failures_become_advice(output, code, words):
    error = setup.advice("Installing packages", output)
    assert error.code.value == code
    assert words in str(error)
    assert error.details == output
