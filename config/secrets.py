"""Passwords: out of a systemd credential, a private file or the environment.

Guarantees: a secret is never in YAML, never in a message, and leaves here only inside
a pydantic SecretStr (whose text and repr are stars). A file that group or others may
read is refused, with the command that cures it; the mode is judged on the open file,
so it cannot be swapped between look and read.
"""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import SecretStr

from config.document import Document
from config.files import exists
from config.problems import ConfigError, Problem, Severity, problem
from config.reading import child, pairs, plain
from config.schema import SecretRef, ServiceConfig
from config.yaml_tree import Node, Settings

_LARGEST = 65536


def read_secret(ref: SecretRef, environ: Mapping[str, str] | None = None) -> SecretStr:
    """The secret behind a reference; one trailing line break does not belong to it.

    ``environ`` defaults to the process's. Raises ConfigError (with the fix) if it is
    not there, may be read by others, is empty or is no UTF-8 text.
    """
    environ = os.environ if environ is None else environ
    if ref.env is not None:
        text = environ.get(ref.env)
        if not text:
            raise _refused("env_missing", name=ref.env)
        return SecretStr(text)
    if ref.credential is not None:
        directory = environ.get("CREDENTIALS_DIRECTORY")
        path = Path(directory or "/nonexistent") / ref.credential
        if not directory or not exists(path):
            raise _refused("credential_missing", name=ref.credential)
        # systemd guards this directory; modes in it are systemd's business.
        return _text_of(path, private=False)
    if ref.file is None:
        raise _refused("secret_one")
    return _text_of(ref.file, private=True)


def database_url(
    service: ServiceConfig, environ: Mapping[str, str] | None = None
) -> SecretStr:
    """The database URL with its password, if one is configured, put in."""
    if service.database_password is None:
        return SecretStr(service.database)
    password = read_secret(service.database_password, environ).get_secret_value()
    parts = urlsplit(service.database)
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user}:{quote(password, safe='')}@{host}"
    return SecretStr(urlunsplit(parts._replace(netloc=netloc)))


def check_secrets(
    document: Document, directory: Path, environ: Mapping[str, str]
) -> Iterator[Problem]:
    """What can be seen of the secrets without reading one: there, private, set.

    A credential is judged only where systemd has set its directory: an administrator's
    shell has none.
    """
    for ref in _references(document.root):
        if file := plain(ref, "file"):
            path = directory / file.text
            if kind := _fault(path):
                # A command that needs no Exchange works without the file, too.
                severity: Severity = "warning" if kind == "secret_missing" else "error"
                said = {"path": path, "mode": _mode(path)}
                yield document.problem(kind, file, severity, **said)
        if (name := plain(ref, "env")) and not environ.get(name.text):
            yield document.problem("env_missing", name, "warning", name=name.text)
        held = environ.get("CREDENTIALS_DIRECTORY")
        name = plain(ref, "credential")
        if name and held and not exists(Path(held) / name.text):
            yield document.problem("credential_missing", name, name=name.text)


def _references(root: Node | None) -> Iterator[Settings]:
    if not isinstance(root, Settings):
        return
    candidates = [
        root.value("database_password"),
        child(child(root.value("web"), "oidc"), "client_secret"),
    ]
    for _, server in pairs(root.value("servers")):
        if isinstance(server, Settings):
            candidates.append(server.value("password"))
    yield from (one for one in candidates if isinstance(one, Settings))


def _fault(path: Path) -> str | None:
    """What is wrong with a password file, as a kind of message."""
    try:
        status = path.stat()
    except (OSError, ValueError):
        return "secret_missing"
    if stat.S_ISREG(status.st_mode) and status.st_mode & 0o077:
        return "secret_mode"
    return None if stat.S_ISREG(status.st_mode) else "secret_missing"


def _mode(path: Path) -> str:
    try:
        return f"{stat.S_IMODE(path.stat().st_mode):04o}"
    except (OSError, ValueError):
        return ""


def _text_of(path: Path, *, private: bool) -> SecretStr:
    if private and (kind := _fault(path)):
        raise _refused(kind, path=path, mode=_mode(path))
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            if private and mode & 0o077:
                raise _refused("secret_mode", path=path, mode=_mode(path))
            text = file.read(_LARGEST).decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _refused("secret_unreadable", path=path, reason=reason) from None
    except UnicodeDecodeError:  # its text would show the bytes
        raise _refused("secret_unreadable", path=path, reason="UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise _refused("secret_empty", path=path)
    return SecretStr(text)


def _refused(kind: str, **values: object) -> ConfigError:
    return ConfigError([problem("", kind, values)])
