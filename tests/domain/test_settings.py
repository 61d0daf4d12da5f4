"""What an installation may start with."""

import pytest

from app.config import SettingsError, settings_from

STRONG = "f3b1" * 16
WORKING = {
    "DATABASE_URL": "postgresql://registry_app@/registry",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "SECRET_KEY": STRONG,
    "PUBLIC_URL": "https://registry.example.org",
}


def test_a_postgres_url_in_the_old_spelling_is_understood():
    found = settings_from({**WORKING, "DATABASE_URL": "postgres://app_user@host/registry"})
    assert found.database_url == "postgresql://app_user@host/registry"
    assert found.app_role == "app_user"


@pytest.mark.parametrize("missing", ["DATABASE_URL", "REDIS_URL", "SECRET_KEY"])
def test_a_missing_setting_refuses_to_start_and_is_named(missing):
    with pytest.raises(SettingsError, match=missing):
        settings_from({k: v for k, v in WORKING.items() if k != missing})


@pytest.mark.parametrize(
    "change",
    [
        {"SECRET_KEY": "demo-secret"},
        {"SECRET_KEY": "demo" + STRONG},
        {"SECRET_KEY": "short"},
        {"CAPTCHA": "off"},
        {"COOKIE_SECURE": "off"},
    ],
)
def test_production_refuses_demo_secrets_and_a_switched_off_captcha(change):
    with pytest.raises(SettingsError):
        settings_from({**WORKING, "REGISTRY_ENV": "production", **change})


def test_production_starts_with_a_strong_secret():
    assert settings_from({**WORKING, "REGISTRY_ENV": "production"}).production


def test_an_unknown_environment_is_refused():
    with pytest.raises(SettingsError, match="REGISTRY_ENV"):
        settings_from({**WORKING, "REGISTRY_ENV": "staging"})


@pytest.mark.parametrize(
    "change",
    [
        {"SIGNATURES": "off"},
        {"SOFTWARE_SIGNER": "on"},
        {"PUBLIC_URL": ""},
        {"PUBLIC_URL": "http://registry.example.org"},
    ],
)
def test_production_refuses_unsigned_decisions_keys_of_the_server_and_a_site_without_name(change):
    with pytest.raises(SettingsError, match=next(iter(change))):
        settings_from({**WORKING, "REGISTRY_ENV": "production", **change})


def test_a_demonstration_signs_by_software_and_a_test_does_not_ask():
    demo = settings_from({**WORKING, "REGISTRY_ENV": "demo"})
    assert (demo.signatures, demo.software_signer) == (True, True)
    assert not settings_from({**WORKING, "REGISTRY_ENV": "test"}).signatures
