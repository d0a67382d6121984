# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""LivePortrait with the seeded weights of the recorded case: as networks, and as checkpoint folders on disk.

Folders are made once by a process of their own, so that a Python without torch (Blender's) can ask for them; they
are kept in pytest's cache, half a gigabyte each. Run as a program, it writes one:

    python -m liveportrait_weights --output DIR --layout official
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

    from inference.engines.liveportrait.networks.loading import LivePortraitNetworks

ROOT = Path(__file__).resolve().parent.parent.parent
RECORDED = ROOT / "tests" / "data" / "conformance"
CACHE = ROOT / ".pytest_cache" / "seeded"
SUPPORT = (ROOT, ROOT / "tests" / "support", RECORDED)
BASE_MODELS = ("appearance_feature_extractor", "motion_extractor", "warping_module", "spade_generator")
RETARGETING = ("retarget_shoulder", "retarget_mouth", "retarget_eye")
STITCHING = "stitching_retargeting_module"
LAYOUTS = ("official", "safetensors")

States = Mapping[str, Mapping[str, "np.ndarray"]]


@cache
def networks() -> LivePortraitNetworks:
    """The plain networks, made once a session: half a gigabyte."""
    from inference.engines.liveportrait.networks.loading import networks_from

    return networks_from(states())


def states() -> dict[str, dict[str, np.ndarray]]:
    """Part to tensor name to tensor, made anew by every call."""
    from seeded_weights import load_case

    return load_case(RECORDED, "liveportrait", "public")[0]


def official_folder() -> Path:
    """As the official program has them: liveportrait/base_models/*.pth and liveportrait/retargeting_models/*.pth."""
    return _made("official")


def safetensors_folder() -> Path:
    """As ComfyUI has them: models/liveportrait/*.safetensors."""
    return _made("safetensors")


def official_paths(folder: Path) -> dict[str, Path]:
    """The five files of an official folder, by the names that ``load_networks`` takes."""
    top = folder / "liveportrait"
    paths = {name: top / "base_models" / f"{name}.pth" for name in BASE_MODELS}
    return {**paths, STITCHING: top / "retargeting_models" / f"{STITCHING}.pth"}


def safetensors_paths(folder: Path) -> dict[str, Path]:
    """The five files of a safetensors folder."""
    return {name: folder / "models" / "liveportrait" / f"{name}.safetensors" for name in (*BASE_MODELS, STITCHING)}


def write_official(folder: Path, weights: States) -> dict[str, Path]:
    """Save tensors as official .pth files; the last one holds more than the three networks, as the real one does."""
    import torch

    paths = official_paths(folder)
    for name in BASE_MODELS:
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        torch.save({key: torch.as_tensor(value) for key, value in weights[name].items()}, paths[name])
    paths[STITCHING].parent.mkdir(parents=True, exist_ok=True)
    inner = {
        part: {f"module.{key}": torch.as_tensor(value) for key, value in weights[part].items()} for part in RETARGETING
    }
    torch.save({**inner, "epoch": 12, "optimizer": {"lr": [1e-4]}}, paths[STITCHING])
    return paths


def write_safetensors(folder: Path, weights: States) -> dict[str, Path]:
    """Save tensors as the safetensors conversion has them."""
    import torch
    from safetensors.torch import save_file

    paths = safetensors_paths(folder)
    for name, path in paths.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        flat = {f"{part}_module.{key}": value for part in RETARGETING for key, value in weights[part].items()}
        tensors = flat if name == STITCHING else weights[name]
        save_file({key: torch.as_tensor(value) for key, value in tensors.items()}, path)
    return paths


def _made(layout: str) -> Path:
    """The cached folder of a layout; written by another process where it is not there yet."""
    folder = CACHE / f"{_digest()}-{layout}"
    if not folder.is_dir():
        for old in CACHE.glob(f"*-{layout}"):
            shutil.rmtree(old, ignore_errors=True)
        has_torch = importlib.util.find_spec("torch") is not None
        python = sys.executable if has_torch else os.environ["TALKINGHEAD_PYTHON"]
        command = [python, "-m", "liveportrait_weights", "--output", str(folder), "--layout", layout]
        variables = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, SUPPORT))}
        subprocess.run(command, check=True, cwd=ROOT, env=variables)
    return folder


def _digest() -> str:
    """Of everything that the files are made from."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    for name in ("seeded_weights.py", "liveportrait_keys.json", "liveportrait_rules.json", "liveportrait_public.npz"):
        digest.update((RECORDED / name).read_bytes())
    return digest.hexdigest()[:16]


def main() -> None:
    """Write a folder, which appears when it is whole."""
    parser = argparse.ArgumentParser(description="Write LivePortrait's seeded weights as checkpoint files.")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--layout", choices=LAYOUTS, default="official")
    options = parser.parse_args()
    part = options.output.with_name(f"{options.output.name}.part-{os.getpid()}")
    write = write_official if options.layout == "official" else write_safetensors
    write(part, states())
    try:
        os.replace(part, options.output)
    except OSError:
        shutil.rmtree(part, ignore_errors=True)  # another process was first
        if not options.output.is_dir():
            raise


if __name__ == "__main__":
    main()
