"""Where cells of lists lead: an account, a payment, as far as the reader may go there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import url_for

from portal.foundation.access import Actor, Permission

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["account_url", "payment_url"]


def account_url(who: Actor) -> Callable[[Any], str | None]:
    """Of a row with `open_id`: the account's page, where the reader may open it."""

    def url(row: Any) -> str | None:
        if not row.open_id or not who.can(Permission.ACCOUNTS_VIEW):
            return None
        return url_for("portfolio.account", account_id=row.open_id)

    return url


def payment_url(who: Actor, payment_of: Callable[[Any], int | None]) -> Callable[[Any], str | None]:
    """The page of the payment that a row names, where the reader may open it."""

    def url(row: Any) -> str | None:
        payment_id = payment_of(row)
        if payment_id is None or not who.can(Permission.PAYMENTS_VIEW):
            return None
        return url_for("recovery.payment", payment_id=payment_id)

    return url
