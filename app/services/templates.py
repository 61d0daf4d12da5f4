"""What a notification says; a diagram names one of these."""

from collections.abc import Mapping

from app.domain.label import Label

TEMPLATES: Mapping[str, Label] = {
    "surrender_returned": Label(
        "申请 {number} 被退回，请查看审核意见后修改并重新提交。",
        "Application {number} was returned; read the opinion, edit it and submit again.",
    ),
    "surrender_draft_reminder": Label(
        "履约截止时间临近，申请 {number} 尚未提交，请尽快提交。",
        "The compliance deadline is near and application {number} has not been submitted.",
    ),
    "surrender_review_reminder": Label(
        "履约截止时间临近，申请 {number} 待审核，请尽快办理。",
        "The compliance deadline is near and application {number} awaits review.",
    ),
}
