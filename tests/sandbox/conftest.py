"""A running sandbox judged by Microsoft's schema, and a client that speaks raw SOAP."""

import base64
import http.client
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from lxml import etree

from exchange_sandbox.server import Sandbox
from exchange_sandbox.settings import Settings

KELLER = "keller@werft.example"
VERKAUF = "verkauf@werft.example"
T = "{http://schemas.microsoft.com/exchange/services/2006/types}"
M = "{http://schemas.microsoft.com/exchange/services/2006/messages}"
_ENVELOPE = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
    ' xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages"'
    ' xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types">'
    "<s:Header>{header}</s:Header><s:Body>{body}</s:Body></s:Envelope>"
)


@pytest.fixture(scope="session")
def schema() -> Path | None:
    """Microsoft's schema; without it everything runs unvalidated (one test skips)."""
    folder = Path(__file__).resolve().parents[3] / "shared" / "ews-schema"
    return folder if folder.is_dir() else None


@pytest.fixture
def make_sandbox(schema: Path | None) -> Iterator[Callable[..., Sandbox]]:
    """Start sandboxes; at the end each must have seen and said nothing invalid."""
    started: list[Sandbox] = []

    def make(**settings: object) -> Sandbox:
        chosen = Settings(users={"svc": "secret"}, schema=schema, seed=7, **settings)
        sandbox = Sandbox([KELLER, VERKAUF], settings=chosen).start(
            control=("127.0.0.1", 0)
        )
        started.append(sandbox)
        return sandbox

    yield make
    for sandbox in started:
        sandbox.stop()
    for sandbox in started:
        assert sandbox.ledger.violations == []
        assert sandbox.ledger.crashes == []


@pytest.fixture
def sandbox(make_sandbox: Callable[..., Sandbox]) -> Sandbox:
    return make_sandbox()


class Ask:
    """Raw SOAP requests as the service account, impersonating one mailbox."""

    def __init__(
        self, sandbox: Sandbox, user: str = "svc", password: str = "secret"
    ) -> None:
        self.sandbox = sandbox
        token = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "Content-Type": "text/xml"}

    def http(
        self, body: bytes, headers: dict[str, str] | None = None, method: str = "POST"
    ) -> tuple[int, dict[str, str], bytes]:
        url = urlsplit(self.sandbox.url)
        connection = http.client.HTTPConnection(url.hostname, url.port, timeout=10)
        try:
            chosen = self.headers if headers is None else headers
            connection.request(method, url.path, body, chosen)
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def envelope(
        self, body: str, mailbox: str | None = KELLER, zone: str = ""
    ) -> bytes:
        header = '<t:RequestServerVersion Version="Exchange2016"/>'
        if mailbox is not None:
            header += (
                "<t:ExchangeImpersonation><t:ConnectingSID><t:PrimarySmtpAddress>"
                f"{mailbox}</t:PrimarySmtpAddress></t:ConnectingSID>"
                "</t:ExchangeImpersonation>"
            )
        if zone:
            header += (
                f'<t:TimeZoneContext><t:TimeZoneDefinition Id="{zone}"/>'
                "</t:TimeZoneContext>"
            )
        return _ENVELOPE.format(header=header, body=body).encode()

    def __call__(
        self, body: str, mailbox: str | None = KELLER, zone: str = ""
    ) -> etree._Element:
        """Return the first child of the answer's SOAP body."""
        _, _, answer = self.http(self.envelope(body, mailbox, zone))
        root = etree.fromstring(answer)
        return root.find("{http://schemas.xmlsoap.org/soap/envelope/}Body")[0]

    def codes(
        self, body: str, mailbox: str | None = KELLER, zone: str = ""
    ) -> list[str]:
        """Return the response codes; of a SOAP fault its one code."""
        return codes(self(body, mailbox, zone))

    # -- the few requests that every test needs --------------------------------

    def sync(
        self, folder: str = "inbox", state: str = "", limit: int = 512, fields: str = ""
    ) -> "Page":
        additional = (
            f"<t:AdditionalProperties>{fields}</t:AdditionalProperties>"
            if fields
            else ""
        )
        kept = f"<m:SyncState>{state}</m:SyncState>" if state else ""
        target = (
            f'<t:DistinguishedFolderId Id="{folder}"/>'
            if len(folder) < 40
            else f'<t:FolderId Id="{folder}"/>'
        )
        answer = self(
            "<m:SyncFolderItems><m:ItemShape><t:BaseShape>IdOnly</t:BaseShape>"
            f"{additional}</m:ItemShape><m:SyncFolderId>{target}</m:SyncFolderId>{kept}"
            f"<m:MaxChangesReturned>{limit}</m:MaxChangesReturned></m:SyncFolderItems>"
        )
        return Page(answer)

    def get(
        self, *ids: str, shape: str = "AllProperties", more: str = "", before: str = ""
    ) -> list[etree._Element]:
        """Return the items' elements, in order."""
        additional = (
            f"<t:AdditionalProperties>{more}</t:AdditionalProperties>" if more else ""
        )
        wanted = "".join(f'<t:ItemId Id="{identity}"/>' for identity in ids)
        answer = self(
            f"<m:GetItem><m:ItemShape><t:BaseShape>{shape}</t:BaseShape>{before}"
            f"{additional}</m:ItemShape><m:ItemIds>{wanted}</m:ItemIds></m:GetItem>"
        )
        assert set(codes(answer)) == {"NoError"}
        return [items[0] for items in answer.iter(f"{M}Items")]

    def create(
        self,
        item: str,
        extra: str = 'SendMeetingInvitations="SendToNone"',
        zone: str = "",
    ) -> str:
        """Create one item; returns its id."""
        answer = self(
            f'<m:CreateItem MessageDisposition="SaveOnly" {extra}>'
            f"<m:Items>{item}</m:Items></m:CreateItem>",
            zone=zone,
        )
        assert codes(answer) == ["NoError"], codes(answer)
        return answer.find(f".//{T}ItemId").get("Id")

    def update(
        self, identity: str, updates: str, mode: str = "AlwaysOverwrite", key: str = ""
    ) -> list[str]:
        """Update one item; returns the response codes."""
        written = f' ChangeKey="{key}"' if key else ""
        return self.codes(
            f'<m:UpdateItem ConflictResolution="{mode}" MessageDisposition="SaveOnly" '
            'SendMeetingInvitationsOrCancellations="SendToNone"><m:ItemChanges>'
            f'<t:ItemChange><t:ItemId Id="{identity}"{written}/><t:Updates>{updates}'
            "</t:Updates></t:ItemChange></m:ItemChanges></m:UpdateItem>"
        )

    def find(self, folder: str, restriction: str, view: str = "") -> list[str]:
        """Return the ids of what a restriction finds."""
        answer = self(
            '<m:FindItem Traversal="Shallow"><m:ItemShape><t:BaseShape>IdOnly'
            f"</t:BaseShape></m:ItemShape>{view}<m:Restriction>{restriction}"
            "</m:Restriction><m:ParentFolderIds>"
            f'<t:DistinguishedFolderId Id="{folder}"/></m:ParentFolderIds></m:FindItem>'
        )
        assert codes(answer) == ["NoError"], codes(answer)
        return [element.get("Id") for element in answer.iter(f"{T}ItemId")]


class Page:
    """One answer of SyncFolderItems."""

    def __init__(self, answer: etree._Element) -> None:
        self.answer = answer
        self.code = codes(answer)[0]
        state = answer.find(f".//{M}SyncState")
        self.has_state_element = state is not None
        self.state = (state.text or "") if state is not None else ""
        self.is_last = answer.findtext(f".//{M}IncludesLastItemInRange") == "true"
        changes = answer.find(f".//{M}Changes")
        self.changes = [
            (etree.QName(change).localname, change.find(f".//{T}ItemId").get("Id"))
            for change in (changes if changes is not None else ())
        ]

    def subjects(self) -> list[str]:
        return [element.text or "" for element in self.answer.iter(f"{T}Subject")]


def codes(answer: etree._Element) -> list[str]:
    if etree.QName(answer).localname == "Fault":
        return [answer.findtext("detail/{*}ResponseCode")]
    return [element.text for element in answer.iter(f"{M}ResponseCode")]


@pytest.fixture
def ask(sandbox: Sandbox) -> Ask:
    return Ask(sandbox)


@pytest.fixture
def ask_of() -> type[Ask]:
    """The client class, for tests that start a sandbox of their own."""
    return Ask


@pytest.fixture
def codes_of() -> Callable[[etree._Element], list[str]]:
    return codes


@pytest.fixture
def mail() -> Callable[..., bytes]:
    """Write a small mail; headers by keyword, `_` for `-`."""

    def write(body: str = "Guten Tag\r\n", **headers: str) -> bytes:
        fields = {
            "From": "Kunde <kunde@kunde.example>",
            "To": f"Keller <{KELLER}>",
            "Subject": "Offerte",
            "Message-ID": "<1@kunde.example>",
            "Date": "Mon, 23 Nov 2026 08:00:00 +0100",
        } | {name.replace("_", "-"): text for name, text in headers.items()}
        head = "".join(f"{name}: {text}\r\n" for name, text in fields.items() if text)
        return (head + "\r\n" + body).encode()

    return write
