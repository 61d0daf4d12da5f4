"""The signatures of a whole list fit into one form, and into no other (W2)."""

import pytest

from tests.web.site import A_PROVINCE, Site

# 200 documents with a long opinion and a signature by an RSA key, as a form carries them.
FIELDS = {"signed_document": ["A" * 8000] * 200, "cms": ["A" * 4000] * 200}


@pytest.mark.parametrize(("path", "fits"), [("/inbox/bulk", True), ("/password", False)])
def test_the_signatures_of_a_whole_list_fit_into_one_form(site: Site, path: str, fits: bool):
    browser = site.signed_in(A_PROVINCE)
    browser.get("/inbox")
    assert (browser.post(path, FIELDS).status_code == 413) is not fits
