# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""House rules and Blender's rules for extensions that can be read off the source."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools import build_extension

ROOT = Path(__file__).resolve().parent.parent
EXTENSION_FOLDERS = ("blender_talkinghead", "inference", "operators", "panels")
BLENDER_FOLDERS = ("blender_talkinghead", "operators", "panels")
TEXT_SUFFIXES = {".py", ".md", ".toml", ".txt", ".json", ".yml", ".cfg", ""}
SPDX = (
    "# SPDX-FileCopyrightText: 2026 Talking Head contributors",
    "# SPDX-License-Identifier: GPL-3.0-or-later",
)
COMMAND_LINES = re.compile(r"^__main__$|^cli$|command")
MOST_LINES = 600
TERSE_LENGTH = 64

# Built from pieces, so that this file does not find itself.
MACHINE_PATHS = re.compile("|".join(["/" + "root/", "/" + "work/"]))
REGISTRY_PARTS = ["pypi" + r"\.org", "python" + r"hosted\.org", r"registry\." + "npm", "/simple" + "/"]
REGISTRIES = re.compile("|".join(REGISTRY_PARTS))
SHARED_FOLDER = re.compile(r"\.\./" + "shared")


def project_texts() -> list[Path]:
    licences = {ROOT / "LICENSE", *(ROOT / "tools" / "licences").iterdir()}
    paths = [ROOT / name for name in build_extension.project_files(ROOT)]
    return [path for path in paths if path.suffix in TEXT_SUFFIXES and path not in licences]


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def calls(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield node.lineno, ast.unparse(node.func)


def places_calling(paths: list[Path], wanted: set[str]) -> list[str]:
    found = []
    for path in paths:
        found += [f"{path.relative_to(ROOT)}:{line} {name}" for line, name in calls(path) if name in wanted]
    return found


def lines_matching(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    found = []
    for path in paths:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if pattern.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number} {line.strip()[:80]}")
    return found


@pytest.fixture(scope="module")
def manifest() -> dict:
    return tomllib.loads((ROOT / "blender_manifest.toml").read_text(encoding="utf-8"))


def test_every_python_file_names_copyright_and_licence():
    paths = [path for path in project_texts() if path.suffix == ".py"]
    assert len(paths) > 20
    without = [str(path.relative_to(ROOT)) for path in paths if tuple(first_lines(path)) != SPDX]
    assert without == []


def first_lines(path: Path) -> list[str]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return (lines[1:] if lines and lines[0].startswith("#!") else lines)[:2]


def test_no_file_is_too_long():
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*EXTENSION_FOLDERS)}
    assert {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > MOST_LINES} == {}


@pytest.mark.parametrize("pattern", [MACHINE_PATHS, REGISTRIES, SHARED_FOLDER], ids=["machine", "registry", "shared"])
def test_no_file_names_a_place_outside_of_the_project(pattern):
    assert lines_matching(pattern, project_texts()) == []


def test_the_extension_builds_no_code_at_run_time():
    assert places_calling(python_files(*EXTENSION_FOLDERS), {"eval", "exec", "compile", "__import__"}) == []


def test_nothing_is_unpickled():
    wanted = {"pickle.load", "pickle.loads", "dill.load", "joblib.load", "marshal.loads", "shelve.open"}
    assert places_calling(python_files(*EXTENSION_FOLDERS), wanted) == []
    loading = re.compile("allow_pickle *= *" + "True")
    assert lines_matching(loading, python_files(*EXTENSION_FOLDERS)) == []


def test_no_shell_is_used():
    assert places_calling(python_files(*EXTENSION_FOLDERS), {"os.system", "os.popen", "subprocess.getoutput"}) == []
    assert lines_matching(re.compile("shell *= *" + "True"), python_files(*EXTENSION_FOLDERS)) == []


def test_only_command_lines_print():
    silent = [path for path in python_files(*EXTENSION_FOLDERS) if not COMMAND_LINES.search(path.stem)]
    assert places_calling(silent, {"print"}) == []


def test_blender_never_changes_its_import_path():
    pattern = re.compile(r"sys\.path\b(?!_)|site\.addsitedir")
    inside = [path for path in python_files(*BLENDER_FOLDERS) if not spells_out_the_worker_start(path)]
    assert lines_matching(pattern, inside) == []


def spells_out_the_worker_start(path: Path) -> bool:
    """The one module that holds the worker's start line as text, which sets the path of the worker, not Blender's."""
    return path.name == "process.py"


def test_blender_makes_no_connection_itself():
    pattern = re.compile(r"^\s*(?:import|from)\s+(?:requests|urllib\.request|http\.client|socket|ftplib)\b")
    assert lines_matching(pattern, python_files(*BLENDER_FOLDERS)) == []


def test_nothing_is_left_undone():
    pattern = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b|pass  # st" + "ub")
    assert lines_matching(pattern, project_texts()) == []


def test_manifest_texts_are_terse(manifest):
    texts = [manifest["tagline"], *manifest["permissions"].values()]
    assert all(0 < len(text) <= TERSE_LENGTH and (text[-1].isalnum() or text[-1] in ")]}") for text in texts)
    assert "Blender" not in manifest["name"]


def test_manifest_says_what_the_extension_is(manifest):
    assert manifest["id"] == "talkinghead"
    assert manifest["name"] == "Talking Head"
    assert manifest["license"] == ["SPDX:GPL-3.0-or-later"]
    assert manifest["blender_version_min"] == "4.2.0"
    assert set(manifest["permissions"]) == {"files", "network"}
    assert "wheels" not in manifest, "wheels of the manifest would be installed into Blender's own Python"


def test_no_old_bl_info():
    assert lines_matching(re.compile(r"^bl_info\b"), [ROOT / "__init__.py"]) == []


def test_requirements_are_pinned():
    for path in sorted((ROOT / "inference" / "requirements").glob("*.txt")):
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#")]
        assert lines
        assert [line for line in lines if "==" not in line] == []


def test_no_media_or_weights_in_the_repository():
    names = build_extension.project_files(ROOT)
    banned = (
        ".task",
        ".tflite",
        ".onnx",
        ".safetensors",
        ".gguf",
        ".pth",
        ".pt",
        ".pkl",
        ".whl",
        ".mp4",
        ".mov",
        ".wav",
    )
    assert [name for name in names if name.endswith(banned)] == []


def test_the_ci_script_is_sound():
    script = ROOT / ".ci" / "run"
    assert "set -euo pipefail" in script.read_text(encoding="utf-8")
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
