"""HTTP replies that say no, and those that a fault puts in place of an answer."""

from exchange_sandbox.errors import SoapFault
from exchange_sandbox.faults import PAGE_KINDS, STATUS_KINDS, FaultRule
from exchange_sandbox.http_wire import Reply
from exchange_sandbox.soap import fault

_LOGIN_PAGE = (
    b"<!DOCTYPE html><html><head><title>Outlook</title></head><body>"
    b"<form action='/owa/auth.owa' method='POST'><input name='username'></form>"
    b"</body></html>"
)


def unauthorised() -> Reply:
    """Return the 401 that asks for Basic credentials."""
    headers = {"WWW-Authenticate": 'Basic realm="exchange_sandbox"'}
    return Reply(401, b"Unauthorized", "text/plain", headers)


def faulted(error: SoapFault) -> Reply:
    """Return a SOAP fault as Exchange sends it, with 500."""
    return Reply(500, fault(error).encode())


def replacement(rule: FaultRule) -> Reply | None:
    """Return the page or status that stands in place of an answer."""
    if rule.kind in STATUS_KINDS:
        if rule.kind == "401":
            return unauthorised()
        headers = (
            {"Retry-After": rule.retry_after} if rule.retry_after is not None else {}
        )
        return Reply(
            int(rule.kind), b"The service is unavailable.", "text/html", headers
        )
    if rule.kind not in PAGE_KINDS:
        return None
    if rule.kind == "html":
        return Reply(200, _LOGIN_PAGE, "text/html; charset=utf-8")
    if rule.kind == "redirect":
        return Reply(302, b"", "text/html", {"Location": "/owa/auth/logon.aspx"})
    return Reply(200, b"")


def bytes_kept(body: bytes, rule: FaultRule) -> int:
    """Return how much of a body a truncation lets through."""
    if rule.before_change is not None:
        marks = (b"<t:Create>", b"<t:Update>", b"<t:Delete>", b"<t:ReadFlagChange>")
        at, found = 0, 0
        while found < rule.before_change:
            places = [p for p in (body.find(mark, at) for mark in marks) if p >= 0]
            if not places:
                break
            at, found = min(places) + 1, found + 1
        return max(0, at - 1)
    if isinstance(rule.keep, float):
        return int(len(body) * rule.keep)
    return len(body) // 2 if rule.keep is None else min(rule.keep, len(body))
