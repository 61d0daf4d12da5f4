"""The registry itself: app.services.decide, with form, checks, engine and all writes."""

from app.services.decide import Request, decide
from bench.market import FORM
from bench.tasks.flow import Flow, Open


class Service(Flow):
    """A client that calls what the web page calls."""

    def submit(self, task: Open) -> None:
        """Submit as the emitter."""
        decide(self.ctx, task.applicant.emitter, Request(task.instance_id, task.key, FORM))

    def review(self, task: Open, verdict: str, opinion: str) -> None:
        """Review as the province's officer."""
        form = {"verdict": verdict, "opinion": opinion} if opinion else {"verdict": verdict}
        decide(self.ctx, task.applicant.officer, Request(task.instance_id, task.key, form))
