# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the two zips hold, compared with an allow-list. Blender's own builder makes them, so these tests need bpy."""

from __future__ import annotations

import fnmatch
import zipfile
from pathlib import Path

import pytest

from tools import build_extension, bundle

TARGET = bundle.Target("3.11", "linux-x64")
REQUIRED = {
    "__init__.py",
    "blender_manifest.toml",
    "LICENSE",
    "inference/__main__.py",
    "inference/requirements/base.txt",
    "inference/requirements/speech.txt",
    "inference/requirements/neural.txt",
    "inference/requirements/diffusion.txt",
}
# Patterns in which * stays within a folder and **/ stands for any number of folders.
ALLOWED = (
    "__init__.py",
    "blender_manifest.toml",
    "LICENSE",
    "README.md",
    "blender_talkinghead/**/*.py",
    "operators/**/*.py",
    "panels/**/*.py",
    "inference/**/*.py",
    "inference/**/*.npz",
    "inference/requirements/*.txt",
)
ALLOWED_IN_BUNDLE = (
    "bundle/wheels/*.whl",
    "bundle/weights/face_landmarker.task",
    "bundle/weights/selfie_segmenter.tflite",
    "bundle/LICENSES/*.txt",
)
LIGHT_ZIP_BYTES = 2_000_000


def names_in(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return [info.filename for info in archive.infolist() if not info.is_dir()]


def is_allowed(name: str, patterns: tuple[str, ...]) -> bool:
    folder, _, file = name.rpartition("/")
    for pattern in patterns:
        wanted_folder, _, wanted_file = pattern.rpartition("/")
        top = wanted_folder.removesuffix("/**")
        is_below = wanted_folder.endswith("/**") and folder.startswith(f"{top}/")
        if (folder == top or is_below) and fnmatch.fnmatchcase(file, wanted_file):
            return True
    return False


@pytest.fixture
def parts(tmp_path: Path) -> Path:
    """Stand-ins for what the full zip carries: the right names, a few bytes each."""
    folder = tmp_path / "parts"
    files = (
        "wheels/numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl",
        "weights/face_landmarker.task",
        "weights/selfie_segmenter.tflite",
    )
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(name.encode())
    bundle.write_licences(folder / "LICENSES")
    return folder


def test_the_allow_list_refuses_what_it_does_not_name():
    assert is_allowed("inference/engines/puppet/warp.py", ALLOWED)
    for name in ("secret.txt", "inference/notes.md", "tests/x.py", "operators/data/x.bin", "inference.py", ".env"):
        assert not is_allowed(name, ALLOWED)


def test_the_light_zip_holds_the_add_on_and_nothing_else(extension_zip):
    names = names_in(extension_zip)
    assert set(names) >= REQUIRED
    assert [name for name in names if not is_allowed(name, ALLOWED)] == []


def test_every_tracked_source_file_is_in_the_light_zip(tmp_path):
    path = build_extension.build_light(tmp_path)
    source = [name for name in build_extension.project_files(build_extension.ROOT) if is_allowed(name, ALLOWED)]
    assert sorted(names_in(path)) == sorted(source)


def test_the_light_zip_is_light(extension_zip):
    assert extension_zip.stat().st_size < LIGHT_ZIP_BYTES


def test_the_full_zip_adds_the_bundle_alone(tmp_path, parts):
    light = set(names_in(build_extension.build_light(tmp_path)))
    full = set(names_in(build_extension.build_full(tmp_path, TARGET, source=parts)))
    assert full >= light
    assert {name.rpartition("/")[0] for name in full - light} == {"bundle/wheels", "bundle/weights", "bundle/LICENSES"}
    assert [name for name in full - light if not is_allowed(name, ALLOWED_IN_BUNDLE)] == []


def test_the_full_zip_is_named_after_its_target(tmp_path, parts):
    assert build_extension.build_full(tmp_path, TARGET, source=parts).name.endswith("-full-linux-x64-py311.zip")


def test_the_full_zip_states_the_licence_of_every_model(tmp_path, parts):
    path = build_extension.build_full(tmp_path, TARGET, source=parts)
    with zipfile.ZipFile(path) as archive:
        notice = archive.read("bundle/LICENSES/WEIGHTS.txt").decode()
        text = archive.read("bundle/LICENSES/Apache-2.0.txt").decode()
    assert "face_landmarker.task" in notice
    assert "selfie_segmenter.tflite" in notice
    assert "Apache License" in text


def test_an_incomplete_bundle_is_refused(tmp_path, parts):
    (parts / "weights" / "face_landmarker.task").unlink()
    (parts / "weights" / "selfie_segmenter.tflite").unlink()
    with pytest.raises(bundle.BundleError, match="weights"):
        build_extension.build_full(tmp_path, TARGET, source=parts)


def test_a_manifest_that_blender_refuses_stops_the_build(tmp_path):
    broken = tmp_path / "broken"
    build_extension.stage(build_extension.ROOT, broken)
    manifest = broken / "blender_manifest.toml"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace('"Sequencer"', '"Media Generation"'), encoding="utf-8")
    with pytest.raises(build_extension.BuildError, match="Media Generation"):
        build_extension.build_light(tmp_path, root=broken)


def test_wheels_are_asked_for_the_target_machine():
    command = bundle.wheel_command(Path("base.txt"), Path("wheels"), bundle.Target("3.13", "windows-x64"))
    text = " ".join(command)
    assert "--python-version 3.13" in text
    assert "--platform win_amd64" in text
    assert "--only-binary=:all:" in text
