"""Who asks: a bearer token (RFC 6750) and nothing else; no cookie is looked at.

The token acts with the ``Viewer`` of its account: the same filter as its owner's pages.
"""

from flask import g, request

from crm_core import database
from crm_core.access import accounts
from crm_core.access.viewer import viewer_of
from crm_core.models import ApiToken, TokenScope
from crm_web.api.problems import Refusal
from crm_web.csrf import SAFE

_REALM = 'Bearer realm="mailsync"'


def authenticate() -> None:
    """Set ``g.viewer``; Refusal without a living token of the needed scope.

    Forbidden for the token of a person in no staff group.
    """
    header = request.headers.get("Authorization", "")
    kind, _, value = header.partition(" ")
    if kind.lower() != "bearer" or not value.strip():
        raise Refusal(401, "unauthorised", WWW_Authenticate=_REALM)
    token = accounts.find_token(value.strip())
    if token is None:
        invalid = f'{_REALM}, error="invalid_token"'
        raise Refusal(401, "unauthorised", WWW_Authenticate=invalid)
    if request.method not in SAFE and token.scope is not TokenScope.WRITE:
        lacking = f'{_REALM}, error="insufficient_scope", scope="write"'
        raise Refusal(403, "scope", WWW_Authenticate=lacking)
    if accounts.token_needs_touch(token):
        with database.transaction():
            accounts.touch_token(token)
    g.token, g.account = token, token.account
    g.viewer = viewer_of(token.account.employee)
    g.viewer.require_member()


def token() -> ApiToken:
    """The token of this request."""
    found: ApiToken = g.token
    return found
