"""Passwords: where they may come from, and that nothing ever shows one."""

import json
import traceback
from pathlib import Path

import pytest
from pydantic import ValidationError

import config
from config import (
    SecretRef,
    ServerConfig,
    ServiceConfig,
    database_url,
    read_secret,
    render,
)
from config.loader import assemble

CANARY = "Kanarienvogel-9f3c"
SERVICE = b"database: sqlite:////tmp/x.db\n"
START = """\
servers:
  main:
    endpoint: https://mail.werft.example/EWS/Exchange.asmx
    auth: ntlm
    login: svc
"""
REST = """
internal_domains: [werft.example]
mailboxes:
  - {address: a@werft.example, kind: shared}
"""


def secret_file(directory: Path, content: bytes, mode: int = 0o600) -> Path:
    path = directory / "passwort"
    path.write_bytes(content)
    path.chmod(mode)
    return path


def kind_of(caught: pytest.ExceptionInfo[config.ConfigError]) -> str:
    (problem,) = caught.value.problems
    return problem.kind


@pytest.mark.parametrize("ending", [b"", b"\n", b"\r\n"])
def test_a_private_file_is_read_without_its_line_end(
    tmp_path: Path, ending: bytes
) -> None:
    path = secret_file(tmp_path, f" {CANARY} ".encode() + ending)
    secret = read_secret(SecretRef(file=path))
    assert secret.get_secret_value() == f" {CANARY} "


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610, 0o601])
def test_a_file_that_others_may_touch_is_refused_with_the_cure(
    tmp_path: Path, mode: int
) -> None:
    path = secret_file(tmp_path, CANARY.encode(), mode)
    with pytest.raises(config.ConfigError) as caught:
        read_secret(SecretRef(file=path))
    assert kind_of(caught) == "secret_mode"
    assert f"chmod 600 {path}" in str(caught.value)
    assert f"{mode:04o}" in str(caught.value)


@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_a_file_of_its_owner_alone_is_accepted(tmp_path: Path, mode: int) -> None:
    path = secret_file(tmp_path, CANARY.encode(), mode)
    assert read_secret(SecretRef(file=path)).get_secret_value() == CANARY


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"", "secret_empty"),
        (b"\n", "secret_empty"),
        (b"\xff\xfe", "secret_unreadable"),
    ],
)
def test_a_file_without_a_password_is_refused(
    tmp_path: Path, content: bytes, kind: str
) -> None:
    path = secret_file(tmp_path, content)
    with pytest.raises(config.ConfigError) as caught:
        read_secret(SecretRef(file=path))
    assert kind_of(caught) == kind


def test_a_missing_file_and_a_folder_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "nichts", tmp_path):
        with pytest.raises(config.ConfigError) as caught:
            read_secret(SecretRef(file=path))
        assert kind_of(caught) == "secret_missing"


def test_a_credential_comes_from_the_directory_of_systemd(tmp_path: Path) -> None:
    (tmp_path / "ews").write_text(CANARY)
    (tmp_path / "ews").chmod(0o644)  # systemd guards the directory, not the mode
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    found = read_secret(SecretRef(credential="ews"), environ)
    assert found.get_secret_value() == CANARY


@pytest.mark.parametrize("environ", [{}, {"CREDENTIALS_DIRECTORY": "/nonexistent"}])
def test_a_missing_credential_names_the_line_for_the_unit(
    environ: dict[str, str],
) -> None:
    with pytest.raises(config.ConfigError) as caught:
        read_secret(SecretRef(credential="ews"), environ)
    assert kind_of(caught) == "credential_missing"
    assert "LoadCredentialEncrypted=ews:" in str(caught.value)


def test_a_secret_comes_from_the_environment() -> None:
    found = read_secret(SecretRef(env="PW"), {"PW": CANARY})
    assert found.get_secret_value() == CANARY


@pytest.mark.parametrize("environ", [{}, {"PW": ""}])
def test_an_unset_variable_is_told(environ: dict[str, str]) -> None:
    with pytest.raises(config.ConfigError) as caught:
        read_secret(SecretRef(env="PW"), environ)
    assert kind_of(caught) == "env_missing"


def test_the_password_of_the_database_is_put_into_its_address() -> None:
    service = ServiceConfig(
        database="postgresql://crm@db.example:5432/crm",
        database_password=SecretRef(env="PW"),
    )
    url = database_url(service, {"PW": "p@ss/w:rd"})
    said = "postgresql://crm:p%40ss%2Fw%3Ard@db.example:5432/crm"
    assert url.get_secret_value() == said
    assert "w:rd" not in f"{url!r} {url}"


def test_a_database_without_password_is_left_alone() -> None:
    service = ServiceConfig(database="sqlite:////tmp/x.db")
    assert database_url(service).get_secret_value() == "sqlite:////tmp/x.db"


def loaded(directory: Path, password: str, service: bytes = SERVICE) -> config.Config:
    files = {
        "service.yaml": service,
        "mailboxes.yaml": (START + password + REST).encode(),
    }
    return assemble(files, directory)


def test_loading_tells_a_file_that_others_may_read_at_its_line(tmp_path: Path) -> None:
    secret_file(tmp_path, CANARY.encode(), 0o644)
    with pytest.raises(config.ConfigError) as caught:
        loaded(tmp_path, "    password: {file: passwort}")
    (found,) = caught.value.problems
    assert (found.kind, found.line, found.column) == ("secret_mode", 6, 22)


def test_loading_warns_of_a_missing_file_and_an_unset_variable(tmp_path: Path) -> None:
    """Commands that need no Exchange must work without the password."""
    for source in ("file: passwort", "env: MAILSYNC_TEST_UNSET"):
        found = loaded(tmp_path, f"    password: {{{source}}}").warnings
        assert [one.severity for one in found] == ["warning"]


def test_loading_tells_a_missing_credential_only_where_systemd_has_a_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert loaded(tmp_path, "    password: {credential: ews}").warnings == ()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(config.ConfigError) as caught:
        loaded(tmp_path, "    password: {credential: ews}")
    assert kind_of(caught) == "credential_missing"


# Ways to get a password into the file, each with something wrong near it, so that the
# line is shown; and broken YAML, where no tree says which value is the password.
SPILLED = [
    f"    password: {CANARY}",
    f"    password: [{CANARY}]",
    f"    password: {{{CANARY}}}",
    f"    password: {{{CANARY}: x}}",
    f"    password: {{value: {CANARY}, x: y}}",
    f"    password: {{file: /nonexistent, value: {CANARY}}}",
    f'    password: "{CANARY}", x',
    f"    password: {{env: A}}\n    password: {CANARY}",
    f"    password: {{env: A}}\n    password:\n      {CANARY}",
    f"    password: {{env: A}}\n    password:\n      !!str {CANARY}",
    f"    password: |\n      {CANARY}\n      zwei",
    f"    password:\n      - {CANARY}",
    f"    password: &a {CANARY}",
    f"    password: !!str {CANARY}",
    f"    passwort: {CANARY}",
    f"    Passwort: {CANARY}",
    f"    kennwort: {CANARY}",
    f"    login_password: {CANARY}",
    f"    pwd: {CANARY}",
    f"    client_secret: {CANARY}",
    f"    <<: {{password: {CANARY}}}",
    f"    ? [password]\n    : {CANARY}",
    f"    authh: x  # passwort: {CANARY}",
    f"    password: {CANARY}\n  : x",
    f"    password: '{CANARY}",
    f'    password: "{CANARY}\\q"',
    f"    password: [{CANARY}",
    f"    password: {{{CANARY}",
    f"    password:\t{CANARY}",
    f"\tpassword: {CANARY}",
    f"    password: {CANARY}\x00",
    f"    password: {CANARY}: x",
    f"    password:\n      '{CANARY}",
    f"    passwrd: {CANARY}",
]


@pytest.mark.parametrize("password", SPILLED)
def test_no_message_shows_a_password_that_was_written_into_the_file(
    tmp_path: Path, password: str
) -> None:
    with pytest.raises(config.ConfigError) as caught:
        loaded(tmp_path, password)
    said = [f"{caught.value} {caught.value!r}"]
    said += traceback.format_exception(caught.value)
    for language in ("de", "en"):
        for form in ("text", "json", "github"):
            said.append(render(caught.value.problems, language, form))
    assert CANARY not in "\n".join(said)


@pytest.mark.parametrize(
    "database",
    [
        f"postgresql://crm:{CANARY}@db/crm",
        f"postgresql://db/crm?password={CANARY}",
        f"mysql://crm:{CANARY}@db/crm",
        f"postgresql://crm:{CANARY}@db:x/crm",
    ],
)
def test_no_message_shows_the_password_of_a_database_address(
    tmp_path: Path, database: str
) -> None:
    service = f"database: {database}\n".encode()
    with pytest.raises(config.ConfigError) as caught:
        loaded(tmp_path, "    password: {env: HOME}", service)
    assert caught.value.problems[0].file == "service.yaml"
    assert CANARY not in f"{caught.value} {caught.value!r}"


def test_an_endpoint_with_a_password_is_refused_without_showing_it(
    tmp_path: Path,
) -> None:
    start = START.replace("https://", f"https://svc:{CANARY}@")
    files = {
        "service.yaml": SERVICE,
        "mailboxes.yaml": f"{start}    password: {{env: HOME}}{REST}".encode(),
    }
    with pytest.raises(config.ConfigError) as caught:
        assemble(files, tmp_path)
    assert kind_of(caught) == "endpoint_secret"
    assert CANARY not in str(caught.value)


def test_a_model_made_by_code_does_not_show_a_wrong_password_either() -> None:
    with pytest.raises(ValidationError) as caught:
        ServerConfig(auth="basic", password=CANARY)  # type: ignore[arg-type]  # wrong on purpose
    assert CANARY not in f"{caught.value} {caught.value!r}"


def test_a_word_that_is_no_secret_is_shown_where_it_stands(tmp_path: Path) -> None:
    """Red control: the canary is found where nothing hides it."""
    with pytest.raises(config.ConfigError) as caught:
        loaded(tmp_path, f"    password: {{env: HOME}}\n    accesss: {CANARY}")
    assert CANARY in str(caught.value)
    found = json.loads(render(caught.value.problems, "de", "json"))
    assert found["ok"] is False
