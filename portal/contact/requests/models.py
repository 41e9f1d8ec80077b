"""Tables of requests between the bank and who holds an account, and of every word that was said in them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.contact.requests.thread import Answer, RequestCode, RequestState, Side, Step
from portal.foundation.database import Model, choice, key_column
from portal.foundation.visibility import OwnRows

__all__ = ["Request", "RequestMessage"]


class Request(Model, OwnRows):
    """A question about one account, with its clock. It belongs to the organisation whose placement it is about.

    Where it stands (`state`, `turn`, `due_at`, `answer`) follows from its messages; it is kept here for lists and counts.
    """

    __tablename__ = "request"
    id: Mapped[int] = key_column()
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"))
    placement_id: Mapped[int] = mapped_column(sa.ForeignKey("placement.id"), index=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    code: Mapped[RequestCode] = mapped_column(choice(RequestCode))
    asked_side: Mapped[Side] = mapped_column(choice(Side))
    asked_by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"))
    asked_at: Mapped[datetime]
    answer_hours: Mapped[int] = mapped_column(comment="what either side has for its turn, by the contract")
    state: Mapped[RequestState] = mapped_column(choice(RequestState))
    turn: Mapped[str | None] = mapped_column(sa.String(16), comment="bank or organisation; null: closed")
    due_at: Mapped[datetime | None] = mapped_column(comment="until when whose turn it is should have done its part")
    answer: Mapped[Answer | None] = mapped_column(choice(Answer))
    answered_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    __table_args__ = (
        sa.CheckConstraint("turn IN ('bank', 'organisation')", name="turn"),
        sa.CheckConstraint("(state = 'closed') = (turn IS NULL)", name="closed_waits_for_nobody"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_instant"),
        sa.CheckConstraint("(state = 'open') = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint("state <> 'answered' OR answer IS NOT NULL", name="answered_has_answer"),
        sa.CheckConstraint("(answer IS NULL) = (answered_at IS NULL)", name="answer_has_instant"),
        sa.CheckConstraint("answer_hours > 0", name="answer_hours"),
        # the order of the list, in which objections to recalls stand between (request_queries.all_rows)
        sa.Index("ix_request_asked", "asked_at", sa.text("(id * 2)")),
        sa.Index("ix_request_own", "organisation_id", "asked_at", sa.text("(id * 2)")),
        sa.Index("ix_request_turn", "turn", "due_at", "id"),
        sa.Index("ix_request_own_turn", "organisation_id", "turn", "due_at", "id"),
    )


class RequestMessage(Model, OwnRows):
    """One message and what it did. Append-only; its words and its file are sealed with the key of the account's person."""

    __tablename__ = "request_message"
    id: Mapped[int] = key_column()
    request_id: Mapped[int] = mapped_column(sa.ForeignKey("request.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(sa.ForeignKey("organisation.id"), comment="the request's")
    step: Mapped[Step] = mapped_column(choice(Step))
    side: Mapped[Side] = mapped_column(choice(Side))
    by: Mapped[int | None] = mapped_column(sa.ForeignKey("user_account.id"), comment="null: the portal itself")
    at: Mapped[datetime]
    answer: Mapped[Answer | None] = mapped_column(choice(Answer))
    due_at: Mapped[datetime | None] = mapped_column(comment="the clock from here on")
    text_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    proof_digest: Mapped[str] = mapped_column(sa.String(64), default="", comment="the file, sealed, in the storage")
    proof_name: Mapped[str] = mapped_column(sa.String(200), default="")

    __table_args__ = (sa.CheckConstraint("(step = 'answered') = (answer IS NOT NULL)", name="has_answer"),)
