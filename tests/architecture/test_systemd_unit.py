"""The units: every defence is there, and systemd's own score agrees."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "systemd"
UNIT = FOLDER / "mailsync.service"
WEB = FOLDER / "crm-web.service"
UNITS = [UNIT, WEB]
ANALYZE = shutil.which("systemd-analyze")

# Directive -> value, as the design notes on reliability decide (section 11).
REQUIRED = {
    "StartLimitIntervalSec": "10min",
    "StartLimitBurst": "20",
    "Type": "notify",
    "NotifyAccess": "main",
    "WatchdogSec": "120s",
    "Restart": "on-failure",
    "RestartSec": "5s",
    "TimeoutStopSec": "60s",
    "User": "mailsync",
    "Group": "mailsync",
    "StateDirectory": "mailsync",
    "StateDirectoryMode": "0700",
    "ConfigurationDirectory": "mailsync",
    "RuntimeDirectory": "mailsync",
    "LoadCredentialEncrypted": (
        "mailbox-credential:/etc/credstore.encrypted/mailsync.mailbox-credential"
    ),
    "UMask": "0077",
    "LimitCORE": "0",
    "LimitNOFILE": "1024",
    "MemoryMax": "768M",
    "MemorySwapMax": "0",
    "TasksMax": "64",
    "OOMPolicy": "stop",
    "NoNewPrivileges": "yes",
    "CapabilityBoundingSet": "",
    "AmbientCapabilities": "",
    "SecureBits": "noroot-locked",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "PrivateTmp": "yes",
    "PrivateDevices": "yes",
    "DevicePolicy": "closed",
    "PrivateUsers": "yes",
    "PrivateMounts": "yes",
    "PrivateIPC": "yes",
    "ProtectKernelTunables": "yes",
    "ProtectKernelModules": "yes",
    "ProtectKernelLogs": "yes",
    "ProtectControlGroups": "yes",
    "ProtectClock": "yes",
    "ProtectHostname": "yes",
    "ProtectProc": "invisible",
    "ProcSubset": "pid",
    "RestrictAddressFamilies": "AF_INET AF_INET6 AF_UNIX",
    "RestrictNamespaces": "yes",
    "RestrictRealtime": "yes",
    "RestrictSUIDSGID": "yes",
    "RemoveIPC": "yes",
    "LockPersonality": "yes",
    "MemoryDenyWriteExecute": "yes",
    "SystemCallArchitectures": "native",
    "SystemCallErrorNumber": "EPERM",
    "KeyringMode": "private",
    "ReadOnlyPaths": "/etc/mailsync",
    "NoExecPaths": "/",
    "ExecPaths": "/opt/mailsync /usr /lib /lib64",
    "IPAddressDeny": "link-local multicast",
}
# What the pages have in another way: no network, and nobody who watches.
OF_THE_WEB = REQUIRED | {
    "Type": "exec",
    "TimeoutStopSec": "30s",
    "MemoryMax": "512M",
    "TasksMax": "32",
    "PrivateNetwork": "yes",
    "RestrictAddressFamilies": "AF_UNIX",
    "IPAddressDeny": "any",
}
NOT_OF_THE_WEB = {
    "NotifyAccess",
    "WatchdogSec",
    "RuntimeDirectory",
    "LoadCredentialEncrypted",
}
DENIED = [
    "@privileged",
    "@resources",
    "@mount",
    "@swap",
    "@reboot",
    "@raw-io",
    "@clock",
    "@cpu-emulation",
    "@debug",
    "@module",
    "@obsolete",
]


def directives(text: str) -> list[tuple[str, str]]:
    lines = [line for line in text.splitlines() if line and line[0] not in "#[;"]
    return [(name, value) for name, _, value in (x.partition("=") for x in lines)]


def values_of(name: str, unit: Path = UNIT) -> list[str]:
    return [value for key, value in directives(unit.read_text()) if key == name]


def analyze(*arguments: str) -> "subprocess.CompletedProcess[str]":
    if ANALYZE is None:
        pytest.skip("systemd-analyze is not here (apt-get install systemd)")
    return subprocess.run(
        [ANALYZE, *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", sorted(REQUIRED))
def test_every_required_directive_is_there_once_with_its_value(name: str) -> None:
    assert values_of(name) == [REQUIRED[name]]


@pytest.mark.parametrize("name", sorted(OF_THE_WEB))
def test_the_pages_are_as_closed_and_have_no_network(name: str) -> None:
    wanted = [] if name in NOT_OF_THE_WEB else [OF_THE_WEB[name]]
    assert values_of(name, WEB) == wanted


def test_the_pages_hold_no_credential_of_exchange() -> None:
    assert "Credential" not in WEB.read_text().partition("[Service]")[2].replace(
        "It holds no credential", ""
    )


def test_the_pages_are_reached_by_the_socket_of_the_web_server_alone() -> None:
    socket = dict(directives((FOLDER / "crm-web.socket").read_text()))
    assert socket["SocketMode"] == "0660"
    assert socket["SocketUser"] == "root"
    assert socket["ListenStream"].startswith("/run/")
    assert values_of("Requires", WEB) == ["crm-web.socket"]
    assert values_of("ExecStart", WEB)[0].endswith(" web --listen systemd")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_time_zone_is_utc(unit: Path) -> None:
    assert "TZ=UTC" in values_of("Environment", unit)


def test_the_pages_may_call_less_still() -> None:
    allowed, denied = values_of("SystemCallFilter", WEB)
    assert allowed == "@system-service"
    assert denied[1:].split() == DENIED


def test_only_calls_of_a_service_are_allowed_less_the_risky_ones() -> None:
    allowed, denied, again = values_of("SystemCallFilter")
    assert allowed == "@system-service"
    assert denied.startswith("~")
    assert denied[1:].split() == DENIED
    assert again.split() == ["setrlimit", "prlimit64"]  # the mail reader's own limits


def test_a_reload_is_a_hangup_and_a_wrong_configuration_is_not_repeated() -> None:
    assert values_of("ExecReload") == ["/bin/kill -HUP $MAINPID"]
    assert values_of("RestartPreventExitStatus") == ["2"]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_there_is_no_secret_and_no_placeholder_in_a_unit(unit: Path) -> None:
    text = unit.read_text()
    assert not re.search(r"<[a-z]+>", text)
    assert not re.search(r"password\s*=|SetCredential", text, re.IGNORECASE)


def test_each_exception_has_its_reason_above_it() -> None:
    lines = UNIT.read_text().splitlines()
    for name in ("RestrictAddressFamilies", "ExecPaths", "IPAddressDeny", "LimitCORE"):
        at = next(n for n, line in enumerate(lines) if line.startswith(f"{name}="))
        assert lines[at - 1].startswith("#"), name


def test_the_credential_is_the_one_that_the_example_names() -> None:
    example = FOLDER.parent / "config" / "mailboxes.example.yaml"
    name = REQUIRED["LoadCredentialEncrypted"].partition(":")[0]
    assert f"password: {{credential: {name}}}" in example.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("unit", "most"), [(UNIT, 12), (WEB, 3)], ids=["daemon 1.2", "pages 0.3"]
)
def test_systemd_scores_a_unit_at_most(unit: Path, most: int) -> None:
    found = analyze("security", "--offline=yes", f"--threshold={most}", str(unit))
    assert found.returncode == 0, found.stdout[-2000:]


def test_a_bare_unit_fails_the_same_gate(tmp_path: Path) -> None:
    """Red control: the threshold does refuse."""
    bare = tmp_path / "bare.service"
    bare.write_text("[Service]\nExecStart=/bin/true\n")
    found = analyze("security", "--offline=yes", "--threshold=12", str(bare))
    assert found.returncode != 0


@pytest.mark.parametrize(
    "name", ["mailsync.service", "crm-web.service", "crm-web.socket"]
)
def test_systemd_accepts_every_line(tmp_path: Path, name: str) -> None:
    for path in [*UNITS, FOLDER / "crm-web.socket"]:
        # The program is not installed where tests run; its place is no matter here.
        text = re.sub(r"(?m)^ExecStart=.*", "ExecStart=/bin/true", path.read_text())
        (tmp_path / path.name).write_text(text)
    found = analyze("verify", "--man=no", str(tmp_path / name))
    assert (found.returncode, found.stderr) == (0, "")


def test_systemd_would_refuse_a_line_it_does_not_know(tmp_path: Path) -> None:
    """Red control: verify does complain."""
    unit = tmp_path / "mailsync.service"
    unit.write_text("[Service]\nExecStart=/bin/true\nProtectHme=yes\n")
    assert "ProtectHme" in analyze("verify", "--man=no", str(unit)).stderr


def test_user_and_folders_of_the_snippets_are_those_of_the_unit() -> None:
    users = (FOLDER / "mailsync.sysusers.conf").read_text()
    folders = (FOLDER / "mailsync.tmpfiles.conf").read_text()
    assert re.search(r"(?m)^u +mailsync ", users)
    assert re.search(r"(?m)^d +/etc/mailsync +0750 +root +mailsync ", folders)
    assert re.search(r"(?m)^d +/etc/credstore.encrypted +0700 +root +root ", folders)


def test_the_closed_network_names_nobody_real() -> None:
    text = (FOLDER / "network.conf.example").read_text()
    found = dict(directives(text))
    assert found["IPAddressDeny"] == "any"
    allowed = re.findall(r"\d+\.\d+\.\d+\.\d+", text)
    assert allowed
    assert all(address.startswith("192.0.2.") for address in allowed)


def test_the_readme_speaks_of_every_file() -> None:
    text = (FOLDER / "README.md").read_text()
    for path in FOLDER.iterdir():
        assert path.name == "README.md" or f"`{path.name}`" in text, path.name
