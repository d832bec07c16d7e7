"""The import contracts of pyproject.toml hold, and a planted violation turns them red.

Both on a copy of the tree, so that nothing is ever planted in the real one.
"""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
LINTER = SETTINGS["tool"]["importlinter"]

# For each contract, an import that it must refuse: where, and what.
PLANTED = {
    "layers": ("crm_core/clock.py", "mailsync.steps"),
    "leaf: config": ("config/guess.py", "crm_core.clock"),
    "leaf: the domain": ("crm_core/audit.py", "config.guess"),
    "stranger: the sandbox": ("exchange_sandbox/paths.py", "config.guess"),
    "stranger: none of ours": ("mailsync/backoff.py", "exchange_sandbox.paths"),
    "exchange": ("mailsync/once.py", "exchangelib"),
    "schedule": ("mailsync/jobs.py", "apscheduler"),
    "yaml": ("mailsync/startup.py", "ruamel.yaml"),
    "browser": ("mailsync/beats.py", "flask"),
    "no network": ("crm_core/linking/keywords.py", "socket"),
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in LINTER["root_packages"]:
        shutil.copytree(
            ROOT / package,
            tmp_path / package,
            ignore=shutil.ignore_patterns("__pycache__", "static", "templates"),
        )
    return tmp_path


def verdicts(tree: Path) -> dict[str, bool]:
    """Whether each contract is kept, by its name."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("lint-imports")),
            "--no-cache",
            "--no-logo",
        ],
        cwd=tree,
        env={"PYTHONPATH": str(tree), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    found = re.findall(r"(?m)^(.+?) (KEPT|BROKEN)", done.stdout)
    assert found, done.stdout + done.stderr
    assert (done.returncode == 0) == all(said == "KEPT" for _, said in found)
    return {name: said == "KEPT" for name, said in found}


def test_every_contract_is_kept(tree: Path) -> None:
    found = verdicts(tree)
    assert set(found) == {contract["name"] for contract in LINTER["contracts"]}
    assert all(found.values())


def test_every_contract_has_a_violation_to_be_planted() -> None:
    for contract in LINTER["contracts"]:
        matching = [start for start in PLANTED if contract["name"].startswith(start)]
        assert len(matching) == 1, contract["name"]


def test_planted_violations_turn_every_contract_red(tree: Path) -> None:
    for file, module in PLANTED.values():
        with (tree / file).open("a", encoding="utf-8") as source:
            source.write(f"\nimport {module}\n")
    assert not any(verdicts(tree).values())


def test_one_planted_violation_turns_its_contract_red_and_no_other(tree: Path) -> None:
    file, module = PLANTED["exchange"]
    with (tree / file).open("a", encoding="utf-8") as source:
        source.write(f"\nimport {module}\n")
    red = [name for name, kept in verdicts(tree).items() if not kept]
    assert red == ["exchange: exchangelib only in mailsync.ews"]
