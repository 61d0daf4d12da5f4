"""What a typical team builds: the stock serializer's JSON in one column, written by the ORM.

The stock engine runs the same diagram; the whole workflow, its specs included, is one JSON text,
as BpmnWorkflowSerializer makes it. Rows are read and written through an SQLAlchemy session with
the registry's own models; the ledger is called as everywhere. No form is validated and no
numbered check runs: that would only be slower. The engine's parts are made once a process.
"""

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow.bpmn import BpmnWorkflow
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.serializer import BpmnWorkflowSerializer
from SpiffWorkflow.spiff.parser import SpiffBpmnParser
from SpiffWorkflow.spiff.serializer import DEFAULT_CONFIG
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session, sessionmaker

import app.identity.tables  # noqa: F401 - the models refer to its tables
from app.audit.tables import Event
from app.compliance.tables import Notice
from app.db import SESSION
from app.domain.canonical import canonical, leaf
from app.identity.actor import Actor
from app.ledger.tables import Instrument
from app.services.templates import TEMPLATES
from app.workflow.tables import (
    Decision,
    Draft,
    Instance,
    Notification,
    Outbox,
    Participant,
    Party,
    Task,
)
from bench.databases import Place, for_sqlalchemy
from bench.market import FORM, PROCESS
from bench.tasks.flow import Flow, Open

LANES = {"fill_surrender": "emitter", "review_surrender": "provincial_authority"}
Service = Callable[[str, Mapping[str, Any]], None]


class Services(PythonScriptEngine):  # type: ignore[misc]  # SpiffWorkflow has no types
    """Hands service tasks to a function of the caller."""

    service: Service

    def call_service(self, context: Any, **kwargs: Any) -> str:  # noqa: ARG002 - stock's signature
        """Do what a service task of the diagram names."""
        params = {name: given["value"] for name, given in kwargs["operation_params"].items()}
        self.service(kwargs["operation_name"], params)
        return "{}"


class StockEngine:
    """Parser and serializer, as SpiffWorkflow's documentation puts them together."""

    def __init__(self, diagram: bytes) -> None:
        parser = SpiffBpmnParser()
        parser.add_bpmn_str(diagram)
        self._spec = parser.get_spec(PROCESS)
        registry = BpmnWorkflowSerializer.configure(DEFAULT_CONFIG)
        self._serializer = BpmnWorkflowSerializer(registry)

    def start(self, data: Mapping[str, Any]) -> BpmnWorkflow:
        """Begin an instance."""
        workflow = BpmnWorkflow(self._spec, script_engine=PythonScriptEngine())
        workflow.task_tree.data.update(data)
        workflow.do_engine_steps()
        return workflow

    def load(self, state: bytes, service: Service) -> BpmnWorkflow:
        """Return an instance as it was saved."""
        workflow = self._serializer.deserialize_json(state.decode())
        workflow.script_engine = Services()
        workflow.script_engine.service = service
        return workflow

    def dump(self, workflow: BpmnWorkflow) -> bytes:
        """Return an instance as JSON."""
        return bytes(self._serializer.serialize_json(workflow).encode())


def complete(workflow: BpmnWorkflow, element_id: str, data: Mapping[str, Any]) -> list[str]:
    """Complete the open task of an element; return the user tasks that are open then."""
    task = next(t for t in workflow.get_tasks(state=TaskState.READY) if _is(t, element_id))
    task.data.update(data)
    task.run()
    workflow.do_engine_steps()
    return [t.task_spec.bpmn_id for t in workflow.get_tasks(state=TaskState.READY, manual=True)]


def _is(task: Any, element_id: str) -> bool:
    return bool(task.task_spec.bpmn_id == element_id)


class Stock(Flow):
    """A client of the typical build."""

    def __init__(self, place: Place, number: int, clients: int) -> None:
        super().__init__(place, number, clients)
        self._engine = StockEngine((self.ctx.settings.processes / "compliance.bpmn").read_bytes())
        self._sessions = sessionmaker(
            create_engine(for_sqlalchemy(place.app_url), connect_args={"options": SESSION})
        )

    def prepare(self, pieces: int) -> None:
        """Put the stock state where the registry's own was."""
        super().prepare(pieces)
        with self._sessions() as session:
            for begun in self._ready:
                instance = session.get_one(Instance, begun.instance_id)
                notice = session.get_one(Notice, instance.subject_id)
                deadline = notice.deadline.isoformat()
                # Stock knows no value that is not set; the seam takes it for None.
                values = {
                    "deadline": deadline,
                    "remind_at": "2099-01-01T00:00:00+00:00",
                    "external_named": None,
                }
                instance.state = self._engine.dump(self._engine.start(values))
            session.commit()

    def submit(self, task: Open) -> None:
        """Submit as the emitter."""
        self._complete(task, task.applicant.emitter, "fill_surrender", FORM)

    def review(self, task: Open, verdict: str, opinion: str) -> None:
        """Review as the province's officer."""
        form = {"verdict": verdict, "opinion": opinion} if opinion else {"verdict": verdict}
        self._complete(task, task.applicant.officer, "review_surrender", form)

    def _complete(self, task: Open, actor: Actor, element_id: str, form: Mapping[str, Any]) -> None:
        with self._sessions() as session:
            _Step(session, self._engine, task, actor, self.ctx.clock.now()).take(element_id, form)
            session.commit()


class _Step:
    """One task of one instance: load, run, write."""

    def __init__(
        self, session: Session, engine: StockEngine, task: Open, actor: Actor, at: datetime
    ) -> None:
        self.session, self.engine, self.actor, self.at = session, engine, actor, at
        self.instance = session.get_one(Instance, task.instance_id)
        self.task = session.query(Task).filter_by(instance_id=task.instance_id, key=task.key).one()
        self.parties = {
            party.lane: party.holder_id
            for party in session.query(Party).filter_by(instance_id=task.instance_id)
        }
        self.decision: Decision | None = None

    def take(self, element_id: str, form: Mapping[str, Any]) -> None:
        """Run the engine and write everything the step changes."""
        instance = self.instance
        if element_id == "fill_surrender":
            instance.content = json.dumps(form, ensure_ascii=False)
            instance.quantity = sum(int(line["quantity"]) for line in form["lines"])
            instance.submitted_at = self.at
            instance.late = self.at > self._notice().deadline
        instance.version += 1
        self.decision = self._decided(element_id, form)
        workflow = self.engine.load(bytes(instance.state), self.operate)
        opened = complete(workflow, element_id, form)
        instance.state = self.engine.dump(workflow)
        self._rows(element_id, opened)
        if workflow.is_completed():
            instance.status, instance.outcome = "ended", "surrendered"
            instance.ended_at, instance.wake_at = self.at, None
        else:
            instance.wake_at = self._notice().deadline

    def _notice(self) -> Notice:
        return self.session.get_one(Notice, self.instance.subject_id)

    def _decided(self, element_id: str, form: Mapping[str, Any]) -> Decision:
        actor = self.actor
        document = canonical(
            {
                "type": "decision/1",
                "instance": self.instance.number,
                "version": self.instance.version,
                "bundle": self.instance.bundle_hash,
                "task": element_id,
                "at": self.at.isoformat(),
                "person": actor.person_hash,
                "account": str(actor.account_id),
                "holder": str(actor.holder_id),
                "role": actor.role,
                "form": dict(form),
                "content": json.loads(self.instance.content),
            }
        )
        decision = Decision(
            instance_id=self.instance.id,
            version=self.instance.version,
            bundle_hash=self.instance.bundle_hash,
            element_id=element_id,
            visit=self.task.visit,
            kind="complete",
            person_id=actor.person_id,
            holder_id=actor.holder_id,
            account_id=actor.account_id,
            role=actor.role,
            verdict=form.get("verdict", ""),
            opinion=form.get("opinion", ""),
            document=document,
            leaf=leaf(document),
            at=self.at,
        )
        self.session.add(decision)
        self.session.flush()
        return decision

    def _rows(self, element_id: str, opened: list[str]) -> None:
        session, instance, actor = self.session, self.instance, self.actor
        lane = LANES[element_id]
        if session.get(Participant, (instance.id, actor.person_id)) is None:
            session.add(
                Participant(
                    instance_id=instance.id,
                    person_id=actor.person_id,
                    holder_id=actor.holder_id,
                    lane=lane,
                )
            )
        session.delete(self.task)
        draft = session.get(Draft, (instance.id, element_id, self.actor.holder_id))
        if draft is not None:
            session.delete(draft)
        session.flush()
        for element in opened:
            session.add(self._task(element))
        session.add(
            Event(
                at=self.at,
                tag=f"workflow:{PROCESS}.{element_id}:complete",
                instance_id=instance.id,
                person_id=actor.person_id,
                account_id=actor.account_id,
                role=actor.role,
                data=json.dumps({"visit": self.task.visit}),
                path=element_id,
            )
        )
        told = {"instance": instance.number, "task": element_id, "action": "complete"}
        session.add(
            Outbox(kind="decided", payload=json.dumps(told), due_at=self.at, created_at=self.at)
        )

    def _task(self, element_id: str) -> Task:
        lane = LANES[element_id]
        return Task(
            instance_id=self.instance.id,
            key=self.instance.version + 1,
            element_id=element_id,
            name=element_id,
            name_en=element_id,
            process_id=PROCESS,
            lane=lane,
            role=lane,
            holder_id=self.parties[lane],
            visit=self.instance.version // 2 + 1,
            due_at=self._notice().deadline,
            created_at=self.at,
        )

    def operate(self, name: str, params: Mapping[str, Any]) -> None:
        """Do what a service task names, at once, in the same session."""
        if name == "notify":
            self._notify(str(params["template"]), params["to"])
            return
        request = self._reserve() if name == "ledger/reserve" else self._resolve()
        function = name.replace("/", ".")
        statement = text(f"SELECT {function}(CAST(:request AS jsonb))")
        answer = self.session.execute(statement, {"request": json.dumps(request)}).scalar_one()
        reserved = name == "ledger/reserve"
        self.instance.reserved_transfer_id = answer["transfer_id"] if reserved else None

    def _by(self) -> dict[str, Any]:
        assert self.decision is not None  # noqa: S101 - made before the engine runs
        return {
            "person_id": self.actor.person_id,
            "account_id": self.actor.account_id,
            "role": self.actor.role,
            "decision_id": self.decision.id,
            "instance_id": self.instance.id,
            "at": self.at.isoformat(),
        }

    def _resolve(self) -> dict[str, Any]:
        return {"transfer_id": self.instance.reserved_transfer_id, **self._by()}

    def _reserve(self) -> dict[str, Any]:
        lines = [
            {
                "instrument_id": self.session.query(Instrument)
                .filter_by(code=line["instrument"])
                .one()
                .id,
                "quantity": line["quantity"],
            }
            for line in json.loads(self.instance.content)["lines"]
        ]
        ceiling = self._notice().obligation_ceiling_id
        return {
            "key": f"{self.instance.id}:{self.instance.version}",
            "type": "surrender",
            "from_account": self.instance.applicant_account_id,
            "lines": lines,
            "ceilings": [{"id": ceiling, "quantity": str(self.instance.quantity)}],
            **self._by(),
        }

    def _notify(self, template: str, lanes: list[str]) -> None:
        said = TEMPLATES[template].filled({"number": self.instance.number})
        for lane in lanes:
            self.session.add(
                Notification(
                    holder_id=self.parties[lane],
                    instance_id=self.instance.id,
                    template=template,
                    text=said.zh,
                    text_en=said.en,
                    created_at=self.at,
                )
            )
