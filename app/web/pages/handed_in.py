"""Files that come with a form that is data: kept at once, so that a refused form loses none."""

from flask import request

from app.domain.errors import Invalid
from app.domain.label import Label
from app.services.attachments.upload import upload
from app.web.pages.filled import Filled
from app.web.visitor import actor, context


def hand_in(filled: Filled) -> None:
    """Keep the files sent with the page and name them in the form; what is refused, the page says.

    A button beside a file takes it out of the form again (``remove`` holds its id).
    """
    removed = set(request.form.getlist("remove"))
    wrong: dict[str, Label] = {}
    for field in filled.form.fields:
        if field.widget == "attachments":
            ids = [text for text in filled.named(field.name) if text not in removed]
            made, refusals = sent_files(field.name)
            filled.values[field.name] = list(dict.fromkeys([*ids, *made]))
            if refusals:
                wrong[field.name] = both(refusals)
    if wrong:
        filled.refuse(Invalid("有附件没有上传。", "Files were not uploaded.", fields=wrong))


def sent_files(name: str, purpose: str = "form") -> tuple[list[str], list[Label]]:
    """Keep the files of a field one by one; return the ids of those kept, and what was refused."""
    made: list[str] = []
    refusals: list[Label] = []
    for sent in request.files.getlist(name):
        if not sent.filename:
            continue  # a file field that was left empty
        try:
            kept = upload(context(), actor(), sent.filename, sent.stream.read(), purpose)
            made.append(str(kept.id))
        except Invalid as error:
            refusals.append(error.message)
    return made, refusals


def both(labels: list[Label]) -> Label:
    """Join sentences in each language."""
    return Label("".join(each.zh for each in labels), " ".join(each.en for each in labels))
