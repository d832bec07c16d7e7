"""Everything that goes wrong, as «problem details» (RFC 9457).

``title`` says what kind of problem in the language of Accept-Language, ``detail`` this
very one; ``code`` never changes. Nothing of a request's values is repeated in it but
what a sentence of the CRM names.
"""

from typing import Any

from flask import Response, g, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from werkzeug.exceptions import HTTPException

from crm_core.errors import Conflict, CrmError, Forbidden, Invalid, NotFound
from crm_core.records.entries import Stale
from crm_core.sentences import say
from crm_web.i18n import gettext, language
from crm_web.i18n import lazy as _

MEDIA_TYPE = "application/problem+json"
TITLES = {
    "bad_request": _("The request cannot be read"),
    "unauthorised": _("A token is needed"),
    "scope": _("The token may only read"),
    "forbidden": _("Not allowed"),
    "not_found": _("Not found"),
    "method": _("This method does not exist here"),
    "conflict": _("It collides with what is stored"),
    "stale": _("It has been changed meanwhile"),
    "too_large": _("That is too large."),
    "media_type": _("JSON is needed"),
    "invalid": _("A value is missing or wrong"),
    "key_reused": _("The idempotency key belongs to another request"),
    "busy": _("Others are writing; nothing has been saved"),
    "internal": _("Something went wrong"),
}
_CODE_OF_STATUS = {
    400: "bad_request",
    401: "unauthorised",
    403: "forbidden",
    404: "not_found",
    405: "method",
    413: "too_large",
    415: "media_type",
    422: "invalid",
}
_OF_ERROR: tuple[tuple[type[CrmError], int, str], ...] = (
    (Stale, 412, "stale"),
    (NotFound, 404, "not_found"),
    (Forbidden, 403, "forbidden"),
    (Conflict, 409, "conflict"),
)


class FieldProblem(BaseModel):
    """What is wrong with one value."""

    model_config = ConfigDict(extra="forbid")

    field: str = Field(description="dotted path; empty for the whole body")
    code: str
    message: str


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="urn:mailsync:problem:<code>")
    title: str
    status: int
    code: str
    detail: str = ""
    errors: list[FieldProblem] = []


class Refusal(Exception):
    """Ends a request with a problem that is not one of ``crm_core``'s errors."""

    def __init__(
        self, status: int, code: str, detail: str = "", **headers: str
    ) -> None:
        super().__init__(code)
        self.status, self.code, self.detail = status, code, detail
        self.headers = headers


def choose_language() -> None:
    """Of an API request: what Accept-Language prefers, German unless said."""
    if request.path.startswith("/api/v1"):
        g.language = request.accept_languages.best_match(["de", "en"], "de")


def answer(
    status: int,
    code: str,
    detail: str = "",
    errors: list[FieldProblem] | None = None,
) -> Response:
    """A problem as a response."""
    problem = Problem(
        type=f"urn:mailsync:problem:{code}",
        title=gettext(TITLES[code]),
        status=status,
        code=code,
        detail=detail,
        errors=errors or [],
    )
    return Response(problem.model_dump_json(), status=status, mimetype=MEDIA_TYPE)


def of_error(error: CrmError) -> Response:
    """What ``crm_core`` refused."""
    sentence = say(error, language())
    if isinstance(error, Invalid):
        wrong = FieldProblem(field=error.field, code=error.code, message=sentence)
        return answer(422, "invalid", sentence, [wrong])
    for kind, status, code in _OF_ERROR:
        if isinstance(error, kind):
            return answer(status, code, sentence)
    return answer(422, "invalid", sentence)


def of_refusal(refusal: Refusal) -> Response:
    """What this package refused itself."""
    response = answer(refusal.status, refusal.code, refusal.detail)
    for name, value in refusal.headers.items():
        response.headers[name.replace("_", "-")] = value
    return response


def of_validation(error: ValidationError) -> Response:
    """A body or query that does not fit its model, field by field."""
    errors = [
        FieldProblem(
            field=".".join(map(str, one["loc"])), code=one["type"], message=one["msg"]
        )
        for one in error.errors(include_url=False, include_input=False)
    ]
    return answer(422, "invalid", errors=errors[:50])


def of_http(error: HTTPException) -> Any:
    """What Flask itself refused below ``/api/v1``, and what escaped (500)."""
    if error.response is not None:
        return error.response
    status = error.code or 500
    response = answer(status, _CODE_OF_STATUS.get(status, "internal"))
    response.headers.extend(
        [pair for pair in error.get_headers() if pair[0].lower() == "allow"]
    )
    return response
