"""Sign-in by OpenID Connect: the code flow with PKCE, against one issuer.

OpenID Connect Core 1.0 §3.1, Discovery 1.0 §4, RFC 7636. Guaranteed of ``finish``: the
answer belongs to the question this browser asked (state), the token is the issuer's,
for us, fresh (signature, ``iss``, ``aud``, ``exp``, ``nonce``), and nothing of it was
taken from the browser. Needs the extra ``[oidc]``; what speaks to the issuer is
imported when somebody signs in so.
"""

import base64
import hmac
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from crm_core.access.outside_accounts import Identity
from crm_core.errors import Forbidden

PATIENCE = 10  # seconds for each request to the issuer
KEPT = 3600  # seconds that its addresses and keys are believed
RECENT = 120  # seconds since a sign-in that was asked for again
_ALGORITHMS = ["RS256", "PS256", "ES256"]


class OutOfReachError(Exception):
    """The issuer does not answer, or not as it should."""


@dataclass(frozen=True, slots=True)
class OpenIdSettings:
    """One application, as it is registered with its issuer."""

    issuer: str
    client_id: str
    client_secret: SecretStr
    claim: str
    roles: Mapping[str, str]

    @property
    def is_microsoft(self) -> bool:
        """Whether the button may say so."""
        return urlsplit(self.issuer).hostname == "login.microsoftonline.com"


@dataclass(frozen=True, slots=True)
class Question:
    """What this browser asked, kept in its cookie until the answer comes."""

    state: str
    nonce: str
    verifier: str
    onward: str  # the page that wanted the sign-in
    again: bool  # a person who is signed in must prove itself anew

    @classmethod
    def new(cls, onward: str, *, again: bool) -> "Question":
        """With three values that nobody can guess."""
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        return cls(state, nonce, verifier, onward, again)

    def as_cookie(self) -> str:
        """One text; ``read`` takes it apart."""
        text = json.dumps([self.state, self.nonce, self.verifier, self.onward,
                           self.again])  # fmt: skip
        return base64.urlsafe_b64encode(text.encode()).decode()

    @classmethod
    def read(cls, cookie: str) -> "Question | None":
        """None where it is none of ours."""
        try:
            state, nonce, verifier, onward, again = json.loads(
                base64.urlsafe_b64decode(cookie.encode())
            )
        except (ValueError, TypeError):
            return None
        return cls(str(state), str(nonce), str(verifier), str(onward), bool(again))


@dataclass(slots=True)
class Issuer:
    """The issuer's addresses and keys, fetched when first needed and kept an hour."""

    settings: OpenIdSettings
    _known: dict[str, Any] = field(default_factory=dict)
    _until: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def ask(self, question: Question, back: str) -> str:
        """Where to send the browser. Raises OutOfReachError."""
        more = {"prompt": "login", "max_age": "0"} if question.again else {}
        with self._client(back) as client:
            url, _state = client.create_authorization_url(
                self._addresses()["authorization_endpoint"],
                state=question.state,
                nonce=question.nonce,
                code_verifier=question.verifier,
                **more,
            )
        return str(url)

    def finish(
        self, question: Question | None, answer: Mapping[str, str], back: str
    ) -> Identity:
        """Who came back.

        Raises Forbidden for an answer that is not to this browser's question, was
        refused or does not hold, OutOfReachError where the issuer cannot be asked.
        """
        state = answer.get("state", "")
        if question is None or not hmac.compare_digest(state, question.state):
            raise Forbidden("this sign-in was not begun here: begin again")
        if "code" not in answer:
            raise Forbidden("the sign-in was refused by its service")
        claims = self._claims(self._token(question, answer["code"], back), question)
        if question.again and time.time() - float(claims.get("auth_time", 0)) > RECENT:
            raise Forbidden("the service did not ask for the password again")
        return self._identity(claims)

    def _token(self, question: Question, code: str, back: str) -> str:
        import requests
        from authlib.integrations.base_client import OAuthError

        try:
            with self._client(back) as client:
                answer = client.fetch_token(
                    self._addresses()["token_endpoint"],
                    code=code,
                    code_verifier=question.verifier,
                    timeout=PATIENCE,
                )
        except OAuthError as error:
            raise Forbidden("the sign-in was refused by its service") from error
        except (requests.RequestException, ValueError) as error:
            raise OutOfReachError(str(error)) from error
        return str(answer.get("id_token", ""))

    def _claims(self, token: str, question: Question) -> dict[str, Any]:
        from joserfc import jwt
        from joserfc.errors import JoseError
        from joserfc.jwk import KeySet

        expected = jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": self.settings.issuer},
            aud={"essential": True, "value": self.settings.client_id},
            nonce={"essential": True, "value": question.nonce},
            exp={"essential": True},
            sub={"essential": True},
        )
        try:
            keys = KeySet.import_key_set(self._addresses()["keys"])
            claims: dict[str, Any] = jwt.decode(
                token, keys, algorithms=_ALGORITHMS
            ).claims
            expected.validate(claims)
        except (JoseError, ValueError) as error:
            with self._lock:
                self._until = 0.0  # its keys may have changed: fetch them next time
            raise Forbidden("the sign-in does not hold: begin again") from error
        return claims

    def _identity(self, claims: Mapping[str, Any]) -> Identity:
        said = claims.get(self.settings.claim, ())
        values = [said] if isinstance(said, str) else list(said or ())
        roles = self.settings.roles
        email = claims.get("preferred_username") or claims.get("email") or ""
        if not email:
            raise Forbidden("the service does not say who you are")
        return Identity(
            subject=f"{claims['iss']}|{claims['sub']}",
            email=str(email),
            name=str(claims.get("name") or ""),
            groups=tuple(dict.fromkeys(roles[v] for v in values if v in roles)),
        )

    def _client(self, back: str) -> Any:
        from authlib.integrations.requests_client import OAuth2Session

        return OAuth2Session(
            self.settings.client_id,
            self.settings.client_secret.get_secret_value(),
            scope="openid profile email",
            redirect_uri=back,
            code_challenge_method="S256",
        )

    def _addresses(self) -> dict[str, Any]:
        with self._lock:
            if time.monotonic() >= self._until:
                self._known = self._discover()
                self._until = time.monotonic() + KEPT
            return self._known

    def _discover(self) -> dict[str, Any]:
        """The issuer's own description; refused where it speaks for another one."""
        import requests

        place = f"{self.settings.issuer}/.well-known/openid-configuration"
        try:
            found = self._get(place)
            if found.get("issuer") != self.settings.issuer:
                raise OutOfReachError("the issuer calls itself otherwise")
            return {
                "authorization_endpoint": str(found["authorization_endpoint"]),
                "token_endpoint": str(found["token_endpoint"]),
                "keys": self._get(str(found["jwks_uri"])),
            }
        except (requests.RequestException, ValueError, KeyError) as error:
            raise OutOfReachError(str(error)) from error

    @staticmethod
    def _get(place: str) -> dict[str, Any]:
        import requests

        answer = requests.get(place, timeout=PATIENCE)
        answer.raise_for_status()
        found = answer.json()
        if not isinstance(found, dict):
            raise OutOfReachError("no object")
        return found
