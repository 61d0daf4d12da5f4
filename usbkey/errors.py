"""What can go wrong with a USBKey, each in plain words with a plain next step."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Words:
    """The same sentence in both languages."""

    zh: str
    en: str


class UsbkeyError(Exception):
    """Something that the person at the token can do something about.

    ``zh`` and ``en`` say what happened, ``next_step`` what to do; ``code`` names it to programs.
    """

    code: ClassVar[str]
    happened: ClassVar[Words]
    next_step: Words

    def __init__(self, *, zh: str = "", en: str = "") -> None:
        self.zh = zh or self.happened.zh
        self.en = en or self.happened.en
        super().__init__(f"{self.en} {self.next_step.en}")


class NoModule(UsbkeyError):
    """The PKCS#11 module is not where it was said to be."""

    code = "no_module"
    happened = Words("没有找到 USBKey 驱动文件。", "The driver of the USBKey was not found.")
    next_step = Words(
        "请安装 USBKey 驱动，并用 --module 指定驱动文件的路径。",
        "Install the driver of your USBKey and name its file with --module.",
    )


class WrongModule(UsbkeyError):
    """The file is there, but is no PKCS#11 module that this machine can load."""

    code = "wrong_module"
    happened = Words(
        "该文件不是可用的 USBKey 驱动（PKCS#11 模块）。",
        "The file is no driver of a USBKey (PKCS#11 module) that works on this machine.",
    )
    next_step = Words(
        "请检查 --module 的路径：应为 USBKey 厂商提供的 .so、.dll 或 .dylib 文件，"
        "且位数与系统一致。",
        "Check the path given with --module: the .so, .dll or .dylib of your USBKey's maker,"
        " for this system and its word size.",
    )


class NoToken(UsbkeyError):
    """No token is plugged in, or not the one that was named."""

    code = "no_token"
    happened = Words("没有找到 USBKey。", "No USBKey was found.")
    next_step = Words("请插入 USBKey，然后重试。", "Plug in your USBKey and try again.")


class SeveralTokens(UsbkeyError):
    """More than one token fits the name."""

    code = "several_tokens"
    happened = Words("有多个 USBKey 符合条件。", "More than one USBKey fits.")
    next_step = Words(
        "请只保留一个 USBKey，或用序列号指定。", "Leave only one plugged in, or name its serial."
    )


class WrongPin(UsbkeyError):
    """The PIN is wrong; ``tries_left`` is known only where the token tells it."""

    code = "wrong_pin"
    happened = Words("PIN 码错误。", "The PIN is wrong.")
    next_step = Words(
        "请核对后重新输入；连续输错会锁定 USBKey。",
        "Check it and enter it again; too many wrong ones lock the USBKey.",
    )

    def __init__(self, tries_left: int | None = None, *, low: bool = False) -> None:
        self.tries_left = tries_left
        self.low = low or tries_left == 1
        if tries_left is not None:
            tries = "try" if tries_left == 1 else "tries"
            super().__init__(
                zh=f"PIN 码错误，还可以再试 {tries_left} 次。",
                en=f"The PIN is wrong; {tries_left} {tries} left.",
            )
        elif low:
            super().__init__(
                zh="PIN 码错误，剩余次数已不多。", en="The PIN is wrong; few tries are left."
            )
        else:
            super().__init__()


class PinLocked(UsbkeyError):
    """Too many wrong PINs: the token refuses even the right one."""

    code = "pin_locked"
    happened = Words("USBKey 已被锁定。", "The USBKey is locked.")
    next_step = Words(
        "请联系注册登记机构，由管理员解锁或重新制证。",
        "Ask the registry to unlock it or to issue a new one.",
    )


class PinRefused(UsbkeyError):
    """A new PIN that is too short, too long, or one that everybody tries first (G29)."""

    code = "pin_refused"
    happened = Words("不能使用这个 PIN 码。", "This PIN cannot be used.")
    next_step = Words(
        "请设置 6 至 16 位、不易猜测的 PIN 码。",
        "Choose 6 to 16 characters that are not easily guessed.",
    )


class PinNotSet(UsbkeyError):
    """The token was initialised but its user has no PIN yet."""

    code = "pin_not_set"
    happened = Words("USBKey 尚未设置 PIN 码。", "The USBKey has no PIN yet.")
    next_step = Words("请联系注册登记机构完成制证。", "Ask the registry to finish its provision.")


class PinToBeChanged(UsbkeyError):
    """The PIN is still the one the token came with (G29)."""

    code = "pin_to_be_changed"
    happened = Words("请先修改初始 PIN 码。", "The PIN is still the one the USBKey came with.")
    next_step = Words(
        "请运行 python -m usbkey provision pin，设置本人的 PIN 码。",
        "Run python -m usbkey provision pin and choose your own.",
    )


class TokenRemoved(UsbkeyError):
    """The token was there and is gone, or fails, in the middle of its use."""

    code = "token_removed"
    happened = Words("USBKey 在使用中被拔出。", "The USBKey was removed while it was in use.")
    next_step = Words(
        "请重新插入 USBKey，然后重试；没有签署任何内容。",
        "Plug it in again and repeat; nothing was signed.",
    )


class NoCertificate(UsbkeyError):
    """No certificate that can be used, or not the one asked for."""

    code = "no_certificate"
    happened = Words(
        "USBKey 中没有可用的证书。", "There is no certificate on the USBKey that can be used."
    )
    next_step = Words(
        "请确认插入的是本人的 USBKey，或联系注册登记机构。",
        "Make sure that it is your own USBKey, or ask the registry.",
    )


class CertificateExpired(UsbkeyError):
    """The certificate's time is over."""

    code = "certificate_expired"
    happened = Words("证书已过期。", "The certificate has expired.")
    next_step = Words("请向注册登记机构申请新证书。", "Ask the registry for a new certificate.")


class CertificateNotYetValid(UsbkeyError):
    """The certificate's time has not come, or the machine's clock is wrong."""

    code = "certificate_not_yet_valid"
    happened = Words("证书尚未生效。", "The certificate is not valid yet.")
    next_step = Words("请检查本机时间。", "Check the clock of this machine.")


class DocumentRefused(UsbkeyError):
    """What was to be signed is none of the registry's own documents."""

    code = "document_refused"
    happened = Words(
        "待签内容不是注册登记系统的文件。", "What was to be signed is no document of the registry."
    )
    next_step = Words(
        "请不要签署，并将此情况告知注册登记机构。", "Do not sign it, and tell the registry."
    )


class CertificateMismatch(UsbkeyError):
    """A certificate that does not belong to the key it is to be written beside."""

    code = "certificate_mismatch"
    happened = Words(
        "证书与 USBKey 中的密钥不符。", "The certificate does not belong to the key on the USBKey."
    )
    next_step = Words(
        "请使用为该 USBKey 的证书请求签发的证书。",
        "Take the certificate issued for the request of this USBKey.",
    )


class LabelRefused(UsbkeyError):
    """A label that no token can keep."""

    code = "label_refused"
    happened = Words("标签为空或过长。", "The label is empty or too long.")
    next_step = Words("标签最长 32 字节。", "A label has at most 32 bytes.")


class TokenFailed(UsbkeyError):
    """The module reports an error that has no name of its own here; the message holds it."""

    code = "token_failed"
    happened = Words("USBKey 报告错误。", "The USBKey reports an error.")
    next_step = Words(
        "请拔出并重新插入 USBKey；如仍有问题，请联系注册登记机构。",
        "Unplug it and plug it in again; if that does not help, ask the registry.",
    )
