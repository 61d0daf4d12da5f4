"""What a notification says; a diagram names one of these.

Places: {number} and {process} of the application, {by} and {opinion} of who decided just now.
"""

from collections.abc import Mapping

from app.domain.label import Label

TEMPLATES: Mapping[str, Label] = {
    "returned": Label(
        "{process}申请 {number} 被{by}退回：{opinion}。请修改后重新提交。",
        "{process}: {number} was returned by {by}: {opinion}. Edit it and submit again.",
    ),
    "approved": Label(
        "{process}申请 {number} 已审核通过。",
        "{process}: {number} was approved.",
    ),
    "certificate_issued": Label(
        "{process}申请 {number} 已审核通过，证书已签发，可在申请页面下载。",
        "{process}: {number} was approved; its certificate can be downloaded from its page.",
    ),
    "external_marked": Label(
        "{process}申请 {number} 已确认，减排量已标记为“待抵销”，可在清缴申请中选用。",
        "{process}: {number} was confirmed; the reductions may now be named in a surrender.",
    ),
    "review_cancelled": Label(
        "{process}申请 {number} 已被{by}退回（{opinion}），您不必再审核；重新提交后会再请您审核。",
        "{process}: {number} was returned by {by} ({opinion}). Your review is called off; "
        "after a new submission you will be asked again.",
    ),
    "review_lapsed": Label(
        "{process}申请 {number} 逾期未完成接收方审核，已退回草稿；重新提交后各方重新审核。",
        "{process}: {number} was not reviewed by all recipients in time and is a draft again; "
        "after a new submission everybody reviews anew.",
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
    "task_reminder": Label(
        "{process}申请 {number} 有待办事项尚未办理，请尽快办理。",
        "{process}: a task of {number} has not been attended to yet.",
    ),
    "pilot_cancelled": Label(
        "{process}申请 {number} 的减排量已由{by}注销，待导出至试点地区登记簿。",
        "{process}: the reductions of {number} were cancelled by {by}; "
        "the data for the pilot region's registry are to be exported.",
    ),
    "pilot_outcome": Label(
        "{process}申请 {number} 的试点登记簿处理结果已由{by}登记，请查看申请页面。",
        "{process}: {by} recorded what the pilot region's registry made of {number}; see its page.",
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
