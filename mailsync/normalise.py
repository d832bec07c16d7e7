"""A mail as the server gave it → a mail as the CRM stores it. Pure.

Everything in a mail, headers included, is the sender's claim. Three things are not:
that the item lies in our Sent Items, the internal-authentication mark of our own
Exchange, and the first ``Authentication-Results`` with our own authserv-id.

Also the private rule: it is judged on the change page, before anything is fetched.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5

from crm_core.email_addresses import Internal, normalise
from crm_core.mail import content
from crm_core.mail.incoming import IncomingBody, IncomingMail
from crm_core.models import Dmarc
from mailsync.port import Change, RemoteMessage, RemoteParty

LONGEST_SUBJECT = 2_000
LONGEST_ID = 995  # RFC 5322 §2.1.1: a line has at most 998 characters
LONGEST_TEXT = 1_000_000
MOST_RECIPIENTS = 2_000
FILED_CATEGORY = "crm"

_PRIVATE_WORDS = re.compile(
    r"(?<!\w)(?:privat|private|persönlich|persoenlich|personal"
    r"|privé|privée|personnel|personnelle|privato|privata|personale)(?!\w)",
    re.IGNORECASE,
)
_PRIVATE_SENSITIVITY = frozenset({"Private", "Personal"})
_ID = re.compile(r"<([^<>]{1,995})>")
_BARE_ID = re.compile(r"[^\s<>@]+@[^\s<>@]+")
_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\]|\\.)*"|\([^()]*\)')
_SPACE = re.compile(r"\s+")
_UNWANTED = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_CONTROLS = bytes((*range(9), 11, 12, *range(14, 32), 127))


@dataclass(frozen=True, slots=True)
class Rules:
    """By which a mailbox's mail is read."""

    internal: Internal
    authserv_id: str | None = None
    never: frozenset[str] = frozenset()  # addresses, or «@domain»


def is_private(item: Change | RemoteMessage, folder_name: str) -> bool:
    """Whether an item is marked private: by sensitivity, category, folder or word.

    Judged on the change page, so that nothing is fetched; and again of what was fetched,
    since it may have been marked meanwhile.
    """
    return (
        item.sensitivity in _PRIVATE_SENSITIVITY
        or bool(_PRIVATE_WORDS.fullmatch(folder_name.strip()))
        or any(_PRIVATE_WORDS.fullmatch(name.strip()) for name in item.categories)
        or bool(_PRIVATE_WORDS.search(item.subject or ""))
    )


def is_filed(categories: Iterable[str]) -> bool:
    """Whether the mailbox's owner gave it the Outlook category «CRM»."""
    return any(name.strip().lower() == FILED_CATEGORY for name in categories)


def concerns_never(mail: IncomingMail, never: frozenset[str]) -> bool:
    """Whether a party is on the administrator's ``never:`` list."""
    if not never:
        return False
    everybody = {mail.from_address, mail.sender, *mail.to, *mail.cc, *mail.bcc}
    return any(
        address in never or f"@{address.rpartition('@')[2]}" in never
        for address in everybody
        if address
    )


def incoming_mail(
    remote: RemoteMessage,
    rules: Rules,
    *,
    sent: bool,
    arrived_at: datetime,
    digest_key: bytes = b"",
) -> IncomingMail:
    """Normalise one mail; never raises for what a sender can write.

    ``sent``: it lies in Sent Items. ``arrived_at`` stands in where the server gave no
    received time. ``digest_key`` is the installation's, for the digest of the text.
    """
    headers = _headers(remote.headers)
    from_address = None if _several_senders(headers) else _address(remote.from_)
    replies = _addresses(remote.reply_to)
    sender = next((a for a in replies if a != from_address), from_address)
    guids = _guids(remote.conversation_index, headers.get("thread-index", ()))
    text = None if remote.text is None else clean_text(remote.text, LONGEST_TEXT)
    return IncomingMail(
        external_id=remote.ref.external_id,
        change_key=remote.ref.change_key,
        internet_id=own_id(remote.message_id),
        in_reply_to=ids(remote.in_reply_to),
        references=ids(remote.references),
        guids=guids,
        server_thread=_server_thread(remote, guids),
        subject=clean(remote.subject, LONGEST_SUBJECT),
        from_name=clean((remote.from_ and remote.from_.name) or "", 300),
        from_address=from_address,
        sender=sender,
        reply_to=replies,
        to=_addresses(remote.to),
        cc=_addresses(remote.cc),
        bcc=_addresses(remote.bcc),
        stated_at=_plausible(remote.sent_at),
        received_at=remote.received_at or remote.sent_at or arrived_at,
        size=remote.size,
        item_class=remote.item_class,
        has_attachments=remote.has_attachments,
        sent=sent,
        authenticated=_first(headers, "x-ms-exchange-organization-authas").lower()
        == "internal",
        automatic=_automatic(remote.item_class, headers),
        confidential=remote.sensitivity == "Confidential",
        dmarc=dmarc(headers.get("authentication-results", ()), rules.authserv_id),
        filed=is_filed(remote.categories),
        body=None if text is None else IncomingBody(text),
        content_digest=None if text is None else content.digest(digest_key, text),
    )


# --- text -------------------------------------------------------------------------


def clean(text: str, longest: int) -> str:
    """One line of text that any database takes, at most ``longest`` characters."""
    text = text[:longest]
    if text.isprintable():
        return text
    return _SPACE.sub(" ", _UNWANTED.sub("\N{REPLACEMENT CHARACTER}", text)).strip()


def clean_text(text: str, longest: int) -> str:
    """Text with its lines kept, without characters that databases refuse."""
    text = text[:longest]
    if _is_wanted(text):
        return text
    return _UNWANTED.sub("\N{REPLACEMENT CHARACTER}", text)


def _is_wanted(text: str) -> bool:
    """Whether nothing in it is unwanted: three times faster than looking for it."""
    try:
        data = text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return len(data.translate(None, _CONTROLS)) == len(data)


# --- ids --------------------------------------------------------------------------


def own_id(raw: str | None) -> str | None:
    """The mail's own Message-ID without brackets, or None if it has no usable one."""
    if not raw:
        return None
    text = clean(_SPACE.sub(" ", raw), 4 * LONGEST_ID).strip()
    inside = _ID.search(text)
    value = (inside.group(1) if inside else text).strip()
    return None if value in {"", "<>"} or len(value) > LONGEST_ID else value


def ids(raw: str | None) -> tuple[str, ...]:
    """The ids of In-Reply-To or References, in order; words and dates are none."""
    if not raw:
        return ()
    if "<" in raw:
        found = _ID.findall(raw)
    else:  # some clients forget the brackets
        found = [t for t in raw.split() if _BARE_ID.fullmatch(t)]
    values = map(_one_id, found)
    return tuple(dict.fromkeys(value for value in values if value))


def _one_id(value: str) -> str:
    if value.isprintable() and " " not in value:  # nearly all of them
        return value[:LONGEST_ID]
    return clean(_SPACE.sub(" ", value).strip(), LONGEST_ID)


# --- parties ----------------------------------------------------------------------


def _address(party: RemoteParty | None) -> str | None:
    if party is None or not party.address:
        return None
    return normalise(party.address)


def _addresses(people: tuple[RemoteParty, ...]) -> tuple[str, ...]:
    found = dict.fromkeys(map(_address, people[:MOST_RECIPIENTS]))
    found.pop(None, None)
    return tuple(address for address in found if address)


def _several_senders(headers: dict[str, list[str]]) -> bool:
    """More than one From, several authors or a group: nobody is the sender."""
    lines = headers.get("from", ())
    if len(lines) > 1:
        return True
    for line in lines:
        bare = _QUOTED_OR_COMMENT.sub("", line[:4_000])
        in_group = re.search(r"[^<]*:[^<>]*;", bare.split("<", 1)[0] + bare)
        if in_group or (bare.count("@") > 1 and "," in bare):
            return True
    return False


# --- threading evidence -----------------------------------------------------------


def guid_of(index: bytes | None) -> bytes | None:
    """The GUID of a ConversationIndex ([MS-OXOMSG] 2.2.1.3), None if it is none."""
    if index is None or len(index) < 22 or index[0] != 1:
        return None
    return index[6:22]


def decode_index(header: str) -> bytes | None:
    """A Thread-Index header, folded or not; None if it is not base64."""
    text = _SPACE.sub("", header)[:2_000]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return None


def _guids(index: bytes | None, headers: Iterable[str]) -> tuple[bytes, ...]:
    found = [guid_of(index), *(guid_of(decode_index(h)) for h in headers)]
    return tuple(dict.fromkeys(guid for guid in found if guid is not None))


def _server_thread(remote: RemoteMessage, guids: tuple[bytes, ...]) -> bytes | None:
    """The server's conversation, unless its id is made of the topic or says no more
    than the GUID does ([MS-OXOMSG] 2.2.1.2: two strangers share a topic).
    """
    if not remote.conversation_id:
        return None
    try:
        raw = base64.b64decode(
            remote.conversation_id.replace("-", "/").replace("_", "+")
        )
    except (binascii.Error, ValueError):
        return None
    tail = raw[-16:]
    if len(raw) < 16 or tail in guids:
        return None
    topics = {remote.conversation_topic or "", topic(remote.subject)}
    return None if any(tail in topic_ids(text) for text in topics) else tail


def topic(subject: str) -> str:
    """The conversation topic: the subject without a prefix of 1-3 characters and a
    colon ([MS-OXCMSG] 2.2.1.10), at most 255 characters.
    """
    match = re.match(r"\s*[^\s:\d]{1,3}:\s*", subject)
    return (subject[match.end() :] if match else subject)[:255]


def topic_ids(text: str) -> tuple[bytes, bytes]:
    """MD5 of the upper-cased UTF-16LE topic, in the two ways of upper-casing «ß»."""
    upper = text.upper()
    if len(upper) == len(text):  # then every character has one upper form
        both = _md5(upper)
        return both, both
    simple = "".join(c.upper() if len(c.upper()) == 1 else c for c in text)
    return _md5(simple), _md5(upper)


def _md5(text: str) -> bytes:
    data = text[:255].encode("utf-16-le", "surrogatepass")
    return md5(data, usedforsecurity=False).digest()


# --- what our own server says -----------------------------------------------------


def dmarc(results: Iterable[str], authserv_id: str | None) -> Dmarc:
    """The verdict of the first Authentication-Results of our own server (RFC 8601).

    A comment is no result; headers of other servers, and later ones of ours, are the
    sender's claim.
    """
    if authserv_id is None:
        return Dmarc.NONE
    for header in results:
        text = _without_comments(header[:20_000])
        who, _, methods = text.partition(";")
        if who.split()[:1] != [authserv_id.lower()]:
            continue
        match = re.search(r"(?:^|;)\s*dmarc\s*=\s*(\w+)", methods)
        verdict = match.group(1) if match else ""
        if verdict == "pass":
            return Dmarc.PASS
        return Dmarc.FAIL if verdict in {"fail", "permerror"} else Dmarc.NONE
    return Dmarc.NONE


def _without_comments(text: str) -> str:
    """Lower-cased, comments (they nest) and quoted strings taken out; linear."""
    kept: list[str] = []
    depth, quoted = 0, False
    for char in text.lower():
        if char == '"' and depth == 0:
            quoted = not quoted
        elif quoted:
            continue
        elif char == "(":
            depth += 1
        elif char == ")" and depth:
            depth -= 1
        elif depth == 0:
            kept.append(char)
    return "".join(kept)


def _automatic(item_class: str, headers: dict[str, list[str]]) -> bool:
    """Sent by a machine: report, auto-reply, bounce. It may trigger nothing.

    X-Auto-Response-Suppress and Precedence: list do not count: ordinary mail has them.
    """
    submitted = _first(headers, "auto-submitted").split(";")[0].split("(")[0]
    return (
        item_class.upper().startswith("REPORT.")
        or "OOFTEMPLATE" in item_class.upper()
        or submitted.strip().lower() not in {"", "no"}
        or _first(headers, "return-path").strip() == "<>"
        or "x-autoreply" in headers
    )


def _headers(pairs: tuple[tuple[str, str], ...]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name.lower(), []).append(value)
    return found


def _first(headers: dict[str, list[str]], name: str) -> str:
    return headers[name][0] if headers.get(name) else ""


def _plausible(at: datetime | None) -> datetime | None:
    """A stated date that can be one; 1601 and 9999 are «no date» of some server."""
    if at is None:
        return None
    at = at.astimezone(UTC)
    return at if 1970 <= at.year <= 2199 else None
