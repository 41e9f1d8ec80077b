"""The interface's document: what the views say of themselves, and what holds for all of them."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from flask import Flask, jsonify
from flask_smorest import Api

from portal.api.answers import KEPT_DAYS
from portal.api.v1 import examples, payment_views, request_views, shapes, views, wish_views, writes
from portal.api.v1.blueprint import PREFIX, blueprint
from portal.foundation.web import public

__all__ = ["blueprint", "document", "openapi"]

_WITH_OPERATIONS = (
    views,
    writes,
    request_views,
    wish_views,
    payment_views,
)  # importing them puts their operations on the blueprint
_ABOUT: Final = f"""REST for the agencies' own systems and the bank's, over the same operations as the pages and the files.

Every request carries `Authorization: Bearer pat_…`. Answers are JSON; what went wrong is `application/problem+json` with the
code and the sentence of the pages, in Chinese or, with `Accept-Language: en`, in English. Amounts are exact decimals as text.
Lists come in pages: pass `next` of a page as `cursor` of the following one. A POST that writes takes `Idempotency-Key`
(its parameters say so; a GET does not heed it): the same key with the same request within {KEPT_DAYS} days is answered as before, with `Idempotency-Replayed: true`."""
_MAY_GO_WRONG: Final[dict[str, str]] = {
    "400": "The request cannot be read",
    "401": "No token, or one that opens nothing (any more)",
    "403": "The token lacks the scope (`token.scope`, which names it), or only the bank may do this",
    "404": "There is nothing here that you can see",
    "409": "The state of things or a rule forbids it, or the same request is still at work",
    "413": "The content is too large",
    "415": "The content is no JSON",
    "422": "Something in the request is to be mended",
    "429": "Too many requests; `Retry-After` says for how many seconds to wait",
    "503": "Something long is being written; nothing was changed, ask again in a minute",
}
_POST_ALONE: Final = ("409", "413", "415")
_OPEN: Final = ("503",)
_COUNTED: Final = {
    "X-RateLimit-Limit": {"schema": {"type": "integer"}, "description": "Requests a minute"},
    "X-RateLimit-Remaining": {"schema": {"type": "integer"}, "description": "Requests left of them"},
    "X-RateLimit-Reset": {
        "schema": {"type": "integer"},
        "description": "When they are full again, in seconds since 1970",
    },
}
_KEY: Final[dict[str, Any]] = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
    "description": "Of your making, for example a UUID; the same for every attempt to send this one request.",
}  # fmt: skip


@cache
def document() -> dict[str, Any]:
    """The document, drawn when it is first asked for; it is the same for every application."""
    app = Flask("document")
    app.config.update(API_TITLE="Agency portal", API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    api = Api(app, spec_kwargs={"info": {"description": _ABOUT}})
    api.spec.components.schema("Problem", schema=shapes.Problem)
    api.spec.components.schema("LogProblem", schema=shapes.LogProblem)
    api.spec.components.schema("BlockedProblem", schema=shapes.BlockedProblem)
    api.register_blueprint(blueprint)
    return _completed(app, api.spec.to_dict())


@blueprint.route("/openapi.json", methods=["GET"])
@public
@blueprint.response(200, {"type": "object"}, description="This document")
def openapi() -> Any:
    """The document of this interface

    OpenAPI 3.1, open to everybody.
    """
    return jsonify(document())


def _completed(app: Flask, drawn: dict[str, Any]) -> dict[str, Any]:
    drawn["components"]["responses"] = {
        f"Problem{status}": {
            "description": words,
            "content": {
                "application/problem+json": {
                    "schema": {"$ref": "#/components/schemas/Problem"},
                    "example": examples.PROBLEM | {"status": int(status)},
                }
            },
        }
        for status, words in _MAY_GO_WRONG.items()
    }
    drawn["components"]["responses"]["RefusedLog"] = _either(
        "LogProblem", "Something in the request is to be mended, or no row of it is good"
    )
    drawn["components"]["responses"]["BlockedAttempt"] = _either(
        "BlockedProblem",
        "The rules forbid the contact, or the state of things does, or the same request is still at work",
    )
    drawn["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "pat_…"}}
    drawn["security"] = [{"token": []}]
    drawn["servers"] = [{"url": "/"}]
    drawn.pop("tags", None)
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith(f"{blueprint.name}."):
            path = drawn["paths"][_as_written(rule.rule)]
            # two operations may share an address: of each only what is its own
            for method in path.keys() & {"get", "post"} & {method.lower() for method in rule.methods or ()}:
                _complete(path[method], app.view_functions[rule.endpoint], rule.endpoint, method)
    for of_rows in ("attempt-logs", "payments", "reported-payments"):
        refused = {"$ref": "#/components/responses/RefusedLog"}
        drawn["paths"][f"{PREFIX}/{of_rows}"]["post"]["responses"]["422"] = refused
    drawn["paths"][f"{PREFIX}/attempts"]["post"]["responses"]["409"] = {"$ref": "#/components/responses/BlockedAttempt"}
    return drawn


def _either(special: str, words: str) -> dict[str, Any]:
    """A problem that may say more than others do."""
    kinds = [{"$ref": f"#/components/schemas/{name}"} for name in (special, "Problem")]
    return {
        "description": words,
        "content": {"application/problem+json": {"schema": {"anyOf": kinds}}},
    }


def _as_written(rule: str) -> str:
    """An address as OpenAPI writes it: {account_ref} in place of <account_ref>."""
    return rule.replace("<int:", "<").replace("<", "{").replace(">", "}")


def _complete(operation: dict[str, Any], view: Any, endpoint: str, method: str) -> None:
    """What every operation has beside what it says itself."""
    operation["operationId"] = endpoint.removeprefix(f"{blueprint.name}.")
    operation.pop("tags", None)
    scope = getattr(view, "__scope__", None)
    responses = operation["responses"]
    for status in [status for status in responses if status >= "400" or status == "default"]:
        del responses[status]
    if getattr(view, "__access__", None) == "public":
        operation["security"] = []
    else:
        for response in responses.values():
            response["headers"] = dict(_COUNTED)
    if scope:
        operation["x-scope"] = scope
        operation["description"] = f"{operation.get('description', '')}\n\nScope: `{scope}`".strip()
    wrong = _OPEN if "security" in operation else [s for s in _MAY_GO_WRONG if method == "post" or s not in _POST_ALONE]
    responses |= {status: {"$ref": f"#/components/responses/Problem{status}"} for status in wrong}
    if getattr(view, "__writes__", False):
        operation.setdefault("parameters", []).append(_KEY)
