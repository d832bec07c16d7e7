"""The control endpoint: what `Sandbox` can do, as JSON over HTTP (schema: README.md)."""

import base64
import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from exchange_sandbox.errors import EwsError
from exchange_sandbox.http_wire import HttpRequest, Reply

if TYPE_CHECKING:
    from exchange_sandbox.server import Sandbox

_JSON = "application/json"


def _reply(status: int, content: Any) -> Reply:
    return Reply(status, json.dumps(content, ensure_ascii=False).encode(), _JSON)


def _as_list(given: Any) -> list[str]:
    return [given] if isinstance(given, str) else list(given or ())


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


class Control:
    """Routes control requests to a sandbox; errors are 400 with a sentence."""

    def __init__(self, sandbox: "Sandbox") -> None:
        self._sandbox = sandbox
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Any]] = {
            ("POST", "/deliver"): self._deliver,
            ("POST", "/act"): self._act,
            ("POST", "/fault"): self._fault,
            ("GET", "/fault"): lambda _given: {"faults": sandbox.faults.listed()},
            ("DELETE", "/fault"): self._clear,
            ("GET", "/ledger"): lambda _given: self._ledger(),
            ("GET", "/items"): self._items,
            ("POST", "/mailbox"): self._mailbox,
            ("POST", "/clock"): self._clock,
            ("POST", "/reset"): self._reset,
        }

    def __call__(self, request: HttpRequest) -> Reply:
        """Answer one control request."""
        url = urlsplit(request.path)
        route = self._routes.get((request.method, url.path))
        if route is None:
            return _reply(404, {"error": f"no {request.method} {url.path} here"})
        try:
            given = {name: texts[-1] for name, texts in parse_qs(url.query).items()}
            if request.body:
                given.update(json.loads(request.body))
            return _reply(200, route(given))
        except EwsError as error:
            return _reply(400, {"error": error.code, "text": error.text})
        except (ValueError, TypeError, KeyError) as error:
            return _reply(400, {"error": f"{type(error).__name__}: {error}"})

    def _deliver(self, given: dict[str, Any]) -> Any:
        if "mime_base64" in given:
            raw = base64.b64decode(given["mime_base64"])
        else:
            raw = given["mime"].encode()
        ids = self._sandbox.deliver(
            raw,
            *_as_list(given.get("mailbox")),
            folder=given.get("folder", "inbox"),
            received=_instant(given.get("received")),
            read=given.get("read"),
            submitted_by=given.get("submitted_by"),
        )
        return {"item_ids": list(ids)}

    def _act(self, given: dict[str, Any]) -> Any:
        mailbox, what = given.pop("mailbox"), given.pop("act")
        return {"item_id": self._sandbox.act(mailbox, what, **given)}

    def _fault(self, given: dict[str, Any]) -> Any:
        rule = self._sandbox.fault(
            given.pop("kind"), given.pop("operation", "*"), **given
        )
        return {"kind": rule.kind, "operation": rule.operation}

    def _clear(self, given: dict[str, Any]) -> Any:
        self._sandbox.faults.clear(given.get("kind"))
        return {}

    def _ledger(self) -> Any:
        record = self._sandbox.ledger.as_json()
        judge = self._sandbox.judge
        record["validated"] = (
            {"requests": judge.requests, "answers": judge.answers} if judge else None
        )
        return record

    def _items(self, given: dict[str, Any]) -> Any:
        newest = given.get("newest")
        return {
            "items": self._sandbox.items(
                given["mailbox"],
                given.get("folder"),
                newest=None if newest is None else int(newest),
            )
        }

    def _mailbox(self, given: dict[str, Any]) -> Any:
        self._sandbox.add_mailbox(given["address"])
        return {}

    def _clock(self, given: dict[str, Any]) -> Any:
        clock = self._sandbox.clock
        if given.get("set") is not None:
            clock.set(datetime.fromisoformat(given["set"]))
        if given.get("advance") is not None:
            clock.advance(float(given["advance"]))
        if given.get("release"):
            clock.release()
        return {"now": clock.now().isoformat()}

    def _reset(self, _given: dict[str, Any]) -> Any:
        self._sandbox.reset()
        return {}
