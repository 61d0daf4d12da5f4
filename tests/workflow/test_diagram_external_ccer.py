"""external_ccer.bpmn and compliance.bpmn's branch for it, by task and lane, always saved (G17)."""

from datetime import timedelta

import pytest

from tests.workflow.walks import VALUES, Walker, definition


class Surrender(Walker):
    """A surrender whose reservation finds external reductions as often as ``names`` says."""

    names = True

    def operate(self, operator: str, parameters: dict[str, object]) -> dict[str, object] | None:
        self.asked.append((operator, parameters))
        if operator == "ledger/reserve":
            return {"external_named": True if self.names else None}
        return None


@pytest.fixture
def claim() -> Walker:
    return Walker(definition("external_ccer"), values={})


@pytest.fixture
def release() -> Walker:
    return Walker(definition("external_release"), values={})


@pytest.fixture
def surrender() -> Surrender:
    """With external reductions, approved by the province."""
    walker = Surrender(definition("compliance"))
    walker.complete("fill_surrender")
    walker.complete("review_surrender", verdict="approve")
    return walker


def operators(walker: Walker) -> list[str]:
    return [name for name, _ in walker.asked]


def notes(walker: Walker) -> list[tuple[object, object]]:
    return [(p["to"], p["template"]) for name, p in walker.asked if name == "notify"]


# ---- the claim


def test_a_claim_is_checked_confirmed_and_marked(claim: Walker) -> None:
    assert (claim.open(), claim.lanes()) == (["fill_claim"], ["emitter"])
    claim.complete("fill_claim")
    assert (claim.open(), claim.lanes()) == (["review_claim"], ["management"])
    claim.complete("review_claim", verdict="approve")
    assert operators(claim) == ["external/check", "external/mark", "notify"]
    assert claim.run.outcome == "marked"


def test_a_returned_claim_is_resubmitted(claim: Walker) -> None:
    for _ in range(3):
        claim.complete("fill_claim")
        claim.complete("review_claim", verdict="return")
        assert claim.open() == ["fill_claim"]
        assert notes(claim)[-1] == (["emitter"], "returned")
    claim.complete("fill_claim")
    claim.complete("review_claim", verdict="approve")
    assert operators(claim).count("external/mark") == 1


def test_a_claim_is_withdrawn_until_it_is_confirmed_and_then_discarded(claim: Walker) -> None:
    claim.complete("fill_claim")
    claim.trigger("withdraw")
    assert claim.open() == ["fill_claim"]
    claim.trigger("discard")
    assert claim.run.outcome == "claim_discarded"
    assert operators(claim) == ["external/check"]


def test_a_claim_reminds_and_expires(claim: Walker) -> None:
    claim.pass_time(timedelta(days=84))
    assert notes(claim) == [(["emitter"], "draft_expires_soon")]
    claim.complete("fill_claim")
    claim.pass_time(timedelta(days=6))
    assert notes(claim)[-1] == (["management"], "review_reminder")
    claim.trigger("withdraw")
    claim.pass_time(timedelta(days=91))
    assert claim.run.outcome == "claim_expired"


# ---- the release


def test_a_release_is_held_confirmed_and_posted(release: Walker) -> None:
    release.complete("fill_release")
    assert (release.open(), release.lanes()) == (["review_release"], ["management"])
    assert release.asked == [("ledger/reserve", {"type": "external_release"})]
    release.complete("review_release", verdict="approve")
    assert operators(release) == ["ledger/reserve", "ledger/post", "notify"]
    assert release.run.outcome == "released"


def test_a_release_is_returned_withdrawn_discarded(release: Walker) -> None:
    release.complete("fill_release")
    release.complete("review_release", verdict="return")
    assert operators(release) == ["ledger/reserve", "ledger/void", "notify"]
    release.complete("fill_release")
    release.trigger("withdraw")
    assert operators(release)[-2:] == ["ledger/reserve", "ledger/void"]
    release.trigger("discard")
    assert release.run.outcome == "release_discarded"


# ---- the surrender


def test_a_surrender_with_them_goes_to_the_registry_before_it_is_posted(
    surrender: Surrender,
) -> None:
    assert (surrender.open(), surrender.lanes()) == (["settle_external"], ["registry_booking"])
    assert operators(surrender) == ["ledger/reserve"]
    assert surrender.run.open_triggers() == []
    surrender.complete("settle_external", verdict="cancelled")
    assert operators(surrender) == ["ledger/reserve", "external/cancelled", "ledger/post"]
    assert surrender.run.outcome == "surrendered"


def test_the_registry_returns_it_and_without_them_it_goes_the_short_way(
    surrender: Surrender,
) -> None:
    surrender.complete("settle_external", verdict="return")
    assert operators(surrender) == ["ledger/reserve", "ledger/void", "notify"]
    assert (surrender.open(), surrender.lanes()) == (["fill_surrender"], ["emitter"])
    surrender.names = False
    surrender.complete("fill_surrender")
    surrender.complete("review_surrender", verdict="approve")
    assert operators(surrender)[-1] == "ledger/post"
    assert surrender.run.outcome == "surrendered"


def test_after_a_return_they_may_be_named_again(surrender: Surrender) -> None:
    for _ in range(3):
        surrender.complete("settle_external", verdict="return")
        surrender.complete("fill_surrender")
        surrender.complete("review_surrender", verdict="approve")
        assert surrender.open() == ["settle_external"]
    surrender.complete("settle_external", verdict="cancelled")
    assert operators(surrender).count("ledger/post") == 1


def test_the_registry_is_reminded_after_five_days(surrender: Surrender) -> None:
    surrender.pass_time(timedelta(days=6))
    assert notes(surrender)[-1] == (["registry_booking"], "task_reminder")
    assert surrender.open() == ["settle_external"]


def test_a_surrender_without_them_is_as_large_as_it_was() -> None:
    """220 bytes for a draft, before there was a branch for them."""
    walker = Walker(definition("compliance"), values=VALUES)
    assert len(walker.run.dump()) <= 220
    walker.complete("fill_surrender")
    assert len(walker.run.dump()) <= 224
