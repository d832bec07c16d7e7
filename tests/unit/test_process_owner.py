"""Which claims belong to processes that have surely ended."""

import os
import socket
import subprocess
import sys

from mailsync.process_owner import is_dead, process_owner

HERE = socket.gethostname()


def ended_process() -> int:
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_our_own_claim_is_alive() -> None:
    assert not is_dead(f"{process_owner()}/aa", one_host=True)


def test_a_process_that_ended_is_dead() -> None:
    assert is_dead(f"{HERE}:{ended_process()}:ab/cd", one_host=False)


def test_another_living_process_is_alive() -> None:
    assert not is_dead(f"{HERE}:{os.getppid()}:ab/cd", one_host=True)


def test_our_number_with_another_start_mark_is_a_dead_predecessor() -> None:
    assert is_dead(f"{HERE}:{os.getpid()}:other/cd", one_host=False)


def test_another_host_is_alive_unless_there_is_only_one() -> None:
    claim = "elsewhere.example:1:ab/cd"
    assert not is_dead(claim, one_host=False)
    assert is_dead(claim, one_host=True)


def test_a_claim_in_no_known_form_is_waited_for() -> None:
    assert not is_dead("somebody", one_host=True)
