"""Deliveries to a real receiver on this machine: what arrives, what is tried again, what is given up, what is never lost."""

from __future__ import annotations

import datetime as dt
import re
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from portal.api.webhook_delivery import BUSY_FOR, deliver_waiting, deliveries_due
from portal.api.webhook_models import DeliveryState, EventKind, StopReason, Webhook
from portal.api.webhook_operations import (
    Wanted,
    change_webhook,
    pause_webhook,
    replay,
    replay_since,
    resume_webhook,
    rotate_secret,
    send_test,
)
from portal.api.webhook_post import Answer, Patience, post
from portal.api.webhook_rules import DELAYS, MOST_TRIES
from portal.foundation.clock import FrozenClock
from portal.foundation.daily import ask_for_due, portal_itself
from portal.foundation.errors import DomainError, NotFound, Refused
from portal.foundation.jobs import Job, JobState, run_pending
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import Organisation
from tests.api.factories import deliveries, events, listening, make_holder, the_webhook
from tests.api.receiver import Receiver, receiving
from tests.identity.factories import make_bank, observer
from tests.placement.factories import make_desk, on, placed
from tests.portfolio.factories import make_accounts

if TYPE_CHECKING:
    from flask import Flask

    from portal.foundation.access import Actor

HERE = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
pytestmark = pytest.mark.settings(today=date(2005, 7, 1), webhook_networks=HERE, webhook_patience=(1.0, 0.4))
DOCS = Path(__file__).parents[2] / "docs" / "webhooks.md"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


def later(app: Flask, delay: timedelta) -> None:
    """So much later; the daily round asks, and a worker does."""
    clock = services().clock
    services().clock = FrozenClock(time_zone=clock.time_zone, at=clock.real_now() + delay)
    ask_for_due()
    run_pending(app)


def heard(app: Flask, url: str) -> tuple[Actor, int, str]:
    """A webhook at the address, at a stopped clock, with the bank there for what the portal does by itself."""
    on(app, date(2005, 7, 1))
    make_bank()
    return listening(make_holder(), url)


def verifier() -> Callable[..., bool]:
    """The function that the manual shows, as a receiver would copy it."""
    found = re.search(r"```python\n(.*?)```", DOCS.read_text(), re.DOTALL)
    assert found is not None
    space: dict[str, Any] = {}
    exec(found[1], space)  # our own manual
    function: Callable[..., bool] = space["is_from_portal"]
    return function


def test_an_event_arrives_signed_as_the_manual_says(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, secret = heard(app, receiver.url)
    make_accounts(2)
    placed(make_desk(), leader_organisation(leader))
    run_pending(app)

    assert receiver.kinds == ["batch.sent", "batch.accepted"]
    first = receiver.posts[0]
    assert set(first.told) == {"id", "kind", "at", "data"}
    assert first.told["id"] == events()[0].public_id and first.told["at"] == "2005-07-01T02:00:00Z"
    assert first.headers["Portal-Event"] == "batch.sent" and first.headers["Content-Type"] == "application/json"
    is_from_portal, now = verifier(), int(services().clock.real_now().timestamp())
    for sent in receiver.posts:
        assert is_from_portal(secret, sent.headers, sent.body, now=now)
        assert not is_from_portal("whsec_other", sent.headers, sent.body, now=now)
        assert not is_from_portal(secret, sent.headers, sent.body + b" ", now=now)
        assert not is_from_portal(secret, sent.headers, sent.body, now=now + 3600)
    assert {d.state for d in deliveries()} == {DeliveryState.DELIVERED}
    assert the_webhook(webhook_id).busy_job is None


def leader_organisation(leader: Actor) -> Any:
    with reading(observer()) as session:
        found = session.scalars(sa.select(Organisation).where(Organisation.id == leader.organisation_id)).one()
        session.expunge_all()
        return found


def test_many_events_at_once_are_one_job_and_arrive_in_order(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    numbers = [send_test(leader, webhook_id) for _ in range(5)]
    run_pending(app)
    assert [post.told["id"] for post in receiver.posts] == [event.public_id for event in events()]
    assert len(numbers) == 5
    with reading(observer()) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Job)) == 1


def test_what_fails_is_tried_again_later_and_what_is_behind_it_waits(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    receiver.answers = [500, "drop", 204]
    send_test(leader, webhook_id)
    send_test(leader, webhook_id)
    run_pending(app)
    first, second = deliveries()
    assert (first.state, first.attempts, first.last_status, first.last_error) == (
        DeliveryState.WAITING,
        1,
        500,
        "status",
    )
    assert first.next_at == services().clock.real_now() + DELAYS[0] and second.attempts == 0

    later(app, timedelta(seconds=30))
    assert len(receiver.posts) == 1
    later(app, timedelta(seconds=31))
    assert len(receiver.posts) == 2 and deliveries()[0].last_error == "broken"
    later(app, DELAYS[1])
    first, second = deliveries()
    assert (first.state, first.attempts, first.last_status, first.next_at) == (DeliveryState.DELIVERED, 3, 204, None)
    assert second.state is DeliveryState.DELIVERED
    one, again, once_more, other = (post.told["id"] for post in receiver.posts)
    assert one == again == once_more != other
    assert len({post.headers["Portal-Timestamp"] for post in receiver.posts}) == 3


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (302, 302, "redirect"), (404, 404, "status"), ("slow", None, "timeout"), ("drip", None, "timeout"),
        ("drop", None, "broken"),
    ],
)  # fmt: skip
@pytest.mark.databases("sqlite")
def test_whatever_is_no_answer_of_the_200s_is_a_failure_that_says_what_it_was(
    app: Flask, receiver: Receiver, answer: int | str, status: int | None, error: str
) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    receiver.answers = [answer]
    send_test(leader, webhook_id)
    run_pending(app)
    (delivery,) = deliveries()
    assert (delivery.last_status, delivery.last_error, delivery.state) == (status, error, DeliveryState.WAITING)
    assert len(receiver.posts) == 1  # no redirect was followed


def fail_to_the_end(app: Flask, receiver: Receiver, leader: Actor, webhook_id: int) -> None:
    receiver.answers = [500] * MOST_TRIES
    send_test(leader, webhook_id)
    run_pending(app)
    for delay in DELAYS:
        later(app, delay)


def test_after_eight_tries_an_event_is_given_up_and_the_next_one_that_is_taken_ends_the_failing(
    app: Flask, receiver: Receiver
) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    fail_to_the_end(app, receiver, leader, webhook_id)
    (delivery,) = deliveries()
    assert (delivery.state, delivery.attempts, len(receiver.posts)) == (DeliveryState.GIVEN_UP, MOST_TRIES, MOST_TRIES)
    assert the_webhook(webhook_id).failing_since is not None and the_webhook(webhook_id).is_active

    send_test(leader, webhook_id)
    run_pending(app)
    assert the_webhook(webhook_id).failing_since is None


def test_where_the_next_one_fails_too_the_webhook_is_stopped_and_what_waits_goes_after_the_start(
    app: Flask, receiver: Receiver
) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    fail_to_the_end(app, receiver, leader, webhook_id)
    receiver.answers = [503]
    send_test(leader, webhook_id)
    run_pending(app)
    stopped = the_webhook(webhook_id)
    assert (stopped.disabled_why, stopped.busy_job) == (StopReason.FAILING, None)
    with pytest.raises(Refused):
        send_test(leader, webhook_id)
    later(app, timedelta(days=2))
    assert len(receiver.posts) == MOST_TRIES + 1

    resume_webhook(leader, webhook_id)
    run_pending(app)
    assert deliveries()[-1].state is DeliveryState.DELIVERED
    assert the_webhook(webhook_id).is_active and the_webhook(webhook_id).failing_since is None


def test_a_worker_that_dies_after_the_answer_sends_the_event_again_under_the_same_id(
    app: Flask, receiver: Receiver
) -> None:
    """At least once: never lost, and never silently twice, for the tries are counted before they are made."""
    leader, webhook_id, _ = heard(app, receiver.url)
    send_test(leader, webhook_id)
    with reading(observer()) as session:
        job_id = session.scalars(sa.select(Job.id)).one()
    bank = portal_itself()
    assert bank is not None

    class Killed(BaseException):
        """What no handler outlives."""

    def die(*_: Any) -> None:
        raise Killed

    with pytest.raises(Killed), pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.api.webhook_delivery._note", die)
        deliver_waiting(bank, webhook_id, job_id)
    (delivery,) = deliveries()
    assert (delivery.state, delivery.attempts) == (DeliveryState.WAITING, 1)
    assert the_webhook(webhook_id).busy_job == job_id
    assert deliver_waiting(bank, webhook_id, job_id + 1) == 0  # another job leaves it to the one that has it

    run_pending(app)  # the sweeper has put the job into the queue again
    (delivery,) = deliveries()
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, 2)
    assert len(receiver.posts) == 2 and len({post.told["id"] for post in receiver.posts}) == 1


def test_a_job_that_never_comes_back_is_replaced_once_its_time_is_over(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    send_test(leader, webhook_id)
    with transaction(observer()) as work:
        work.session.execute(sa.update(Job).values(state=JobState.FAILED))
        held = sa.update(Webhook).values(busy_job=77, busy_until=work.real_now + BUSY_FOR)
        work.session.execute(held)
    later(app, BUSY_FOR / 2)
    assert receiver.posts == []
    later(app, BUSY_FOR)
    assert receiver.kinds == ["test"]


def test_what_comes_in_while_another_job_delivers_is_delivered_by_that_job(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    send_test(leader, webhook_id)
    later_ones: list[int] = []

    def one_more(_told: int) -> None:
        if not later_ones:
            later_ones.append(send_test(leader, webhook_id))

    bank = portal_itself()
    assert bank is not None
    assert deliver_waiting(bank, webhook_id, 4711, one_more) == 2
    run_pending(app)
    assert len(receiver.posts) == 2


def test_the_daily_round_asks_only_for_what_may_go(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    receiver.answers = [500]
    send_test(leader, webhook_id)
    run_pending(app)
    bank = portal_itself()
    assert bank is not None
    with reading(bank) as session:
        assert deliveries_due(session, bank, services().clock.now(), date(2005, 7, 1)) == []
    pause_webhook(leader, webhook_id)
    later(app, timedelta(hours=1))
    assert len(receiver.posts) == 1
    resume_webhook(leader, webhook_id)
    run_pending(app)
    assert len(receiver.posts) == 2


def test_for_a_day_after_the_change_both_secrets_verify(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, old = heard(app, receiver.url)
    new = rotate_secret(leader, webhook_id)
    assert new != old
    is_from_portal = verifier()

    def verified_by() -> list[bool]:
        send_test(leader, webhook_id)
        run_pending(app)
        sent, now = receiver.posts[-1], int(services().clock.real_now().timestamp())
        return [is_from_portal(secret, sent.headers, sent.body, now=now) for secret in (new, old)]

    assert verified_by() == [True, True]
    later(app, timedelta(hours=24))
    assert verified_by() == [True, False]


def test_the_secret_is_sealed_in_the_database(app: Flask, receiver: Receiver) -> None:
    _, webhook_id, secret = heard(app, receiver.url)
    assert secret.encode() not in the_webhook(webhook_id).secret_sealed


def test_one_event_or_all_since_a_time_are_sent_again_under_their_ids(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    make_accounts(2)
    placed(make_desk(), leader_organisation(leader))
    send_test(leader, webhook_id)
    run_pending(app)
    first = [post.told["id"] for post in receiver.posts]

    assert replay(leader, webhook_id, [deliveries()[0].id]) == 1
    with pytest.raises(Refused):  # it waits already
        replay(leader, webhook_id, [deliveries()[0].id])
    run_pending(app)
    assert [post.told["id"] for post in receiver.posts[3:]] == first[:1]

    assert replay_since(leader, webhook_id, datetime(2005, 7, 1, tzinfo=UTC)) == 2  # a test is no event of the bank's
    run_pending(app)
    assert [post.told["id"] for post in receiver.posts[4:]] == first[:2]
    with pytest.raises(Refused):
        replay_since(leader, webhook_id, datetime(2005, 7, 2, tzinfo=UTC))
    assert deliveries()[-1].asked_by == leader.user_id and deliveries()[0].asked_by is None


def test_what_happened_during_a_pause_can_be_sent_afterwards(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    pause_webhook(leader, webhook_id)
    make_accounts(1)
    placed(make_desk(), leader_organisation(leader))
    run_pending(app)
    assert receiver.posts == [] and len(events()) == 2
    resume_webhook(leader, webhook_id)
    replay_since(leader, webhook_id, datetime(2005, 7, 1, tzinfo=UTC))
    run_pending(app)
    assert receiver.kinds == ["batch.sent", "batch.accepted"]


def test_nobody_sends_another_organisations_events(app: Flask, receiver: Receiver) -> None:
    leader, webhook_id, _ = heard(app, receiver.url)
    send_test(leader, webhook_id)
    other, other_id, _ = listening(make_holder("ZX"))
    for deed in (
        lambda: replay(other, webhook_id, [deliveries()[0].id]),
        lambda: replay(other, other_id, [deliveries()[0].id]),
        lambda: send_test(other, webhook_id),
        lambda: change_webhook(other, webhook_id, Wanted("https://example.com", [EventKind.BATCH_SENT])),
        lambda: rotate_secret(other, webhook_id),
        lambda: pause_webhook(other, webhook_id),
    ):
        with pytest.raises(NotFound):
            deed()


# --- where it may go -----------------------------------------------------------------------------------------------------


@pytest.mark.settings(today=date(2005, 7, 1), webhook_patience=(1.0, 0.4))
@pytest.mark.databases("sqlite")
def test_a_private_address_is_refused_when_entered_and_a_name_that_leads_there_when_sent(
    app: Flask, receiver: Receiver
) -> None:
    port = receiver.url.rpartition(":")[2]
    with pytest.raises(DomainError) as entered:
        heard(app, receiver.url)
    assert (entered.value.code, entered.value.field) == ("webhook.private", "url")

    leader, webhook_id, _ = listening(make_holder("ZX"), f"http://localhost:{port}")
    send_test(leader, webhook_id)
    run_pending(app)
    assert receiver.posts == [] and deliveries()[0].last_error == "private"


def test_only_https_is_spoken_outside_demo_and_tests(receiver: Receiver) -> None:
    answer = post(receiver.url, {}, b"", plain_allowed=False, networks=HERE)
    assert answer == Answer(error="url") and receiver.posts == []


def test_the_address_that_was_judged_is_the_one_that_is_asked(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers one address to the judge and another to the client would reach inside."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def first_here_then_elsewhere(host: str, *rest: Any, **options: Any) -> Any:
        if host == "rebound.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "10.9.9.9"
        return real(host, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", first_here_then_elsewhere)
    url = receiver.url.replace("127.0.0.1", "rebound.example")
    assert post(url, {}, b"{}", plain_allowed=True, networks=HERE).is_taken
    assert asked == ["rebound.example"]
    assert receiver.posts[0].headers["Host"].startswith("rebound.example:")


def test_a_name_that_leads_inside_and_outside_is_refused_whole(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = int(receiver.url.rpartition(":")[2].partition("/")[0])
    both = [(2, 1, 6, "", ("127.0.0.1", port)), (2, 1, 6, "", ("10.0.0.1", port))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    answer = post("http://both.example:80", {}, b"", plain_allowed=True, networks=HERE)
    assert answer == Answer(error="private") and receiver.posts == []


def test_a_name_that_is_unknown_and_a_port_where_nobody_listens_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    assert post(f"http://127.0.0.1:{port}/", {}, b"", plain_allowed=True, networks=HERE) == Answer(error="connect")

    def unknown(*_a: Any, **_k: Any) -> Any:
        raise socket.gaierror("unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert post("http://nowhere.example/", {}, b"", plain_allowed=True) == Answer(error="name")


def _certificate(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """A certificate for localhost that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    begins = dt.datetime(2000, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=40_000))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    form = serialization.PrivateFormat.PKCS8
    private = key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption())
    file.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file


def test_over_tls_the_certificate_is_checked_for_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context, file = _certificate(tmp_path)
    with receiving(context) as secured:
        unknown = post(secured.url, {}, b"{}", plain_allowed=False, networks=HERE)
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        known = post(secured.url, {}, b"{}", plain_allowed=False, networks=HERE)
        by_number = secured.url.replace("localhost", "127.0.0.1")
        other_name = post(by_number, {}, b"{}", plain_allowed=False, networks=HERE)
        secured.answers = ["drip"]
        slow = post(secured.url, {}, b"{}", plain_allowed=False, networks=HERE, patience=Patience(1.0, 0.4))
    assert (unknown.error, known.status, other_name.error, slow.error) == ("tls", 200, "tls", "timeout")
