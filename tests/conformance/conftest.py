# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Marks the conformance tests, gives them their case, and knows which of them run; see README.md beside this file."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from conformance import Case

HERE = Path(__file__).resolve().parent
LAST = "test_coverage.py"

# The package that an engine's files need.
NEEDS = {
    "liveportrait": "torch",
    "tpsmm": "torch",
    "edtalk": "torch",
    "hellomeme": "diffusers",
    "xportrait": "diffusers",
    "wananimate": "diffusers",
    "omniavatar": "diffusers",
}

_left_out = pytest.StashKey[set[Path]]()


class _NeedsPackage(pytest.Module):
    def collect(self) -> Any:
        pytest.skip("needs PyTorch, or PyTorch and diffusers", allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: pytest.Collector) -> pytest.Module | None:
    """Skip the files of engines whose packages are not there instead of failing on their imports."""
    package = next((package for engine, package in NEEDS.items() if module_path.name.startswith(f"test_{engine}_")), "")
    if not package or importlib.util.find_spec(package) is not None:
        return None
    parent.config.stash.setdefault(_left_out, set()).add(module_path)
    return _NeedsPackage.from_parent(parent, path=module_path)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark them, and put the look at what was read behind all others."""
    mine = [item for item in items if item.path.parent == HERE]
    for item in mine:
        item.add_marker("conformance")
    items.sort(key=lambda item: item.path == HERE / LAST)


def pytest_deselected(items: list[pytest.Item]) -> None:
    """Remember files of which not all tests run."""
    for item in items:
        item.config.stash.setdefault(_left_out, set()).add(item.path)


@pytest.fixture(scope="session")
def complete(request: pytest.FixtureRequest):
    """A function: whether all conformance tests of an engine run in this session."""

    def is_complete(engine: str) -> bool:
        wanted = set(HERE.glob(f"test_{engine}_*.py"))
        config = request.config
        chosen = [config.invocation_params.dir / argument for argument in config.args]
        all_chosen = all(any(path.is_relative_to(place) for place in chosen) for path in wanted)
        return all_chosen and not wanted & config.stash.get(_left_out, set())

    return is_complete


@pytest.fixture(scope="session")
def case_of(request: pytest.FixtureRequest):
    """A function: the chosen case of an engine, the same object for all tests."""
    folder, name = request.config.getoption("conformance_dir"), request.config.getoption("conformance_case")
    cases: dict[str, Case] = {}

    def find(engine: str) -> Case:
        if engine not in cases:
            path = folder / f"{engine}_{name}.npz"
            assert path.is_file(), f"there is no case {path.name} in {folder}; choose the engine with -k"
            cases[engine] = Case(folder, engine, name)
        return cases[engine]

    return find


@pytest.fixture(scope="session")
def liveportrait(case_of) -> Case:
    """LivePortrait's case."""
    return case_of("liveportrait")


@pytest.fixture(scope="session")
def liveportrait_networks(liveportrait: Case):
    """The networks with the case's seeded weights: half a gigabyte, made once."""
    from inference.engines.liveportrait.networks.loading import networks_from

    return networks_from(liveportrait.states())


@pytest.fixture(scope="session")
def tpsmm(case_of) -> Case:
    """Thin-Plate Spline's case."""
    return case_of("tpsmm")


@pytest.fixture(scope="session")
def tpsmm_networks(tpsmm: Case):
    """The networks with the case's seeded weights: 350 MB, made once."""
    from inference.engines.tpsmm.networks.loading import networks_from

    return networks_from(tpsmm.states())


@pytest.fixture(scope="session")
def edtalk(case_of) -> Case:
    """EDTalk's case."""
    return case_of("edtalk")


@pytest.fixture(scope="session")
def edtalk_networks(edtalk: Case):
    """A function: the networks of "full" or "lip_pose" with the case's seeded weights, 450 MB for both, made once."""
    from functools import cache

    from inference.engines.edtalk.networks.loading import networks_from

    return cache(lambda name: networks_from(edtalk.states(), name))


@pytest.fixture(scope="session")
def xportrait(case_of) -> Case:
    """X-Portrait's case."""
    return case_of("xportrait")


@pytest.fixture(scope="session")
def xportrait_networks(xportrait: Case):
    """The networks with the case's seeded weights: 170 MB, made once."""
    from inference.engines.xportrait.loading import networks_from

    return networks_from(xportrait.states()["model"])


@pytest.fixture(scope="session")
def wananimate(case_of) -> Case:
    """Wan-Animate's case."""
    return case_of("wananimate")


@pytest.fixture(scope="session")
def wananimate_model(wananimate: Case):
    """The model with the case's seeded weights, made once."""
    from wananimate_recorded import model_from

    return model_from(wananimate.states())


@pytest.fixture(scope="session")
def wananimate_umt5(wananimate: Case):
    """The text encoder with the case's seeded weights, held for computing."""
    from wananimate_recorded import umt5_from

    return umt5_from(wananimate.states())


@pytest.fixture(scope="session")
def omniavatar(case_of) -> Case:
    """OmniAvatar's case."""
    return case_of("omniavatar")


@pytest.fixture(scope="session")
def hellomeme(case_of) -> Case:
    """HelloMeme's case."""
    return case_of("hellomeme")


@pytest.fixture(scope="session")
def hellomeme_model(hellomeme: Case):
    """A function: the model of "v5" or "v5b" with the case's seeded weights, 130 MB for both, each made once."""
    from functools import cache

    from torch import as_tensor

    from inference.engines.diffusion.base_model import unet_from
    from inference.engines.diffusion.placing import Placing
    from inference.engines.hellomeme.loading import networks_from
    from inference.engines.hellomeme.model import Model
    from inference.engines.neural.device import Device

    def make(version: str) -> Model:
        states = hellomeme.states()
        unets = [
            unet_from({name: as_tensor(value) for name, value in states[part].items()}, part)
            for part in ("unet", "unet_ref")
        ]
        states["reference"] = states["reference_v5b" if version == "v5b" else "reference"]
        return Model(networks_from(states, version), *unets, Placing(Device("cpu"), "full"))

    return cache(make)
