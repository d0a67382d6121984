# SPDX-FileCopyrightText: 2026 Talking Head contributors
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents say what is there: the control page is up to date, links and named files exist, commands are real."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import build_extension, controls_page

ROOT = Path(__file__).resolve().parent.parent
PAGES = [name for name in build_extension.project_files(ROOT) if name.endswith(".md")]
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
SESSION = re.compile(r"nox -s ([a-z]+)")
NAMED_FILE = re.compile(
    r"`((?:inference|blender_talkinghead|operators|panels|tests|tools|docs)/[\w/]+\.(?:py|md|txt|toml))`"
)


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def test_the_pages_are_found():
    assert {"README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/architecture.md", "docs/controls.md"} <= set(PAGES)


def test_the_control_page_is_up_to_date():
    assert text_of("docs/controls.md") == controls_page.page(), "run python -m tools.controls_page"


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    targets = [target for target in LINK.findall(text_of(page)) if "://" not in target]
    assert [target for target in targets if not ((ROOT / page).parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_named_files_exist(page):
    assert [name for name in NAMED_FILE.findall(text_of(page)) if not (ROOT / name).is_file()] == []


@pytest.mark.parametrize("page", PAGES)
def test_named_sessions_exist(page):
    sessions = re.findall(r"^def ([a-z]+)\(session: nox\.Session\) -> None:", text_of("noxfile.py"), re.MULTILINE)
    assert set(SESSION.findall(text_of(page))) <= set(sessions)


def test_the_readme_and_the_ci_script_name_the_same_libraries():
    listed = re.search(r"--no-install-recommends ([\w. -]+)\n", text_of("README.md"))
    scripted = re.search(r"libraries=\(([^)]*)\)", (ROOT / ".ci" / "run").read_text(encoding="utf-8"))
    assert listed and scripted
    assert listed[1].split() == scripted[1].split()
