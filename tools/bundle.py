# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the full zip carries besides the light one: the base tier's wheels and the face model, as data under ``bundle/``."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

FOLDER = "bundle"
PARTS = ("wheels", "weights", "LICENSES")
REQUIREMENTS = "inference/requirements/base.txt"

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
        download_weights(folder / "weights", folder / "LICENSES")
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


def _run(command: list[str], what: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise BundleError(f"{what}:\n{(result.stdout + result.stderr).strip()}")
