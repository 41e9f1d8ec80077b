"""Requests between the bank and an organisation: what stands open, one thread, asking, answering, closing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from portal.api.scopes import Scope
from portal.api.v1 import asked, examples, paging, reads, shapes
from portal.api.v1.blueprint import blueprint, needs
from portal.contact.references import held_by_reference
from portal.contact.requests import operations as requests
from portal.contact.requests import queries
from portal.contact.requests.thread import Answer, RequestCode, RequestState, may
from portal.foundation.database import db
from portal.foundation.web import actor
from portal.portfolio.masking import mask_unknown
from portal.portfolio.models import HoldFlag

if TYPE_CHECKING:
    from portal.contact.requests.models import Request

__all__ = ["asked_requests", "close", "new_request", "one_request", "say_in"]


@blueprint.route("/requests", methods=["GET"])
@needs(Scope.REQUESTS_READ)
@blueprint.arguments(asked.RequestsAsked, location="query", unknown=None)
@blueprint.response(200, shapes.RequestPage, example=examples.REQUESTS)
def asked_requests(wanted: dict[str, Any]) -> Any:
    """Requests

    Between the bank and you about accounts, the latest asked first, each with whose turn it is and until when.
    """
    session, who, state = db.session(), actor(), wanted.pop("state")
    statement = reads.requests(who, RequestState(state) if state else None)
    rows, following = paging.fetch(session, reads.REQUESTS, statement, name=f"requests {state or ''}", **wanted)
    return {"items": [_row(row[0], row.account_ref) for row in rows], "next": following}


@blueprint.route("/requests/<int:request_id>", methods=["GET"])
@needs(Scope.REQUESTS_READ)
@blueprint.response(200, shapes.RequestThread, example=examples.THREAD)
def one_request(request_id: int) -> Any:
    """One request

    With all that was said, numbers and addresses in it masked; nothing is said once the account is not with you any more.
    """
    return _thread(request_id)


@blueprint.route("/accounts/<account_ref>/requests", methods=["POST"])
@needs(Scope.REQUESTS_WRITE, writes=True)
@blueprint.arguments(asked.RequestAsked, example=examples.REQUEST_ASKED)
@blueprint.response(201, shapes.RequestThread, example=examples.THREAD, description="Asked")
def new_request(wanted: dict[str, Any], account_ref: str) -> Any:
    """Ask the bank about an account

    The bank answers within the hours that your contract gives it.
    """
    _placement, owed, _customer = held_by_reference(db.session(), actor(), account_ref)
    made = requests.ask(actor(), owed.id, RequestCode(wanted["code"]), requests.Said(wanted["text"]))
    return _thread(made), 201


@blueprint.route("/requests/<int:request_id>/messages", methods=["POST"])
@needs(Scope.REQUESTS_WRITE, writes=True)
@blueprint.arguments(asked.MessageAsked, example=examples.MESSAGE_ASKED)
@blueprint.response(201, shapes.RequestThread, example=examples.THREAD, description="Said")
def say_in(wanted: dict[str, Any], request_id: int) -> Any:
    """Say something, or answer

    An answer where the bank asked and it is your turn; else more words about the same. To grant a hold raises it.
    """
    answer = Answer(wanted["answer"]) if wanted["answer"] else None
    stop = requests.Stop(HoldFlag(wanted["flag"]), wanted["whole_person"]) if wanted["flag"] else None
    requests.write_message(actor(), request_id, requests.Said(wanted["text"]), answer, stop)
    return _thread(request_id), 201


@blueprint.route("/requests/<int:request_id>/close", methods=["POST"])
@needs(Scope.REQUESTS_WRITE, writes=True, body=False)
@blueprint.response(200, shapes.RequestThread, example=examples.THREAD)
def close(request_id: int) -> Any:
    """Take the answer, or withdraw what you asked"""
    requests.close_request(actor(), request_id)
    return _thread(request_id)


def _row(found: Request, account_ref: str | None) -> dict[str, Any]:
    return {
        "id": found.id, "account_ref": account_ref, "code": found.code.value, "asked_by": found.asked_side.value,
        "asked_at": found.asked_at, "state": found.state.value, "turn": found.turn, "due_at": found.due_at,
        "answer": found.answer.value if found.answer else None,
    }  # fmt: skip


def _thread(request_id: int) -> dict[str, Any]:
    session, who = db.session(), actor()
    row = queries.request_for(session, who, request_id)
    texts = queries.texts_of(session, who, row.Request) or {}
    steps = may(requests.thread_of(row.Request), requests.side_of(who))
    said = [
        {
            "at": message.at, "by": message.side.value, "step": message.step.value,
            "answer": message.answer.value if message.answer else None,
            "text": mask_unknown(texts[message.id]) if message.id in texts else None,
            "file": message.proof_name or None,
        }
        for message, *_ in queries.messages_of(session, who, request_id)
    ]  # fmt: skip
    return _row(row.Request, row.account_ref) | {"may": sorted(step.value for step in steps), "messages": said}
