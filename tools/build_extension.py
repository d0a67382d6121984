# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the extension's zips with Blender's own builder, from a staging copy of the project's files.

    python -m tools.build_extension                                             the light zip, in dist/
    python -m tools.build_extension --full --wheels-python 3.11 --platform linux-x64     the full zip

The builder is ``blender_ext.py`` of an installed ``bpy`` package, or a ``blender`` program on the PATH.
"""

from __future__ import annotations

import argparse
import importlib.util
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from pathlib import Path

from tools import bundle

ROOT = Path(__file__).resolve().parent.parent
BUILDER_IN_BPY = "*/scripts/addons_core/bl_pkg/cli/blender_ext.py"
TAGS_IN_BPY = "modules/_bpy_internal/extensions/tags.py"
SKIPPED_WITHOUT_GIT = {"build", "dist", "__pycache__"}


class BuildError(Exception):
    """The zip cannot be built; the message says why and what to do."""


def project_files(root: Path, tracked_only: bool = False) -> list[str]:
    """Files that belong to the project, as sorted paths relative to ``root`` with forward slashes.

    In a git checkout these are the tracked files and, unless ``tracked_only``, those that git does not ignore. In an
    unpacked source archive they are all files outside of hidden folders, ``build`` and ``dist``.
    """
    if not (root / ".git").exists():
        return sorted(_walk(root))
    choice = ["-c"] if tracked_only else ["-c", "-o", "--exclude-standard"]
    listing = subprocess.run(["git", "ls-files", "-z", *choice], cwd=root, capture_output=True, check=True)
    names = {name for name in listing.stdout.decode().split("\0") if name}
    return sorted(name for name in names if (root / name).is_file())


def _walk(root: Path) -> list[str]:
    names = []
    for path in root.rglob("*"):
        parts = path.relative_to(root).parts
        if path.is_file() and not any(part.startswith(".") or part in SKIPPED_WITHOUT_GIT for part in parts):
            names.append("/".join(parts))
    return names


def stage(root: Path, folder: Path, tracked_only: bool = False) -> None:
    """Copy the project's files into ``folder``."""
    for name in project_files(root, tracked_only):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(root / name, target)


def builder_command() -> list[str]:
    """The start of a command line that takes ``build`` and ``validate``.

    Raises:
        BuildError: neither the ``bpy`` package nor Blender is there.
    """
    spec = importlib.util.find_spec("bpy")
    for folder in (spec.submodule_search_locations or []) if spec else []:
        # bpy/__init__.py of the wheel lies either at the top or in X.Y/scripts/modules/bpy
        for top in (Path(folder), *Path(folder).parents[:4]):
            found = sorted(top.glob(BUILDER_IN_BPY))
            if found:
                return [sys.executable, str(found[-1])]
    blender = shutil.which("blender")
    if blender:
        return [blender, "--factory-startup", "--command", "extension"]
    raise BuildError(
        "Blender's extension builder was not found. Run this with a Python that has the bpy package, "
        "or put Blender on the PATH."
    )


def tags_option(command: Sequence[str]) -> list[str]:
    """Option that makes the builder check the manifest's tags against Blender's list."""
    script = Path(command[-1])
    if script.suffix != ".py":
        return []  # Blender itself passes its own list
    tags = script.parents[3] / TAGS_IN_BPY
    return ["--valid-tags", str(tags)] if tags.is_file() else []


def run_builder(arguments: Sequence[str]) -> str:
    """Run Blender's builder and give back what it printed.

    Raises:
        BuildError: it failed, or printed a warning.
    """
    command = builder_command()
    full = [*command, *arguments[:1], *tags_option(command), *arguments[1:]]
    result = subprocess.run(full, capture_output=True, text=True, check=False)
    output = result.stdout + result.stderr
    if result.returncode or "warning" in output.lower() or "error" in output.lower():
        raise BuildError(f"Blender's builder does not accept the extension:\n{output.strip()}")
    return output


def manifest(root: Path) -> dict[str, object]:
    """The manifest as a dictionary."""
    return tomllib.loads((root / "blender_manifest.toml").read_text(encoding="utf-8"))


def zip_name(root: Path, variant: str) -> str:
    """File name of a zip: id, version and variant."""
    data = manifest(root)
    return f"{data['id']}-{data['version']}-{variant}.zip"


def build_light(output_folder: Path, root: Path = ROOT, tracked_only: bool = False) -> Path:
    """Build and validate the light zip.

    Raises:
        BuildError: the builder refused.
    """
    return _build(root, output_folder / zip_name(root, "light"), tracked_only)


def build_full(
    output_folder: Path,
    target: bundle.Target,
    root: Path = ROOT,
    tracked_only: bool = False,
    source: Path | None = None,
) -> Path:
    """Build and validate the full zip for one platform and Python.

    Args:
        source: folder with ``wheels/``, ``weights/`` and ``LICENSES/`` to use instead of downloading them.

    Raises:
        BuildError: the builder refused.
        bundle.BundleError: a wheel or a model could not be had.
    """
    path = output_folder / zip_name(root, f"full-{target.platform}-py{target.python.replace('.', '')}")
    return _build(root, path, tracked_only, target, source)


def _build(
    root: Path, path: Path, tracked_only: bool, target: bundle.Target | None = None, source: Path | None = None
) -> Path:
    with tempfile.TemporaryDirectory(prefix="talkinghead-build-") as temporary:
        staging = Path(temporary) / "talkinghead"
        stage(root, staging, tracked_only)
        if target is not None:
            bundle.fill(staging, target, source)
        path.parent.mkdir(parents=True, exist_ok=True)
        run_builder(["validate", str(staging)])
        run_builder(["build", "--source-dir", str(staging), "--output-filepath", str(path)])
    run_builder(["validate", str(path)])
    return path


def main(argv: Sequence[str] | None = None) -> int:
    """Command line; gives back the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.build_extension", description="Build the extension's zips.")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder of the zip (default: dist)")
    parser.add_argument("--tracked-only", action="store_true", help="leave out files that are not in git yet")
    parser.add_argument("--full", action="store_true", help="carry wheels and the face model for one platform")
    parser.add_argument("--wheels-python", default="3.11", help="Python version of the wheels (default: 3.11)")
    parser.add_argument("--platform", default="linux-x64", choices=sorted(bundle.PIP_PLATFORMS))
    parser.add_argument("--bundle", type=Path, help="folder with wheels/, weights/ and LICENSES/ instead of a download")
    options = parser.parse_args(argv)
    try:
        if options.full:
            target = bundle.Target(options.wheels_python, options.platform)
            path = build_full(options.output, target, tracked_only=options.tracked_only, source=options.bundle)
        else:
            path = build_light(options.output, tracked_only=options.tracked_only)
    except (BuildError, bundle.BundleError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path} ({path.stat().st_size / 1e6:.1f} MB)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
