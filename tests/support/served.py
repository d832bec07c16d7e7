"""The application on a socket of its own, for tests with a real browser."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from pages import PASSWORD
from waitress.server import create_server

CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-features=AutofillServerCommunication",
]
_running: list[Any] = []


@contextmanager
def served(app: Flask) -> Iterator[tuple[str, list[str]]]:
    """Its address, and the paths it was asked for."""
    asked: list[str] = []

    def noting(environ: Any, start: Callable[..., Any]) -> Any:
        asked.append(environ["PATH_INFO"])
        return app(environ, start)

    server = create_server(noting, host="127.0.0.1", port=0, threads=4)

    def run() -> None:
        with suppress(OSError):  # closed under its loop, at the end
            server.run()

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}", asked
    server.task_dispatcher.shutdown(cancel_pending=True, timeout=5)
    # In its own loop, which would look up once a second only: connections that the
    # browser keeps open as well.
    server.trigger.pull_trigger(
        lambda: [one.close() for one in [*server._map.values()]]
    )
    thread.join(5)
    assert not thread.is_alive()


@contextmanager
def driven() -> Iterator[Any]:
    """Playwright's driver; skips visibly where it or Chromium is missing.

    Whoever asks within another's time is given the same: a second one beside it would
    not start in this thread, and which files meet in a worker is chance.
    """
    playwright = pytest.importorskip("playwright.sync_api", reason="no Playwright")
    if not Path(CHROMIUM).exists():
        pytest.skip(f"no Chromium at {CHROMIUM}: set CHROMIUM")
    if _running:
        yield _running[0]
        return
    with playwright.sync_playwright() as driver:
        _running.append(driver)
        try:
            yield driver
        finally:
            _running.clear()


@contextmanager
def launched(driver: Any, *flags: str) -> Iterator[Any]:
    """A Chromium of the machine that says nothing by itself."""
    browser = driver.chromium.launch(executable_path=CHROMIUM, args=[*QUIET, *flags])
    yield browser
    browser.close()


@contextmanager
def signed_in(
    chromium: Any, url: str, login: str = "gl", **context: Any
) -> Iterator[Any]:
    """A page signed in, in a context of its own.

    By the request that the form sends: how it is filled in is for its own tests.
    """
    own = chromium.new_context(**context)
    answer = own.request.post(
        f"{url}/anmelden",
        form={"login": login, "password": PASSWORD},
        headers={"Sec-Fetch-Site": "same-origin"},
        max_redirects=0,
    )
    assert answer.status == 303, answer.text()
    yield own.new_page()
    own.close()
