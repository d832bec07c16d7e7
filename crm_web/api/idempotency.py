"""A POST that carries an Idempotency-Key is done once, however often it is sent.

The answer is kept for a day in the transaction of what it tells about: both exist or
neither. Whoever sends the same key with another request is refused. What was refused is
not kept: it changed nothing and is judged anew.
"""

import re
from datetime import timedelta
from hashlib import sha256

from flask import Response, request

from crm_core import clock
from crm_core.models import IdempotencyKey
from crm_web.api import tokens
from crm_web.api.problems import Refusal

HEADER = "Idempotency-Key"
LONGEST = 255
KEPT = timedelta(hours=24)
_KEY = re.compile(rf"[!-~]{{1,{LONGEST}}}")


def known_answer() -> Response | None:
    """The answer already given to this very request.

    Raises Refusal where the key belongs to another request or is no key.
    """
    key = _key()
    if key is None:
        return None
    row = IdempotencyKey.get_or_none(
        IdempotencyKey.token == tokens.token(), IdempotencyKey.key == key
    )
    if not isinstance(row, IdempotencyKey) or row.at <= clock.now() - KEPT:
        return None
    if row.request_hash != _digest():
        raise Refusal(422, "key_reused")
    response = Response(row.answer, row.status, mimetype="application/json")
    response.headers["Idempotent-Replayed"] = "true"
    return response


def keep(response: Response) -> None:
    """Remember the answer; those older than a day go."""
    key = _key()
    if key is None:
        return
    IdempotencyKey.delete().where(
        (IdempotencyKey.at <= clock.now() - KEPT)
        | ((IdempotencyKey.token == tokens.token()) & (IdempotencyKey.key == key))
    ).execute()
    IdempotencyKey.create(
        token=tokens.token(),
        key=key,
        request_hash=_digest(),
        status=response.status_code,
        answer=response.get_data(as_text=True),
        at=clock.now(),
    )


def _key() -> str | None:
    key = request.headers.get(HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Refusal(400, "bad_request", f"{HEADER}: 1-{LONGEST} of ! to ~")
    return key


def _digest() -> str:
    parts = (request.method.encode(), request.path.encode(), request.get_data())
    return sha256(b"\0".join(parts)).hexdigest()
