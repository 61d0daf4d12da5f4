"""`registry migrate | check-models | api-token | enrol`, run as an operator runs them."""

import pytest
from click.testing import CliRunner

from app.bootstrap import build
from app.cli import main
from app.services.passwords import who_enrols
from app.services.tokens import token_use
from tests.web.site import AN_EMITTER, NOT_ENROLLED, populate, settings


@pytest.fixture(scope="module")
def environment(module_database):
    ctx = build(settings(module_database, "redis://127.0.0.1:1/0"))
    populate(ctx)
    return {
        "DATABASE_URL": module_database.app_url,
        "MIGRATION_DATABASE_URL": module_database.owner_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "SECRET_KEY": "for the tests of the command line",
        "REGISTRY_ENV": "test",
    }


@pytest.fixture
def run(environment):
    return lambda *words: CliRunner().invoke(main, words, env=environment)


@pytest.fixture
def ctx(module_database, environment):
    return build(settings(module_database, "redis://127.0.0.1:1/0"))


def test_api_token_prints_a_token_that_works(run, ctx):
    result = run("api-token", AN_EMITTER, "--scope", "read", "--days", "3")
    assert result.exit_code == 0
    assert token_use(ctx, result.output.strip()).scopes == {"read"}


@pytest.mark.parametrize(
    "words",
    [
        ("api-token", "404"),
        ("api-token", AN_EMITTER, "--scope", "operate"),
        ("api-token", AN_EMITTER, "--days", "0"),
        ("enrol", "404"),
    ],
)
def test_a_refusal_is_one_sentence_and_exit_code_one(run, words):
    result = run(*words)
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert "Traceback" not in result.output


def test_enrol_prints_the_path_of_a_one_time_link(run, ctx):
    path = run("enrol", NOT_ENROLLED).output.strip()
    assert path.startswith("/enrol/")
    assert who_enrols(ctx, path.removeprefix("/enrol/"))[0] == NOT_ENROLLED


@pytest.mark.database
def test_migrations_and_models_agree(run):
    result = run("check-models")
    assert result.exit_code == 0, result.output


@pytest.mark.database
def test_migrating_twice_changes_nothing(run):
    assert run("migrate").exit_code == 0
    assert run("migrate").exit_code == 0


def test_a_missing_setting_is_named(run, environment):
    result = CliRunner().invoke(main, ["migrate"], env=environment | {"DATABASE_URL": ""})
    assert result.exit_code == 1
    assert "DATABASE_URL" in result.output
