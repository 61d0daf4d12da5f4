"""The captcha of the sign-in page: a new one, and what to draw or speak."""

from app.domain.errors import NotFound
from app.identity import captchas
from app.services.context import Context


def new_captcha(ctx: Context) -> tuple[str, str]:
    """Return the token the page carries and the answer (shown only in the demonstration)."""
    with ctx.database.transaction() as tx:
        return captchas.new_captcha(tx, ctx.clock.now())


def answer_of(ctx: Context, token: str) -> str:
    """Return the answer to draw; raises NotFound when it is used or too old."""
    with ctx.database.transaction() as tx:
        answer = captchas.captcha_answer(tx, token, ctx.clock.now())
    if answer is None:
        raise NotFound("验证码已过期，请换一张。", "The captcha has expired; take another one.")
    return answer
