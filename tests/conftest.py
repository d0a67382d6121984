# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options of the conformance tests (see tests/conformance/README.md), and the order of the test files."""

from __future__ import annotations

from pathlib import Path

import pytest

RECORDED = Path(__file__).resolve().parent / "data" / "conformance"
# Files with tests that take long come first, so that in the end no process works alone.
LONG_FILES = (
    "test_wananimate.py",
    "test_omniavatar.py",
    "test_hellomeme.py",
    "test_liveportrait.py",
    "test_xportrait.py",
    "test_tpsmm.py",
    "test_edtalk.py",
    "test_full_zip.py",
    "test_neural_tier.py",
    "test_diffusion_tier.py",
    "test_environment.py",
    "test_engine.py",
    "test_placed_engines.py",
    "test_performer.py",
    "test_session.py",
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Which recorded case the conformance tests compare with."""
    group = parser.getgroup("conformance")
    group.addoption(
        "--conformance-dir",
        type=Path,
        default=RECORDED,
        metavar="DIR",
        help="folder with <engine>_keys.json, <engine>_rules.json and <engine>_<case>.npz (default: %(default)s)",
    )
    group.addoption(
        "--conformance-case", default="public", metavar="NAME", help="which case of that folder (default: %(default)s)"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take long."""
    items.sort(key=lambda item: item.path.name not in LONG_FILES)


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave all other tests alone where only the conformance tests run: they need media and models that these do not.

    That is with ``-m conformance``, and where a case is chosen.
    """
    chosen = config.getoption("conformance_dir") != RECORDED or config.getoption("conformance_case") != "public"
    if not chosen and config.getoption("markexpr") != "conformance":
        return None
    tests = Path(__file__).resolve().parent
    return True if collection_path.parent == tests and collection_path.name != "conformance" else None
