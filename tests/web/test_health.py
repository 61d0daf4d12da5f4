"""/healthz and /metrics, and that neither they nor the logs tell anything about a person."""

import json
import logging

from tests.postgres import Database
from tests.web.site import AN_EMITTER, PASSWORD, Site, open_site


def test_healthz_names_the_state_of_database_and_redis(site: Site):
    answer = site.app.test_client().get("/healthz")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "database": "ok", "redis": "ok"}


def test_healthz_is_degraded_without_redis(site: Site, module_database):
    from dataclasses import replace

    alone = Site(
        replace(
            site.ctx,
            settings=replace(site.ctx.settings, redis_url="redis://127.0.0.1:1/0"),
        ),
        site.clock,
    )
    answer = alone.app.test_client().get("/healthz")
    open_site(module_database, site.ctx.settings.redis_url)
    assert answer.status_code == 200
    assert answer.json["status"] == "degraded"


def a_database_that_is_gone(database: Database) -> Database:
    """The address of a database that is not there."""
    return Database(
        database.name,
        database.owner_url,
        database.app_url.replace("/t_", "/gone_"),
        database.superuser_url,
    )


def test_healthz_is_503_without_the_database(site: Site, module_database, redis_url):
    gone = a_database_that_is_gone(module_database)
    answer = open_site(gone, redis_url).app.test_client().get("/healthz")
    assert answer.status_code == 503
    assert answer.json["database"] == "down"


def test_a_page_without_the_database_says_so_with_a_fault_number(module_database, redis_url):
    gone = a_database_that_is_gone(module_database)
    client = open_site(gone, redis_url, CAPTCHA="on").app.test_client()
    client.set_cookie("registry_session", "a-session-from-before")
    for path in ("/sign-in", "/account"):
        answer = client.get(path)
        assert answer.status_code == 503
        assert "系统暂时不可用" in answer.text
        assert 'id="fault"' in answer.text


def test_metrics_count_requests_by_page_and_not_by_address(site: Site):
    site.signed_in().get("/account")
    text = site.app.test_client().get("/metrics").text
    assert 'registry_requests_total{endpoint="account.show",method="GET",status="200"}' in text
    assert 'registry_sign_ins_total{outcome="SignedIn"}' in text
    assert AN_EMITTER not in text


def test_a_method_that_nobody_knows_makes_no_series_of_its_own(site: Site):
    site.app.test_client().open("/sign-in", method="BREW")
    text = site.app.test_client().get("/metrics").text
    assert 'method="other"' in text
    assert "BREW" not in text


def test_a_log_line_is_json_with_a_request_id_and_no_personal_data(
    module_database, redis_url, capsys
):
    site = open_site(module_database, redis_url, LOG_LEVEL="INFO")
    browser = site.signed_in()
    browser.get("/account?q=somebody")
    browser.get("/enrol/a-one-time-secret")
    browser.get("/mistyped/another-secret")
    browser.post("/account/tokens/17/revoke")
    text = capsys.readouterr().err
    logging.getLogger().setLevel("WARNING")
    lines = [json.loads(line) for line in text.splitlines()]
    [line] = [line for line in lines if line.get("endpoint") == "account.show"]
    assert line["person_id"] > 0
    assert line["status"] == 200
    assert len(line["request_id"]) == 16
    for personal in (
        AN_EMITTER,
        PASSWORD,
        "市场通测试030207",
        "somebody",
        browser.session_cookie(),
    ):
        assert personal not in text
