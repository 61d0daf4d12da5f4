"""Files by machine: the same kinds, limits and readers as on the pages."""

from tests.pages.conftest import EMITTER, OTHER_EMITTER

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def sent(client, content: bytes, filename: str, *scopes: str):
    return client(EMITTER, *scopes).call(
        "POST",
        "/attachments",
        data=content,
        query_string={"filename": filename},
        headers={"Content-Type": "application/octet-stream"},
    )


def test_a_file_is_kept_and_read_back(client):
    answer = sent(client, PDF, "证明.pdf")
    assert answer.status_code == 201, answer.json
    assert (answer.json["media_type"], answer.json["size"]) == ("application/pdf", len(PDF))
    found = client(EMITTER).get(f"/attachments/{answer.json['id']}")
    assert found.data == PDF
    assert found.headers["Content-Disposition"].startswith("attachment")


def test_a_file_is_not_there_for_a_stranger(client):
    kept = sent(client, PDF, "a.pdf").json["id"]
    assert client(OTHER_EMITTER).get(f"/attachments/{kept}").status_code == 404


def test_a_page_is_no_file_whatever_its_name(client):
    answer = sent(client, b"<!doctype html><script>1</script>", "a.pdf")
    assert answer.status_code == 422
    assert "a.pdf" in answer.json["message"]["zh"]


def test_a_file_without_a_name_or_a_token_that_may_only_read_is_refused(client):
    assert sent(client, PDF, "").status_code == 422
    assert sent(client, PDF, "a.pdf", "read").status_code == 403


def test_too_large_a_file_is_refused_in_plain_words(client, market):
    most = market.ctx.settings.attachment_mib * 1024 * 1024
    answer = sent(client, b"%PDF-1.4\n" + b"0" * most, "a.pdf")
    assert answer.status_code in {413, 422}
    assert answer.json["message"]["zh"]
