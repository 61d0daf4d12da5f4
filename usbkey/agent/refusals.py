"""Every refusal of the agent: its code, HTTP status, and what to do next, in both languages."""

from collections.abc import Mapping
from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in Chinese and English."""

    zh: str
    en: str


class Refusal(NamedTuple):
    """What is refused, and the plain next step."""

    status: int
    message: Text
    next_step: Text


REFUSALS: Mapping[str, Refusal] = {
    "host": Refusal(
        421,
        Text("请求的主机名不是本机地址", "The request names a host that is not this machine"),
        Text("通过 127.0.0.1 访问签名助手", "Reach the agent at 127.0.0.1"),
    ),
    "origin": Refusal(
        403,
        Text("该网站不在允许名单中", "This website is not on the list of allowed ones"),
        Text(
            "如确为注册登记系统，用 --origin 加上其网址后重新启动签名助手",
            "If it is the registry, start the agent again with its address after --origin",
        ),
    ),
    "unpaired": Refusal(
        401,
        Text("该网站尚未配对，或配对已撤销", "This website is not paired, or no longer"),
        Text(
            "在网页上点击“配对”，在助手窗口中核对并允许", "Choose “pair” on the page and allow it"
        ),
    ),
    "media_type": Refusal(
        415,
        Text("内容类型必须是 application/json", "The content type must be application/json"),
        Text("更新网页后再试", "Reload the page and try again"),
    ),
    "too_large": Refusal(
        413,
        Text("请求过大", "The request is too large"),
        Text("一次最多签署 500 项，减少后再试", "Sign at most 500 documents at once"),
    ),
    "too_many": Refusal(
        422,
        Text("一次最多签署 500 项", "At most 500 documents are signed at once"),
        Text("减少所选待办后再试", "Choose fewer tasks and try again"),
    ),
    "mixed": Refusal(
        422,
        Text("登录不能与其他内容一起签名", "Signing in is confirmed by itself, with nothing else"),
        Text("更新网页后再试", "Reload the page and try again"),
    ),
    "body": Refusal(
        400,
        Text("请求内容不符合接口约定", "The request does not have the form agreed on"),
        Text("更新网页后再试", "Reload the page and try again"),
    ),
    "document": Refusal(
        422,
        Text(
            "只签署注册登记系统规定类型的文件；此内容不是",
            "Only documents of the registry's own types are signed; this is none",
        ),
        Text("不要继续；联系服务电话", "Do not go on; call the helpdesk"),
    ),
    "document_origin": Refusal(
        422,
        Text(
            "文件上写的网站与发出请求的网站不同",
            "The document names another website than the one that asks",
        ),
        Text("不要继续；核对网址后重新登录", "Do not go on; check the address and sign in again"),
    ),
    "document_expired": Refusal(
        422,
        Text("文件已过有效时间", "The document's time is over"),
        Text(
            "刷新网页重新提交；如仍出现，核对本机时间",
            "Reload the page and submit again; if it persists, check this machine's clock",
        ),
    ),
    "document_early": Refusal(
        422,
        Text(
            "文件的签发时间晚于本机时间，本机时间可能偏慢",
            "The document was issued later than this machine's time; its clock may be slow",
        ),
        Text("校准本机时间后再试", "Set this machine's clock and try again"),
    ),
    "document_member": Refusal(
        422,
        Text("所选证书不属于文件上的会员编号", "The certificate is not that of this member number"),
        Text("选择本会员编号的证书", "Choose the certificate of this member number"),
    ),
    "certificate": Refusal(
        404,
        Text("没有找到所选证书", "The chosen certificate was not found"),
        Text("插入 USBKey，刷新网页后重新选择", "Insert the USBKey, reload the page, choose again"),
    ),
    "request_differs": Refusal(
        409,
        Text("同一请求编号已用于其他内容", "This request id was used for other content"),
        Text("刷新网页后重新提交", "Reload the page and submit again"),
    ),
    "busy": Refusal(
        429,
        Text("等待确认的请求过多", "Too many requests wait to be confirmed"),
        Text("先在助手窗口中确认或取消", "Confirm or cancel them in the agent's window first"),
    ),
    "not_found": Refusal(
        404,
        Text("没有这个请求，或已过期", "There is no such request, or it is over"),
        Text("在网页上重新提交", "Submit again on the page"),
    ),
    "window": Refusal(
        403,
        Text(
            "此窗口已打开过，或不是由网页打开的",
            "This window was opened before, or not by the page",
        ),
        Text(
            "回到网页，点击“重新打开窗口”", "Go back to the page and choose “open the window again”"
        ),
    ),
    "forged": Refusal(
        403,
        Text(
            "确认不是从助手自己的窗口发出的",
            "The confirmation did not come from the agent's window",
        ),
        Text("关闭此页，回到注册登记系统", "Close this page and go back to the registry"),
    ),
    "pairings": Refusal(
        500,
        Text("配对文件不可信", "The file of pairings cannot be trusted"),
        Text("按提示修复或删除该文件后重新配对", "Mend or delete that file, then pair again"),
    ),
    "fault": Refusal(
        500,
        Text("签名助手出现故障，没有签名", "The agent failed; nothing was signed"),
        Text("重新启动签名助手后再试", "Start the agent again and try once more"),
    ),
}


class Refused(Exception):
    """The agent does not do this; carries the code of its reason and, if any, a detail."""

    def __init__(self, code: str, detail: Text | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail
