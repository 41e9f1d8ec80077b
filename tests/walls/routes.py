"""Every address of the portal and who may ask for it: the one table that the walk and the house rules go by.

A new view gets its line here, by hand, from whoever decides who may use it. `ids` names what the address's parameters
stand for, in order (see `World.own`); `fields` are those without which a POST does not say what it is about; `reason`: it asks for one before it looks anything
up.
"""

from __future__ import annotations

from portal.foundation.access import Permission
from tests.walls.charge_routes import CHARGE_ROUTES
from tests.walls.dispatch_routes import DISPATCH_ROUTES
from tests.walls.letter_routes import LETTER_ROUTES
from tests.walls.matter_routes import MATTER_ROUTES
from tests.walls.payment_routes import PAYMENT_ROUTES
from tests.walls.route import Route
from tests.walls.statement_routes import STATEMENT_ROUTES
from tests.walls.system_routes import SYSTEM_ROUTES

__all__ = ["OPEN_FILES", "ROUTES", "Route"]

P = Permission
GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

# Files of ours, the same for everybody, with a path as their parameter.
OPEN_FILES = {"static": "/static/<path:filename>", "bootstrap.static": "/bootstrap/static/<path:filename>"}

ROUTES: tuple[Route, ...] = (
    # --- the way in and the people ---
    Route("identity.sign_in", BOTH, "/sign-in", None),
    Route("identity.sign_in_code", BOTH, "/sign-in/code", None),
    Route("identity.choose_language", POST, "/language", None, fields=(("locale", "en"),)),
    Route("identity.invitation", BOTH, "/invitation/<token>", None, ("invitation",)),
    Route("identity.start", GET, "/start", P.SELF_MANAGE),
    Route("identity.kept_out", GET, "/kept-out", P.SELF_MANAGE),
    Route("identity.sign_out", POST, "/sign-out", P.SELF_MANAGE),
    Route("identity.profile", GET, "/me", P.SELF_MANAGE),
    Route("identity.own_language", POST, "/me/language", P.SELF_MANAGE),
    Route("identity.change_password", BOTH, "/me/password", P.SELF_MANAGE),
    Route("identity.change_initial_password", BOTH, "/me/first-password", P.SELF_MANAGE),
    Route("identity.codes", GET, "/me/codes", P.SELF_MANAGE),
    Route("identity.start_codes", POST, "/me/codes/start", P.SELF_MANAGE),
    Route("identity.confirm_codes", POST, "/me/codes/confirm", P.SELF_MANAGE),
    Route("identity.stop_codes", POST, "/me/codes/stop", P.SELF_MANAGE),
    Route("identity.sessions", GET, "/me/sessions", P.SELF_MANAGE),
    Route("identity.end_own_session", POST, "/me/sessions/<int:session_id>/end", P.SELF_MANAGE, ("own session",)),
    Route("identity.organisations", GET, "/organisations", P.ORGANISATIONS_VIEW),
    Route("identity.organisation", GET, "/organisations/<int:organisation_id>", P.ORGANISATIONS_VIEW, ("organisation",)),
    Route("identity.new_organisation", BOTH, "/organisations/new", P.ORGANISATIONS_MANAGE),
    Route(
        "identity.edit_organisation", BOTH, "/organisations/<int:organisation_id>/edit", P.ORGANISATIONS_MANAGE,
        ("organisation",),
    ),
    Route("identity.users", GET, "/users", P.USERS_VIEW),
    Route("identity.user", GET, "/users/<int:user_id>", P.USERS_VIEW, ("user",)),
    Route("identity.new_user", BOTH, "/organisations/<int:organisation_id>/users/new", P.USERS_MANAGE, ("organisation",)),
    Route("identity.edit_user", BOTH, "/users/<int:user_id>/edit", P.USERS_MANAGE, ("user",)),
    Route("identity.invite", POST, "/users/<int:user_id>/invite", P.USERS_MANAGE, ("user",)),
    Route("identity.deactivate_user", POST, "/users/<int:user_id>/deactivate", P.USERS_MANAGE, ("user",)),
    Route("identity.reactivate_user", POST, "/users/<int:user_id>/reactivate", P.USERS_MANAGE, ("user",)),
    Route("identity.set_initial_password", BOTH, "/users/<int:user_id>/initial-password", P.USERS_MANAGE, ("user",)),
    Route("identity.reset_codes", POST, "/users/<int:user_id>/reset-codes", P.USERS_MANAGE, ("user",)),
    Route(
        "identity.end_session", POST, "/users/<int:user_id>/sessions/<int:session_id>/end", P.USERS_MANAGE,
        ("user and session",),
    ),
    # --- accounts, holds, imports ---
    Route("portfolio.accounts", GET, "/accounts", P.ACCOUNTS_VIEW),
    Route("portfolio.account", GET, "/accounts/<int:account_id>", P.ACCOUNTS_VIEW, ("account",)),
    Route("portfolio.search", GET, "/search", P.ACCOUNTS_VIEW),
    Route("portfolio.reveal", POST, "/accounts/<int:account_id>/reveal", P.PERSON_REVEAL, ("account",)),
    Route("portfolio.holds", GET, "/holds", P.HOLDS_MANAGE),
    Route(
        "portfolio.raise_hold", POST, "/accounts/<int:account_id>/holds", P.HOLDS_MANAGE, ("account",),
        fields=(("flag", "dispute"),), reason=True,
    ),
    Route("portfolio.release_hold", POST, "/holds/<int:hold_id>/release", P.HOLDS_MANAGE, ("hold",), reason=True),
    Route("portfolio.imports", GET, "/imports", P.ACCOUNTS_IMPORT),
    Route("portfolio.new_import", BOTH, "/imports/new", P.ACCOUNTS_IMPORT),
    Route("portfolio.import_run", GET, "/imports/<int:run_id>", P.ACCOUNTS_IMPORT, ("import of accounts",)),
    Route(
        "portfolio.rejects", GET, "/imports/<int:run_id>/<any('rejects.csv', 'rejects.xlsx'):file_name>",
        P.ACCOUNTS_IMPORT, ("rejects of accounts",),
    ),
    Route("portfolio.prepare_import", BOTH, "/imports/<int:run_id>/prepare", P.ACCOUNTS_IMPORT, ("waiting accounts",)),
    Route("portfolio.drop_import", POST, "/imports/<int:run_id>/drop", P.ACCOUNTS_IMPORT, ("waiting accounts",)),
    Route("portfolio.repeat_import", POST, "/imports/<int:run_id>/repeat", P.ACCOUNTS_IMPORT, ("dropped accounts",)),
    Route("portfolio.layouts", GET, "/imports/layouts", P.ACCOUNTS_IMPORT),
    Route("portfolio.layout", GET, "/imports/layouts/<int:profile_id>", P.ACCOUNTS_IMPORT, ("layout of accounts",)),
    Route(
        "portfolio.archive_layout", POST, "/imports/layouts/<int:profile_id>/archive", P.ACCOUNTS_IMPORT,
        ("layout of accounts",),
    ),
    Route(
        "portfolio.restore_layout", POST, "/imports/layouts/<int:profile_id>/restore", P.ACCOUNTS_IMPORT,
        ("layout of accounts",),
    ),
    # --- contracts ---
    Route("vendors.contracts", GET, "/contracts", P.CONTRACTS_VIEW),
    Route("vendors.contract", GET, "/contracts/<int:contract_id>", P.CONTRACTS_VIEW, ("contract",)),
    Route(
        "vendors.organisation_contracts", GET, "/organisations/<int:organisation_id>/contracts", P.CONTRACTS_VIEW,
        ("vendor",),
    ),
    Route("vendors.new_contract", BOTH, "/contracts/new", P.CONTRACTS_MANAGE),
    Route(
        "vendors.version", GET, "/contracts/<int:contract_id>/versions/<int:number>", P.CONTRACTS_VIEW,
        ("contract version",),
    ),
    Route("vendors.new_version", BOTH, "/contracts/<int:contract_id>/versions/new", P.CONTRACTS_MANAGE, ("contract",)),
    # --- vendors and their staff ---
    Route("vendors.vendors", GET, "/vendors", P.VENDORS_VIEW),
    Route("vendors.own", GET, "/our-organisation", P.VENDORS_VIEW),
    Route("vendors.vendor", GET, "/vendors/<int:organisation_id>", P.VENDORS_VIEW, ("vendor",)),
    Route("vendors.edit_vendor", BOTH, "/vendors/<int:organisation_id>/edit", P.VENDORS_MANAGE, ("vendor",)),
    Route("vendors.requirements", BOTH, "/vendors/requirements", P.VENDORS_MANAGE),
    Route("vendors.new_contact", BOTH, "/vendors/<int:organisation_id>/contacts/new", P.VENDORS_MANAGE, ("vendor",)),
    Route(
        "vendors.edit_contact", BOTH, "/vendors/contacts/<int:contact_id>/edit", P.VENDORS_MANAGE, ("contact person",)
    ),
    Route(
        "vendors.remove_contact", POST, "/vendors/contacts/<int:contact_id>/remove", P.VENDORS_MANAGE,
        ("contact person",),
    ),
    Route("vendors.new_paper", BOTH, "/vendors/<int:organisation_id>/papers/new", P.VENDORS_MANAGE, ("vendor",)),
    Route("vendors.proof", GET, "/vendors/papers/<int:paper_id>/proof", P.VENDORS_VIEW, ("proof",)),
    Route("vendors.staff", GET, "/staff", P.VENDORS_VIEW),
    Route("vendors.imports", GET, "/staff/imports", P.REGISTER_KEEP),
    Route("vendors.new_import", BOTH, "/staff/imports/new", P.REGISTER_KEEP),
    Route("vendors.import_run", GET, "/staff/imports/<int:run_id>", P.REGISTER_KEEP, ("import of staff",)),
    Route(
        "vendors.rejects", GET, "/staff/imports/<int:run_id>/<any('rejects.csv', 'rejects.xlsx'):file_name>",
        P.REGISTER_KEEP, ("rejects of staff",),
    ),
    Route("vendors.prepare_import", BOTH, "/staff/imports/<int:run_id>/prepare", P.REGISTER_KEEP, ("waiting staff",)),
    Route("vendors.drop_import", POST, "/staff/imports/<int:run_id>/drop", P.REGISTER_KEEP, ("waiting staff",)),
    Route("vendors.repeat_import", POST, "/staff/imports/<int:run_id>/repeat", P.REGISTER_KEEP, ("dropped staff",)),
    Route("vendors.layouts", GET, "/staff/imports/layouts", P.REGISTER_KEEP),
    Route("vendors.layout", GET, "/staff/imports/layouts/<int:profile_id>", P.REGISTER_KEEP, ("layout of staff",)),
    Route(
        "vendors.archive_layout", POST, "/staff/imports/layouts/<int:profile_id>/archive", P.REGISTER_KEEP,
        ("layout of staff",),
    ),
    Route(
        "vendors.restore_layout", POST, "/staff/imports/layouts/<int:profile_id>/restore", P.REGISTER_KEEP,
        ("layout of staff",),
    ),
    Route("vendors.member", GET, "/staff/<int:member_id>", P.VENDORS_VIEW, ("member of staff",)),
    Route("vendors.new_member", BOTH, "/vendors/<int:organisation_id>/staff/new", P.REGISTER_KEEP, ("vendor",)),
    Route("vendors.edit_member", BOTH, "/staff/<int:member_id>/edit", P.REGISTER_KEEP, ("member of staff",)),
    Route(
        "vendors.bar_member", POST, "/staff/<int:member_id>/bar", P.VENDORS_MANAGE, ("member of staff",), reason=True
    ),
    Route("vendors.permit_member", POST, "/staff/<int:member_id>/permit", P.VENDORS_MANAGE, ("member of staff",)),
    Route("vendors.new_record", BOTH, "/staff/<int:member_id>/records/new", P.REGISTER_KEEP, ("member of staff",)),
    Route(
        "vendors.withdraw_record", POST, "/staff/records/<int:record_id>/withdraw", P.REGISTER_KEEP, ("staff record",)
    ),
    # --- runs and batches ---
    Route("placement.runs", GET, "/placements", P.PLACEMENTS_VIEW),
    Route("placement.run", GET, "/placements/<int:run_id>", P.PLACEMENTS_VIEW, ("run",)),
    Route("placement.new_run", GET, "/placements/new", P.PLACEMENTS_PROPOSE),
    Route("placement.make_run", POST, "/placements/new", P.PLACEMENTS_PROPOSE),
    Route("placement.submit_run", POST, "/placements/<int:run_id>/submit", P.PLACEMENTS_PROPOSE, ("run",)),
    Route("placement.withdraw_run", POST, "/placements/<int:run_id>/withdraw", P.PLACEMENTS_PROPOSE, ("run",)),
    Route("placement.approve_run", POST, "/placements/<int:run_id>/approve", P.PLACEMENTS_APPROVE, ("run",)),
    Route("placement.refuse_run", POST, "/placements/<int:run_id>/refuse", P.PLACEMENTS_APPROVE, ("run",), reason=True),
    Route("placement.segments", GET, "/segments", P.PLACEMENTS_VIEW),
    Route("placement.segment", GET, "/segments/<int:segment_id>", P.PLACEMENTS_VIEW, ("segment",)),
    Route("placement.count_segment", GET, "/segments/<int:segment_id>/count.json", P.PLACEMENTS_VIEW, ("segment",)),
    Route("placement.new_segment", BOTH, "/segments/new", P.PLACEMENTS_PROPOSE),
    Route("placement.edit_segment", BOTH, "/segments/<int:segment_id>/edit", P.PLACEMENTS_PROPOSE, ("segment",)),
    Route("placement.archive_segment", POST, "/segments/<int:segment_id>/archive", P.PLACEMENTS_PROPOSE, ("segment",)),
    Route("placement.batches", GET, "/batches", P.BATCHES_VIEW),
    Route("placement.batch", GET, "/batches/<int:batch_id>", P.BATCHES_VIEW, ("batch",)),
    Route("placement.accept_batch", POST, "/batches/<int:batch_id>/accept", P.BATCHES_ACCEPT, ("batch",)),
    Route("placement.refuse_batch", POST, "/batches/<int:batch_id>/refuse", P.BATCHES_ACCEPT, ("batch",), reason=True),
    Route(
        "placement.choose_placements", POST, "/batches/<int:batch_id>/chosen", P.BATCHES_VIEW, ("batch",),
        fields=(("step", "keep"), ("row", "1")),
    ),
    # --- the way back ---
    Route("placement.recalls", GET, "/recalls", P.RECALLS_VIEW),
    Route("placement.recall", GET, "/recalls/<int:recall_id>", P.RECALLS_VIEW, ("recall",)),
    Route("placement.new_recall", BOTH, "/recalls/new", P.PLACEMENTS_PROPOSE),
    Route("placement.choose_accounts", POST, "/recalls/accounts", P.PLACEMENTS_PROPOSE, fields=(("row", "1"),)),
    Route("placement.carry_out", POST, "/recalls/<int:recall_id>/carry-out", P.PLACEMENTS_APPROVE, ("recall",)),
    Route("placement.withdraw_recall", POST, "/recalls/<int:recall_id>/withdraw", P.PLACEMENTS_PROPOSE, ("recall",)),
    Route(
        "placement.choose_lines", POST, "/recalls/<int:recall_id>/chosen", P.RECALLS_VIEW, ("recall",),
        fields=(("row", "1"),),
    ),
    Route("placement.object_to_recall", BOTH, "/recalls/<int:recall_id>/objections/new", P.RECALLS_ANSWER, ("recall",)),
    Route("placement.answer_objections", BOTH, "/recalls/<int:recall_id>/answers/new", P.PLACEMENTS_APPROVE, ("recall",)),
    Route("placement.objections", GET, "/recalls/objections", P.RECALLS_VIEW),
    Route("placement.imports", GET, "/recalls/imports", P.PLACEMENTS_PROPOSE),
    Route("placement.new_import", BOTH, "/recalls/imports/new", P.PLACEMENTS_PROPOSE),
    Route("placement.import_run", GET, "/recalls/imports/<int:run_id>", P.PLACEMENTS_PROPOSE, ("import of recalls",)),
    Route(
        "placement.rejects", GET, "/recalls/imports/<int:run_id>/<any('rejects.csv', 'rejects.xlsx'):file_name>",
        P.PLACEMENTS_PROPOSE, ("rejects of recalls",),
    ),
    Route("placement.prepare_import", BOTH, "/recalls/imports/<int:run_id>/prepare", P.PLACEMENTS_PROPOSE, ("waiting recalls",)),
    Route("placement.drop_import", POST, "/recalls/imports/<int:run_id>/drop", P.PLACEMENTS_PROPOSE, ("waiting recalls",)),
    Route("placement.repeat_import", POST, "/recalls/imports/<int:run_id>/repeat", P.PLACEMENTS_PROPOSE, ("dropped recalls",)),
    Route("placement.layouts", GET, "/recalls/imports/layouts", P.PLACEMENTS_PROPOSE),
    Route("placement.layout", GET, "/recalls/imports/layouts/<int:profile_id>", P.PLACEMENTS_PROPOSE, ("layout of recalls",)),
    Route(
        "placement.archive_layout", POST, "/recalls/imports/layouts/<int:profile_id>/archive", P.PLACEMENTS_PROPOSE,
        ("layout of recalls",),
    ),
    Route(
        "placement.restore_layout", POST, "/recalls/imports/layouts/<int:profile_id>/restore", P.PLACEMENTS_PROPOSE,
        ("layout of recalls",),
    ),
    Route("placement.new_return", BOTH, "/returns/new", P.RECALLS_ANSWER),
    Route("placement.retentions", GET, "/retentions", P.RECALLS_VIEW),
    Route("placement.new_retention", BOTH, "/retentions/new", P.RECALLS_VIEW),
    Route("placement.retention", GET, "/retentions/<int:retention_id>", P.RECALLS_VIEW, ("retention",)),
    Route(
        "placement.answer_retention", POST, "/retentions/<int:retention_id>/answer", P.PLACEMENTS_APPROVE, ("retention",),
        fields=(("answer", "approve"),),
    ),
    # --- after the end ---
    Route("placement.certificates", GET, "/certificates", P.BATCHES_VIEW),
    Route("placement.certificate", GET, "/certificates/<int:duty_id>", P.BATCHES_VIEW, ("certificate",)),
    Route(
        "placement.confirm_certificate", BOTH, "/certificates/<int:duty_id>/confirmation", P.BATCHES_ACCEPT, ("certificate",)
    ),
    Route(
        "placement.certificate_file", GET, "/certificates/<int:duty_id>/<any('zh', 'en'):language>.pdf", P.BATCHES_VIEW,
        ("printed certificate",),
    ),
    Route("placement.exits", GET, "/exits", P.PLACEMENTS_VIEW),
    Route("placement.plan_exit", BOTH, "/organisations/<int:organisation_id>/exit", P.PLACEMENTS_PROPOSE, ("vendor",)),
    Route("placement.exit_page", GET, "/exits/<int:exit_id>", P.PLACEMENTS_VIEW, ("exit",)),
    Route("placement.tail_register", GET, "/exits/<int:exit_id>/tail", P.PLACEMENTS_VIEW, ("exit",)),
    Route("placement.choose_exceptions", POST, "/exits/<int:exit_id>/exceptions", P.PLACEMENTS_PROPOSE, ("exit",)),
    Route("placement.count_exit", POST, "/exits/<int:exit_id>/count", P.PLACEMENTS_PROPOSE, ("exit",)),
    Route("placement.submit_exit", POST, "/exits/<int:exit_id>/submit", P.PLACEMENTS_PROPOSE, ("exit",)),
    Route("placement.withdraw_exit", POST, "/exits/<int:exit_id>/withdraw", P.PLACEMENTS_PROPOSE, ("exit",)),
    Route("placement.approve_exit", POST, "/exits/<int:exit_id>/approve", P.PLACEMENTS_APPROVE, ("exit",)),
    Route("placement.refuse_exit", POST, "/exits/<int:exit_id>/refuse", P.PLACEMENTS_APPROVE, ("exit",), reason=True),
    Route("placement.close_sign_in", POST, "/exits/<int:exit_id>/close-sign-in", P.PLACEMENTS_APPROVE, ("exit",)),
    # --- the agency's day ---
    Route("contact.queue", GET, "/queue", P.QUEUE_WORK),
    Route("contact.next_one", GET, "/queue/next", P.QUEUE_WORK),
    Route("contact.account", BOTH, "/queue/<int:account_id>", P.QUEUE_WORK, ("desk",)),
    Route("contact.check", GET, "/queue/<int:account_id>/check.json", P.QUEUE_WORK, ("desk",)),
    Route(
        "contact.reveal", POST, "/queue/<int:account_id>/reveal", P.PERSON_REVEAL, ("desk",),
        fields=(("what", "name"),),
    ),
    Route("contact.imports", GET, "/attempts/imports", P.ATTEMPTS_IMPORT),
    Route("contact.new_import", BOTH, "/attempts/imports/new", P.ATTEMPTS_IMPORT),
    Route("contact.import_run", GET, "/attempts/imports/<int:run_id>", P.ATTEMPTS_IMPORT, ("import of attempts",)),
    Route(
        "contact.rejects", GET, "/attempts/imports/<int:run_id>/<any('rejects.csv', 'rejects.xlsx'):file_name>",
        P.ATTEMPTS_IMPORT, ("rejects of attempts",),
    ),
    Route(
        "contact.prepare_import", BOTH, "/attempts/imports/<int:run_id>/prepare", P.ATTEMPTS_IMPORT, ("waiting attempts",)
    ),
    Route("contact.drop_import", POST, "/attempts/imports/<int:run_id>/drop", P.ATTEMPTS_IMPORT, ("waiting attempts",)),
    Route(
        "contact.repeat_import", POST, "/attempts/imports/<int:run_id>/repeat", P.ATTEMPTS_IMPORT, ("dropped attempts",)
    ),
    Route("contact.layouts", GET, "/attempts/imports/layouts", P.ATTEMPTS_IMPORT),
    Route("contact.layout", GET, "/attempts/imports/layouts/<int:profile_id>", P.ATTEMPTS_IMPORT, ("layout of attempts",)),
    Route(
        "contact.archive_layout", POST, "/attempts/imports/layouts/<int:profile_id>/archive", P.ATTEMPTS_IMPORT,
        ("layout of attempts",),
    ),
    Route(
        "contact.restore_layout", POST, "/attempts/imports/layouts/<int:profile_id>/restore", P.ATTEMPTS_IMPORT,
        ("layout of attempts",),
    ),
    Route("contact.new_point", BOTH, "/queue/<int:account_id>/contact-points", P.QUEUE_WORK, ("desk",)),
    Route("contact.found_points", GET, "/contact-points", P.CONDUCT_VIEW),
    Route(
        "contact.mark_found", POST, "/contact-points/mark", P.HOLDS_MANAGE, fields=(("status", "valid"), ("row", "1")),
    ),
    Route("contact.evidence", BOTH, "/evidence", P.ATTEMPTS_IMPORT),
    Route("contact.evidence_file", GET, "/evidence/<int:evidence_id>/file", P.ATTEMPTS_VIEW, ("evidence",)),
    Route("contact.account_message", BOTH, "/queue/<int:account_id>/message", P.QUEUE_WORK, ("desk",)),
    Route("contact.promises", GET, "/promises", P.QUEUE_WORK),
    Route("saved_filters.save", POST, "/saved-filters", P.SELF_MANAGE),
    Route("saved_filters.delete", POST, "/saved-filters/<int:filter_id>/delete", P.SELF_MANAGE, ("own filter",)),
    Route("team.index", GET, "/team", P.QUEUE_DEAL),
    Route("team.accounts", GET, "/team/accounts", P.QUEUE_DEAL),
    Route("team.deal_chosen", POST, "/team/deal", P.QUEUE_DEAL),
    Route("team.deal_evenly", POST, "/team/deal-evenly", P.QUEUE_DEAL),
    Route("team.hand_over", POST, "/team/<int:user_id>/hand-over", P.QUEUE_DEAL, ("colleague",), (("to", "pool"),)),
    Route("team.settle_rule", POST, "/team/rule", P.QUEUE_DEAL, fields=(("rule", "pool"),)),
    Route("contact.my_day", GET, "/my-day", P.QUEUE_WORK),
    # --- words to debtors ---
    Route("contact.texts", GET, "/texts", P.MESSAGES_VIEW),
    Route("contact.new_text", BOTH, "/texts/new", P.TEXTS_WRITE),
    Route("contact.text_settings", BOTH, "/texts/settings", P.TEXTS_WRITE),
    Route("contact.text", GET, "/texts/<int:template_id>", P.MESSAGES_VIEW, ("text",)),
    Route("contact.edit_text", BOTH, "/texts/<int:template_id>/edit", P.TEXTS_WRITE, ("text",)),
    Route("contact.submit_text", POST, "/texts/<int:template_id>/submit", P.TEXTS_WRITE, ("text",)),
    Route("contact.take_back_text", POST, "/texts/<int:template_id>/take-back", P.TEXTS_WRITE, ("text",)),
    Route("contact.approve_text", POST, "/texts/<int:template_id>/approve", P.TEXTS_APPROVE, ("text",)),
    Route("contact.refuse_text", POST, "/texts/<int:template_id>/refuse", P.TEXTS_APPROVE, ("text",), reason=True),
    Route("contact.withdraw_text", POST, "/texts/<int:template_id>/withdraw", P.TEXTS_WRITE, ("text",), reason=True),
    Route("contact.messages", GET, "/messages", P.MESSAGES_VIEW),
    Route("contact.message", GET, "/messages/<int:message_id>", P.MESSAGES_VIEW, ("message",)),
    Route("contact.reveal_message", POST, "/messages/<int:message_id>/reveal", P.PERSON_REVEAL, ("open message",)),
    Route(
        "contact.message_result", POST, "/messages/<int:message_id>/result", P.MESSAGES_EXPORT, ("message",),
        fields=(("result", "delivered"),),
    ),
    Route("contact.drop_message", POST, "/messages/<int:message_id>/drop", P.MESSAGES_EXPORT, ("message",), reason=True),
    Route("contact.ask_export", POST, "/messages/export", P.MESSAGES_EXPORT),
    Route("contact.message_exports", GET, "/messages/exports", P.MESSAGES_EXPORT),
    Route("contact.message_export", GET, "/messages/exports/<int:export_id>", P.MESSAGES_EXPORT, ("export",)),
    Route(
        "contact.download_export", GET,
        "/messages/exports/<int:export_id>/files/<any('messages.csv', 'messages.xlsx'):file_name>", P.MESSAGES_EXPORT,
        ("file of an export",),
    ),
    Route("contact.draw_notices", POST, "/batches/<int:batch_id>/notices", P.PLACEMENTS_PROPOSE, ("batch",)),
    # --- conduct and its rules ---
    Route("conduct.findings", GET, "/conduct", P.CONDUCT_VIEW),
    Route("conduct.own_findings", GET, "/team/conduct", P.QUEUE_DEAL),
    Route("conduct.decision", GET, "/conduct/attempts/<int:attempt_id>", P.CONDUCT_VIEW, ("decision",)),
    Route("conduct.packs", GET, "/rule-packs", P.RULES_VIEW),
    Route("conduct.pack_version", GET, "/rule-packs/<int:version_id>", P.RULES_VIEW, ("version of rules",)),
    Route(
        "conduct.pack_text", GET, "/rule-packs/<int:version_id>/<any('pack.yaml'):file_name>", P.RULES_VIEW,
        ("text of rules",),
    ),
    Route("conduct.new_pack", BOTH, "/rule-packs/new", P.RULES_PROPOSE),
    Route("conduct.publish", POST, "/rule-packs/<int:version_id>/publish", P.RULES_PUBLISH, ("version of rules",)),
    Route(
        "conduct.withdraw", POST, "/rule-packs/<int:version_id>/withdraw", P.RULES_PUBLISH, ("version of rules",),
        reason=True,
    ),
    Route(
        "conduct.discard", POST, "/rule-packs/<int:version_id>/discard", P.RULES_PROPOSE, ("version of rules",),
        reason=True,
    ),
    Route("conduct.choose", POST, "/rule-packs/places", P.RULES_PROPOSE),
    Route(
        "conduct.confirm_choice", POST, "/rule-packs/places/<int:choice_id>/confirm", P.RULES_PUBLISH,
        ("choice of rules",),
    ),
    Route("conduct.drop_choice", POST, "/rule-packs/places/<int:choice_id>/drop", P.RULES_PROPOSE, ("choice of rules",)),
    # --- arrangements ---
    Route("arrangements.index", GET, "/arrangements", P.ARRANGEMENTS_VIEW),
    Route("arrangements.new", BOTH, "/queue/<int:account_id>/arrangement", P.ARRANGEMENTS_DRAW, ("desk",)),
    Route("arrangements.take_down", BOTH, "/queue/<int:account_id>/income", P.ARRANGEMENTS_DRAW, ("desk",)),
    Route("arrangements.arrangement", GET, "/arrangements/<int:arrangement_id>", P.ARRANGEMENTS_VIEW, ("arrangement",)),
    Route("arrangements.agree", POST, "/arrangements/<int:arrangement_id>/agree", P.ARRANGEMENTS_DRAW, ("arrangement",)),
    Route(
        "arrangements.withdraw", POST, "/arrangements/<int:arrangement_id>/withdraw", P.ARRANGEMENTS_DRAW, ("arrangement",)
    ),
    Route("arrangements.end", POST, "/arrangements/<int:arrangement_id>/end", P.ARRANGEMENTS_DECIDE, ("arrangement",)),
    Route(
        "arrangements.approve", POST, "/arrangements/<int:arrangement_id>/approve", P.ARRANGEMENTS_DECIDE, ("arrangement",)
    ),
    Route("arrangements.refuse", POST, "/arrangements/<int:arrangement_id>/refuse", P.ARRANGEMENTS_DECIDE, ("arrangement",)),
    Route(
        "arrangements.letter", GET, "/arrangements/<int:arrangement_id>/<any('zh', 'en'):language>.pdf",
        P.ARRANGEMENTS_VIEW, ("printed arrangement",),
    ),
    Route(
        "arrangements.proof", GET, "/income-statements/<int:statement_id>/<int:proof_id>/proof", P.ARRANGEMENTS_VIEW,
        ("proof of income",),
    ),
    # --- requests between the bank and who holds an account ---
    Route("contact.requests", GET, "/requests", P.REQUESTS_VIEW),
    Route("contact.request_page", GET, "/requests/<int:request_id>", P.REQUESTS_VIEW, ("request",)),
    Route("contact.new_request", BOTH, "/accounts/<int:account_id>/requests/new", P.REQUESTS_WRITE, ("account",)),
    Route("contact.write_message", POST, "/requests/<int:request_id>/messages", P.REQUESTS_WRITE, ("request",)),
    Route("contact.close_request", POST, "/requests/<int:request_id>/close", P.REQUESTS_WRITE, ("request",)),
    Route("contact.reopen_request", POST, "/requests/<int:request_id>/reopen", P.REQUESTS_WRITE, ("request",), reason=True),
    Route("contact.show_request", POST, "/requests/<int:request_id>/reveal", P.PERSON_REVEAL, ("request",)),
    Route("contact.request_proof", GET, "/requests/messages/<int:message_id>/proof", P.REQUESTS_VIEW, ("file of a request",)),
    # --- holds with their proofs ---
    Route("contact.hold_terms", BOTH, "/holds/terms", P.HOLDS_MANAGE),
    Route("contact.hold", GET, "/holds/<int:hold_id>", P.HOLDS_VIEW, ("hold seen",)),
    Route("contact.new_hold", BOTH, "/accounts/<int:account_id>/holds/new", P.HOLDS_RAISE, ("account",)),
    Route("contact.prove_hold", POST, "/holds/<int:hold_id>/proofs", P.HOLDS_RAISE, ("hold seen",)),
    Route("contact.end_hold", POST, "/holds/<int:hold_id>/end", P.HOLDS_MANAGE, ("hold",)),
    Route("contact.hold_proof", GET, "/holds/proofs/<int:proof_id>/proof", P.HOLDS_VIEW, ("file of a hold",)),
    # --- limits of time ---
    Route(
        "contact.new_restart", BOTH, "/accounts/<int:account_id>/limitation/new", P.LIMITS_NOTE, ("account",),
    ),
    Route("contact.end_restart", POST, "/limitation/<int:restart_id>/end", P.LIMITS_NOTE, ("restart",), reason=True),
    Route("contact.restart_proof", GET, "/limitation/<int:restart_id>/proof", P.LIMITS_NOTE, ("restart",)),
    # --- wishes and consents ---
    Route("contact.new_wish", BOTH, "/accounts/<int:account_id>/wishes/new", P.HOLDS_RAISE, ("account",)),
    Route("contact.wish", GET, "/wishes/<int:wish_id>", P.HOLDS_VIEW, ("wish",)),
    Route("contact.reveal_wish", POST, "/wishes/<int:wish_id>/reveal", P.PERSON_REVEAL, ("wish",)),
    Route("contact.end_wish", POST, "/wishes/<int:wish_id>/end", P.HOLDS_RAISE, ("wish",)),
    Route("contact.wish_file", GET, "/wishes/sources/<int:source_id>/file", P.HOLDS_VIEW, ("file of a wish",)),
    # --- complaints ---
    Route("contact.complaints", GET, "/complaints", P.COMPLAINTS_VIEW),
    Route("contact.complaint", GET, "/complaints/<int:complaint_id>", P.COMPLAINTS_VIEW, ("complaint",)),
    Route("contact.new_complaint", BOTH, "/accounts/<int:account_id>/complaints/new", P.COMPLAINTS_WRITE, ("account",)),
    Route("contact.say_of_complaint", POST, "/complaints/<int:complaint_id>/entries", P.COMPLAINTS_WRITE, ("complaint",)),
    Route("contact.reveal_words", POST, "/complaints/<int:complaint_id>/reveal", P.PERSON_REVEAL, ("complaint",)),
    Route(
        "contact.complaint_proof", GET, "/complaints/entries/<int:event_id>/proof", P.COMPLAINTS_VIEW,
        ("file of a complaint",),
    ),
    Route("contact.take_complaint", POST, "/complaints/<int:complaint_id>/take", P.COMPLAINTS_MANAGE, ("complaint",)),
    Route("contact.move_deadline", POST, "/complaints/<int:complaint_id>/deadline", P.COMPLAINTS_MANAGE, ("complaint",)),
    Route("contact.close_complaint", POST, "/complaints/<int:complaint_id>/decision", P.COMPLAINTS_MANAGE, ("complaint",)),
    # --- payments ---
    Route("recovery.payments", GET, "/payments", P.PAYMENTS_VIEW),
    Route("recovery.payment", GET, "/payments/<int:payment_id>", P.PAYMENTS_VIEW, ("payment",)),
    Route("recovery.imports", GET, "/payments/imports", P.PAYMENTS_IMPORT),
    Route("recovery.new_import", BOTH, "/payments/imports/new", P.PAYMENTS_IMPORT),
    Route("recovery.import_run", GET, "/payments/imports/<int:run_id>", P.PAYMENTS_IMPORT, ("import of payments",)),
    Route(
        "recovery.rejects", GET, "/payments/imports/<int:run_id>/<any('rejects.csv', 'rejects.xlsx'):file_name>",
        P.PAYMENTS_IMPORT, ("rejects of payments",),
    ),
    Route(
        "recovery.prepare_import", BOTH, "/payments/imports/<int:run_id>/prepare", P.PAYMENTS_IMPORT,
        ("waiting payments",),
    ),
    Route("recovery.drop_import", POST, "/payments/imports/<int:run_id>/drop", P.PAYMENTS_IMPORT, ("waiting payments",)),
    Route(
        "recovery.repeat_import", POST, "/payments/imports/<int:run_id>/repeat", P.PAYMENTS_IMPORT,
        ("dropped payments",),
    ),
    Route("recovery.layouts", GET, "/payments/imports/layouts", P.PAYMENTS_IMPORT),
    Route(
        "recovery.layout", GET, "/payments/imports/layouts/<int:profile_id>", P.PAYMENTS_IMPORT, ("layout of payments",)
    ),
    Route(
        "recovery.archive_layout", POST, "/payments/imports/layouts/<int:profile_id>/archive", P.PAYMENTS_IMPORT,
        ("layout of payments",),
    ),
    Route(
        "recovery.restore_layout", POST, "/payments/imports/layouts/<int:profile_id>/restore", P.PAYMENTS_IMPORT,
        ("layout of payments",),
    ),
    *STATEMENT_ROUTES,
    *DISPATCH_ROUTES,
    *LETTER_ROUTES,
    *MATTER_ROUTES,
    *PAYMENT_ROUTES,
    *SYSTEM_ROUTES,
    *CHARGE_ROUTES,
    # --- over all rooms ---
    Route("oversight.home", GET, "/", P.HOME_VIEW),
    Route("oversight.audit", GET, "/audit", P.AUDIT_VIEW),
    # --- long work ---
    Route("jobs.index", GET, "/jobs", P.JOBS_VIEW),
    Route("jobs.job", GET, "/jobs/<int:job_id>", P.JOBS_VIEW, ("job",)),
    Route("jobs.status", GET, "/jobs/<int:job_id>.json", P.JOBS_VIEW, ("job",)),
    Route("jobs.result", GET, "/jobs/<int:job_id>/result", P.JOBS_VIEW, ("job",)),
    Route("jobs.cancel", POST, "/jobs/<int:job_id>/cancel", P.JOBS_VIEW, ("own job",)),
    Route("jobs.retry", POST, "/jobs/<int:job_id>/retry", P.JOBS_VIEW, ("own job",)),
)  # fmt: skip
