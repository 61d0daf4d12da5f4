"""31xx: the rule of a pilot region (S26, G18)."""

from collections.abc import Iterator

from app.domain.checks.check import Check, Objection, tonnes
from app.domain.checks.facts import Facts
from app.domain.checks.pilot_facts import PilotFacts
from app.domain.label import Label
from app.domain.pilot_rule import PilotRule, percent

NOTHING = Label("", "")
UNVERIFIED = Label(
    "该试点地区的规则参数尚待核实，请按正式文件核对",
    "the figures of this pilot's rule are to be confirmed; compare them with the official document",
)


def _taken(facts: Facts) -> Iterator[Objection]:
    """G18: a rule governs the year, and it takes reductions of this kind."""
    pilot = facts.pilot
    if pilot is None:
        yield Label("没有选择试点地区", "no pilot region was chosen"), {}
        return
    if pilot.rule is None:
        yield (
            Label(
                f"{pilot.name.zh}在 {pilot.year} 年度没有生效的规则",
                f"{pilot.name.en} has no rule for {pilot.year}",
            ),
            {"year": pilot.year},
        )
        return
    for line in facts.lines:
        why = pilot.rule.objection(line.unit) if line.unit else None
        if why:
            yield (
                Label(
                    f"{line.instrument} 不符合{pilot.name.zh}的规则：{why.zh}",
                    f"{line.instrument} is not taken by {pilot.name.en}: {why.en}",
                ),
                {"instrument": line.instrument},
            )


def _show_taken(facts: Facts) -> Label:
    n = len(facts.lines)
    return Label(f"{n} 个标的均符合规则", f"all {n} instruments are taken")


def _warn_unverified(facts: Facts) -> Label | None:
    rule = facts.pilot.rule if facts.pilot else None
    return UNVERIFIED if rule is not None and not rule.verified else None


def _within_cap(facts: Facts) -> Iterator[Objection]:
    """G18: cancelled + pending + applied <= rate x base, rounded down to whole tonnes."""
    pilot = facts.pilot
    cap = pilot.cap if pilot else None
    if pilot is None or cap is None or pilot.used + facts.total <= cap:
        return
    over = pilot.used + facts.total - cap
    yield (
        Label(
            f"{pilot.name.zh} {pilot.year} 年度上缴上限 {tonnes(cap)} 吨，已注销"
            f" {tonnes(pilot.cancelled)} 吨，待审核 {tonnes(pilot.pending)} 吨，本次"
            f" {tonnes(facts.total)} 吨，超出 {tonnes(over)} 吨",
            f"the cap of {pilot.name.en} for {pilot.year} is {tonnes(cap)} t;"
            f" {tonnes(pilot.cancelled)} t are cancelled, {tonnes(pilot.pending)} t pending,"
            f" {tonnes(facts.total)} t applied, {tonnes(over)} t too many",
        ),
        {
            "cap": cap,
            "cancelled": pilot.cancelled,
            "pending": pilot.pending,
            "applied": facts.total,
            "left": max(0, cap - pilot.used),
        },
    )


def _show_cap(facts: Facts) -> Label:
    pilot = facts.pilot
    if pilot is None or pilot.rule is None or pilot.base is None:
        return NOTHING
    used = pilot.used + facts.total
    text = (
        f"{tonnes(pilot.cancelled)} + {tonnes(pilot.pending)} + {tonnes(facts.total)}"
        f" = {tonnes(used)} ≤ {tonnes(pilot.rule.cap(pilot.base))}"
    )
    base = f"{percent(pilot.rule.kinds.rate)} × {tonnes(pilot.base)}"
    return Label(f"{text}（{base}）", f"{text} ({base})")


def _warn_no_base(facts: Facts) -> Label | None:
    """A base is not in this registry until it is uploaded: the reviewer is warned, not refused."""
    pilot = facts.pilot
    if pilot is None or pilot.rule is None or pilot.base is not None:
        return None
    used = f"{tonnes(pilot.cancelled)} + {tonnes(pilot.pending)} + {tonnes(facts.total)}"
    return Label(
        f"尚未上传该企业 {pilot.year} 年度的基数，无法核对上限；已注销 + 待审核 + 本次 = {used}",
        f"no base of this enterprise was uploaded for {pilot.year}, the cap cannot be compared;"
        f" cancelled + pending + applied = {used}",
    )


def _home(facts: Facts) -> int:
    """The tonnes of the home region, with this application's."""
    pilot = facts.pilot
    if pilot is None or pilot.rule is None:
        return 0
    here = pilot.rule.home_region
    return pilot.home + sum(x.quantity for x in facts.lines if x.unit and x.unit.region == here)


def _shared(facts: Facts) -> tuple[PilotFacts, PilotRule] | None:
    """The pilot where its rule asks for a share of the home region."""
    pilot = facts.pilot
    if pilot is None or pilot.rule is None or not pilot.rule.home_share:
        return None
    return pilot, pilot.rule


def _enough_from_home(facts: Facts) -> Iterator[Objection]:
    """G18: the least share from the home region, over all of the year."""
    found = _shared(facts)
    if found is None:
        return
    pilot, rule = found
    total, home = pilot.used + facts.total, _home(facts)
    missing = rule.home_missing(home, total)
    if missing:
        yield (
            Label(
                f"{rule.home_region}项目产生的须不少于 {percent(rule.home_share)}："
                f"合计 {tonnes(total)} 吨中有 {tonnes(home)} 吨，还差 {tonnes(missing)} 吨",
                f"at least {percent(rule.home_share)} must come from projects in"
                f" {rule.home_region}: {tonnes(home)} t of {tonnes(total)} t do,"
                f" {tonnes(missing)} t are missing",
            ),
            {"home": home, "total": total, "missing": missing},
        )


def _show_home(facts: Facts) -> Label:
    found = _shared(facts)
    if found is None:
        return Label("该试点地区不要求", "not asked for by this pilot")
    pilot, rule = found
    text = f"{tonnes(_home(facts))} / {tonnes(pilot.used + facts.total)}"
    return Label(f"{text} ≥ {percent(rule.home_share)}", f"{text} ≥ {percent(rule.home_share)}")


CHECKS = (
    Check(
        "3101",
        Label("标的符合试点地区的规则", "the pilot's rule takes these instruments"),
        _taken,
        _show_taken,
        _warn_unverified,
    ),
    Check(
        "3102",
        Label("不超过试点地区的上缴上限", "within the pilot's cap"),
        _within_cap,
        _show_cap,
        _warn_no_base,
    ),
    Check(
        "3103",
        Label("本地项目占比达到要求", "enough from projects of the home region"),
        _enough_from_home,
        _show_home,
    ),
)
