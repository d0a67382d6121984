# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Engine descriptions and their settings."""

from __future__ import annotations

import importlib.util
import subprocess
import sys

import pytest

from inference.controls import POSE_NAMES
from inference.engines import DEFAULT_ENGINE, ENGINES, description_of
from inference.engines.description import EngineDescription, Setting, SettingKind
from inference.errors import ErrorCode, TalkingHeadError
from inference.weights.catalogue import weight_file


def test_the_default_exists():
    assert description_of(DEFAULT_ENGINE).name == DEFAULT_ENGINE
    with pytest.raises(TalkingHeadError) as caught:
        description_of("magic")
    assert caught.value.code is ErrorCode.INVALID_REQUEST
    assert DEFAULT_ENGINE in caught.value.hint


@pytest.mark.parametrize("engine", ENGINES.values(), ids=lambda engine: engine.name)
def test_descriptions_are_complete(engine):
    assert engine.settings_from({}) == {setting.name: setting.default for setting in engine.settings}
    assert all(weight_file(name) for name in engine.weights)
    assert set(engine.controls) <= set(POSE_NAMES)
    assert importlib.util.find_spec(f"inference.engines.{engine.module}")
    for setting in engine.settings:
        assert not setting.description.endswith(".")
        assert setting.checked(setting.default) == setting.default


ENGINE = EngineDescription(
    "x", "X", 1, "s", "l", "base", "x.engine",
    settings=(
        Setting("on", SettingKind.SWITCH, False, "On", "d"),
        Setting("steps", SettingKind.WHOLE, 4, "Steps", "d", minimum=1, maximum=8),
        Setting("amount", SettingKind.NUMBER, 0.5, "Amount", "d"),
        Setting("text", SettingKind.TEXT, "", "Text", "d"),
    ),
)  # fmt: skip


@pytest.mark.parametrize("values", [{"on": True}, {"steps": 8}, {"amount": 1}, {"amount": 0.25}, {"text": "a"}])
def test_settings_that_fit(values):
    assert ENGINE.settings_from(values) == {"on": False, "steps": 4, "amount": 0.5, "text": "", **values}


@pytest.mark.parametrize(
    "values",
    [
        {"on": 1}, {"on": "yes"}, {"steps": 0}, {"steps": 9}, {"steps": 2.5}, {"steps": True}, {"amount": "1"},
        {"amount": float("nan")}, {"amount": 1.5}, {"text": 5}, {"other": 1},
    ],
    ids=str,
)  # fmt: skip
def test_settings_that_do_not(values):
    with pytest.raises(TalkingHeadError) as caught:
        ENGINE.settings_from(values)
    assert caught.value.code is ErrorCode.INVALID_REQUEST


def test_the_pure_part_needs_neither_opencv_nor_av():
    modules = "controls performance job protocol errors engines weights.catalogue cli".split()
    code = "import sys\n" + "".join(f"import inference.{name}\n" for name in modules)
    code += "print([name for name in ('cv2', 'av', 'bpy', 'torch') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
