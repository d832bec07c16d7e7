"""Logs: past-tense facts with ids; no subject, address, body or secret above DEBUG.

JSON, one object a line, under systemd (with the journal's priority prefix) or where the
configuration says so; text on a terminal. Everything goes to stderr: stdout belongs to
answers. Other libraries' records come the same way, warnings and worse only.

What keeps content out is a processor, not good intentions: above DEBUG the keys that
hold content are dropped, whatever looks like an e-mail address or Message-ID is
blanked, and of an exception remain its kind and its frames, not its text.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

_CONTENT_KEYS = frozenset(
    {
        "subject", "topic", "title", "body", "text", "html", "sender", "from_address",
        "to", "cc", "bcc", "recipient", "recipients", "address", "email", "login",
        "password", "secret", "token", "message_id", "internet_id", "url", "detail",
        "problem", "error",
    }
)  # fmt: skip
_ADDRESS = re.compile(r"[^\s<>\"'(),;:=]+@[^\s<>\"'(),;:]+")
_BLANK = "‹…›"
# sd-daemon(3): <3> error, <4> warning, <6> information, <7> debug
_PRIORITY: Mapping[str, str] = MappingProxyType(
    {"critical": "<2>", "error": "<3>", "warning": "<4>", "info": "<6>"}
)


def configure(level: str = "info", form: str = "auto") -> None:
    """Set logging up for this process.

    ``level`` debug | info | warning | error; ``form`` json | console | auto (JSON
    under systemd, text else).
    """
    under_systemd = _under_systemd()
    as_json = form == "json" or (form == "auto" and under_systemd)
    least = getattr(logging, level.upper())
    structlog.configure(
        processors=_processors(as_json=as_json, prefix=as_json and under_systemd),
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    _route_libraries(max(least, logging.WARNING))


def redact(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Take content out of a record unless it is for DEBUG."""
    if method == "debug":
        return event
    for key in list(event):
        if key in _CONTENT_KEYS:
            del event[key]
        elif isinstance(event[key], str):
            event[key] = _ADDRESS.sub(_BLANK, event[key])
        elif not isinstance(event[key], int | float | bool | None):
            event[key] = _ADDRESS.sub(_BLANK, str(event[key]))
    return event


def frames_only(_logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """An exception's kind and frames; its text may quote a mail, so only for DEBUG."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = _described(error, with_text=method == "debug")
    return event


def _described(error: BaseException, *, with_text: bool) -> str:
    if with_text:
        return "".join(traceback.format_exception(error))
    frames = "".join(traceback.format_tb(error.__traceback__))
    kinds = [type(error).__qualname__]
    cause = error.__cause__ or error.__context__
    while cause is not None and len(kinds) < 10:
        kinds.append(type(cause).__qualname__)
        cause = cause.__cause__ or cause.__context__
    return f"{frames}{' <- '.join(kinds)}"


def _processors(*, as_json: bool, prefix: bool) -> list[Processor]:
    chain: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        frames_only,
        redact,
    ]
    if as_json:
        stamp = structlog.processors.TimeStamper(fmt="iso", utc=True)
        chain += [stamp, structlog.processors.JSONRenderer(ensure_ascii=False)]
    else:
        stamp = structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False)
        colours = sys.stderr.isatty()
        chain += [
            stamp,
            structlog.dev.ConsoleRenderer(
                colors=colours, exception_formatter=structlog.dev.plain_traceback
            ),
        ]
    if prefix:
        chain.append(_with_priority)
    return chain


def _with_priority(_logger: WrappedLogger, method: str, rendered: Any) -> str:
    return f"{_PRIORITY.get(method, '<7>')}{rendered}"


class _Forward(logging.Handler):
    """Records of other libraries become records of ours.

    Only the template of their text is taken: the values put into it may be a mail's.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """One record, without its values."""
        log = structlog.get_logger()
        method = "error" if record.levelno >= logging.ERROR else "warning"
        getattr(log, method)(
            "library_warned",
            logger=record.name,
            said=str(record.msg)[:200],
            exc_info=record.exc_info,
        )


def _route_libraries(level: int) -> None:
    root = logging.getLogger()
    root.handlers = [_Forward()]
    root.setLevel(level)


def _under_systemd() -> bool:
    """Whether stderr is the journal (systemd names its device and inode)."""
    try:
        device, inode = os.environ["JOURNAL_STREAM"].split(":")
        there = os.fstat(sys.stderr.fileno())
    except (KeyError, ValueError, OSError):
        return False
    return (there.st_dev, there.st_ino) == (int(device), int(inode))
