# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may import whom: read from the source, so that nothing needs to be installed."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("blender_talkinghead", "inference", "operators", "panels")
BLENDER = {
    "bpy",
    "bl_operators",
    "bl_ui",
    "bpy_extras",
    "mathutils",
    "gpu",
    "gpu_extras",
    "blf",
    "aud",
    "idprop",
    "imbuf",
}
WORKER_PACKAGES = {"numpy", "cv2", "av", "pocketsphinx"}
# Packages of the tier "neural": only in the modules of a neural engine and in what reads weight files.
NEURAL_PACKAGES = {"torch", "safetensors", "onnxruntime", "onnx"}
NEURAL_ENGINES = {"neural", "liveportrait", "tpsmm", "edtalk", "diffusion", "hellomeme", "xportrait"} | {
    "video",
    "wananimate",
    "omniavatar",
    "pipelines",
}
# Packages of the tier "diffusion": only where films are redrawn.
DIFFUSION_PACKAGES = {"diffusers", "transformers", "tokenizers", "peft", "accelerate", "gguf", "psutil"}
DIFFUSION_ENGINES = {"diffusion", "hellomeme", "xportrait", "video", "wananimate", "omniavatar", "pipelines"}
NEURAL_READERS = {"inference.weights.tensors", "inference.weights.conversion"}

PURE = {
    "inference",
    "inference.controls",
    "inference.performance",
    "inference.job",
    "inference.source",
    "inference.acting",
    "inference.film",
    "inference.estimate",
    "inference.protocol",
    "inference.errors",
    "inference.engines",
    "inference.engines.common_settings",
    "inference.engines.description",
    "inference.engines.pipelines.description",
    "inference.engines.video.settings",
    "inference.engines.wananimate.mask_points",
    "inference.weights",
    "inference.weights.catalogue",
    "inference.weights.entries",
    "inference.weights.face_models",
    "inference.weights.layouts",
    "inference.weights.liveportrait",
    "inference.weights.tpsmm",
    "inference.weights.edtalk",
    "inference.weights.sd15",
    "inference.weights.hellomeme",
    "inference.weights.xportrait",
    "inference.weights.wan",
    "inference.weights.wananimate",
    "inference.weights.wananimate2",
    "inference.weights.omniavatar",
    "inference.weights.structure",
    "inference.weights.gguf_structure",
    "inference.weights.old_checkpoint",
}

# Folder by folder: project folders it may import, and packages besides the standard library.
MAY_IMPORT = {
    "inference": ({"inference"}, WORKER_PACKAGES | NEURAL_PACKAGES | DIFFUSION_PACKAGES),
    "blender_talkinghead": ({"blender_talkinghead", "inference"}, {"numpy"} | BLENDER),
    "operators": ({"operators", "blender_talkinghead", "inference"}, {"numpy"} | BLENDER),
    "panels": ({"panels", "blender_talkinghead", "inference"}, BLENDER),
}


@dataclass(frozen=True)
class Import:
    """One import of a module: where it stands and what it names in full."""

    place: str
    target: str
    relative: bool

    @property
    def top(self) -> str:
        return self.target.split(".")[0]


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def files(folder: str) -> list[Path]:
    return sorted((ROOT / folder).rglob("*.py"))


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    return tuple(read_imports(path))


def read_imports(path: Path) -> Iterator[Import]:
    package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        place = f"{path.relative_to(ROOT)}:{node.lineno}"
        if isinstance(node, ast.Import):
            yield from (Import(place, alias.name, False) for alias in node.names)
        elif not node.level:
            yield Import(place, str(node.module), False)
        else:
            yield from relative_targets(place, package, node)


def relative_targets(place: str, package: str, node: ast.ImportFrom) -> Iterator[Import]:
    parts = package.split(".") if package else []
    assert node.level - 1 <= len(parts), f"{place}: the import leaves the extension"
    base = ".".join([*parts[: len(parts) - (node.level - 1)], *([node.module] if node.module else [])])
    for alias in node.names:
        name = f"{base}.{alias.name}" if base else alias.name
        yield Import(place, name if is_module(name) else base, True)


def all_imports(folder: str) -> list[Import]:
    return [found for path in files(folder) for found in imports_of(path)]


def is_pure(module: str) -> bool:
    """In the list, in a folder that is pure, or an engine's package or description."""
    parts = module.split(".")
    if parts[:2] in (["inference", "motion"], ["inference", "workflow"]):
        return True
    is_engine = parts[:2] == ["inference", "engines"] and (ROOT.joinpath(*parts[:3]) / "__init__.py").is_file()
    return module in PURE or (is_engine and parts[3:] in ([], ["description"]))


def test_the_reader_sees_imports():
    found = {entry.target for entry in imports_of(ROOT / "inference" / "job.py")}
    assert {"numpy", "json", "inference.errors", "inference.performance"} <= found


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_has_files(folder):
    assert files(folder)


@pytest.mark.parametrize("folder", FOLDERS)
def test_imports_of_the_project_keep_the_directions(folder):
    allowed = MAY_IMPORT[folder][0]
    wrong = [
        f"{entry.place}: {entry.target}" for entry in all_imports(folder) if entry.relative and entry.top not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_only_allowed_packages_are_imported(folder):
    allowed = MAY_IMPORT[folder][1] | sys.stdlib_module_names
    absolute = [entry for entry in all_imports(folder) if not entry.relative]
    assert [f"{entry.place}: {entry.target}" for entry in absolute if entry.top not in allowed] == []


@pytest.mark.parametrize("folder", [folder for folder in FOLDERS if folder != "inference"])
def test_blender_shares_only_the_pure_part_of_the_worker(folder):
    used = [entry for entry in all_imports(folder) if entry.relative and entry.top == "inference"]
    assert [f"{entry.place}: {entry.target}" for entry in used if not is_pure(entry.target)] == []


def test_the_pure_part_needs_only_numpy_and_itself():
    modules = [path for path in files("inference") if is_pure(module_name(path))]
    assert len(modules) >= len(PURE)
    entries = [entry for path in modules for entry in imports_of(path)]
    allowed = {"numpy"} | sys.stdlib_module_names
    wrong = [e for e in entries if (e.relative and not is_pure(e.target)) or (not e.relative and e.top not in allowed)]
    assert [f"{entry.place}: {entry.target}" for entry in wrong] == []


def may_be_neural(module: str) -> bool:
    """Inside a neural engine, its description excepted, or a reader of weight files."""
    parts = module.split(".")
    in_engine = parts[:2] == ["inference", "engines"] and parts[2:3] and parts[2] in NEURAL_ENGINES
    return module in NEURAL_READERS or bool(in_engine and len(parts) > 3 and not is_pure(module))


def test_neural_packages_stay_in_their_engines():
    outside = [path for path in files("inference") if not may_be_neural(module_name(path))]
    used = [entry for path in outside for entry in imports_of(path) if entry.top in NEURAL_PACKAGES]
    assert [f"{entry.place}: {entry.target}" for entry in used] == []


def test_diffusion_packages_stay_in_their_engines():
    def may(module: str) -> bool:
        return may_be_neural(module) and module.split(".")[2] in DIFFUSION_ENGINES

    outside = [path for path in files("inference") if not may(module_name(path))]
    used = [entry for path in outside for entry in imports_of(path) if entry.top in DIFFUSION_PACKAGES]
    assert [f"{entry.place}: {entry.target}" for entry in used] == []


def test_neural_packages_are_used_where_they_may_be():
    inside = [path for path in files("inference") if may_be_neural(module_name(path))]
    used = {entry.top for path in inside for entry in imports_of(path)}
    assert {"torch", "safetensors"} <= used


def test_diffusion_packages_are_used_where_they_may_be():
    used = {
        entry.top
        for engine in DIFFUSION_ENGINES
        for path in files(f"inference/engines/{engine}")
        for entry in imports_of(path)
    }
    assert {"diffusers", "transformers"} <= used


def test_the_root_only_registers():
    targets = {entry.target for entry in imports_of(ROOT / "__init__.py")}
    assert targets == {"blender_talkinghead", "blender_talkinghead.registration", "operators", "panels"}
