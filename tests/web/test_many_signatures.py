"""The signatures of a whole list fit into one form (W2)."""

from tests.web.site import A_PROVINCE, Site

# 200 documents with a long opinion and a signature by an RSA key each, as a form carries them.
FIELDS = {"signed_document": ["A" * 8000] * 200, "cms": ["A" * 4000] * 200}


def test_the_signatures_of_a_whole_list_fit_into_one_form(site: Site):
    browser = site.signed_in(A_PROVINCE)
    browser.get("/inbox")
    assert browser.post("/inbox/bulk", FIELDS).status_code != 413
