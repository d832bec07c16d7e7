"""The EWS endpoint: authentication, throttling, faults, validation, dispatch."""

import base64
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from exchange_sandbox.call import Call, principal
from exchange_sandbox.errors import EwsError, SoapFault
from exchange_sandbox.fault_replies import (
    bytes_kept,
    faulted,
    replacement,
    unauthorised,
)
from exchange_sandbox.faults import TRICK_KINDS, FaultRule, Faults
from exchange_sandbox.http_wire import HttpRequest, Reply
from exchange_sandbox.ledger import Ledger, Request
from exchange_sandbox.operations.table import OPERATIONS
from exchange_sandbox.request_summary import (
    asks_to_send,
    elements_asked,
    error_codes,
)
from exchange_sandbox.settings import Settings
from exchange_sandbox.shapes import ShapeReader
from exchange_sandbox.soap import Envelope, answer, read_envelope
from exchange_sandbox.store import Store
from exchange_sandbox.subscriptions import Subscriptions
from exchange_sandbox.throttling import Throttle
from exchange_sandbox.validation import SchemaJudge
from exchange_sandbox.xml_text import T, text_of, without_illegal

PATH = "/ews/exchange.asmx"


@dataclass(slots=True, eq=False)
class Endpoint:
    """Answers EWS requests. `wait` sleeps and may be interrupted (returns True)."""

    store: Store
    settings: Settings
    ledger: Ledger
    faults: Faults
    throttle: Throttle
    subscriptions: Subscriptions
    judge: SchemaJudge | None
    wait: Callable[[float], bool]
    shapes: ShapeReader = field(default_factory=ShapeReader)

    def __call__(self, request: HttpRequest) -> Reply:
        """Answer one HTTP request."""
        user = self._user(request.headers.get("authorization", ""))
        if user is None:
            record = self.ledger.open_request(None, "(unauthenticated)")
            record.status = 401
            return unauthorised()
        if request.path.split("?")[0].lower() != PATH:
            self.ledger.open_request(user, "(other path)").status = 404
            return Reply(404, b"Not found.", "text/plain")
        if request.method != "POST":
            self.ledger.open_request(user, "(not POST)").status = 405
            return Reply(
                405, b"Only POST is served here.", "text/plain", {"Allow": "POST"}
            )
        return self._post(user, request)

    def _user(self, authorization: str) -> str | None:
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            name, _, password = base64.b64decode(encoded).decode().partition(":")
        except ValueError:
            return None
        return name if self.settings.users.get(name) == password else None

    # -- one POST ----------------------------------------------------------

    def _post(self, user: str, request: HttpRequest) -> Reply:
        record = self.ledger.open_request(user, "(unreadable)")
        try:
            envelope = read_envelope(request.body)
        except SoapFault as error:
            self.ledger.client_fault("unreadable_request", "?", None)
            return self._finish(record, faulted(error), None)
        record.operation = envelope.operation
        record.mailbox = self._mailbox_asked(envelope)
        record.items = elements_asked(envelope)
        record.asks_to_send = asks_to_send(envelope)
        rule = self.faults.due(record.operation, record.mailbox)
        if rule is not None:
            record.fault = rule.kind
        early = self._early(rule)
        reply = early or self._answer(user, envelope, record, rule)
        return self._finish(record, reply, rule)

    def _mailbox_asked(self, envelope: Envelope) -> str | None:
        if envelope.impersonated is not None:
            return envelope.impersonated[1].lower()
        for element in envelope.body.iter(
            f"{T}DistinguishedFolderId", f"{T}ItemId", f"{T}FolderId"
        ):
            named = element.find(f"{T}Mailbox/{T}EmailAddress")
            if named is not None:
                return text_of(named).strip().lower()
            mailbox = self.store.mailbox_of_id(element.get("Id", ""))
            if mailbox is not None:
                return mailbox.address
        return None

    def _early(self, rule: FaultRule | None) -> Reply | None:
        """Return the answer of a fault that strikes before anything is done."""
        if rule is None or rule.after_act:
            return None
        if rule.kind == "slow":
            self.wait(rule.seconds)
            return None
        if rule.kind == "cut_before":
            return Reply(hang_up=True)
        return replacement(rule)

    def _answer(
        self, user: str, envelope: Envelope, record: Request, rule: FaultRule | None
    ) -> Reply:
        try:
            self._check_request(envelope)
            if (
                rule is not None
                and rule.kind in {"busy", "soap_fault"}
                and not rule.after_act
            ):
                raise rule.error()
            with self._admitted(user, record):
                text = self._run(user, envelope, record, rule)
        except SoapFault as error:
            record.errors = (error.code,)
            return faulted(error)
        except EwsError as error:
            record.errors = (error.code,)
            return faulted(SoapFault(error.code, error.text, error.values))
        except Exception:  # noqa: BLE001  # a fault of ours is an answer and a record
            self.ledger.crashed(envelope.operation, traceback.format_exc())
            return faulted(SoapFault("ErrorInternalServerError"))
        if not isinstance(text, str):
            return Reply(chunks=self._judged(record, text))
        record.errors = tuple(error_codes(text))
        xml = without_illegal(text) if self.settings.strip_illegal_characters else text
        return Reply(body=xml.encode("utf-8", "replace"))

    def _check_request(self, envelope: Envelope) -> None:
        if envelope.operation not in OPERATIONS:
            self.ledger.client_fault("unknown_operation", envelope.operation, None)
            name = envelope.operation.removeprefix("?")
            raise SoapFault("ErrorInvalidOperation", f"Unknown request '{name}'.")
        if self.judge is None:
            return
        error = self.judge.request_error(envelope.root)
        if error is not None:
            self.ledger.violation(f"request {envelope.operation}: {error}")
            raise SoapFault(
                "ErrorSchemaValidation",
                f"The request failed schema validation: {error}",
            )

    @contextmanager
    def _admitted(self, user: str, record: Request) -> Iterator[None]:
        mailbox = record.mailbox or user
        self.throttle.enter(user, mailbox, record.operation)
        try:
            yield
        finally:
            self.throttle.leave(user, mailbox)

    def _run(
        self, user: str, envelope: Envelope, record: Request, rule: FaultRule | None
    ) -> "str | Iterator[bytes]":
        with self.store.lock:
            acting_as = principal(
                self.store,
                self.settings,
                self.ledger,
                user,
                envelope.impersonated,
                envelope.operation,
            )
            call = Call(
                self.store,
                self.settings,
                self.ledger,
                self.shapes,
                self.subscriptions,
                envelope.operation,
                envelope.body,
                user,
                acting_as,
                envelope.zone,
            )
            self._plan(call, rule)
            text = OPERATIONS[envelope.operation](call)
            for item_id in sorted(call.touched):
                self.ledger.touched(envelope.operation, record.mailbox or "?", item_id)
        if call.stream is not None:
            return call.stream
        return answer(text)

    def _plan(self, call: Call, rule: FaultRule | None) -> None:
        """Let a fault happen inside the operation."""
        if rule is None:
            return
        if rule.kind in {"item_error", "invalid_state"}:
            call.item_faults[rule.index] = rule.error()
        elif rule.kind == "expire_state":
            for folder in self.store.folders.values():
                if rule.mailbox in {None, folder.mailbox.address}:
                    folder.generation += 1
        elif rule.kind in TRICK_KINDS:
            call.tricks = frozenset({rule.kind})
        if rule.kind == "no_state_element":
            call.item_faults[None] = EwsError(rule.code or "ErrorInvalidSyncStateData")

    def _judged(self, record: Request, stream: Iterator[bytes]) -> Iterator[bytes]:
        for envelope in stream:
            self._validate(record, envelope)
            yield envelope

    # -- after the work ----------------------------------------------------

    def _finish(self, record: Request, reply: Reply, rule: FaultRule | None) -> Reply:
        if reply.body.startswith(b"<?xml"):
            self._validate(record, reply.body)
        if rule is not None:
            reply = self._late(record, reply, rule)
        record.status = 0 if reply.hang_up else reply.status
        return reply

    def _validate(self, record: Request, written: bytes) -> None:
        if self.judge is not None:
            error = self.judge.answer_error(written)
            if error is not None:
                self.ledger.violation(f"answer {record.operation}: {error}")

    def _late(self, record: Request, reply: Reply, rule: FaultRule) -> Reply:
        """Let a fault strike after the work is done."""
        if rule.back_off is not None or rule.retry_after is not None:
            self._told_to_wait(record, rule)
        if rule.after_act:
            reply = self._instead(reply, rule)
        if rule.kind == "cut_after":
            return Reply(hang_up=True)
        if rule.kind == "truncate":
            reply.keep = bytes_kept(reply.body, rule)
            reply.framing = rule.framing
        elif rule.kind == "slow_loris":
            reply.trickle = rule.bytes_per_second
        return reply

    def _instead(self, reply: Reply, rule: FaultRule) -> Reply:
        if rule.kind == "slow":
            self.wait(rule.seconds)
            return reply
        if rule.kind in {"busy", "soap_fault"}:
            error = rule.error()
            return faulted(SoapFault(error.code, error.text, error.values))
        return replacement(rule) or reply

    def _told_to_wait(self, record: Request, rule: FaultRule) -> None:
        text = (rule.retry_after or "").strip()
        seconds = (
            rule.back_off
            if rule.back_off is not None
            else float(text)
            if text.isdigit()
            else 0
        )
        if seconds > 0 and record.mailbox:
            self.throttle.hold_off(record.mailbox, seconds)
