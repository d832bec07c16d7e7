"""A small OpenID Connect issuer on loopback: signs everybody in who comes.

It holds the asker to the rules it needs for that (client secret, PKCE, one use of a
code), and can be told to break those of its own.
"""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "crm", "geheim-und-lang"


def _new_key() -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)})


@dataclass
class FakeIssuer:
    """What it says of the next person, and what it does wrong."""

    url: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "s-1",
            "name": "Mara Keller",
            "preferred_username": "keller@werft.example",
            "roles": ["CRM.Werkstatt"],
        }
    )
    wrong: dict[str, Any] = field(default_factory=dict)  # claims that are not as asked
    calls_itself: str | None = None
    signs_with: RSAKey | None = None  # a key that nobody can look up
    key: RSAKey = field(default_factory=_new_key)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def authorize(self, query: dict[str, str]) -> str:
        """The person agrees: where the browser is sent."""
        self.asked.append(query)
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        back = {"code": code, "state": query["state"]}
        return f"{query['redirect_uri']}?{urlencode(back)}"

    def token(self, form: dict[str, str], authorization: str) -> dict[str, Any] | None:
        """The answer to a code; None for a code or an asker that does not hold."""
        wanted = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        query = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if query is None or authorization != f"Basic {wanted}":
            return None
        if query["code_challenge"] != challenge:
            return None
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": query["client_id"],
            "nonce": query["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            **self.person,
            **self.wrong,
        }
        key = self.signs_with or self.key
        header = {"alg": "RS256", "kid": self.key.kid}
        return {
            "access_token": "x",
            "token_type": "Bearer",
            "id_token": jwt.encode(header, claims, key),
        }

    def description(self) -> dict[str, str]:
        return {
            "issuer": self.calls_itself or self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/keys",
        }


@contextmanager
def issuer() -> Iterator[FakeIssuer]:
    """Serves on a free port until left."""
    fake = FakeIssuer()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _handler(fake: FakeIssuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            if parts.path == "/authorize":
                self.send_response(302)
                self.send_header("Location", fake.authorize(_flat(parts.query)))
                self.end_headers()
            elif parts.path == "/keys":
                public = fake.key.as_dict(private=False)
                self._say(200, {"keys": [public]})
            else:
                self._say(200, fake.description())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            found = fake.token(_flat(body), self.headers.get("Authorization", ""))
            self._say(200 if found else 400, found or {"error": "invalid_grant"})

        def _say(self, status: int, what: dict[str, Any]) -> None:
            text = json.dumps(what).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_args: object) -> None:
            """Nothing into the tests' output."""

    return Handler


def _flat(query: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(query).items()}
