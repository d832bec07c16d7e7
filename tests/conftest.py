"""What every suite shares: the design data beside the checkout, seeds, markers."""

from collections import Counter
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
    lines = [*_figures(terminalreporter), *_times(terminalreporter)]
    if lines:
        terminalreporter.section("figures reached (simulated Exchange)")
        for line in lines:
            terminalreporter.write_line(line)


def _times(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    """How long each folder of tests takes: its tests' time, shared by the workers."""
    workers = getattr(terminalreporter.config.option, "numprocesses", None) or 1
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.split("/")[1]] += report.duration / workers
    if len(seconds) > 1:
        said = [f"{name} {int(s) // 60}:{int(s) % 60:02}" for name, s in
                seconds.most_common()]  # fmt: skip
        yield f"minutes by folder, {workers} workers: {', '.join(said)}"


def _figures(terminalreporter: pytest.TerminalReporter) -> Iterator[str]:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", None) == "call":
                for name, text in report.user_properties:
                    if name == "figure":
                        yield text
