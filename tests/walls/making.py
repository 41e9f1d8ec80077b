"""The world of the walls, made by the rooms' own operations: a bank in motion, twice over.

Buckets lead the accounts: each side has one that is worked, one that was recalled, one that has just been sent. One
person owes on both sides.
"""

from __future__ import annotations

import contextlib
import io
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal.api.answers import claim
from portal.api.tokens import make_token
from portal.commission.models import Statement
from portal.contact.entries import Entry
from portal.contact.log.files import ATTEMPTS
from portal.contact.models import CarriedPromise, Channel, Promise, PromiseState
from portal.contact.operations import log_attempt
from portal.contact.team.operations import settle_rule
from portal.foundation.access import OrganisationKind, Role
from portal.foundation.clock import FrozenClock
from portal.foundation.jobs import request_job
from portal.foundation.saved_filters import Offer, save_filter
from portal.foundation.services import services
from portal.foundation.work import reading, transaction
from portal.identity.models import UserSession
from portal.identity.operations import invite
from portal.identity.tokens import token_hash
from portal.placement.certificates import Confirmation, confirm
from portal.placement.codes import ObjectionReason, RecallReason
from portal.placement.exits import plan_exit
from portal.placement.leaving_models import CertificateDuty
from portal.placement.models import AllocationRun, Placement, PlacementBatch
from portal.placement.objections import answer_objections, ask_retention, object_to_recall
from portal.placement.recall_files import RECALLS, import_recalls, receive_recalls
from portal.placement.recall_models import Objection, RecallLine
from portal.placement.recalls import Wish, ask_recall, carry_out
from portal.placement.segments import seed_segments
from portal.portfolio.importing import ImportRefused, Options
from portal.portfolio.models import Account, ContactKind, ContactPoint, Hold, HoldFlag, ImportRun
from portal.portfolio.operations import ACCOUNTS, import_accounts, raise_hold, receive_accounts
from portal.recovery.operations import PAYMENTS, import_payments, receive_payments
from portal.vendors import master, register
from portal.vendors.models import Contract, CredentialKind, Item, PlacementKind, RecordKind, Tier
from portal.vendors.operations import create_contract
from portal.vendors.proofs import Proof
from portal.vendors.staff_files import STAFF
from portal.vendors.terms import DataClauses, Terms
from tests.foundation import job_kinds
from tests.identity.factories import contracts_clerk, make_agency, make_bank, make_law_firm, make_user, observer
from tests.placement.factories import Desk, batches, criteria, even_shares, placed, placements, recalled, sent_run
from tests.portfolio.intake.files import accounts_file, csv_bytes
from tests.walls.arranging import arranged
from tests.walls.asking import ask_and_complain
from tests.walls.clearing import keep_payments
from tests.walls.dispatching import dispatched, settled
from tests.walls.filing import files_of_staff, files_that_wait, layout_of, logs_of
from tests.walls.lettering import letters_of_both_sides
from tests.walls.paying import pay_over
from tests.walls.ruling import keep_rules
from tests.walls.stating import august_payments, draw_up
from tests.walls.suing import suits_of_both_sides
from tests.walls.telling import webhooks_of
from tests.walls.wording import messages_of_both_sides, notice_that_goes_out
from tests.walls.world import BANK_ROLES, LOCALES, SIDES, Person, Side, World

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flask import Flask

    from portal.foundation.access import Actor
    from portal.identity.models import User

__all__ = ["make_world"]

assert job_kinds  # registers test.count


def at(day: date, hour: int = 12) -> None:
    """From here on the clock stands at this hour of Shanghai."""
    services().clock = FrozenClock(at=datetime(day.year, day.month, day.day, hour - 8, tzinfo=UTC))


def make_world(app: Flask, kind: str) -> World:
    """The whole world, from July 1 to September 2, 2005. Within the application's context."""
    world = World(app, kind)
    at(date(2005, 7, 1))
    _organisations(world)
    desk = Desk(world.person(Role.VENDOR_MANAGER).actor, _second(world, Role.VENDOR_MANAGER))
    _portfolio(world)
    notice_that_goes_out(world)
    _placed_and_worked(world, desk)
    _payments(world)
    _recalled_and_fresh(world, desk)
    suits_of_both_sides(world, desk)
    at(date(2005, 9, 2), hour=10)
    _post(world, "august.csv", august_payments())
    draw_up(world, _second(world, Role.FINANCE))
    at(date(2005, 9, 2))
    _belongings(world)
    webhooks_of(world)
    _jobs_and_sessions(world)
    return world


# --- who ----------------------------------------------------------------------------------------------------------------


def _organisations(world: World) -> None:
    world.organisations["BANK"] = make_bank()
    for side in SIDES:
        agency, firm = f"{side.mark}AG", f"{side.mark}LF"
        world.organisations[agency] = make_agency(agency, name=f"{agency}催收公司", name_en=f"{agency} Collections")
        world.organisations[firm] = make_law_firm(firm, name=f"{firm}律师事务所", name_en=f"{firm} Lawyers")
        for code in (agency, firm):
            _contract(world, code)
    for mark, organisation in world.organisations.items():
        world.keep("organisation", mark, organisation.id)
        if mark != "BANK":
            world.keep("vendor", mark, organisation.id)
        for role in _roles(mark):
            for locale in LOCALES:
                _add_person(world, mark, role, locale)
        spare = make_user(_roles(mark)[0], organisation, user_name=f"{mark.lower()}.spare", name=f"{mark} spare")
        world.keep("user", mark, spare.id)
        if mark.endswith("AG"):
            world.keep("colleague", mark, spare.id)
    administrator = world.person(Role.ADMINISTRATOR).actor
    world.keep("invitation", "nobody", invite(administrator, world.one("user", "EASTAG")))
    invite(administrator, world.one("user", "WESTAG"))
    _knowledge(world)


def _knowledge(world: World) -> None:
    """What the bank knows of every vendor and its staff: a contact, an insurance with its scan, an entry with a training."""
    manager = world.person(Role.VENDOR_MANAGER).actor
    master.require(manager, OrganisationKind.AGENCY, Item.CERTIFICATE, date(2030, 1, 1))
    for code, organisation in world.organisations.items():
        if code == "BANK":
            continue
        details = master.VendorDetails(Tier.FIRST, listed=True, started_on=date(2005, 1, 1), note=f"{code} note")
        master.edit_vendor(manager, organisation.id, details)
        contact = master.ContactDetails(f"{code} contact", "complaints", phone="010-55550123")
        world.keep("contact person", code, master.add_contact(manager, organisation.id, contact))
        insurance = master.PaperDetails(
            CredentialKind.LIABILITY_INSURANCE, f"{code}-INS", date(2005, 1, 1), date(2006, 6, 30),
            insured_minor=500_000_00, currency="CNY",
        )  # fmt: skip
        scan = Proof(f"%PDF-1.4 {code}".encode(), f"{code}.pdf")
        world.keep("proof", code, master.add_paper(manager, organisation.id, insurance, proof=scan))
        entry = register.MemberDetails(f"{code} collector", date(2005, 1, 1), f"{code}-7")
        member_id = register.add_member(manager, organisation.id, entry)
        world.keep("member of staff", code, member_id)
        training = register.RecordDetails(RecordKind.TRAINING, f"{code} training", date(2005, 2, 1), date(2005, 9, 20))
        world.keep("staff record", code, register.add_record(manager, member_id, training))
        files_of_staff(world, world.person(_roles(code)[0], code))
    layout_of(world, manager, STAFF)
    layout_of(world, manager, ATTEMPTS)


def _roles(mark: str) -> tuple[Role, ...]:
    if mark == "BANK":
        return BANK_ROLES
    return (Role.LEGAL_PARTNER,) if mark.endswith("LF") else (Role.AGENCY_LEADER, Role.AGENCY_STAFF)


def _add_person(world: World, mark: str, role: Role, locale: str) -> None:
    name = f"{mark.lower()}.{role.value}.{locale}"
    user = make_user(role, world.organisations[mark], user_name=name, name=f"{mark} {role.value}", locale=locale)
    world.people[(mark, role, locale)] = Person(role, mark, user)


def _second(world: World, role: Role) -> Actor:
    """Whoever checks what the first has made."""
    return world.person(role, locale="zh_Hans").actor


def _contract(world: World, code: str) -> None:
    organisation = world.organisations[code]
    is_firm = code.endswith("LF")
    contract_id = create_contract(
        contracts_clerk(),
        organisation.id,
        number=f"CT-{code}",
        kind=PlacementKind.LETTER if is_firm else PlacementKind.COLLECTION,
        currency="CNY",
        started_on=date(2005, 1, 1),
        ended_on=None,
        terms=Terms(Decimal("0.20"), 1_500 if is_firm else 0, 90, None, data=DataClauses()),
    )
    world.keep("contract", code, contract_id)
    world.keep("contract version", code, contract_id, 1)


# --- what is owed, and to whom it is given -------------------------------------------------------------------------------


def _portfolio(world: World) -> None:
    rows: list[dict[str, str]] = [{"account_ref": "EAST-WRONG", "customer_ref": "EAST-C0", "days_past_due": "never"}]
    number = 0
    for side in SIDES:
        for what in ("worked", "recalled", "fresh"):
            for place in (1, 2):
                number += 1
                rows.append(_account(side, what, f"{side.mark}-{what.upper()}-{place}", number))
        shared = {
            "customer_ref": "BOTH-C",
            "name": "双方欠",
            "phone_1": "13900000099",
            "address": "上海市黄浦区人民大道200号",
        }
        rows.append(_account(side, "worked", f"{side.mark}-BOTH", 90) | shared)
    content = accounts_file(*rows)
    clerk = world.person(Role.VENDOR_MANAGER).actor
    accounts = receive_accounts(clerk, io.BytesIO(content), "accounts.csv", Options(as_of=date(2005, 6, 30))).id
    summary = import_accounts(clerk, accounts)
    assert (summary["created"], summary["rejected"]) == (14, 1), summary
    world.keep("import of accounts", "BANK", accounts)
    asked = b"account_ref,reason\nEAST-UNKNOWN,client\n"
    recalls = receive_recalls(clerk, io.BytesIO(asked), "back.csv", Options(), as_job=False).id
    with contextlib.suppress(ImportRefused):  # its one row names an account that nobody has: it has rejects
        import_recalls(clerk, recalls)
    world.keep("import of recalls", "BANK", recalls)
    world.keep("rejects of recalls", "BANK", recalls, "rejects.csv")
    files_that_wait(world, clerk, RECALLS, asked)
    world.keep("rejects of accounts", "BANK", accounts, "rejects.csv")
    files_that_wait(world, clerk, ACCOUNTS, content)


def _account(side: Side, what: str, reference: str, number: int) -> dict[str, str]:
    days, _bucket = getattr(side, what)
    return {
        "account_ref": reference, "customer_ref": f"{side.mark}-C{number}", "name": f"{side.surname}{number}",
        "phone_1": f"139000000{number:02d}", "address": f"上海市浦东新区世纪大道{number}号", "card_last4": f"{number:04d}",
        "principal": f"{7_000 + number}.00", "days_past_due": str(days),
    }  # fmt: skip


def _placed_and_worked(world: World, desk: Desk) -> None:
    for side in SIDES:
        for what in ("worked", "recalled"):
            for code, kind in ((f"{side.mark}AG", PlacementKind.COLLECTION), (f"{side.mark}LF", PlacementKind.LETTER)):
                wanted = criteria(kind, "CNY", buckets=(getattr(side, what)[1],))
                batch_id = placed(desk, world.organisations[code], wanted)
                world.keep("batch", code, batch_id)
                world.keep(f"{what} batch", code, batch_id)
    at(date(2005, 7, 5))
    letters_of_both_sides(world)
    messages_of_both_sides(world)
    for side in SIDES:
        for what in ("WORKED-1", "RECALLED-1", "BOTH"):
            _log(world.person(Role.AGENCY_STAFF, f"{side.mark}AG").actor, f"{side.mark}-{what}", side.mark)
        logs_of(world, world.person(Role.AGENCY_LEADER, f"{side.mark}AG"), f"{side.mark}-WORKED-1")
        compliance = world.person(Role.COMPLIANCE).actor
        for what in ("BOTH", "WORKED-2"):
            account_id = _key(Account, Account.account_ref == f"{side.mark}-{what}")
            raise_hold(compliance, account_id, HoldFlag.COMPLAINT, f"{side.mark} complaint")
    ask_and_complain(world)


def _log(actor: Actor, reference: str, mark: str) -> None:
    """A call, and one that brought a promise."""
    with reading(actor) as session:
        account = session.scalars(sa.select(Account).where(Account.account_ref == reference)).one()
        wanted = sa.select(ContactPoint.id).where(ContactPoint.customer_id == account.customer_id)
        point = session.scalars(wanted.where(ContactPoint.kind == ContactKind.PHONE)).first()
    log_attempt(
        actor,
        account.id,
        Entry(
            channel=Channel.CALL, outcome="promise", contact_point_id=point, attempt_ref=f"{mark}-{reference}",
            promise_minor=123_400, promise_on=date(2005, 7, 20), note=f"{mark} note",
        ),
    )  # fmt: skip


def _recalled_and_fresh(world: World, desk: Desk) -> None:
    for side in SIDES:
        for code in (f"{side.mark}AG", f"{side.mark}LF"):
            batch_id = world.one("recalled batch", code)
            note = f"{side.mark} recall"
            world.keep("recall", code, recalled(desk, batch_id, RecallReason.CLIENT, note=note))
            leader = world.person(Role.LEGAL_PARTNER if code.endswith("LF") else Role.AGENCY_LEADER, code).actor
            (wish,) = ask_retention(leader, 10, f"{side.mark} wish", batch_id=world.one("worked batch", code))
            world.keep("retention", code, wish)
            world.keep("recall", code, _pending(desk, leader, world.one("worked batch", code), side.mark))
            kind = PlacementKind.LETTER if code.endswith("LF") else PlacementKind.COLLECTION
            wanted = criteria(kind, "CNY", buckets=(side.fresh[1],))
            run_id = sent_run(desk, even_shares(world.organisations[code]), wanted)
            (fresh,) = batches(run_id)
            world.keep("fresh batch", code, fresh.id)


def _pending(desk: Desk, leader: Actor, batch_id: int, mark: str) -> int:
    """A recall of one account that goes at the end of the year, with an objection that moved its day."""
    wish = Wish(RecallReason.CLIENT, note=f"{mark} pending", final_on=date(2005, 12, 31))
    (recall_id,) = ask_recall(desk.maker, wish, placement_ids=[placements(batch_id)[0].id])
    carry_out(desk.checker, recall_id)
    line = _key(RecallLine, RecallLine.recall_id == recall_id)
    object_to_recall(leader, [line], ObjectionReason.PROMISE, 10, f"{mark} objection")
    objection = _key(Objection, Objection.recall_line_id == line)
    answer_objections(desk.checker, [objection], 5, f"{mark} answer")
    return recall_id


# --- money --------------------------------------------------------------------------------------------------------------


def _payments(world: World) -> None:
    at(date(2005, 7, 20))
    header = ["payment_ref", "account_ref", "amount", "paid_on"]
    rows = [
        [f"{side.mark}-{what}-JULY", f"{side.mark}-{what}", "1000.00", "2005-07-10"]
        for side in SIDES
        for what in ("WORKED-1", "RECALLED-1", "FRESH-1")
    ]
    _post(world, "july.csv", [header, *rows, ["EAST-LOST", "EAST-UNKNOWN", "5.00", "2005-07-10"]])


def _post(world: World, name: str, rows: list[list[str]]) -> None:
    clerk = world.person(Role.FINANCE).actor
    run = receive_payments(clerk, io.BytesIO(csv_bytes(rows)), name, Options())
    import_payments(clerk, run.id)
    world.keep("import of payments", "BANK", run.id)
    world.keep("rejects of payments", "BANK", run.id, "rejects.csv")
    if name == "july.csv":
        files_that_wait(world, clerk, PAYMENTS, csv_bytes(rows))


# --- what belongs to whom ------------------------------------------------------------------------------------------------


def _key(model: Any, condition: Any) -> int:
    with reading(observer()) as session:
        return int(session.scalars(sa.select(model.id).where(condition)).one())


def _rows(statement: Any) -> Iterable[Any]:
    with reading(observer()) as session:
        return session.execute(statement).all()


def _belongings(world: World) -> None:
    codes = {organisation.id: code for code, organisation in world.organisations.items()}
    held = sa.select(Placement.organisation_id, Placement.account_id, Placement.accepted_at, Placement.ended_at)
    for organisation_id, account_id, accepted_at, ended_at in _rows(held):
        place = world.things if accepted_at and not ended_at else world.shut
        code = codes[organisation_id]
        for what in ("account", "desk") if code.endswith("AG") else ("account",):
            place.setdefault(what, []).append((code, (account_id,)))
    for what, model in (("run", AllocationRun), ("hold", Hold)):
        for (key,) in _rows(sa.select(model.id)):
            world.keep(what, "BANK", key)
    for code in ("EASTAG", "WESTAG"):
        leader = world.person(Role.AGENCY_LEADER, code).actor
        world.keep("token", code, make_token(leader, f"{code} dialler", ["queue.read"], date(2006, 3, 1)).token.id)
        claim(leader, f"{code} key", "POST /api/v1/attempts", b"{}")
    keep_payments(world, codes)
    _certificates_and_exit(world, codes)
    keep_rules(world)
    _carried_to_who_holds_now()
    arranged(world)
    pay_over(world)
    dispatched(world)
    settled(world)
    for what in ("import of", "rejects of", "layout of", "waiting", "dropped"):
        kinds = [
            f"{what} {kind}"
            for kind in ("accounts", "payments", "recalls", "staff", "attempts", "reported", "dispatch")
        ]
        for kind in kinds:
            world.mixed[kind] = [ids for other in kinds if other != kind for _owner, ids in world.things[other]]
    assert _rows(sa.select(ImportRun.id)) and _rows(sa.select(Contract.id)) and _rows(sa.select(Statement.id))
    assert len(list(_rows(sa.select(PlacementBatch.id)))) == 14


def _carried_to_who_holds_now() -> None:
    """What was promised before on accounts that a side works on now, as its last holder would have left it."""
    wanted = sa.select(Promise).join(Account, Account.id == Promise.account_id)
    with transaction(observer()) as work:
        for side in SIDES:
            of_side = wanted.where(Account.account_ref.like(f"{side.mark}-WORKED-%")).order_by(Promise.id).limit(1)
            promise = work.session.scalars(of_side).one()
            row = CarriedPromise(
                promise_id=promise.id, account_id=promise.account_id, round=1, amount_minor=promise.amount_minor,
                currency=promise.currency, made_on=promise.made_on, promised_on=promise.promised_on, kept_until=promise.kept_until,
                state=PromiseState.OPEN, carried_at=work.now,
            )  # fmt: skip
            work.session.add(row)


def _certificates_and_exit(world: World, codes: dict[int, str]) -> None:
    """Each side has certificates that are due, and its agency has confirmed one; a firm is to leave."""
    for duty_id, organisation_id in _rows(sa.select(CertificateDuty.id, CertificateDuty.organisation_id)):
        code = codes[organisation_id]
        world.keep("certificate", code, duty_id)
        if code.endswith("AG"):
            said = Confirmation(
                f"{code} files", f"{code} records", ("system_erased",), f"{code} leader", date(2005, 9, 1)
            )
            confirm(world.person(Role.AGENCY_LEADER, code).actor, duty_id, said)
            world.keep("printed certificate", code, duty_id, "zh")
            world.keep("printed certificate", code, duty_id, "en")
    manager = world.person(Role.VENDOR_MANAGER).actor
    leaving = plan_exit(manager, world.organisations["WESTLF"].id, date(2005, 10, 1), "the contract ends")
    world.keep("exit", "BANK", leaving)
    for number in seed_segments(manager, "CNY", 1_000_000):
        world.keep("segment", "BANK", number)


def _jobs_and_sessions(world: World) -> None:
    for side in SIDES:
        for own_only in (True, False):
            settle_rule(world.person(Role.AGENCY_LEADER, f"{side.mark}AG").actor, own_only=own_only)
    for person in world.people.values():
        with transaction(person.actor) as work:
            job = request_job(work, "test.count", f"{person.user.user_name}", {"to": 1})
        world.keep("job", person.mark, job.id)
        world.keep("own job", f"{person.user.id}", job.id)
        world.keep("own session", f"{person.user.id}", add_session(person.user))
        world.keep("user", person.mark, person.user.id)
        kept = save_filter(person.actor, Offer("jobs.index", "state=done"), "walls")
        world.keep("own filter", f"{person.user.id}", kept.id)
    spare = world.one("user", "EASTAG")
    mine = [ids[0] for owner, ids in world.things["user"] if owner == "EASTAG"]
    with reading(observer()) as session:
        users = session.scalars(sa.select(UserSession.user_id)).all()
    assert set(users) >= {p.user.id for p in world.people.values()} and spare in mine
    target = world.person(Role.AGENCY_LEADER).user
    session_id = add_session(target)
    world.keep("user and session", "EASTAG", target.id, session_id)
    world.mixed["user and session"] = [(spare, session_id), (session_id, target.id)]


def add_session(user: User) -> int:
    """Another browser in which the person is signed in; its key."""
    with transaction(observer()) as work:
        now = work.real_now
        row = UserSession(
            organisation_id=user.organisation_id, user_id=user.id, token_hash=token_hash(f"{user.id}-{now}-{id(work)}"),
            created_at=now - timedelta(minutes=5), seen_at=now, origin="10.1.1.1", browser=f"{user.user_name} browser",
        )  # fmt: skip
        work.session.add(row)
        work.session.flush()
        return row.id
