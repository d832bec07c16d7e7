"""`python -m exchange_sandbox serve …`: see README.md."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from exchange_sandbox.errors import EwsError
from exchange_sandbox.server import Sandbox
from exchange_sandbox.settings import Settings


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit():
        raise argparse.ArgumentTypeError(f"{text!r} is not HOST:PORT")
    return host, int(port)


def _user(text: str) -> tuple[str, str]:
    name, colon, password = text.partition(":")
    if not name or not colon:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME:PASSWORD")
    return name, password


def _pair(text: str) -> tuple[str, str]:
    left, equals, right = text.partition("=")
    if not left or not equals or not right:
        raise argparse.ArgumentTypeError(f"{text!r} has no '='")
    return left, right


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m exchange_sandbox")
    commands = parser.add_subparsers(dest="command", required=True)
    serve = commands.add_parser("serve", help="serve a simulated Exchange")
    add = serve.add_argument
    add("--listen", type=_address, required=True, metavar="HOST:PORT")
    add("--control", type=_address, metavar="HOST:PORT")
    add("--user", type=_user, action="append", required=True, metavar="NAME:PASSWORD")
    add("--deny", type=_pair, action="append", default=[], metavar="USER=ADDR")
    add("--mailbox", action="append", required=True, metavar="ADDR")
    add(
        "--load",
        type=_pair,
        action="append",
        default=[],
        metavar="ADDR[/inbox|/sent]=PATH",
    )
    add("--schema", type=Path, metavar="DIR", help="validate by Microsoft's schema")
    add("--seed", type=int, default=0)
    add(
        "--budget", type=int, default=0, help="requests per mailbox and minute; 0 = any"
    )
    add("--tls-cert", type=Path, metavar="PEM")
    add("--tls-key", type=Path, metavar="PEM")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Serve until SIGINT or SIGTERM; 0 then, 2 for options that make no sense."""
    options = _parser().parse_args(arguments)
    settings = Settings(
        users=dict(options.user),
        denied={(user, address.lower()) for user, address in options.deny},
        schema=options.schema,
        seed=options.seed,
        budget=options.budget,
        tls_cert=options.tls_cert,
        tls_key=options.tls_key,
    )
    sandbox = Sandbox(options.mailbox, settings=settings)
    for target, path in options.load:
        address, _, folder = target.partition("/")
        try:
            sandbox.load(address, Path(path), folder or None)
        except (OSError, EwsError) as error:
            print(f"--load {target}={path}: {error}", file=sys.stderr)
            return 2
    done = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: done.set())
    sandbox.start(options.listen, options.control)
    control = f" control {sandbox.control_url}" if sandbox.control_url else ""
    print(f"exchange_sandbox listening on {sandbox.url}{control}", flush=True)
    done.wait()
    sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
