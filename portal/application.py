"""The application, put together in small steps."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from flask_bootstrap import Bootstrap5
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from portal.config import Settings
from portal.foundation.clock import Clock
from portal.foundation.database import Model, db
from portal.foundation.formats import set_up_formats
from portal.foundation.frame import set_up_frame, set_up_languages
from portal.foundation.limiting import set_up_limiter
from portal.foundation.services import Services
from portal.foundation.storage import make_storage
from portal.foundation.vault import Vault
from portal.foundation.visibility import undeclared_models
from portal.foundation.web import set_up_web, undeclared_views

if TYPE_CHECKING:
    from sqlalchemy.orm import DeclarativeBase

ROOT = Path(__file__).resolve().parent.parent

# Every module with tables, so that migrations and checks know them all.
MODELS = (
    "portal.foundation.audit",
    "portal.foundation.jobs",
    "portal.foundation.saved_filters",
    "portal.foundation.sealing",
    "portal.foundation.submissions",
    "portal.foundation.vault",
    "portal.identity.models",
    "portal.portfolio.models",
    "portal.vendors.models",
    "portal.placement.models",
    "portal.placement.recall_models",
    "portal.placement.leaving_models",
    "portal.placement.segment_models",
    "portal.contact.models",
    "portal.contact.messages.models",
    "portal.contact.rules.models",
    "portal.contact.arrangements.models",
    "portal.contact.requests.models",
    "portal.contact.complaints.models",
    "portal.contact.holds.models",
    "portal.contact.wishes.models",
    "portal.contact.limits.models",
    "portal.recovery.models",
    "portal.recovery.clearing_models",
    "portal.recovery.rule_models",
    "portal.recovery.reported.models",
    "portal.commission.models",
    "portal.commission.remittance_models",
    "portal.commission.life_models",
    "portal.commission.charge_models",
    "portal.commission.score_models",
    "portal.legal.models",
    "portal.legal.seal_models",
    "portal.legal.dispatch.models",
    "portal.legal.verification.models",
    "portal.legal.matters.models",
    "portal.api.webhook_models",
    "portal.api.models",
)
# Every module with a blueprint; importing one also registers its room's hooks and job handlers.
VIEWS = (
    "portal.identity.views",
    "portal.portfolio.views",
    "portal.vendors.views",
    "portal.placement.views",
    "portal.contact.views",
    "portal.contact.team.views",
    "portal.contact.rules.finding_views",
    "portal.contact.arrangements.views",
    "portal.recovery.views",
    "portal.recovery.reported.views",
    "portal.commission.views",
    "portal.commission.remittance_views",
    "portal.commission.charge_views",
    "portal.commission.trial_views",
    "portal.commission.score_views",
    "portal.commission.contribution_views",
    "portal.legal.views",
    "portal.legal.dispatch.views",
    "portal.legal.verification.views",
    "portal.legal.matters.views",
    "portal.oversight.views",
    "portal.api.webhook_views",
    "portal.api.views",
    "portal.api.v1.document",
    "portal.foundation.job_views",
    "portal.foundation.saved_filter_views",
)

csrf = CSRFProtect()


def load_models() -> None:
    """Import every module with tables."""
    for module in MODELS:
        import_module(module)


def build(settings: Settings | None, clock: Clock | None) -> Flask:
    """The application; see `portal.create_app`."""
    settings = settings or Settings.from_environment()
    app = Flask("portal", root_path=str(ROOT / "portal"), template_folder=str(ROOT / "templates"))
    app.static_folder = str(ROOT / "static")
    _configure(app, settings)
    _provide_services(app, settings, clock)
    _set_up_libraries(app)
    _set_up_language(app)
    _register_rooms(app)
    set_up_web(app)
    _refuse_open_doors(app)
    if settings.proxies:  # else throttles and the audit trail would take everybody for the proxy
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, settings: Settings) -> None:
    settings.home.mkdir(parents=True, exist_ok=True)
    engine: dict[str, object] = {"pool_pre_ping": True}
    if settings.sqlalchemy_url.startswith("sqlite"):
        engine = {"connect_args": {"timeout": 30, "check_same_thread": False}}
    app.config.update(
        SECRET_KEY=settings.secret_key,
        TESTING=settings.env == "test",
        SQLALCHEMY_DATABASE_URI=settings.sqlalchemy_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine,
        MAX_CONTENT_LENGTH=settings.max_upload_bytes,
        MAX_FORM_MEMORY_SIZE=2 * 1024 * 1024,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        SESSION_COOKIE_NAME="portal_session",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        BOOTSTRAP_SERVE_LOCAL=True,
        RATELIMIT_STORAGE_URI=settings.redis_url or "memory://",
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,  # people can sign in while Redis is away
        RATELIMIT_HEADERS_ENABLED=True,
    )


def _provide_services(app: Flask, settings: Settings, clock: Clock | None) -> None:
    app.extensions["portal"] = Services(
        settings=settings,
        clock=clock or Clock(time_zone=settings.time_zone, today_is=settings.today),
        storage=make_storage(settings),
        vault=Vault(settings),
    )


def _set_up_libraries(app: Flask) -> None:
    from portal.foundation.migrating import set_up_migrations

    load_models()
    db.init_app(app)
    set_up_migrations(app)
    csrf.init_app(app)
    set_up_limiter(app)
    Bootstrap5(app)


def _set_up_language(app: Flask) -> None:
    set_up_languages(app)
    set_up_formats(app)
    set_up_frame(app)


def _register_rooms(app: Flask) -> None:
    from portal.identity.signing_in import set_up_sign_in

    set_up_sign_in(app)
    for module in VIEWS:
        app.register_blueprint(import_module(module).blueprint)
    csrf.exempt(app.blueprints["v1"])  # a token comes in a header, which no other site's page can make a browser send


def _refuse_open_doors(app: Flask) -> None:
    open_views = undeclared_views(app)
    if open_views:
        raise RuntimeError(f"views without a permission: {', '.join(open_views)}")
    models: list[type[DeclarativeBase]] = [mapper.class_ for mapper in Model.registry.mappers]
    open_models = undeclared_models(models)
    if open_models:
        raise RuntimeError(f"tables without a visibility: {', '.join(open_models)}")
