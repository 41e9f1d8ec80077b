"""Every setting of the portal, typed, read from the environment once.

| variable | meaning |
|---|---|
| `PORTAL_ENV` | `demo` (default), `test` or `production`; production refuses weak secrets and a set business date |
| `PORTAL_HOME` | folder for the embedded database, files and queue; `var` below the working folder |
| `PORTAL_DATABASE_URL` | `sqlite:///…` or `postgresql://…`; an SQLite file in `PORTAL_HOME` if left out |
| `PORTAL_DATABASE_OWNER_URL` | PostgreSQL: the owner that migrates, where the application's own user may not |
| `PORTAL_REDIS_URL` | queue and request limits on Redis; without it both live in this machine |
| `PORTAL_STORAGE_URL` | a folder, or `s3://bucket/prefix` (with `PORTAL_S3_ENDPOINT`) |
| `PORTAL_SECRET_KEY` | signs sessions and forms |
| `PORTAL_DATA_KEY` | encrypts personal data: `id:base64 of 32 bytes`, several separated by commas, the current one first |
| `PORTAL_SEARCH_KEY` | base64 of 32 bytes: keyed hashes for searching; derived from the oldest data key if left out |
| `PORTAL_TODAY` | business date, `2005-07-01`; refused in production |
| `PORTAL_TIME_ZONE` | the bank's zone, `Asia/Shanghai` |
| `PORTAL_GRACE_DAYS` | days behind the day of a promise or an instalment on which a payment still keeps it, 3: over a weekend |
| `PORTAL_PLAN_MONTHS` | months that a plan may run for without the bank's decision, 12 |
| `PORTAL_PRESUMPTION` | what a presumption of the conduct rules does to a contact that is about to be made: `reason` (default) closes it until one of the rule's reasons is chosen, `refuse` closes it |
| `PORTAL_TOTP_BANK` | `1`: one-time codes are required for bank roles |
| `PORTAL_PRINT_WORKERS` | processes that lay out the letters of one pack, 1 |
| `PORTAL_PORT` | the port of `portal serve`, 8000 |
| `PORTAL_BASE_URL` | the address that people reach the portal at, for links; this machine's own if left out |
| `PORTAL_PUBLIC_URL` | the address at which anybody reaches `/verify`, printed on letters; without it letters say to call |
| `PORTAL_SMTP_URL` | mail server for messages to debtors, `smtp://user:password@host:587` or `smtps://…`; without it e-mail waits in the outbox |
| `PORTAL_MAIL_FROM` | the sender's address of these e-mails |
| `PORTAL_WEBHOOK_NETWORKS` | networks of private addresses that webhooks may reach, `10.20.0.0/16,fd00::/8`; none if left out |
| `PORTAL_API_RATE` | requests a minute that a token of the interface may make, 600 |
| `PORTAL_PROXIES` | how many proxies stand before it and tell people's addresses in `X-Forwarded-For`, 0 |
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import re
from dataclasses import dataclass, field
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigurationError", "Settings"]

ENVIRONMENTS = ("demo", "test", "production")
DATABASES = ("sqlite:", "postgresql:", "postgresql+psycopg:", "postgres:")
PRESUMPTIONS = ("reason", "refuse")
WEAKEST_SECRET = 32  # characters
DEMO_SECRET = "demo-secret-that-production-refuses"  # noqa: S105 - refused in production, see check()
DEMO_DATA_KEY = "demo:" + base64.b64encode(hashlib.sha256(b"demo data key").digest()).decode()


class ConfigurationError(Exception):
    """A setting is missing or wrong; the message names the variable and what it takes."""


@dataclass(frozen=True)
class Settings:
    """The portal's settings. `from_environment` reads them, `check` refuses what must not go live."""

    env: str = "demo"
    home: Path = Path("var")
    database_url: str = ""
    database_owner_url: str = ""
    redis_url: str = ""
    storage_url: str = ""
    s3_endpoint: str = ""
    secret_key: str = field(default=DEMO_SECRET, repr=False)
    data_key: str = field(default=DEMO_DATA_KEY, repr=False)
    search_key: str = field(default="", repr=False)
    today: date | None = None
    time_zone: str = "Asia/Shanghai"
    grace_days: int = 3  # a transfer on Friday night is booked on Monday
    plan_months: int = 12  # a longer plan is the bank's to decide, with a statement of income and outgoings
    presumption: str = "reason"  # a presumption is no ban: who says why may go on (12 CFR 1006.14(b)(2)(i))
    totp_required_for_bank: bool = False
    base_url: str = "http://127.0.0.1:8000"
    public_url: str = ""  # where everybody reaches the verification page; empty: letters name no address
    max_upload_bytes: int = 512 * 1024 * 1024
    session_idle_minutes: int = 60
    review_sample: int = 5  # letters of a pack that a lawyer has to open, at the least
    proxies: int = 0  # before the portal, whose X-Forwarded-For is believed
    api_rate: int = 600  # requests a minute of one token
    print_workers: int = 1  # processes that lay out letters of one pack
    smtp_url: str = field(default="", repr=False)
    mail_from: str = ""
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()  # private ones that webhooks may reach all the same
    webhook_patience: tuple[float, float] = (5.0, 10.0)  # seconds to connect to a receiver, and for its answer

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> Settings:
        """Read and check the settings. Raises ConfigurationError."""
        env = os.environ if environ is None else environ
        home = Path(env.get("PORTAL_HOME", "var")).absolute()
        settings = cls(
            env=env.get("PORTAL_ENV", "demo"),
            home=home,
            database_url=env.get("PORTAL_DATABASE_URL", ""),
            database_owner_url=env.get("PORTAL_DATABASE_OWNER_URL", ""),
            redis_url=env.get("PORTAL_REDIS_URL", ""),
            storage_url=env.get("PORTAL_STORAGE_URL", ""),
            s3_endpoint=env.get("PORTAL_S3_ENDPOINT", ""),
            secret_key=env.get("PORTAL_SECRET_KEY", DEMO_SECRET),
            data_key=env.get("PORTAL_DATA_KEY", DEMO_DATA_KEY),
            search_key=env.get("PORTAL_SEARCH_KEY", ""),
            today=_date(env.get("PORTAL_TODAY", "")),
            time_zone=env.get("PORTAL_TIME_ZONE", "Asia/Shanghai"),
            grace_days=_count("PORTAL_GRACE_DAYS", env.get("PORTAL_GRACE_DAYS", "3"), least=0),
            plan_months=_count("PORTAL_PLAN_MONTHS", env.get("PORTAL_PLAN_MONTHS", "12")),
            presumption=env.get("PORTAL_PRESUMPTION", "reason"),
            totp_required_for_bank=env.get("PORTAL_TOTP_BANK", "") in ("1", "true", "yes"),
            base_url=env.get("PORTAL_BASE_URL", f"http://127.0.0.1:{env.get('PORTAL_PORT', '8000')}").rstrip("/"),
            public_url=env.get("PORTAL_PUBLIC_URL", "").rstrip("/"),
            api_rate=_count("PORTAL_API_RATE", env.get("PORTAL_API_RATE", "600")),
            proxies=_count("PORTAL_PROXIES", env.get("PORTAL_PROXIES", "0"), least=0),
            print_workers=_count("PORTAL_PRINT_WORKERS", env.get("PORTAL_PRINT_WORKERS", "1")),
            smtp_url=env.get("PORTAL_SMTP_URL", ""),
            mail_from=env.get("PORTAL_MAIL_FROM", ""),
            webhook_networks=_networks("PORTAL_WEBHOOK_NETWORKS", env.get("PORTAL_WEBHOOK_NETWORKS", "")),
        )
        return settings.check()

    def check(self) -> Settings:
        """These settings, or a ConfigurationError that says which variable is wrong and what it takes."""
        if self.env not in ENVIRONMENTS:
            raise ConfigurationError(f"PORTAL_ENV is {self.env!r}; it takes one of {', '.join(ENVIRONMENTS)}")
        if self.presumption not in PRESUMPTIONS:
            raise ConfigurationError(
                f"PORTAL_PRESUMPTION is {self.presumption!r}; it takes one of {', '.join(PRESUMPTIONS)}"
            )
        try:
            ZoneInfo(self.time_zone)
        except (KeyError, ValueError, OSError) as error:
            raise ConfigurationError(
                f"PORTAL_TIME_ZONE is {self.time_zone!r}; it takes an IANA name like Asia/Shanghai"
            ) from error
        if self.database_url and not self.database_url.startswith(DATABASES):
            raise ConfigurationError("PORTAL_DATABASE_URL takes postgresql://user:password@host/name or sqlite:///file")
        if self.database_owner_url and not self.database_owner_url.startswith(DATABASES):
            raise ConfigurationError("PORTAL_DATABASE_OWNER_URL takes postgresql://user:password@host/name")
        self._check_mail()
        self._check_public_url()
        self.data_keys()
        self.search_key_bytes()
        if self.env == "production":
            self._check_production()
        return self

    def _check_mail(self) -> None:
        if not self.smtp_url:
            return
        try:
            parts = urlsplit(self.smtp_url)
            known = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and (parts.port or 25) > 0
        except ValueError:  # a port that is none
            known = False
        if not known:
            raise ConfigurationError("PORTAL_SMTP_URL takes smtp://user:password@host:port or smtps://…")
        if not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", self.mail_from):
            raise ConfigurationError("PORTAL_MAIL_FROM takes the address that e-mails come from, with PORTAL_SMTP_URL")

    def _check_public_url(self) -> None:
        if self.public_url and not re.fullmatch(r"https?://[A-Za-z0-9.-]+(:\d+)?(/[\w./-]*)?", self.public_url):
            raise ConfigurationError("PORTAL_PUBLIC_URL takes an address like https://letters.bank.example")

    def _check_production(self) -> None:
        if self.today is not None:
            raise ConfigurationError("PORTAL_TODAY sets the business date and is refused in production")
        if self.secret_key == DEMO_SECRET or len(self.secret_key) < WEAKEST_SECRET or len(set(self.secret_key)) < 10:
            raise ConfigurationError(
                f"PORTAL_SECRET_KEY is missing or weak; production takes {WEAKEST_SECRET} or more random characters"
            )
        if self.data_key == DEMO_DATA_KEY:
            raise ConfigurationError("PORTAL_DATA_KEY is missing; production takes id:base64 of 32 random bytes")
        for name, key in self.data_keys().items():
            if len(set(key)) < 12:
                raise ConfigurationError(f"PORTAL_DATA_KEY {name!r} is weak; take 32 random bytes")

    def data_keys(self) -> dict[str, bytes]:
        """Data keys by id, the current one first. Raises ConfigurationError."""
        keys: dict[str, bytes] = {}
        for part in self.data_key.split(","):
            key_id, _, encoded = part.strip().partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not key_id or len(key_id) > 16 or len(key) != 32:
                raise ConfigurationError("PORTAL_DATA_KEY takes id:base64 of 32 bytes, several separated by commas")
            if key_id in keys:
                raise ConfigurationError(f"PORTAL_DATA_KEY holds two keys named {key_id!r}; a new key takes a new id")
            keys[key_id] = key
        return keys

    def search_key_bytes(self) -> bytes:
        """The key of the searchable hashes; stays the same when data keys rotate."""
        if self.search_key:
            try:
                key = base64.b64decode(self.search_key, validate=True)
            except (binascii.Error, ValueError) as error:
                raise ConfigurationError("PORTAL_SEARCH_KEY takes base64 of 32 bytes") from error
            if len(key) != 32:
                raise ConfigurationError("PORTAL_SEARCH_KEY takes base64 of 32 bytes")
            return key
        oldest = list(self.data_keys().values())[-1]
        return hashlib.sha256(b"portal search key\0" + oldest).digest()

    @property
    def sqlalchemy_url(self) -> str:
        """The database's URL in SQLAlchemy's form (psycopg 3 for PostgreSQL)."""
        return _sqlalchemy_form(self.database_url) or f"sqlite:///{self.home / 'portal.sqlite3'}"

    @property
    def owner_sqlalchemy_url(self) -> str:
        """The URL that migrations use; the application's own where no owner is named."""
        return _sqlalchemy_form(self.database_owner_url) or self.sqlalchemy_url

    @property
    def storage_location(self) -> str:
        """Where files are kept: a folder's path or `s3://bucket/prefix`."""
        return self.storage_url or str(self.home / "files")


def _sqlalchemy_form(url: str) -> str:
    for prefix in ("postgresql://", "postgres://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _date(text: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise ConfigurationError(f"PORTAL_TODAY is {text!r}; it takes a date like 2005-07-01") from error


def _count(name: str, text: str, least: int = 1) -> int:
    if not text.isascii() or not text.isdigit() or int(text) < least:
        raise ConfigurationError(f"{name} is {text!r}; it takes a whole number from {least}")
    return int(text)


def _networks(name: str, text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    try:
        return tuple(ip_network(part.strip()) for part in text.split(",") if part.strip())
    except ValueError as error:
        raise ConfigurationError(f"{name} is {text!r}; it takes networks like 10.20.0.0/16, commas between") from error
