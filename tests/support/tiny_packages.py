# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""An extension whose packages are tiny wheels that it carries, so that environments are made in seconds, offline."""

from __future__ import annotations

import base64
import hashlib
import shutil
import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from source_package import ROOT, source_module

environment = source_module("blender_talkinghead.worker.environment")
setup_steps = source_module("blender_talkinghead.worker.setup_steps")


def make_wheel(folder: Path, name: str, text: str = "", version: str = "1.0", needs: Sequence[str] = ()) -> None:
    """A wheel that pip installs, with one module, which holds a text; ``needs`` are its requirements."""
    info = f"{name}-{version}.dist-info"
    required = "".join(f"Requires-Dist: {need}\n" for need in needs)
    files = {
        f"{name}.py": text,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{required}",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
        for path, text in {**files, f"{info}/RECORD": record + f"{info}/RECORD,,\n"}.items():
            wheel.writestr(path, text)


def make_places(folder: Path) -> Any:
    """An extension that carries one tiny wheel, and a user folder with a difficult name."""
    extension = folder / "extension"
    shutil.copytree(ROOT / "inference", extension / "inference", ignore=shutil.ignore_patterns("__pycache__"))
    wheels = extension / "bundle" / "wheels"
    wheels.mkdir(parents=True)
    make_wheel(wheels, "talkinghead_tiny")
    (extension / "inference" / "requirements" / "base.txt").write_text("# pinned\ntalkinghead_tiny==1.0\n")
    return environment.Places(extension, folder / "user Ärger")


def make_plan(places: Any, **changes: object) -> Any:
    """A plan for the base tier with this Python, offline."""
    plan = {
        "places": places, "tier": "base", "interpreters": (Path(sys.executable),), "weights": (), "online": False,
        "offline_hint": "Go online.", "variables": {"PATH": "/usr/bin:/bin"},
    }  # fmt: skip
    return setup_steps.Plan(**{**plan, **changes})
