"""What every suite shares: the design data beside the checkout, seeds, markers."""

from collections.abc import Callable
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--whole-corpus", action="store_true", help="all of ../shared")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The design folder beside the checkout; tests that need it skip without it."""
    if not SHARED.is_dir():
        pytest.skip("../shared is not here: the real corpora and schemas are missing")
    return SHARED


@pytest.fixture(scope="session")
def whole_corpus(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--whole-corpus"))


_FIGURES: list[str] = []


@pytest.fixture(scope="session")
def figures() -> "Callable[[str], None]":
    """Print a reached figure; all of them stand together at the end of the run."""
    return _FIGURES.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _FIGURES:
        terminalreporter.section("figures reached (simulated Exchange)")
        for line in _FIGURES:
            terminalreporter.write_line(line)
