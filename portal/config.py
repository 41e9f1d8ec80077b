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
| `PORTAL_TOTP_BANK` | `1`: one-time codes are required for bank roles |
| `PORTAL_PRINT_WORKERS` | processes that lay out the letters of one pack, 1 |
| `PORTAL_PORT` | the port of `portal serve`, 8000 |
| `PORTAL_BASE_URL` | the address that people reach the portal at, for links; this machine's own if left out |
| `PORTAL_API_RATE` | requests a minute that a token of the interface may make, 600 |
| `PORTAL_PROXIES` | how many proxies stand before it and tell people's addresses in `X-Forwarded-For`, 0 |
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ConfigurationError", "Settings"]

ENVIRONMENTS = ("demo", "test", "production")
DATABASES = ("sqlite:", "postgresql:", "postgresql+psycopg:", "postgres:")
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
    totp_required_for_bank: bool = False
    base_url: str = "http://127.0.0.1:8000"
    max_upload_bytes: int = 512 * 1024 * 1024
    session_idle_minutes: int = 60
    review_sample: int = 5  # letters of a pack that a lawyer has to open, at the least
    proxies: int = 0  # before the portal, whose X-Forwarded-For is believed
    api_rate: int = 600  # requests a minute of one token
    print_workers: int = 1  # processes that lay out letters of one pack

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
            totp_required_for_bank=env.get("PORTAL_TOTP_BANK", "") in ("1", "true", "yes"),
            base_url=env.get("PORTAL_BASE_URL", f"http://127.0.0.1:{env.get('PORTAL_PORT', '8000')}").rstrip("/"),
            api_rate=_count("PORTAL_API_RATE", env.get("PORTAL_API_RATE", "600")),
            proxies=_count("PORTAL_PROXIES", env.get("PORTAL_PROXIES", "0"), least=0),
            print_workers=_count("PORTAL_PRINT_WORKERS", env.get("PORTAL_PRINT_WORKERS", "1")),
        )
        return settings.check()

    def check(self) -> Settings:
        """These settings, or a ConfigurationError that says which variable is wrong and what it takes."""
        if self.env not in ENVIRONMENTS:
            raise ConfigurationError(f"PORTAL_ENV is {self.env!r}; it takes one of {', '.join(ENVIRONMENTS)}")
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
        self.data_keys()
        self.search_key_bytes()
        if self.env == "production":
            self._check_production()
        return self

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
