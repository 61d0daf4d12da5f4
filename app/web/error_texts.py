"""What an error says to a person, in both languages, by HTTP status."""

from app.domain.label import Label

TITLES: dict[int, Label] = {
    400: Label("请求无法识别", "The request could not be understood"),
    401: Label("请先登录", "Sign in first"),
    403: Label("您没有权限", "You may not do this"),
    404: Label("没有找到", "Not found"),
    405: Label("不支持这种操作方式", "This address does not work that way"),
    409: Label("内容已经变化", "This has changed in the meantime"),
    413: Label("提交的内容太大", "What was sent is too large"),
    415: Label("不支持这种内容格式", "This format is not supported"),
    422: Label("没有提交，请修改后再试", "Not submitted; please correct it"),
    429: Label("操作太频繁", "Too many attempts"),
    500: Label("系统没有响应，请稍后再试", "The system did not respond; try again later"),
    503: Label("系统暂时不可用，请稍后再试", "The system is unavailable for a moment"),
}
NOT_SHOWN = Label(
    "查询条件有误，请修改后再试", "These conditions cannot be used; please correct them"
)
SENTENCES: dict[int, Label] = {
    400: Label(
        "提交的内容有无法识别的字符或格式。",
        "What was sent has characters or a format that cannot be read.",
    ),
    401: Label("登录已失效，请重新登录。", "The session has ended; please sign in again."),
    403: Label("您的角色不能进行这项操作。", "Your role may not do this."),
    404: Label(
        "没有找到您要查看的内容，或您无权查看。",
        "There is nothing here, or it is not yours to see.",
    ),
    405: Label("请从页面上的按钮或链接操作。", "Please use the buttons and links of the pages."),
    409: Label("请刷新页面后再试。", "Reload the page and try again."),
    413: Label("请减少提交的内容或缩小附件。", "Send less, or a smaller file."),
    415: Label(
        "请使用页面上的表单，或接口文档所列的格式。",
        "Use the forms of the pages, or a format of the API document.",
    ),
    422: Label("提交的内容不符合要求。", "What was sent does not meet the rules."),
}
EXPIRED = Label(
    "页面已过期，请返回后刷新页面再提交。",
    "The page has expired: go back, reload it, and send again.",
)
UNREADABLE = Label(
    "有一项内容的格式或数值超出范围。", "A value has a wrong format or is out of range."
)
FAULT = Label(
    "没有任何数据改变。若再次出现，请拨打 400-991-1188 转拨 1，并告知故障编号。",
    "No data changed. If it happens again call 400-991-1188 ext. 1 and give the fault number.",
)
