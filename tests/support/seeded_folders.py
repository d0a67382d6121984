# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checkpoint folders with the seeded weights of the recorded cases, made once and kept in pytest's cache.

They are made by a process of their own, so that a Python without torch (Blender's) can ask for them. A module
``<engine>_weights`` of this folder that is run as a program with ``--output DIR --layout NAME`` writes one.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

ROOT = Path(__file__).resolve().parent.parent.parent
RECORDED = ROOT / "tests" / "data" / "conformance"
CACHE = ROOT / ".pytest_cache" / "seeded"
SUPPORT = (ROOT, ROOT / "tests" / "support", RECORDED)


def states(engine: str) -> dict[str, dict[str, np.ndarray]]:
    """Part to tensor name to tensor, made anew by every call."""
    from seeded_weights import load_case

    return load_case(RECORDED, engine, "public")[0]


def made(engine: str, layout: str, recorded: str = "", also: Iterable[str] = ()) -> Path:
    """The cached folder of a layout; written by another process where it is not there yet.

    Args:
        recorded: whose recorded case has the weights, by default the engine's.
        also: modules of this folder that have a part in what is written.
    """
    folder = CACHE / f"{_digest(recorded or engine, (f'{engine}_weights', *also))}-{engine}-{layout}"
    if not folder.is_dir():
        for old in CACHE.glob(f"*-{engine}-{layout}"):
            shutil.rmtree(old, ignore_errors=True)
        has_torch = importlib.util.find_spec("torch") is not None
        python = sys.executable if has_torch else os.environ["TALKINGHEAD_PYTHON"]
        command = [python, "-m", f"{engine}_weights", "--output", str(folder), "--layout", layout]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SUPPORT))}
        subprocess.run(command, check=True, cwd=ROOT, env=variables)
    return folder


def _digest(recorded: str, modules: Iterable[str]) -> str:
    """Of everything that the files are made from."""
    digest = hashlib.sha256()
    for module in modules:
        digest.update((ROOT / "tests" / "support" / f"{module}.py").read_bytes())
    for name in ("seeded_weights.py", f"{recorded}_keys.json", f"{recorded}_rules.json", f"{recorded}_public.npz"):
        digest.update((RECORDED / name).read_bytes())
    return digest.hexdigest()[:16]


def main(description: str | None, writers: Mapping[str, Callable[[Path], object]]) -> None:
    """Write a folder, which appears when it is whole.

    Args:
        writers: what fills the folder, by layout.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--layout", choices=list(writers), required=True)
    options = parser.parse_args()
    part = options.output.with_name(f"{options.output.name}.part-{os.getpid()}")
    writers[options.layout](part)
    try:
        os.replace(part, options.output)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)  # another process was first
        if not options.output.is_dir():
            raise
