"""What a notification says; a diagram names one of these."""

from collections.abc import Mapping

from app.domain.label import Label

TEMPLATES: Mapping[str, Label] = {
    "returned": Label(
        "申请 {number} 被退回，请查看审核意见后修改并重新提交。",
        "Application {number} was returned; read the opinion, edit it and submit again.",
    ),
    "approved": Label("申请 {number} 已审核通过。", "Application {number} was approved."),
    "withdrawn": Label(
        "申请 {number} 已由申请单位撤回。", "Application {number} was withdrawn by the applicant."
    ),
    "deadline_near": Label(
        "申请 {number} 的履约截止时间临近，请尽快办理。",
        "The compliance deadline of application {number} is near; please act soon.",
    ),
    "submitted": Label("申请 {number} 已提交，待审核。", "Application {number} awaits review."),
}
