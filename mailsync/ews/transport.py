"""HTTP under exchangelib: one prepared request, a capped answer, no retry.

exchangelib keeps the connection pool, the log-in and the error path; this module
replaces the three things that cost time or safety there:

* ``PreparedSession``: requests prepares URL, proxy settings and headers anew for
  every POST; with basic authentication they never change, so they are kept.
* ``CappedResponse``: an answer over 64 MB is refused while it is read, and what is in
  memory is handed out in big pieces (exchange.md §9, no. 5 and 15).
* ``NoRetry``: exchangelib's FailFast, but 401, 403, 429, 503 and redirects come out
  as our errors with the server's own wish to wait (no. 4, 6, 10).
"""

from collections.abc import Iterator
from typing import Any, Final

import requests
from exchangelib.protocol import FailFast
from requests.adapters import HTTPAdapter
from requests.auth import HTTPBasicAuth

from mailsync.errors import AuthRejected
from mailsync.ews.errors import from_status
from mailsync.ews.strict_xml import MAX_ANSWER_BYTES, Unparseable

_PIECE: Final = 1 << 16


class CappedResponse(requests.Response):
    """A response whose body can neither be endless nor be walked byte by byte."""

    def iter_content(
        self,
        chunk_size: int | None = 1,
        decode_unicode: bool = False,  # noqa: FBT001, FBT002  # requests' signature
    ) -> Iterator[Any]:
        """As requests, in pieces of at least 64 kB; raises Unparseable over the cap.

        A streaming answer (``stream=True``, not yet read) keeps the size asked for:
        exchangelib's DocumentYielder relies on single bytes there.
        """
        if chunk_size == 1 and self._content_consumed:
            chunk_size = _PIECE
        elif chunk_size is not None and chunk_size > 1:
            chunk_size = max(chunk_size, _PIECE)
        pieces: Iterator[Any] = super().iter_content(chunk_size, decode_unicode)  # type: ignore[call-overload]  # its overloads want a literal
        return self._capped(pieces)

    def _capped(self, pieces: Iterator[Any]) -> Iterator[Any]:
        size = 0
        for piece in pieces:
            size += len(piece)
            if size > MAX_ANSWER_BYTES:
                self.close()
                raise Unparseable(f"the answer exceeds {MAX_ANSWER_BYTES} bytes")
            yield piece


class CappedAdapter(HTTPAdapter):
    """Hands out ``CappedResponse``; set as exchangelib's HTTP_ADAPTER_CLS."""

    def build_response(self, req: Any, resp: Any) -> requests.Response:
        response = super().build_response(req, resp)
        response.__class__ = CappedResponse
        return response


class PreparedSession(requests.Session):
    """A session for one endpoint that prepares its request once per header set.

    Only for basic authentication, whose header is constant; digest, NTLM and Kerberos
    need requests' own path and get it. Cookies (server affinity) are kept: a change
    makes the prepared requests anew. Not shared between threads, like any session.
    """

    def __init__(self) -> None:
        super().__init__()
        self._ready: dict[str, tuple[requests.PreparedRequest, dict[str, Any]]] = {}

    def post(
        self,
        url: Any,
        data: Any = None,
        json: Any = None,
        **kwargs: Any,
    ) -> requests.Response:
        """As ``requests.Session.post``, never following a redirect.

        A CA bundle of our own is named with every request: requests would let
        REQUESTS_CA_BUNDLE of the environment win over the session's.
        """
        if isinstance(self.verify, str):
            kwargs.setdefault("verify", self.verify)
        if not isinstance(self.auth, HTTPBasicAuth) or kwargs.get("stream"):
            return super().post(url, data=data, json=json, **kwargs)
        headers = kwargs.get("headers") or {}
        key = f"{url} {headers}"
        if key not in self._ready:
            self._ready[key] = self._prepare(str(url), headers)
        template, settings = self._ready[key]
        request = template.copy()
        request.body = data
        request.headers["Content-Length"] = str(len(data))
        response = self.get_adapter(str(url)).send(
            request, timeout=kwargs.get("timeout"), **settings
        )
        if "Set-Cookie" in response.headers:
            requests.cookies.extract_cookies_to_jar(self.cookies, request, response.raw)
            self._ready.clear()
        _ = response.content  # read now, so that the connection is free again
        return response

    def _prepare(
        self, url: str, headers: dict[str, str]
    ) -> tuple[requests.PreparedRequest, dict[str, Any]]:
        request = self.prepare_request(
            requests.Request("POST", url, data=b"x", headers=headers)
        )
        own_bundle = self.verify if isinstance(self.verify, str) else None
        settings: dict[str, Any] = dict(
            self.merge_environment_settings(url, {}, False, own_bundle, None)
        )
        return request, settings


class NoRetry(FailFast):  # type: ignore[misc]  # exchangelib is untyped
    """One request, one answer: retries are the engine's, as rows with a date."""

    def raise_response_errors(self, response: Any) -> None:
        """Raise our error unless the answer may carry SOAP."""
        if response.status_code == 200:
            return
        if response.status_code == 500 and b"Envelope" in response.content[:500]:
            return  # a SOAP fault; read like any answer
        if b"referenced account is currently locked out" in response.content:
            raise AuthRejected("the service account is locked out", code="E202")
        error = from_status(response.status_code, response.headers)
        if error is not None:
            raise error
