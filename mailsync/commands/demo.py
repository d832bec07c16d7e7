"""``demo``: the whole job on a simulated Exchange, on this machine only.

Sandbox, daemon and pages are child processes on a temporary configuration; they are ended and
it is removed however the demonstration ends (Ctrl-C, SIGTERM, an error).
"""

import io
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import click

from mailsync.commands.invocation import Invocation


@click.command()
@click.option("--once", is_flag=True, help="everything at once, then the counts")
@click.option("--seed", type=int, default=7, show_default=True, help="of the mails")
@click.option(
    "--speed",
    type=click.FloatRange(min=0.1, max=100),
    default=1.0,
    show_default=True,
    help="1 = a mail about every 20 seconds",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="port of the pages; 0 = a free one",
)
@click.option("--no-browser", is_flag=True, help="do not open the pages in a browser")
@click.option("--leave-out", "left_out", multiple=True, hidden=True)
@click.pass_context
def demo(
    ctx: click.Context,
    *,
    once: bool,
    seed: int,
    speed: float,
    port: int,
    no_browser: bool,
    left_out: tuple[str, ...],
) -> None:
    """Show the whole job on a simulated Exchange; ends with Ctrl-C."""
    from mailsync.demo.children import ChildFailed
    from mailsync.demo.opening import Settings, opened

    invocation: Invocation = ctx.obj
    if isinstance(sys.stdout, io.TextIOWrapper):  # a terminal without «→»
        sys.stdout.reconfigure(errors="replace")
    root = ctx.find_root().command
    language = invocation.language

    def command_line(words: Sequence[str]) -> int:
        known = ["--config", str(folder), "--lang", language]
        code = root.main([*known, *words], prog_name="mailsync", standalone_mode=False)
        return int(code or 0)

    missed: list[str] | None = None
    with _folder(invocation) as folder, _stoppable():
        settings = Settings(
            folder,
            language,
            command_line,
            once=once,
            seed=seed,
            speed=speed,
            port=port,
            browser=not no_browser,
            left_out=left_out,
        )
        try:
            with opened(settings) as (play, perform):
                missed = play.missed
                perform()
        except (KeyboardInterrupt, click.Abort):
            if once or missed is None:
                raise click.exceptions.Exit(130) from None
        except ChildFailed as error:
            raise click.ClickException(str(error)) from None
    raise click.exceptions.Exit(1 if missed else 0)


@contextmanager
def _folder(invocation: Invocation) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mailsync-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        invocation.say("The demonstration has ended; nothing of it is left.")


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM and SIGHUP end it as Ctrl-C does."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
