"""Documents as the registry would build them."""

from typing import Any

from app.evidence.canonical import encoded
from tests.evidence.pki import MEMBER

ORIGIN = "https://registry.example"
FIRST = {"issued": "2026-11-21T08:00:00Z", "expires": "2026-11-21T08:10:00Z"}


def decision_fields(**changes: Any) -> dict[str, Any]:
    fields = {
        "type": "registry/decision/1",
        "origin": ORIGIN,
        "action": {"zh": "配额清缴 · 审核", "en": "Surrender · Review"},
        "instance": "QJ-2021-000123",
        "process": "compliance",
        "bundle": "ab" * 32,
        "task": "review_surrender",
        "visit": "1",
        "kind": "complete",
        "verdict": "approve",
        "verdict_text": {"zh": "通过", "en": "Approve"},
        "opinion": "数量与核查报告一致。\n同意。",
        "form": "01" * 32,
        "content": "02" * 32,
        "from": {"account": "A-100", "holder": {"zh": "某发电有限公司", "en": "A Power Company"}},
        "to": [{"account": "S-2021", "holder": {"zh": "国家", "en": "The State"}}],
        "quantities": [{"instrument": "CEA2021", "quantity": "12345", "to": "S-2021"}],
        "person": "0c" * 32,
        "account": "P-001",
        "role": "reviewer",
        "nonce": "5a" * 32,
        **FIRST,
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def decision(**changes: Any) -> bytes:
    return encoded(decision_fields(**changes))


def sign_in_fields(**changes: Any) -> dict[str, Any]:
    fields = {
        "type": "registry/sign-in/1",
        "origin": ORIGIN,
        "action": {"zh": "登录", "en": "Sign in"},
        "member_no": MEMBER,
        "nonce": "5b" * 32,
        "issued": "2026-11-21T08:00:00Z",
        "expires": "2026-11-21T08:05:00Z",
    }
    fields.update(changes)
    return {name: value for name, value in fields.items() if value is not None}


def sign_in(**changes: Any) -> bytes:
    return encoded(sign_in_fields(**changes))
