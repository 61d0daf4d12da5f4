"""A registry site of one test module: its people, its clock, and browsers to look at it with."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import CodeType

from flask import Flask
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from werkzeug.test import TestResponse

from app import create_app
from app.bootstrap import build
from app.config import Settings, settings_from
from app.domain.clock import FixedClock
from app.services.context import Context
from app.services.opening import Opening, PersonOpening, open_holders
from app.services.passwords import set_password
from tests.postgres import Database

PASSWORD = "a calm autumn morning"
AN_EMITTER = "21042300007"
A_PROVINCE = "33000000012"
AN_OPERATOR = "10000000001"
AN_AUDITOR = "10000000002"
NOT_ENROLLED = "21042300008"
STARTED = datetime(2026, 11, 20, 1, 30, tzinfo=UTC)


def settings(database: Database, redis_url: str, **changes: str) -> Settings:
    return settings_from(
        {
            "DATABASE_URL": database.app_url,
            "MIGRATION_DATABASE_URL": database.owner_url,
            "REDIS_URL": redis_url,
            "SECRET_KEY": "for the tests of the pages only, not secret",
            "REGISTRY_ENV": "test",
            "CAPTCHA": "off",
            "LOG_LEVEL": "ERROR",
        }
        | changes
    )


class Compiled(BytecodeCache):
    """A template is compiled once a process, whichever test's application asks for it first."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()


@dataclass
class Site:
    """The application on a database with one person of each role."""

    ctx: Context
    clock: FixedClock
    app: Flask = field(init=False)

    def __post_init__(self) -> None:
        self.app = create_app(context=self.ctx)
        self.app.jinja_env.bytecode_cache = COMPILED

    def browser(self) -> "Browser":
        return Browser(self.app.test_client())

    def signed_in(self, member_no: str = AN_EMITTER) -> "Browser":
        browser = self.browser()
        answer = browser.sign_in(member_no)
        assert answer.status_code == 302, answer.text
        return browser

    def rows(self, sql: str, **params: object) -> list[tuple]:
        with self.ctx.database.transaction() as tx:
            return tx.all(sql, params)

    def change(self, sql: str, **params: object) -> None:
        with self.ctx.database.transaction() as tx:
            tx.run(sql, params)


class Browser:
    """Sends the anti-forgery token of the last page, as a browser with its form does."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = ""

    def get(self, path: str, **more: object) -> TestResponse:
        return self._seen(self.client.get(path, **more))

    def post(self, path: str, data: dict | None = None, **more: object) -> TestResponse:
        given = {"csrf_token": self.token} | (data or {})
        return self._seen(self.client.post(path, data=given, **more))

    def sign_in(self, member_no: str, password: str = PASSWORD, **more: str) -> TestResponse:
        self.get("/sign-in")
        return self.post("/sign-in", {"member_no": member_no, "password": password} | more)

    def session_cookie(self) -> str:
        cookie = self.client.get_cookie("registry_session")
        return cookie.value if cookie else ""

    def _seen(self, answer: TestResponse) -> TestResponse:
        page = answer.text if answer.mimetype == "text/html" else ""
        found = re.search(r'name="csrf-token" content="([^"]+)"', page)
        if found:
            self.token = found[1]
        return answer


def open_site(database: Database, redis_url: str, **changes: str) -> Site:
    clock = FixedClock(STARTED)
    ctx = build(settings(database, redis_url, **changes), clock)
    return Site(ctx, clock)


def populate(ctx: Context) -> None:
    """Open one holder of each role, with a representative who has enrolled."""
    province, *_ = open_holders(
        ctx,
        None,
        [
            _holder("P33", "示范省生态环境厅", "provincial_authority", A_PROVINCE, "周敏"),
            _holder("OPR", "注册登记机构", "registry_operator", AN_OPERATOR, "王海"),
            _holder("AUD", "审计办公室", "auditor", AN_AUDITOR, "李审", rights="read"),
        ],
    )
    open_holders(
        ctx,
        None,
        [
            Opening(
                code="E7",
                name="青岚热电有限公司",
                role="emitter",
                accounts=("compliance", "trading"),
                people=(
                    PersonOpening("市场通测试030207", member_no=AN_EMITTER),
                    PersonOpening("尚未设置", member_no=NOT_ENROLLED),
                ),
                province_id=province.holder_id,
            )
        ],
    )
    for member_no in (AN_EMITTER, A_PROVINCE, AN_OPERATOR, AN_AUDITOR):
        set_password(ctx, member_no, PASSWORD)


def _holder(code: str, name: str, role: str, member_no: str, person: str, rights: str = "both"):
    people = (PersonOpening(person, member_no=member_no, rights=rights),)
    return Opening(code=code, name=name, role=role, accounts=("office",), people=people)
