"""From the start every node can be reached, and from every node an end."""

from collections.abc import Iterable, Iterator, Mapping

from app.workflow.diagram import Element
from app.workflow.refusals import Refusal
from app.workflow.rules.case import Case, Rule, refuse

GATEWAYS = {"exclusiveGateway", "parallelGateway"}
WAITS = {"userTask", "intermediateCatchEvent", "boundaryEvent"}


def scopes_have_one_start(case: Case) -> Iterator[Refusal]:
    """A process or subprocess has one start event and at least one end event."""
    for scope in (*case.processes.values(), *case.of_kind("subProcess")):
        inner = [e.kind for e in case.nodes if e.scope == scope.id]
        if inner.count("startEvent") != 1 or "endEvent" not in inner:
            yield refuse(
                scope.id,
                "须恰有一个开始事件和至少一个结束事件。",
                "It needs one start event and at least one end event.",
            )


def flows_are_connected(case: Case) -> Iterator[Refusal]:
    """A flow leads from a node to another in the same process, and only one flow does."""
    pairs = set()
    for flow in case.flows:
        ends = [case.by_id.get(flow.source), case.by_id.get(flow.target)]
        scopes = {e.scope for e in ends if e is not None and e.kind != "sequenceFlow"}
        if None in ends or scopes != {flow.scope}:
            yield refuse(
                flow.id,
                "连线两端须是同一流程中的元素。",
                "A flow connects two elements of the same process.",
            )
        if (flow.source, flow.target) in pairs:
            yield refuse(
                flow.id, "两个元素之间有多条连线。", "Two flows connect the same elements."
            )
        pairs.add((flow.source, flow.target))


def nodes_lead_on(case: Case) -> Iterator[Refusal]:
    """Only gateways branch; only ends have no way on; starts and boundary events no way in."""
    for e in case.nodes:
        out, into = len(case.leaving[e.id]), len(case.entering[e.id])
        if out > 1 and e.kind not in GATEWAYS:
            yield refuse(e.id, "只有网关可以有多个出口。", "Only a gateway may have several exits.")
        if e.kind == "endEvent" and out:
            yield refuse(e.id, "结束事件不能有出口。", "An end event has no exit.")
        if e.kind in {"startEvent", "boundaryEvent"} and into:
            yield refuse(e.id, "该事件不能有入口。", "No flow may enter this event.")


def everything_is_reachable(case: Case) -> Iterator[Refusal]:
    """What no token reaches, or never leaves, was drawn by mistake."""
    starts = [e.id for e in case.of_kind("startEvent")]
    reached = _reach(starts, case.next_nodes)
    before: dict[str, list[str]] = {i: [] for i in case.next_nodes}
    for source, targets in case.next_nodes.items():
        for target in targets:
            before[target].append(source)
    ends = _reach((e.id for e in case.of_kind("endEvent")), before)
    for e in case.nodes:
        if e.id not in reached:
            yield refuse(e.id, "从开始事件无法到达。", "It cannot be reached from the start.")
        elif e.id not in ends:
            yield refuse(e.id, "从这里无法到达结束事件。", "No end can be reached from here.")


def questions_have_answers(case: Case) -> Iterator[Refusal]:
    """Every exit of a question but one has a condition; that one is the default."""
    for e in case.of_kind("exclusiveGateway"):
        flows = case.leaving[e.id]
        default = e.node.get("default")
        if len(flows) > 1 and default not in {f.id for f in flows}:
            yield refuse(e.id, "网关没有默认出口。", "The gateway has no default exit.")
        for flow in flows:
            conditional = flow.child("conditionExpression") is not None
            if flow.id == default and conditional:
                yield refuse(
                    flow.id, "默认出口不能有条件。", "The default exit may not have a condition."
                )
            if len(flows) > 1 and flow.id != default and not conditional:
                yield refuse(flow.id, "缺少条件。", "The condition is missing.")


def only_questions_have_conditions(case: Case) -> Iterator[Refusal]:
    """A condition elsewhere would be ignored."""
    for flow in case.flows:
        source = case.by_id.get(flow.source)
        if flow.child("conditionExpression") is not None and (
            source is None or source.kind != "exclusiveGateway" or len(case.leaving[source.id]) < 2
        ):
            yield refuse(
                flow.id,
                "只有排他网关的出口可以有条件。",
                "Only exits of a question have conditions.",
            )


def parallel_gateways_are_not_in_loops(case: Case) -> Iterator[Refusal]:
    """A join in a loop cannot tell this round's arrivals from the last; repeat the task instead."""
    for e in case.of_kind("parallelGateway"):
        if e.id in _reach(case.next_nodes[e.id], case.next_nodes):
            yield refuse(
                e.id,
                "并行网关不能处于循环中，请改用多实例任务。",
                "A parallel gateway may not stand in a loop; use a repeated task.",
            )


def loops_wait(case: Case) -> Iterator[Refusal]:
    """A loop without a person or a timer in it would never come to rest."""
    passing = {
        i: targets for i, targets in case.next_nodes.items() if not _waits(case.by_id[i], case)
    }
    for element_id, targets in passing.items():
        if element_id in _reach(targets, passing):
            yield refuse(
                element_id,
                "循环中没有用户任务或定时，将无休止运行。",
                "The loop holds no user task or timer and would run for ever.",
            )


def nothing_happens_before_a_person(case: Case) -> Iterator[Refusal]:
    """The system moves nothing until somebody has decided something."""
    steps = {i: list(targets) for i, targets in case.next_nodes.items()}
    for e in case.nodes:
        if _waits(e, case):
            steps[e.id] = []
        scope = _scope_in(e)
        if scope:
            steps[e.id] += [n.id for n in case.nodes if n.scope == scope and n.kind == "startEvent"]
    main = [e.id for e in case.of_kind("startEvent") if e.scope == case.bundle.process_id]
    reached = _reach(main, steps)
    for e in case.of_kind("serviceTask"):
        if e.id in reached:
            yield refuse(
                e.id,
                "首个用户任务之前不能有服务任务。",
                "No service task may run before the first user task.",
            )


def called_processes_exist(case: Case) -> Iterator[Refusal]:
    """A called process is a file beside the diagram, and no process calls itself."""
    calls: dict[str, list[str]] = {i: [] for i in case.processes}
    for diagram in case.diagrams:
        for e in diagram.nodes("callActivity"):
            called = e.node.get("calledElement", "")
            if called not in case.processes:
                yield refuse(
                    e.id,
                    f"找不到被调用的流程“{called}”。",
                    f"There is no process “{called}” to call.",
                )
                continue
            for process in diagram.processes:
                calls[process].append(called)
    for process, called_ids in calls.items():
        if process in _reach(called_ids, calls):
            yield refuse(process, "流程调用了自身。", "The process calls itself.")


def _waits(e: Element, case: Case) -> bool:
    if e.kind in WAITS:
        return True
    scope = _scope_in(e)
    return any(n.kind in WAITS for n in case.nodes if n.scope == scope) if scope else False


def _scope_in(e: Element) -> str | None:
    """Return the process or subprocess that a node runs, if it runs one."""
    return {"subProcess": e.id, "callActivity": e.node.get("calledElement", "")}.get(e.kind)


def _reach(start: Iterable[str], steps: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(start)
    while waiting:
        current = waiting.pop()
        if current in steps and current not in found:
            found.add(current)
            waiting.extend(steps[current])
    return found


ROUTING: tuple[Rule, ...] = (
    scopes_have_one_start,
    flows_are_connected,
    nodes_lead_on,
    everything_is_reachable,
    questions_have_answers,
    only_questions_have_conditions,
    parallel_gateways_are_not_in_loops,
    loops_wait,
    nothing_happens_before_a_person,
    called_processes_exist,
)
