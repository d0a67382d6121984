# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Making the worker's environment: command lines for every platform, and a real set-up from local wheels."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from source_package import ROOT, source_module
from tiny_packages import make_places, make_plan, make_wheel

environment = source_module("blender_talkinghead.worker.environment")
setup = source_module("blender_talkinghead.worker.environment_setup")
optional = source_module("blender_talkinghead.worker.optional_tier")
setup_steps = source_module("blender_talkinghead.worker.setup_steps")
errors = source_module("inference.errors")


@pytest.fixture
def places(tmp_path):
    return make_places(tmp_path)


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


@pytest.fixture(scope="module")
def base_environment(tmp_path_factory):
    """A base environment to copy, since making one takes seconds."""
    places = make_places(tmp_path_factory.mktemp("base"))
    list(setup.set_up(make_plan(places)))
    return places.environment("base")


@pytest.fixture
def speech(places, base_environment):
    """The base is set up, and a speech tier's one package lies in the bundle as well; its requirements file."""
    shutil.copytree(base_environment, places.environment("base"), symlinks=True)
    make_wheel(places.bundled_wheels, "talkinghead_speech")
    requirements = places.requirements("speech")
    requirements.write_text("# optional\ntalkinghead_speech==1.0\n")
    return requirements


def imports(places, module):
    """Whether the environment's Python, started as the worker is, finds a module."""
    python = environment.environment_python(places.environment("base"))
    return (
        subprocess.run([str(python), "-I", "-c", f"import {module}"], capture_output=True, check=False).returncode == 0
    )


def test_optional_tier_is_added_to_the_environment(places, speech):
    assert optional.state_of(places, "speech") is environment.State.MISSING
    assert not imports(places, "talkinghead_speech")
    steps = list(optional.install(make_plan(places, tier="speech")))
    assert steps[-1].fraction == 1.0
    assert [step.fraction for step in steps] == sorted(step.fraction for step in steps)
    assert optional.state_of(places, "speech") is environment.State.READY
    assert environment.state_of(places) is environment.State.READY
    assert imports(places, "talkinghead_speech")
    assert imports(places, "talkinghead_tiny")


def test_optional_tier_of_other_requirements_is_outdated_and_can_be_renewed(places, speech):
    list(optional.install(make_plan(places, tier="speech")))
    speech.write_text(speech.read_text() + "# changed\n")
    assert optional.state_of(places, "speech") is environment.State.OUTDATED
    list(optional.install(make_plan(places, tier="speech")))
    assert optional.state_of(places, "speech") is environment.State.READY


@pytest.mark.parametrize("text", ["talkinghead_speech==2.0\n", "talkinghead_broken==1.0\n"])
def test_optional_tier_that_fails_leaves_the_environment_as_it_was(places, speech, text):
    """One package is not to be had, the other one is installed but cannot be imported."""
    make_wheel(places.bundled_wheels, "talkinghead_broken", "import no_such_module")
    before = sorted(path for path in places.environment("base").rglob("*") if "__pycache__" not in path.parts)
    speech.write_text(text)
    with pytest.raises(errors.TalkingHeadError):
        list(optional.install(make_plan(places, tier="speech")))
    after = sorted(path for path in places.environment("base").rglob("*") if "__pycache__" not in path.parts)
    assert [path for path in after if path not in before and path.name != "optional"] == []
    assert optional.state_of(places, "speech") is environment.State.MISSING
    assert environment.state_of(places) is environment.State.READY
    assert imports(places, "talkinghead_tiny")


def test_canceled_optional_tier_leaves_nothing(places, speech):
    steps = optional.install(make_plan(places, tier="speech"))
    for step in steps:
        if step.text.startswith("Trying"):
            break
    steps.close()
    assert optional.state_of(places, "speech") is environment.State.MISSING
    assert not imports(places, "talkinghead_speech")
    list(optional.install(make_plan(places, tier="speech")))
    assert imports(places, "talkinghead_speech")


def test_optional_tier_needs_the_base_and_the_network(places, speech):
    next(places.bundled_wheels.glob("talkinghead_speech*")).unlink()
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(optional.install(make_plan(places, tier="speech")))
    assert (caught.value.code, caught.value.hint) == (errors.ErrorCode.OFFLINE, "Go online.")
    setup.remove(places)
    with pytest.raises(errors.TalkingHeadError) as caught:
        list(optional.install(make_plan(places, tier="speech")))
    assert caught.value.action is errors.Action.SET_UP_WORKER


def test_update_of_the_base_keeps_the_optional_tier_without_a_network(places, speech):
    list(optional.install(make_plan(places, tier="speech")))
    next(places.bundled_wheels.glob("talkinghead_speech*")).unlink()
    base = places.requirements("base")
    base.write_text(base.read_text() + "# changed\n")
    assert environment.state_of(places) is environment.State.OUTDATED
    steps = list(setup.set_up(make_plan(places)))
    assert steps[-1].warnings == ()
    assert optional.state_of(places, "speech") is environment.State.READY
    assert imports(places, "talkinghead_speech")


def test_update_of_the_base_installs_an_outdated_optional_tier_again_or_says_so(places, speech):
    list(optional.install(make_plan(places, tier="speech")))
    speech.write_text(speech.read_text() + "# changed\n")
    list(setup.set_up(make_plan(places)))
    assert optional.state_of(places, "speech") is environment.State.READY
    speech.write_text(speech.read_text() + "# changed again\n")
    next(places.bundled_wheels.glob("talkinghead_speech*")).unlink()
    steps = list(setup.set_up(make_plan(places)))
    assert "English speech timing must be installed again" in steps[-1].warnings[0]
    assert environment.state_of(places) is environment.State.READY
    assert optional.state_of(places, "speech") is environment.State.MISSING
    assert imports(places, "talkinghead_tiny")


def test_pip_puts_only_what_is_pinned_into_the_folder_of_an_optional_tier():
    command = environment.pip_target_command(Path("python"), Path("speech.txt"), Path("optional"))
    assert command[-3:] == ["--no-deps", "--target", "optional"]
    assert "--no-index" not in command


def test_users_with_a_python_of_their_own_are_told_the_command():
    places = environment.Places(ROOT, Path("user"))
    command = optional.user_command(Path("/opt/my python"), places, "speech")
    assert command.startswith('"/opt/my python" -m pip install --no-deps pocketsphinx==')


def test_site_packages_of_every_platform(tmp_path):
    assert optional.site_packages(tmp_path, "win32") == tmp_path / "Lib" / "site-packages"
    with pytest.raises(errors.TalkingHeadError, match="incomplete"):
        optional.site_packages(tmp_path, "linux")
    (tmp_path / "lib" / "python3.13" / "site-packages").mkdir(parents=True)
    assert optional.site_packages(tmp_path, "darwin").parent.name == "python3.13"


def test_removing_the_worker_keeps_the_users_poses(places):
    poses = places.user / "poses"
    poses.mkdir(parents=True)
    (poses / "Grin.json").write_text("{}")
    (places.user / "cache").mkdir()
    (places.user / "cache" / "x").write_text("abc")
    assert setup.size_bytes(places) == 3
    setup.remove(places)
    assert [path.name for path in places.user.rglob("*")] == ["poses", "Grin.json"]


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


@pytest.mark.parametrize(
    ("path", "platform", "expected"),
    [
        (r"C:\Users\Ann Lee\environment", "win32", r"\\?\C:\Users\Ann Lee\environment"),
        (r"\\server\share\environment", "win32", r"\\?\UNC\server\share\environment"),
        (r"\\?\C:\environment", "win32", r"\\?\C:\environment"),
        (r"C:\environment", "linux", r"C:\environment"),
    ],
)
def test_paths_that_windows_takes_at_any_length(path, platform, expected):
    assert str(environment.unlimited(PureWindowsPath(path), platform)) == expected


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
    error = setup_steps.advice("Installing packages", output)
    assert error.code.value == code
    assert words in str(error)
    assert error.details == output
