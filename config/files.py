"""The files of the configuration as bytes and text: found, read, told apart.

Guarantees: no file can block or exhaust the reader (regular files only, a megabyte at
most); whatever the file system answers becomes a problem with its file name.
"""

import codecs
import hashlib
import stat
from collections.abc import Callable, Mapping
from pathlib import Path

from config.problems import FILES, ConfigError, Problem, problem
from config.yaml_tree import Lines

LARGEST_FILE = 1_000_000
OPTIONAL = frozenset({"taxonomy.yaml"})


def read_files(directory: Path) -> tuple[dict[str, bytes], list[Problem]]:
    """The bytes of the files that are there, and problems with those that are not."""
    if not exists(directory, stat.S_ISDIR):
        return {}, [problem("", "directory_missing", {"directory": directory})]
    files: dict[str, bytes] = {}
    problems: list[Problem] = []
    for name in FILES:
        try:
            files[name] = _bytes_of(directory / name)
        except FileNotFoundError:
            if name not in OPTIONAL:
                problems.append(_missing(directory, name))
        except OSError as error:
            reason = error.strerror or type(error).__name__
            said = {"file": name, "reason": reason, "target": directory / name}
            problems.append(problem(name, "file_unreadable", said))
    return files, problems


def fingerprint(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents."""
    digest = hashlib.sha256()
    for name in sorted(files):
        digest.update(f"{name}\0{len(files[name])}\0".encode())
        digest.update(files[name])
    return digest.hexdigest()


def text_of(name: str, content: bytes) -> str:
    """The text of a file, without its BOM; ConfigError where there is none to read."""
    if len(content) > LARGEST_FILE:
        raise ConfigError([problem(name, "file_too_big", {})])
    content = content.removeprefix(codecs.BOM_UTF8)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        line, column = Lines(before).place(len(before))
        raise ConfigError([Problem(name, line, column, "not_utf8")]) from None
    if not any(_says_something(line) for line in text.splitlines()):
        said = (("example", str(example_of(name))),)
        raise ConfigError([Problem(name, 1, 1, "file_empty", said)])
    return text


def exists(path: Path, kind: Callable[[int], bool] = stat.S_ISREG) -> bool:
    """Whether something of that kind is there; no for whatever cannot be looked at."""
    try:
        return kind(path.stat().st_mode)
    except (OSError, ValueError):
        return False


def example_of(name: str) -> Path:
    """The commented example of a file."""
    return Path(__file__).with_name(name.replace(".yaml", ".example.yaml"))


def _bytes_of(path: Path) -> bytes:
    """The file, or its first megabyte and one byte."""
    # A pipe in its place would block for ever; a device would never end.
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(0, "keine gewöhnliche Datei / not a regular file")
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def _missing(directory: Path, name: str) -> Problem:
    target = directory / name
    for other in (name.replace(".yaml", ".yml"), name.replace(".yaml", ".json")):
        source = directory / other
        if exists(source):
            said = {"file": name, "found": other, "source": source, "target": target}
            return problem(name, "file_misnamed", said)
    said = {"file": name, "example": example_of(name), "target": target}
    return problem(name, "file_missing", said)


def _says_something(line: str) -> bool:
    said = line.strip()
    return bool(said) and not said.startswith("#") and said not in {"---", "..."}
