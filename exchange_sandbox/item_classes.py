"""Which message class an item gets from the MIME it came as.

Sources: [MS-OXCMAIL] (reports, S/MIME, meeting requests), [MS-OXOMSG] (report classes).
The class of out-of-office answers that arrive as MIME is unverified: chosen is
``IPM.Note.Rules.OofTemplate.Microsoft`` where Exchange's own mark of a rule-made mail
(``X-MS-Exchange-Inbox-Rules-Loop``) stands beside an Auto-Submitted field.
"""

import re

from exchange_sandbox.mime_parts import Part

_ACTION = re.compile(rb"^action:[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE)
_DISPOSITION = re.compile(
    rb"^disposition:[^;\n]*;[ \t]*([a-z]+)", re.IGNORECASE | re.MULTILINE
)
_PARTSTAT = re.compile(rb"PARTSTAT=(ACCEPTED|DECLINED|TENTATIVE)", re.IGNORECASE)
_DELIVERY = {
    b"failed": "NDR",
    b"delayed": "Delayed.DR",
    b"delivered": "DR",
    b"relayed": "Relayed.DR",
    b"expanded": "Expanded.DR",
}
_ANSWERS = {b"ACCEPTED": "Pos", b"DECLINED": "Neg", b"TENTATIVE": "Tent"}
_HEAD = 65_536


def item_class_of(root: Part, parts: list[Part]) -> str:
    """Return the PidTagMessageClass of a mail."""
    kinds = {part.kind: part for part in reversed(parts)}
    kinds[root.kind] = root
    return (
        _report(kinds)
        or _meeting(kinds)
        or _signed(root)
        or _auto_reply(root)
        or "IPM.Note"
    )


def _report(kinds: dict[str, Part]) -> str | None:
    if "multipart/report" not in kinds:
        return None
    status = kinds.get("message/delivery-status")
    if status is not None:
        action = _ACTION.search(status.content()[:_HEAD])
        word = action[1].lower() if action else b"failed"
        return "REPORT.IPM.Note." + _DELIVERY.get(word, "NDR")
    notice = kinds.get("message/disposition-notification")
    if notice is not None:
        found = _DISPOSITION.search(notice.content()[:_HEAD])
        unread = found is not None and found[1].lower() == b"deleted"
        return "REPORT.IPM.Note.IPNNRN" if unread else "REPORT.IPM.Note.IPNRN"
    return None


def _meeting(kinds: dict[str, Part]) -> str | None:
    part = kinds.get("text/calendar")
    if part is None:
        return None
    method = part.type_parameters.get("method", "").upper()
    if method == "REPLY":
        answer = _PARTSTAT.search(part.content()[:_HEAD])
        word = _ANSWERS[answer[1].upper()] if answer else "Tent"
        return f"IPM.Schedule.Meeting.Resp.{word}"
    named = {"REQUEST": "Request", "CANCEL": "Canceled"}
    return f"IPM.Schedule.Meeting.{named[method]}" if method in named else None


def _signed(root: Part) -> str | None:
    if root.kind in ("application/pkcs7-mime", "application/x-pkcs7-mime"):
        return "IPM.Note.SMIME"
    protocol = root.type_parameters.get("protocol", "").lower()
    if root.kind == "multipart/signed" and "pkcs7" in protocol:
        return "IPM.Note.SMIME.MultipartSigned"
    return None


def _auto_reply(root: Part) -> str | None:
    automatic = (root.fields.first("auto-submitted") or "no").strip().lower()
    if automatic == "no" or root.fields.first("x-ms-exchange-inbox-rules-loop") is None:
        return None
    return "IPM.Note.Rules.OofTemplate.Microsoft"
