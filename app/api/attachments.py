"""Files of forms: kept first, then named in a form by their id (R19)."""

from io import BytesIO
from typing import Any

from flask import request, send_file
from marshmallow import Schema, fields, validate
from werkzeug.wrappers import Response

from app.api.doors import actor, context
from app.api.groups import group
from app.api.shapes import Id
from app.attachments.names import download_name
from app.attachments.store import Attachment
from app.services.attachments.reading import read
from app.services.attachments.upload import MIB, upload

BYTES = "application/octet-stream"
BODY: dict[str, Any] = {
    "required": True,
    "content": {BYTES: {"schema": {"type": "string", "format": "binary"}}},
}

resources = group("attachments", "/attachments", "Files that forms name")


class NameQuery(Schema):
    """The file's own name, with its ending."""

    filename = fields.String(required=True, validate=validate.Length(1, 200))


class AttachmentOut(Schema):
    """A file that was kept; a form names it by the id as a text."""

    id = Id()
    filename = fields.String()
    size = fields.Integer(metadata={"description": "bytes"})
    media_type = fields.String()
    sha256 = fields.String()


@resources.post("")
@resources.doc(requestBody=BODY)
@resources.arguments(NameQuery, location="query")
@resources.response(201, AttachmentOut)
def keep_file(query: dict[str, Any]) -> Attachment:
    """Keep a file, sent as the body; its kind is told by its content."""
    ctx, who = context(), actor("apply", "review")
    request.max_content_length = ctx.settings.attachment_mib * MIB + 1
    return upload(ctx, who, query["filename"], request.get_data(cache=False))


@resources.get("/<int:attachment_id>")
def read_file(attachment_id: int) -> Response:
    """Return the bytes of a file that one may read."""
    file, content = read(context(), actor("read"), attachment_id)
    return send_file(
        BytesIO(content),
        mimetype=BYTES,
        as_attachment=True,
        download_name=download_name(file.filename),
        etag=False,
    )
