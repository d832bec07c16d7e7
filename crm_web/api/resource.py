"""What every route of the API shares.

Before a view: a living token of the right scope, and a readable JSON object where there
is a body. Unsafe routes are one transaction each, the answer kept for a repeated POST
included. Whatever is refused becomes a problem (RFC 9457).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar

from flask import Response, request
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.models.tag import Tag
from pydantic import BaseModel
from pydantic_core import from_json

from crm_core import database
from crm_core.errors import CrmError
from crm_web.api import idempotency, problems, tokens
from crm_web.api.problems import MEDIA_TYPE, Refusal

PREFIX = "/api/v1"
View = TypeVar("View", bound=Callable[..., Any])
_REFUSALS = {
    400: "The request cannot be read",
    401: "No living token",
    403: "The token, or its account, may not",
    404: "There is no such thing, or it is hidden",
    409: "It collides with what is stored",
    412: "Changed since the version of If-Match",
    413: "Too large",
    415: "Not JSON",
    422: "A value is missing or wrong",
    503: "Others are writing; nothing has been saved",
}
_ALWAYS = (400, 401, 403, 404, 422, 503)
_OF_BODY = (409, 413, 415)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer with another status than 200, or with headers."""

    model: BaseModel
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


class Resource(APIBlueprint):
    """The routes of one resource."""

    def __init__(self, name: str, description: str) -> None:
        super().__init__(
            f"api_{name}",
            __name__,
            url_prefix=PREFIX,
            abp_tags=[Tag(name=name, description=description)],
            abp_security=[{"token": []}],
            operation_id_callback=_operation_id,
        )
        self.before_request(tokens.authenticate)
        self.before_request(_readable_body)
        self.register_error_handler(CrmError, problems.of_error)
        self.register_error_handler(Refusal, problems.of_refusal)

    def read(self, rule: str, answer: type[BaseModel]) -> Callable[[View], View]:
        """A GET route."""

        def register(view: View) -> View:
            route = super(Resource, self).get(
                rule, responses=_responses(200, answer, _ALWAYS), **_OPTIONS
            )
            route(_answered(view))
            return view

        return register

    def write(
        self,
        method: str,
        rule: str,
        answer: type[BaseModel],
        status: int = 200,
        *,
        versioned: bool = False,
        upsert: bool = False,
    ) -> Callable[[View], View]:
        """An unsafe route: one transaction, undone if the view raises.

        ``versioned``: heeds If-Match; ``upsert``: 201 where it made something.
        """

        def register(view: View) -> View:
            refusals = (*_ALWAYS, *_OF_BODY, *((412,) if versioned else ()))
            route = getattr(super(Resource, self), method)(
                rule,
                responses={
                    **({201: answer} if upsert else {}),
                    **_responses(status, answer, refusals),
                },
                **_OPTIONS,
            )
            route(_in_transaction(_answered(view)))
            return view

        return register


# A document's number may hold slashes; nothing is redirected.
_OPTIONS: dict[str, Any] = {"merge_slashes": False, "strict_slashes": True}


def _operation_id(*, bp_name: str = "", name: str = "", **_rest: str) -> str:
    return f"{bp_name.removeprefix('api_')}_{name}"


def _responses(
    status: int, answer: type[BaseModel], refusals: tuple[int, ...]
) -> dict[Any, Any]:
    return {status: answer, **_described(refusals)}


def refusals() -> dict[Any, Any]:
    """What any route may refuse with, for a route that describes its answer itself."""
    return _described(_ALWAYS)


def _described(codes: tuple[int, ...]) -> dict[Any, Any]:
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        code: {"description": _REFUSALS[code], "content": dict(problem)}
        for code in sorted(codes)
    }


def _answered(view: Callable[..., Any]) -> Callable[..., Response]:
    @wraps(view)
    def run(**values: Any) -> Response:
        said = view(**values)
        reply = said if isinstance(said, Reply) else Reply(said)
        response = Response(
            reply.model.model_dump_json(), reply.status, mimetype="application/json"
        )
        response.headers.extend(dict(reply.headers))
        return response

    return run


def _in_transaction(view: Callable[..., Response]) -> Callable[..., Response]:
    @wraps(view)
    def run(**values: Any) -> Response:
        with database.transaction():
            posted = request.method == "POST"
            known = idempotency.known_answer() if posted else None
            if known is not None:
                return known
            response = view(**values)
            if posted:
                idempotency.keep(response)
            return response

    return run


def _readable_body() -> None:
    """A body is one JSON object, nested no deeper than a parser bears."""
    if request.method not in {"POST", "PUT", "PATCH"}:
        return
    data = request.get_data()
    if not data:
        return
    if not request.is_json:
        raise Refusal(415, "media_type")
    try:
        found = from_json(data, allow_inf_nan=False)
    except ValueError:
        raise Refusal(400, "bad_request") from None
    if not isinstance(found, dict):
        raise Refusal(422, "invalid")
