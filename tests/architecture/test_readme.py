"""What README tells a stranger to type works as it stands."""

import re
from pathlib import Path

import pytest

import config

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


def example() -> dict[str, str]:
    block = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)[0]
    parts = re.split(r"^# (\w+\.yaml)[^\n]*\n", block, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def write(folder: Path, files: dict[str, str]) -> None:
    secret = folder / "secret"
    secret.write_text("nobody's")
    secret.chmod(0o600)
    for name, text in files.items():
        here = text.replace("/etc/mailsync", str(folder))
        (folder / name).write_text(here.replace("/var/lib/mailsync", str(folder)))


def test_the_smallest_configuration_is_valid_without_a_warning(tmp_path: Path) -> None:
    write(tmp_path, example())
    loaded = config.load(tmp_path)
    assert [str(problem) for problem in loaded.warnings] == []
    assert [box.address for box in loaded.mailboxes] == [
        "verkauf@werft.example",
        "keller@werft.example",
    ]
    assert loaded.taxonomy is not None


def test_a_mistake_in_it_would_be_noticed(tmp_path: Path) -> None:
    files = example()
    files["mailboxes.yaml"] = files["mailboxes.yaml"].replace("informed:", "informd:")
    write(tmp_path, files)
    with pytest.raises(config.ConfigError):
        config.load(tmp_path)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_every_file_it_points_to_exists(name: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text())
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_every_make_target_it_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", README, re.MULTILINE))
    assert {"demo", "test"} <= named
    assert [one for one in sorted(named) if f"\n{one}:" not in makefile] == []
