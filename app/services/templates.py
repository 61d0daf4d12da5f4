"""What a notification says; a diagram names one of these.

Places: {number} and {process} of the application, {by} and {opinion} of who decided just now.
"""

from collections.abc import Mapping

from app.domain.label import Label

TEMPLATES: Mapping[str, Label] = {
    "returned": Label(
        "{process}申请 {number} 被{by}退回：{opinion}。请修改后重新提交。",
        "{process}: {number} was returned by {by}: {opinion} Edit it and submit again.",
    ),
    "approved": Label(
        "{process}申请 {number} 已审核通过。",
        "{process}: {number} was approved.",
    ),
    "certificate_issued": Label(
        "{process}申请 {number} 已审核通过，证书已签发，可在申请页面下载。",
        "{process}: {number} was approved; its certificate can be downloaded from its page.",
    ),
    "review_cancelled": Label(
        "{process}申请 {number} 已被{by}退回（{opinion}），您不必再审核；重新提交后会再请您审核。",
        "{process}: {number} was returned by {by} ({opinion}). Your review is called off; "
        "after a new submission you will be asked again.",
    ),
    "withdrawn": Label(
        "{process}申请 {number} 已由申请方撤回，您不必再审核。",
        "{process}: {number} was withdrawn by its applicant; your review is called off.",
    ),
    "draft_reminder": Label(
        "{process}申请 {number} 尚未提交，请尽快办理。",
        "{process}: {number} has not been submitted yet.",
    ),
    "review_reminder": Label(
        "{process}申请 {number} 待审核，请尽快办理。",
        "{process}: {number} awaits review.",
    ),
    "draft_expires_soon": Label(
        "{process}申请 {number} 尚未提交，7 天后将自动作废。",
        "{process}: {number} has not been submitted and will be discarded in 7 days.",
    ),
    "expired": Label(
        "{process}申请 {number} 逾期未办理，已自动终止。",
        "{process}: {number} was not attended to in time and has ended.",
    ),
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
