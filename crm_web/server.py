"""Serve the application with waitress: one thread a request, loopback or behind TLS.

A Secure cookie does not travel over plain HTTP on a network, so any other address than
loopback or a Unix socket is refused with that reason, unless ``public_url`` is https.
"""

import ipaddress
import os
import socket
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from waitress import create_server

from config import Config, read_secret
from crm_core import database
from crm_core.errors import Invalid
from crm_web.app import create_app
from crm_web.open_id import OpenIdSettings
from crm_web.settings import DemoSettings, WebSettings

THREADS = 6
HANDED_OVER = "systemd"  # as the address: the socket that systemd has opened for us
_FIRST_HANDED = 3  # sd_listen_fds(3): SD_LISTEN_FDS_START


def settings_of(config: Config, demo: DemoSettings | None = None) -> WebSettings:
    """What the pages need of a configuration."""
    public = config.service.web.public_url
    return WebSettings(
        blobs=config.service.state_directory / "blobs",
        language=config.service.locale,
        time_zone=ZoneInfo(config.service.timezone),
        token_prefix=config.keywords.token_prefix,
        version=_version(),
        unlinked_days=config.service.retention.unlinked_days,
        config_directory=config.directory,
        public_host=urlsplit(public).netloc if public else None,
        frame_ancestors=config.service.web.frame_ancestors,
        open_id=_open_id(config),
        demo=demo,
    )


def _open_id(config: Config) -> OpenIdSettings | None:
    said = config.service.web.oidc
    if said is None:
        return None
    return OpenIdSettings(
        issuer=said.issuer,
        client_id=said.client_id,
        client_secret=read_secret(said.client_secret),
        claim=said.claim,
        roles=said.roles,
    )


def serve(
    settings: WebSettings,
    listen: str,
    *,
    ready: Callable[[str], object] = str,
) -> None:
    """Serve until interrupted. Raises Invalid for an address that is not safe."""
    database.keep_connections(THREADS)
    app = create_app(settings)
    if listen == HANDED_OVER:
        handed = socket.socket(fileno=handed_over())
        server = create_server(app, sockets=[handed], threads=THREADS)
        url = listen
    elif listen.startswith("unix:"):
        server = create_server(
            app,
            unix_socket=listen.removeprefix("unix:"),
            unix_socket_perms="660",
            threads=THREADS,
        )
        url = listen
    else:
        host, _, port = listen.rpartition(":")
        refuse_open_address(host.strip("[]"), settings.public_host)
        server = create_server(app, host=host.strip("[]"), port=int(port),
                               threads=THREADS)  # fmt: skip
        url = f"http://{host}:{server.effective_port}"
    ready(url)
    try:
        server.run()
    except KeyboardInterrupt:
        server.close()


def handed_over() -> int:
    """The one socket that systemd hands to this process (sd_listen_fds(3)).

    Raises Invalid unless it handed over exactly one, to us.
    """
    ours = os.environ.pop("LISTEN_PID", "") == str(os.getpid())
    count = os.environ.pop("LISTEN_FDS", "")
    if not ours or count != "1":
        raise Invalid(
            "listen",
            "no_socket",
            "systemd handed over no socket: start it by crm-web.socket",
        )
    return _FIRST_HANDED


def refuse_open_address(host: str, public_host: str | None) -> None:
    """Raise Invalid unless it is loopback, or a TLS proxy stands in front."""
    if host == "localhost" or public_host is not None:
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise Invalid(
        "listen",
        "plain_http",
        "{host} is open to the network without TLS: listen on 127.0.0.1 behind a "
        "reverse proxy and set web.public_url",
        host=host,
    )


def _version() -> str:
    try:
        return version("mailsync")
    except PackageNotFoundError:
        return "0"
