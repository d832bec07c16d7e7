"""What every suite shares: the design data beside the checkout, seeds, markers."""

from collections.abc import Callable, Iterator
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


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Print a reached figure; all of them stand together at the end of the run."""

    def note(text: str) -> None:
        # Properties travel with the report, from the processes of xdist too.
        request.node.user_properties.append(("figure", text))

    return note


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = list(_figures(terminalreporter))
    if lines:
        terminalreporter.section("figures reached (simulated Exchange)")
        for line in lines:
            terminalreporter.write_line(line)


def _figures(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, text in report.user_properties:
                    if name == "figure":
                        yield text
