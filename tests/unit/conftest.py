"""The command line on a temporary SQLite database."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from company_files import write_company

from run_service import cli


@pytest.fixture
def company(tmp_path: Path) -> Path:
    return write_company(tmp_path / "etc")


@pytest.fixture
def run(company: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """A command, which must end with ``code``; ``typed`` is its standard input."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "MAILSYNC_CONFIG"):
        monkeypatch.delenv(name, raising=False)

    def call(*words: object, code: int = 0, typed: str | None = None) -> Result:
        whole = ["--config", str(company), *map(str, words)]
        result = CliRunner().invoke(cli, whole, input=typed)
        said = (result.stdout, result.stderr, result.exception)
        assert result.exit_code == code, said
        return result

    return call
