"""Hostile mail in a real browser: no script runs, nothing is fetched, nobody is led away.

With the cleaner, and with the cleaner switched off: frame and policy alone hold. What
happened is told by the world, not by the product: the browser's debugger says which
scripts it compiled, a listener in place of every other host says who called, our own
server says what it was asked for. A control without frame and policy shows that each of
the three would see it.
"""

import json
import random
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from flask import Flask
from hostile_html import hostile
from markupsafe import Markup
from served import launched, served, signed_in

from crm_core import clock, database
from crm_core.fields import to_text
from crm_core.models import Conversation, Mailbox, MailFolder
from crm_web import mail_html
from crm_web.mail_html import SANDBOX, Cleaned
from crm_web.pages import mail as mail_room

GENERATED = 2_000
SAMPLE = 300  # of html5lib's inputs; all of them with --whole-corpus
BATCH = 60
# Hosts the browser calls for itself; no mail of ours names them (asserted).
_BROWSERS_OWN = ("google.com", "googleapis.com", "gstatic.com")


@dataclass(slots=True)
class Elsewhere:
    """Every other host of the world, as far as the browser knows: one listener.

    ``connections`` are calls that were opened, ``requests`` what was said in them, TLS
    taken off: a browser may open a connection ahead and then say nothing.
    """

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)


def _listener(found: Elsewhere, certificate: Path) -> socketserver.ThreadingTCPServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    class Call(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            found.connections += 1
            caller: socket.socket = self.request
            caller.settimeout(10)
            with suppress(OSError):
                if caller.recv(1, socket.MSG_PEEK) == b"\x16":
                    with context.wrap_socket(caller, server_side=True) as inside:
                        self.note(inside)
                else:
                    self.note(caller)

        def note(self, caller: socket.socket) -> None:
            said = caller.recv(4_096)
            if said:
                found.requests.append(said)

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Call)
    server.daemon_threads, server.block_on_close = True, False
    found.port = server.server_address[1]
    return server


@dataclass(slots=True)
class World:
    """A server, a browser, and what they saw."""

    url: str
    page: Any
    elsewhere: Elsewhere
    asked: list[str]
    scripts: list[dict[str, Any]]

    def show(self, messages: list[int], *, sandbox: str | None = SANDBOX) -> list[str]:
        """Show these mails in frames, many at a time; where each frame ended up."""
        places: list[str] = []
        for start in range(0, len(messages), BATCH):
            part = messages[start : start + BATCH]
            places += self.page.evaluate(_SHOW, [part, sandbox])
        return places

    def forget(self) -> None:
        self.elsewhere.connections = 0
        self.elsewhere.requests.clear()
        self.asked.clear()
        self.scripts.clear()


# Frames as the templates make them; two turns after loading for what comes later.
_SHOW = """async ([ids, sandbox]) => {
  window.hit = () => {};
  const frames = ids.map((id) => {
    const frame = document.createElement("iframe");
    if (sandbox !== null) frame.setAttribute("sandbox", sandbox);
    frame.className = "hostile";
    frame.src = `/email/${id}/inhalt?ansicht=ganz`;
    return frame;
  });
  await Promise.all(frames.map((frame) => new Promise((done) => {
    frame.onload = done;
    document.body.append(frame);
  })));
  for (let turn = 0; turn < 2; turn++) {
    await new Promise(requestAnimationFrame);
    await fetch("/static/icon.svg", { cache: "no-store" });
  }
  const places = frames.map((frame) => {
    try { return frame.contentWindow.location.pathname; } catch { return "elsewhere"; }
  });
  frames.forEach((frame) => frame.remove());
  return places;
}"""


@pytest.fixture
def world(app: Flask, driver: Any, tmp_path: Path) -> Iterator[World]:
    """Signed in on a real page of ours, which has our own strict policy."""
    with served(app) as (url, asked), _elsewhere(tmp_path) as elsewhere:
        rules = [f"MAP *.{host} ~NOTFOUND" for host in _BROWSERS_OWN]
        rules += [f"MAP * 127.0.0.1:{elsewhere.port}", "EXCLUDE 127.0.0.1"]
        flags = (
            "--ignore-certificate-errors",
            f"--host-resolver-rules={', '.join(rules)}",
        )
        with launched(driver, *flags) as browser, signed_in(browser, url) as page:
            page.goto(f"{url}/suche")
            scripts = _watch_scripts(page)
            found = World(url, page, elsewhere, asked, scripts)
            found.forget()
            yield found


def _watch_scripts(page: Any) -> list[dict[str, Any]]:
    """Scripts of mails that the browser compiles, by its own debugger.

    The page it shows in place of a frame that it refused has scripts of its own.
    """
    session = page.context.new_cdp_session(page)
    tree = session.send("Page.getFrameTree")
    top = tree["frameTree"]["frame"]["id"]
    scripts: list[dict[str, Any]] = []

    def parsed(event: dict[str, Any]) -> None:
        context = event.get("executionContextAuxData", {})
        ours = context.get("frameId") == top or not context.get("isDefault")
        if not ours and not event["url"].startswith("chrome-error:"):
            scripts.append(event)

    session.on("Debugger.scriptParsed", parsed)
    session.send("Debugger.enable")
    return scripts


@contextmanager
def _elsewhere(folder: Path) -> Iterator[Elsewhere]:
    found = Elsewhere()
    server = _listener(found, _certificate(folder / "elsewhere.pem"))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield found
    server.shutdown()
    server.server_close()
    thread.join(5)


def _certificate(file: Path) -> Path:
    """A key and a certificate that signs itself; the browser is told to take it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "elsewhere")])
    begin = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=36_500))
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(secret + certificate.public_bytes(pem))
    return file


def store(bodies: list[str]) -> list[int]:
    """Mails with these HTML bodies; their ids."""
    now = to_text(clock.now())
    with database.transaction():
        home = Conversation.create(started_at=clock.now())
        box = Mailbox.select().first()
        folder, _ = MailFolder.get_or_create(
            mailbox=box, role="inbox", defaults={"name": "inbox"}
        )
        ids = database.new_ids("message", len(bodies))
        database.execute_many(
            "INSERT INTO message (id, fingerprint, conversation_id, subject, from_name, "
            "sent_at, received_at, size, item_class, has_attachments, automatic, "
            "confidential, dmarc, authenticated, id_conflict, body_at, content_at, "
            "stored_on) VALUES (?, ?, ?, 'x', '', ?, ?, 0, 'IPM.Note', 0, 0, 0, 'none', "
            "0, 0, ?, ?, '2026-11-24')",
            [
                (id_, id_.to_bytes(16, "big"), home.id, now, now, now, now)
                for id_ in ids
            ],
        )
        database.execute_many(
            "INSERT INTO message_body (message_id, text, html) VALUES (?, 'x', ?)",
            list(zip(ids, bodies, strict=True)),
        )
        database.execute_many(
            "INSERT INTO message_copy (mailbox_id, folder_id, external_id, change_key, "
            "message_id, private, sent, digest_missing, filed, seen_sweep) "
            "VALUES (?, ?, ?, '', ?, 0, 0, 0, 0, 0)",
            [(box.id, folder.id, f"item-{id_}", id_) for id_ in ids],
        )
    return ids


def corpus(shared: Path, *, whole: bool) -> list[str]:
    """All sanitizer payloads, a sample of the parser's inputs."""
    found: list[str] = []
    for name, most in (("sanitizer-payloads", None), ("html5lib", SAMPLE)):
        text = (shared / f"corpora/html/{name}.jsonl").read_text(encoding="utf-8")
        bodies = [json.loads(line)["html"] for line in text.split("\n") if line]
        if most is not None and not whole:
            bodies = random.Random(5).sample(bodies, most)
        found += bodies
    return [_storable(body) for body in found]


def test_no_mail_names_a_host_that_the_browser_calls_for_itself(shared: Path) -> None:
    bodies = [*corpus(shared, whole=True), *generated()]
    assert not [b for b in bodies for host in _BROWSERS_OWN if f".{host}" in b.lower()]


def generated() -> list[str]:
    dice = random.Random(17)
    return [_storable(hostile(dice)) for _ in range(GENERATED)]


def _storable(body: str) -> str:
    """As ingest stores it: without half characters."""
    return body.encode("utf-8", "replace").decode()


@pytest.fixture
def uncleaned(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cleaner is the identity: every byte of the mail reaches the frame."""
    monkeypatch.setattr(mail_html, "clean", lambda html, _pictures=None: Cleaned(html))
    monkeypatch.setattr(mail_html, "with_hosts", Markup)


def assert_nothing_happened(world: World, ids: list[int], places: list[str]) -> None:
    shown = [f"/email/{id_}/inhalt" for id_ in ids]
    assert world.scripts == []
    assert world.elsewhere.requests == []
    assert places == shown
    others = set(world.asked) - set(shown) - {"/static/icon.svg"}
    assert others == set()
    assert all(world.asked.count(path) == 1 for path in shown[:50])


def test_hostile_mail_does_nothing(
    world: World,
    shared: Path,
    whole_corpus: bool,
    figures: Callable[[str], None],
) -> None:
    ids = store([*corpus(shared, whole=whole_corpus), *generated()])
    assert_nothing_happened(world, ids, world.show(ids))
    assert world.elsewhere.connections == 0
    figures(f"{len(ids)} hostile mails in Chromium: 0 scripts, 0 remote requests")


@pytest.mark.usefixtures("uncleaned")
def test_hostile_mail_does_nothing_with_the_cleaner_switched_off(
    world: World,
    shared: Path,
    whole_corpus: bool,
    figures: Callable[[str], None],
) -> None:
    ids = store([*corpus(shared, whole=whole_corpus), *generated()])
    assert_nothing_happened(world, ids, world.show(ids))
    figures(
        f"{len(ids)} hostile mails uncleaned: 0 scripts, 0 remote requests; "
        f"{world.elsewhere.connections} connections opened ahead in which nothing "
        "was said (Chromium, for frames that the policy then refuses)"
    )


ACTIVE = (
    "<script>parent.hit(1)</script><img src=https://evil.example/p.gif>"
    "<img src=/suche?q=hit>"
)


@pytest.mark.usefixtures("uncleaned")
def test_without_frame_and_policy_all_of_it_would_be_seen(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: the same detectors, one mail, no defences."""
    monkeypatch.setattr(
        mail_room.mail_html, "policy", lambda _origin: "frame-ancestors 'self'"
    )
    world.show(store([ACTIVE]), sandbox=None)
    assert world.scripts != []
    assert world.elsewhere.requests != []
    assert "/suche" in world.asked


@pytest.mark.usefixtures("uncleaned")
def test_the_policy_alone_stops_it_too(world: World) -> None:
    ids = store([ACTIVE])
    assert_nothing_happened(world, ids, world.show(ids, sandbox=None))


@pytest.mark.usefixtures("uncleaned")
def test_the_frame_alone_stops_scripts(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        mail_room.mail_html, "policy", lambda _origin: "frame-ancestors 'self'"
    )
    world.show(store([ACTIVE]))
    assert world.scripts == []
