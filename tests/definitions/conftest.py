from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from promo_reports.definitions.registry import Registry
from promo_reports.errors import InvalidInput
from promo_reports.settings import Settings

PROJECT = Path(__file__).parent / "project"

hypothesis_settings.register_profile("definitions", deadline=None, derandomize=True, print_blob=True)
hypothesis_settings.load_profile("definitions")


@pytest.fixture
def registry(tmp_path: Path) -> Registry:
    """A registry over a copy of the small project beside this file."""
    home = tmp_path / "home"
    shutil.copytree(PROJECT, home)
    return Registry(Settings(home=home, data_dir=home / ".data"))


@pytest.fixture
def problems() -> Callable[[Callable[[], object]], list[str]]:
    """What an input is refused for, a line per problem; nothing where it is not refused."""

    def collected(call: Callable[[], object]) -> list[str]:
        try:
            call()
        except InvalidInput as refused:
            return [str(problem) for problem in refused.problems]
        return []

    return collected
