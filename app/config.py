"""Settings, read once from the environment and frozen; a missing secret refuses to start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
DEMO_SECRETS = {"", "demo", "demo-secret", "test", "changeme", "secret"}
SHORTEST_SECRET = 32


class SettingsError(ValueError):
    """The environment does not describe a registry that may start; says what to set."""


@dataclass(frozen=True)
class Settings:
    """Everything that differs between two installations."""

    environment: str
    database_url: str
    migration_database_url: str
    redis_url: str
    secret_key: str
    captcha: bool
    cookie_secure: bool
    log_level: str
    processes: Path
    forms: Path
    var: Path
    trusted_proxies: int = 0
    public_url: str = ""
    smtp_url: str = field(default="", repr=False)  # it may carry a password
    mail_from: str = "registry@localhost"
    custody_strictly_less: bool = False  # R11 read strictly; off allows a whole holding (G12)
    attachment_mib: int = 10  # the largest file, in MiB
    attachments_most: int = 20  # files of an application
    signatures: bool = True  # people sign in, and sign decisions, with their certificate (R23)
    software_signer: bool = False  # certificates whose keys the server derives: never production
    usbkey_agent_port: int = 17951  # where pages look for the agent on the user's own machine
    crl_urls: tuple[str, ...] = ()  # where the worker gets lists of revoked certificates

    @property
    def app_role(self) -> str:
        """The database role the application signs in with."""
        return role_of(self.database_url)

    @property
    def production(self) -> bool:
        """Whether demo secrets, demo people and a missing captcha are refused."""
        return self.environment == "production"


def role_of(url: str) -> str:
    """Return the role name in a database URL."""
    name = urlsplit(url).username
    if not name:
        raise SettingsError("DATABASE_URL must name a role: postgresql://role@host/database")
    return unquote(name)


def settings_from(environ: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings; raises SettingsError with the variable and what to do."""
    environment = environ.get("REGISTRY_ENV", "demo")
    if environment not in {"demo", "test", "production"}:
        raise SettingsError("REGISTRY_ENV is demo, test or production")
    settings = Settings(
        environment=environment,
        database_url=_postgresql(_needed(environ, "DATABASE_URL")),
        migration_database_url=_postgresql(environ.get("MIGRATION_DATABASE_URL", "")),
        redis_url=_needed(environ, "REDIS_URL"),
        secret_key=environ.get("SECRET_KEY", ""),
        captcha=environ.get("CAPTCHA", "on") != "off",
        cookie_secure=_flag(environ.get("COOKIE_SECURE"), default=environment == "production"),
        log_level=environ.get("LOG_LEVEL", "INFO"),
        processes=Path(environ.get("PROCESSES_DIR", ROOT / "processes")),
        forms=Path(environ.get("FORMS_DIR", ROOT / "forms")),
        var=Path(environ.get("REGISTRY_VAR", ROOT / "var")),
        trusted_proxies=int(environ.get("TRUSTED_PROXIES", "0")),
        public_url=environ.get("PUBLIC_URL", "").rstrip("/"),
        smtp_url=environ.get("SMTP_URL", ""),
        mail_from=environ.get("MAIL_FROM", "") or "registry@localhost",
        custody_strictly_less=_flag(environ.get("CUSTODY_STRICTLY_LESS"), default=False),
        attachment_mib=int(environ.get("ATTACHMENT_MIB", "10")),
        attachments_most=int(environ.get("ATTACHMENTS_MOST", "20")),
        signatures=_flag(environ.get("SIGNATURES"), default=environment != "test"),
        software_signer=_flag(environ.get("SOFTWARE_SIGNER"), default=environment != "production"),
        usbkey_agent_port=int(environ.get("USBKEY_AGENT_PORT", "17951")),
        crl_urls=tuple(environ.get("CRL_URLS", "").split()),
    )
    _refuse_demo_in_production(settings)
    return settings


def _needed(environ: Mapping[str, str], name: str) -> str:
    value = environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set; `make run` sets it for the embedded servers")
    return value


def _postgresql(url: str) -> str:
    """Return a database URL as SQLAlchemy reads it; postgres:// is an old spelling of it."""
    return (
        "postgresql://" + url.removeprefix("postgres://") if url.startswith("postgres://") else url
    )


def _flag(text: str | None, *, default: bool) -> bool:
    return default if text is None else text.lower() in {"1", "on", "true", "yes"}


def _refuse_demo_in_production(settings: Settings) -> None:
    if not settings.secret_key:
        raise SettingsError("SECRET_KEY is not set; make one with `openssl rand -hex 32`")
    if not settings.production:
        return
    weak = settings.secret_key.lower() in DEMO_SECRETS or settings.secret_key.startswith("demo")
    if weak or len(settings.secret_key) < SHORTEST_SECRET:
        raise SettingsError("production refuses a demo SECRET_KEY: use 32 random characters")
    if not settings.captcha:
        raise SettingsError("production refuses CAPTCHA=off")
    if not settings.cookie_secure:
        raise SettingsError("production refuses COOKIE_SECURE=off")
    _refuse_unsigned_in_production(settings)
    if settings.smtp_url and settings.mail_from.endswith("@localhost"):
        raise SettingsError("SMTP_URL needs MAIL_FROM: the address that messages come from")


def _refuse_unsigned_in_production(settings: Settings) -> None:
    """What nobody signs, or what the server signs in their place, is no decision of theirs."""
    if not settings.signatures:
        raise SettingsError("production refuses SIGNATURES=off")
    if settings.software_signer:
        raise SettingsError("production refuses SOFTWARE_SIGNER=on: it signs for the people")
    if not settings.public_url.startswith("https://"):
        raise SettingsError(
            "production needs PUBLIC_URL: what people sign names the site, https://host"
        )
