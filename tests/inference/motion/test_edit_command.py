# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""``python -m inference edit``, as people type it."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from inference.cli import main
from inference.motion import edits
from inference.performance import Performance, load, save

NTSC = Fraction(30000, 1001)


@pytest.fixture
def given(tmp_path):
    performance = Performance.from_poses(Fraction(24), [{"head_yaw": i / 4, "wink_l": 0.5} for i in range(48)])
    save(performance, tmp_path / "in.json")
    return performance


def run(folder, *options):
    assert main(["edit", str(folder / "in.json"), "--output", str(folder / "out.json"), *options]) == 0
    return load(folder / "out.json")


def test_each_edit(given, tmp_path, capsys):
    assert np.array_equal(run(tmp_path, "--mirror").values, edits.mirrored(given).values)
    assert capsys.readouterr().out.strip() == str(tmp_path / "out.json")
    assert len(run(tmp_path, "--speed", "1.5")) == 32
    resampled = run(tmp_path, "--rate", "30000/1001")
    assert (len(resampled), resampled.rate) == (60, NTSC)


def test_all_at_once(given, tmp_path):
    expected = edits.resampled(edits.retimed(edits.mirrored(given), Fraction(1, 2)), NTSC)
    result = run(tmp_path, "--rate", "30000/1001", "--speed", "1/2", "--mirror")
    assert result.rate == NTSC
    assert np.array_equal(result.values, expected.values)


def test_file_may_be_written_over(given, tmp_path):
    path = str(tmp_path / "in.json")
    assert main(["edit", path, "--output", path, "--mirror"]) == 0
    assert np.array_equal(load(tmp_path / "in.json").values, edits.mirrored(given).values)


@pytest.mark.parametrize(
    "options, sentence",
    [
        (["--speed", "fast"], "'fast' is not a speed. Write a number or a fraction"),
        (["--speed", "0"], "is not above 0"),
        (["--speed", "1/0"], "is not a speed"),
        (["--speed", "1e999999999"], "is not a speed"),
        (["--speed", "1e-9"], "would have"),
        (["--rate", "0"], "is not a frame rate"),
    ],
)
def test_refusals(given, tmp_path, capsys, options, sentence):
    assert main(["edit", str(tmp_path / "in.json"), "--output", str(tmp_path / "out.json"), *options]) == 1
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def test_nothing_to_do_is_wrong_usage(given, tmp_path, capsys):
    with pytest.raises(SystemExit) as caught:
        main(["edit", str(tmp_path / "in.json"), "--output", str(tmp_path / "out.json")])
    assert caught.value.code == 2
    assert "nothing to do" in capsys.readouterr().err
