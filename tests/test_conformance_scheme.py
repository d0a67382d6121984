# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The conformance scheme itself: a case's arrays are walked, and one that nothing reads fails the run."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from conformance import Case

ROOT = Path(__file__).resolve().parent.parent

CONFTEST = (ROOT / "tests" / "conformance" / "conftest.py").read_text(encoding="utf-8")
COVERAGE = (ROOT / "tests" / "conformance" / "test_coverage.py").read_text(encoding="utf-8")
CHECKS = """
def test_doubled(toy):
    for name in toy.some("in/"):
        toy.close(name.replace("in/", "out/"), 2 * toy.array(name), 1e-6)

def test_pictures(toy):
    toy.pictures_close("shown_u8", toy.array("drawn_u8"))
"""
ARRAYS = {
    "in/a": np.arange(3.0),
    "out/a": 2 * np.arange(3.0),
    "drawn_u8": np.full((20, 20), 7, np.uint8),
    "shown_u8": np.full((20, 20), 7, np.uint8),
}


@pytest.fixture
def project(tmp_path) -> Path:
    """A project with the scheme's files and an engine "toy"; its recorded case is complete."""
    tests = tmp_path / "tests"
    (tests / "conformance").mkdir(parents=True)
    config = (ROOT / "pyproject.toml").read_text(encoding="utf-8").split("[tool.ruff]")[0]
    (tmp_path / "pyproject.toml").write_text(
        config.replace('pythonpath = [".",', f'pythonpath = ["{ROOT.as_posix()}",')
    )
    for name in ("support", "data"):
        (tests / name).symlink_to(ROOT / "tests" / name, target_is_directory=True)
    text = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    (tests / "conftest.py").write_text(text, encoding="utf-8")
    fixture = '\n\n@pytest.fixture\ndef toy(case_of):\n    return case_of("toy")\n'
    (tests / "conformance" / "conftest.py").write_text(CONFTEST + fixture, encoding="utf-8")
    (tests / "conformance" / "test_coverage.py").write_text(
        re.sub(r"ENGINES = .*", 'ENGINES = ("toy",)', COVERAGE), encoding="utf-8"
    )
    (tests / "conformance" / "test_toy_numbers.py").write_text(CHECKS, encoding="utf-8")
    (tests / "test_broken.py").write_text("import nothing_that_is_there\n", encoding="utf-8")
    return tmp_path


def record(folder: Path, name: str, **changes) -> Path:
    """A case of the toy engine; None takes an array away."""
    folder.mkdir(exist_ok=True)
    arrays = {key: value for key, value in {**ARRAYS, **changes}.items() if value is not None}
    np.savez(folder / f"toy_{name}.npz", **arrays)
    return folder


def run(project: Path, *arguments: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "pyproject.toml", "tests", *arguments]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def run_case(project: Path, *chosen: str, **changes) -> tuple[int, str]:
    folder = record(project / "elsewhere", "other", **changes)
    options = ("--conformance-dir", str(folder), "--conformance-case", "other")
    return run(project, *(chosen or ("-k", "toy")), *options)


def test_a_case_that_is_read_passes(project):
    code, text = run_case(project)
    assert code == 0, text
    assert "3 passed" in text


def test_an_array_that_nothing_reads_fails(project):
    code, text = run_case(project, **{"more/b": np.zeros(2)})
    assert code == 1
    assert "No test reads 1 arrays: more/b" in text


def test_arrays_of_any_name_are_walked(project):
    code, text = run_case(project, **{"in/a": None, "out/a": None, "in/z": np.ones(4), "out/z": 2 * np.ones(4)})
    assert code == 0, text
    code, text = run_case(project, **{"in/z": np.ones(4), "out/z": np.ones(4)})
    assert code == 1
    assert "out/z: differs by 1 " in text


def test_a_check_whose_arrays_are_not_there_is_skipped(project):
    code, text = run_case(project, **{"in/a": None, "out/a": None})
    assert code == 0, text
    assert "1 skipped" in text


def test_an_input_without_a_check_of_it_fails(project):
    code, text = run_case(project, drawn_u8=None)
    assert code == 1
    assert "No test reads 1 arrays: shown_u8" in text


def test_a_part_of_the_tests_does_not_ask_for_all(project):
    code, text = run_case(project, "-k", "toy and doubled")
    assert code == 0, text
    code, text = run_case(project, "-k", "doubled or every")
    assert code == 0, text
    assert "1 passed, 1 skipped" in text


def test_a_case_that_is_not_there_fails(project):
    code, text = run(project, "-k", "toy", "--conformance-dir", str(project), "--conformance-case", "other")
    assert code == 1
    assert "there is no case toy_other.npz" in text


def test_other_tests_are_left_alone(project):
    """The broken file beside them would end the run."""
    assert "nothing_that_is_there" in run(project)[1]
    assert "nothing_that_is_there" not in run(project, "-m", "conformance")[1]


@pytest.fixture
def case(tmp_path) -> Case:
    layout = {"part": {"weight": [[2, 2], "float32"], "bias": [[2], "float32"]}}
    (tmp_path / "toy_keys.json").write_text(json.dumps(layout), encoding="utf-8")
    overrides = {"override/part/bias": np.ones(2), "override/part/other": np.ones(2)}
    record(tmp_path, "other", seed=np.array(3), **overrides, **{"tolerance/out/a": np.array(0.5)})
    return Case(tmp_path, "toy", "other")


def test_weights_read_the_seed_and_the_overrides_that_the_layout_has(case):
    assert set(case.states()["part"]) == {"weight", "bias"}
    assert (case.states()["part"]["bias"] == 1).all()
    assert "override/part/other" in case.unread()
    assert not {"seed", "override/part/bias"} & set(case.unread())


def test_looking_at_names_reads_nothing(case):
    assert case.some("in/") == case.names("in/") == ["in/a"]
    case.need("in/a")
    assert "in/a" in case and "in/a" in case.unread()


@pytest.mark.parametrize(
    "wrong", [np.array([0.0, 2.6, 4.0]), np.array([0.0, np.nan, 4.0]), np.zeros((1, 3)), np.zeros(2)]
)
def test_wrong_numbers_are_told(case, wrong):
    case.close("out/a", np.array([0.0, 2.4, 4.0]), 1e-6)  # the case's own tolerance
    with pytest.raises(AssertionError, match="out/a: "):
        case.close("out/a", wrong, 1e-6)


def test_wrong_pictures_are_told(case):
    picture = np.array(case.array("drawn_u8"))
    picture[0, :2] += 1
    case.pictures_close("drawn_u8", picture)
    few, much = picture.copy(), picture.copy()
    few[1, 0] += 1
    much[0, 0] += 1
    for wrong in (few, much, picture.astype(float), picture[1:]):
        with pytest.raises(AssertionError, match="drawn_u8: "):
            case.pictures_close("drawn_u8", wrong)
