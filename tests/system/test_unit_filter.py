"""The program under the system-call filter and memory rule of its unit.

A test cannot start a unit here, but the kernel's part can be had: the list of allowed
calls, expanded by systemd-analyze from the unit's own lines, and the refusal of memory
that is writable and executable, as a seccomp filter on a child. Only this part: mount
namespaces, ProcSubset and the network rules are not shown by it.
"""

import ctypes
import platform
import re
import shutil
import struct
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "systemd" / "mailsync.service"
NUMBERS = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")

# linux/filter.h, linux/seccomp.h
LOAD, EQUAL, AND, RETURN = 0x20, 0x15, 0x54, 0x06
ALLOW, REFUSE = 0x7FFF0000, 0x00050000 | 1  # EPERM
WRITE_EXECUTE, EXECUTE = 6, 4


def names_in(group: str) -> set[str]:
    said = subprocess.run(
        ["systemd-analyze", "syscall-filter", group],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    found: set[str] = set()
    for line in said.splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            found |= names_in(name)
        elif name and not name.startswith("#"):
            found.add(name)
    return found


def allowed_calls() -> set[str]:
    """As systemd reads the lines: in order, the later one wins."""
    # Where the kernel's calls for limits belong differs between systemd's versions:
    # here they are in no group, so that only the unit's own line can allow them.
    limits = {"prlimit64", "setrlimit"}
    allowed = names_in("@default") - limits
    for line in re.findall(r"(?m)^SystemCallFilter=(.*)$", UNIT.read_text()):
        for word in line.removeprefix("~").split():
            named = names_in(word) - limits if word.startswith("@") else {word}
            allowed = allowed - named if line.startswith("~") else allowed | named
    return allowed


def program(calls: set[str]) -> bytes:
    """The filter as the kernel wants it; also the memory rule, as systemd writes it."""
    numbers = dict(re.findall(r"#define __NR_(\w+) (\d+)", NUMBERS.read_text()))
    rules = [(LOAD, 0, 0, 0)]  # the number of the call
    for name, protection in (("mmap", WRITE_EXECUTE), ("mprotect", EXECUTE)):
        rules += [
            (EQUAL, 0, 5, int(numbers[name])),
            (LOAD, 0, 0, 16 + 8 * 2),  # the third argument
            (AND, 0, 0, protection),
            (EQUAL, 0, 1, protection),
            (RETURN, 0, 0, REFUSE),
            (RETURN, 0, 0, ALLOW),
        ]
    for name in sorted(calls):
        if name in numbers:
            rules += [(EQUAL, 0, 1, int(numbers[name])), (RETURN, 0, 0, ALLOW)]
    rules.append((RETURN, 0, 0, REFUSE))
    return b"".join(struct.pack("=HBBI", *rule) for rule in rules)


INSTALL = """
import ctypes, os, sys
code = bytes.fromhex(sys.argv[1])
class Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("filter", ctypes.c_char_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0  # PR_SET_NO_NEW_PRIVS
said = Program(len(code) // 8, code)
assert libc.prctl(22, 2, ctypes.byref(said), 0, 0) == 0  # PR_SET_SECCOMP
os.execv(sys.executable, [sys.executable, "-c", *sys.argv[2:]])
"""


@pytest.fixture(scope="module")
def code() -> str:
    if platform.machine() != "x86_64" or not NUMBERS.is_file():
        pytest.skip("needs x86_64 and its call numbers (linux-libc-dev)")
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here (apt-get install systemd)")
    if ctypes.CDLL(None).prctl(21, 0, 0, 0, 0) != 0:  # PR_GET_SECCOMP
        pytest.skip("seccomp is in use here already or not to be had")
    return program(allowed_calls()).hex()


def under_filter(
    code: str, script: str, *arguments: str
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", INSTALL, code, textwrap.dedent(script), *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", "TZ": "UTC", "PYTHONPATH": str(ROOT)},
    )


def test_what_the_unit_forbids_is_refused_here(code: str) -> None:
    """Red control: the filter is on, and so is the rule for memory."""
    found = under_filter(
        code,
        """
        import mmap, os
        for act in (
            lambda: os.setpriority(os.PRIO_PROCESS, 0, 5),
            lambda: os.chroot("/"),
            lambda: os.sched_setaffinity(0, {0}),
            lambda: mmap.mmap(-1, 4096, prot=7),
        ):
            try:
                act()
            except PermissionError:
                print("refused")
        """,
    )
    assert found.stdout.split() == ["refused"] * 4, found.stderr


def test_the_child_that_reads_mail_sets_its_limits_and_works(code: str) -> None:
    found = under_filter(
        code,
        """
        from mailsync.mime.reader import MimeReader
        with MimeReader() as reader:  # its child refuses to work without its limits
            mail = reader.read(b"From: a@b.example\\r\\nSubject: Boot\\r\\n\\r\\nx")
        print(type(mail).__name__)
        """,
    )
    assert found.stdout.split() == ["MimeMail"], found.stderr


def test_without_the_units_own_line_the_child_would_refuse_to_work(code: str) -> None:
    """Red control: it is this exception that lets the child limit itself."""
    del code  # it skips where there is no seccomp
    closed = program(allowed_calls() - {"prlimit64", "setrlimit"}).hex()
    found = under_filter(
        closed,
        """
        from mailsync.errors import Unprocessable
        from mailsync.mime.reader import MimeReader
        with MimeReader() as reader:
            try:
                reader.read(b"Subject: Boot\\r\\n\\r\\nx")
            except Unprocessable as refused:
                print("setrlimit is refused" in refused.reason)
        """,
    )
    assert found.stdout.split() == ["True"], found.stderr


def test_every_part_of_the_daemon_loads_and_works(code: str) -> None:
    """Native wheels under MemoryDenyWriteExecute: lxml, apsw, pydantic, cffi."""
    found = under_filter(
        code,
        """
        import ssl, threading, socket
        import apsw, lxml.etree, pydantic_core, cryptography.x509
        import mailsync.daemon, mailsync.ews.mailbox, mailsync.mime.reader
        from cryptography.hazmat.primitives import hashes
        digest = hashes.Hash(hashes.SHA256()); digest.update(b"x"); digest.finalize()
        ssl.create_default_context()
        database = apsw.Connection(":memory:")
        database.create_scalar_function("twice", lambda x: x * 2)
        assert list(database.execute("select twice(21)")) == [(42,)]
        assert lxml.etree.XPath("//b")(lxml.etree.fromstring(b"<a><b/></a>"))
        done = threading.Thread(target=socket.getaddrinfo, args=("localhost", 80))
        done.start(); done.join()
        print("works")
        """,
    )
    assert found.stdout.split() == ["works"], found.stderr


def test_the_commands_set_up_a_database_and_verify_it(
    code: str, tmp_path: Path
) -> None:
    (tmp_path / "service.yaml").write_text(f"database: sqlite:///{tmp_path}/crm.db\n")
    (tmp_path / "mailboxes.yaml").write_text(
        'servers: {main: {endpoint: "http://127.0.0.1:9/", auth: kerberos}}\n'
        "internal_domains: [werft.example]\n"
        "mailboxes:\n  - {address: a@werft.example, kind: shared}\n"
    )
    run = "import sys; from run_service import main; sys.argv[0] = 'mailsync'; main()"
    for command in ("migrate", "check-config", "verify"):
        found = under_filter(code, run, "--config", str(tmp_path), command)
        assert found.returncode == 0, (command, found.stdout, found.stderr)
    assert (tmp_path / "crm.db").is_file()
