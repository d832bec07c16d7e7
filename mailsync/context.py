"""From the configuration to what the jobs need: ports to mailboxes, rules, places.

Importing this module imports no protocol library; the first opened port does. Secrets
are read when a server is first needed, and again after a reload, so that a renewed
password takes effect without a restart.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, time
from functools import partial
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from config import Config, ConfigError, EffectiveMailbox, ServerConfig, read_secret
from mailsync.blobs import BlobStore
from mailsync.errors import AuthRejected
from mailsync.port import MailboxPort, PortFactory
from mailsync.startup import today

if TYPE_CHECKING:
    from mailsync.ews.account import ServerSettings
    from mailsync.ews.mailbox import EwsServer
    from mailsync.mailbox_test import Endpoint
    from mailsync.sync import MailboxRules, SyncSettings

_EWS_VERSIONS = {"2016": "Exchange2016", "2019": "Exchange2019", "SE": "Exchange2019"}


class Servers:
    """The configured servers; calling it opens a listed mailbox (``PortFactory``).

    Thread-safe. A mailbox that is not listed, or whose person is not informed, is
    refused before any request, whoever asks (goal G-P1: 0 requests).
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._lock = Lock()
        self._open: dict[str, EwsServer] = {}

    def __call__(self, address: str) -> MailboxPort:
        """The port of a mailbox, for the calling thread. No request is made."""
        box = self._config.mailbox(address)
        if box is None or not box.readable(today(self._config)):
            raise AuthRejected("this mailbox may not be read", code="E219")
        return self._server(box)(box.address)

    def close(self) -> None:
        """Close every socket; ports opened before are not used afterwards."""
        with self._lock:
            for server in self._open.values():
                server.close()
            self._open.clear()

    def _server(self, box: EffectiveMailbox) -> "EwsServer":
        from mailsync.ews.mailbox import EwsServer

        with self._lock:
            if box.server not in self._open:
                settings = self._settings(box.server)
                page = self._config.service.limits.page_size
                self._open[box.server] = EwsServer(settings, page=page)
            return self._open[box.server]

    def _settings(self, name: str) -> "ServerSettings":
        try:
            return server_settings(self._config, name)
        except ConfigError as error:  # a secret that was there when we started
            why = error.problems[0].sentence("en")
            raise AuthRejected(why, code="E203") from error


def server_settings(config: Config, name: str) -> "ServerSettings":
    """One server for the EWS adapter, its password read now; raises ConfigError."""
    from mailsync.ews.account import ServerSettings

    said: ServerConfig = config.servers[name]
    secret = read_secret(said.password) if said.password is not None else None
    settings = partial(
        ServerSettings,
        endpoint=said.endpoint or "",
        login=said.login or "",
        password=secret.get_secret_value() if secret is not None else "",
        auth=said.auth,
        access=said.access,
        ca_file=str(said.ca_file) if said.ca_file is not None else None,
        timeout=said.timeout,
        time_zone=config.service.timezone,
        all_headers=said.authserv_id is not None,
        fetch_size=config.service.limits.fetch_size,
        attachment_bytes=config.service.limits.attachment_mb * 1024 * 1024,
    )
    if said.version is None:
        return settings()
    return settings(version=_EWS_VERSIONS[said.version])


@dataclass(frozen=True, slots=True)
class Context:
    """What one configuration means for the jobs; replaced as a whole on a reload."""

    config: Config
    open_port: PortFactory
    close: Callable[[], None] = field(repr=False)

    @property
    def blobs(self) -> Path:
        """Where attachments lie."""
        return self.config.service.state_directory / "blobs"

    def endpoint_of(self, address: str) -> "Endpoint | None":
        """Where the server of a listed mailbox listens, for tests of the way there."""
        from mailsync.mailbox_test import Endpoint

        box = self.config.mailbox(address)
        if box is None:
            return None
        said = self.config.server_of(box)
        ca_file = str(said.ca_file) if said.ca_file is not None else None
        return Endpoint(said.endpoint or "", ca_file)

    def sync_settings(self) -> "SyncSettings":
        """What polling needs of the configuration."""
        from mailsync.nightly import Keeping
        from mailsync.sync import SyncSettings

        service = self.config.service
        return SyncSettings(
            open_port=self.open_port,
            rules={
                box.address: rules(self.config, box) for box in self.config.mailboxes
            },
            blobs=BlobStore(self.blobs),
            token_prefix=self.config.keywords.token_prefix,
            keeping=Keeping(
                service.retention.unlinked_days, ZoneInfo(service.timezone)
            ),
            keyword_budget=self.config.service.limits.keyword_effects_per_hour,
        )


def context(config: Config) -> Context:
    """The context of a configuration, with real servers behind it."""
    servers = Servers(config)
    return Context(config, servers, servers.close)


def rules(config: Config, box: EffectiveMailbox) -> "MailboxRules":
    """How one mailbox is read."""
    from mailsync.sync import MailboxRules

    since = None
    if box.since is not None:
        zone = ZoneInfo(config.service.timezone)
        since = datetime.combine(box.since, time.min, zone).astimezone(UTC)
    domains = {f"@{domain}" for domain in config.never_domains}
    return MailboxRules(
        folders=box.folders,
        subfolders=box.subfolders,
        skip=box.skip,
        since=since,
        never=config.never_addresses | domains,
        authserv_id=config.server_of(box).authserv_id,
    )
