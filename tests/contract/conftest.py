"""Fixtures of the contract suites: the sandbox, the adapter, both worlds.

What the sandbox saw is judged after each test: every request and answer must fit
Microsoft's schema (where it is beside the checkout), and nothing was ever sent.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_sandbox.server import Sandbox
from mailsync.ews.account import ServerSettings
from mailsync.ews.mailbox import EwsMailbox, EwsServer
from tests.contract.worlds import ADDRESS, OTHER, PAGE, EwsWorld, MemoryWorld, World


@pytest.fixture(scope="session")
def running_sandbox() -> Iterator[Sandbox]:
    """One sandbox for the session; with Microsoft's schema if it is beside us."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "ews-schema"
    schema = folder if folder.is_dir() else None
    with Sandbox([ADDRESS, OTHER], {"svc": "geheim"}, schema=schema) as server:
        yield server


@pytest.fixture
def sandbox(running_sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox with two empty mailboxes; judged afterwards."""
    running_sandbox.reset()
    running_sandbox.settings.denied.clear()
    yield running_sandbox
    ledger = running_sandbox.ledger
    assert ledger.violations == []
    assert ledger.submissions == []


@pytest.fixture
def ews(sandbox: Sandbox) -> Iterator[EwsServer]:
    """The adapter's factory for it."""
    server = EwsServer(ServerSettings(sandbox.url, "svc", "geheim"), page=PAGE)
    yield server
    server.close()


@pytest.fixture
def mailbox(ews: EwsServer) -> EwsMailbox:
    return ews(ADDRESS)


@pytest.fixture(params=["memory", "ews"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "memory":
        return MemoryWorld()
    sandbox: Sandbox = request.getfixturevalue("sandbox")
    return EwsWorld(sandbox, request.getfixturevalue("ews"))
