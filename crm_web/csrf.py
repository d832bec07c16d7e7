"""Two gates in front of every unsafe page request.

(a) The browser says where the request comes from (Sec-Fetch-Site, else Origin); (b) the
form carries the key of its session. The REST API takes no cookie and has neither.
"""

import hmac
from urllib.parse import urlsplit

from flask import Request, abort, g

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
FIELD = "form_key"


def check(request: Request) -> None:
    """Abort with 403 unless both gates are open; before sign-in only the first."""
    if request.method in SAFE:
        return
    if not _from_here(request):
        abort(403, "cross-site request")
    session = g.get("session")
    if session is None:
        return
    given = request.form.get(FIELD) or request.headers.get("X-Form-Key", "")
    if not hmac.compare_digest(given, session.form_key):
        abort(403, "form key")


def _from_here(request: Request) -> bool:
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    # Neither header: not a browser of this decade; the form key still decides.
    return origin is None or urlsplit(origin).netloc == request.host
