# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the full zip carries besides the light one, as data in ``bundle/``: the base tier's wheels, the face model."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from inference.engines.puppet.description import PUPPET
from inference.errors import TalkingHeadError
from inference.weights.catalogue import WeightFile, weight_file
from inference.weights.download import fetch_all

FOLDER = "bundle"
PARTS = ("wheels", "weights", "LICENSES")
REQUIREMENTS = f"inference/requirements/{PUPPET.tier}.txt"
LICENCE_TEXTS = Path(__file__).with_name("licences")

# Blender's platform names, and the wheel tags of each that pip may choose from, newest first.
PIP_PLATFORMS: dict[str, tuple[str, ...]] = {
    "linux-x64": ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64", "manylinux2014_x86_64"),
    "macos-arm64": ("macosx_14_0_arm64", "macosx_13_0_arm64", "macosx_12_0_arm64", "macosx_11_0_arm64"),
    "macos-x64": ("macosx_14_0_x86_64", "macosx_13_0_x86_64", "macosx_12_0_x86_64", "macosx_10_13_x86_64"),
    "windows-x64": ("win_amd64",),
}


class BundleError(Exception):
    """Something that the full zip must carry could not be had; the message says what."""


@dataclass(frozen=True)
class Target:
    """What a full zip is made for: a Python version ("3.11") and a platform in Blender's words ("linux-x64")."""

    python: str
    platform: str


def fill(staging: Path, target: Target, source: Path | None = None) -> None:
    """Put wheels, weights and licence texts under ``staging/bundle``.

    Args:
        source: a folder that already holds the three; without it they are downloaded.

    Raises:
        BundleError: a download failed, or ``source`` lacks a part.
    """
    folder = staging / FOLDER
    if source is None:
        download_wheels(staging / REQUIREMENTS, folder / "wheels", target)
        download_weights(folder / "weights")
        write_licences(folder / "LICENSES")
        return
    for part in PARTS:
        if not (source / part).is_dir() or not any((source / part).iterdir()):
            raise BundleError(f"The bundle folder {source} has nothing in '{part}'.")
        shutil.copytree(source / part, folder / part)


def wheel_command(requirements: Path, folder: Path, target: Target) -> list[str]:
    """The pip command that downloads the wheels of a tier for another machine."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), "--only-binary=:all:"]
    command += ["--implementation", "cp", "--python-version", target.python]
    for tag in PIP_PLATFORMS[target.platform]:
        command += ["--platform", tag]
    return [*command, "--requirement", str(requirements)]


def download_wheels(requirements: Path, folder: Path, target: Target) -> None:
    """Download the wheels of a requirements file into ``folder``.

    Raises:
        BundleError: pip failed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    _run(wheel_command(requirements, folder, target), "The wheels could not be downloaded")
    if not any(folder.glob("*.whl")):
        raise BundleError("pip downloaded no wheel.")


def download_weights(folder: Path) -> None:
    """Download the default engine's weights into ``folder`` and verify them.

    Raises:
        BundleError: no source gave a file.
    """
    try:
        fetch_all(folder, PUPPET.weights)
    except TalkingHeadError as error:
        raise BundleError(f"{error}\n{error.details}") from error


def write_licences(folder: Path) -> None:
    """Write which licence each weight file has, and the licences' texts. Wheels carry their own licences inside.

    Raises:
        BundleError: there is no text for a licence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = [weight_file(name) for name in PUPPET.weights]
    for licence in sorted({file.licence for file in files}):
        text = LICENCE_TEXTS / f"{licence}.txt"
        if not text.is_file():
            raise BundleError(f"There is no text of the licence {licence} in {LICENCE_TEXTS}.")
        shutil.copy2(text, folder / text.name)
    (folder / "WEIGHTS.txt").write_text("\n".join(map(_notice, files)), encoding="utf-8")


def _notice(file: WeightFile) -> str:
    return f"{file.file_name}\n  {file.licence_note}\n  licence: {file.licence}\n  sha256: {file.sha256}\n"


def _run(command: list[str], what: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BundleError(f"{what}:\n{(result.stdout + result.stderr).strip()}")
