"""The page with the questions: a link leads to it, and it takes the answers once."""

from dataclasses import dataclass

from flask import Response, current_app, g, redirect, request, url_for

from api.identity import allow_public
from api.pages.bodies import answers_in, fields_of
from api.pages.frame import GONE, SEE_OTHER, UNPROCESSABLE, blueprint, show
from scheduler.models import SentBy
from scheduler.outcomes.questionnaires import answering, redeeming
from scheduler.outcomes.questionnaires.answering import Asking, calls_for_help
from scheduler.outcomes.questionnaires.late import keep_late
from scheduler.outcomes.questionnaires.listing import QuestionnaireState
from scheduler.outcomes.scales.definition import Item, Scale

ANYWAY = "anyway"


@dataclass(frozen=True)
class Question:
    """One item as the page shows it."""

    item: Item
    ticked: int | None
    grave: frozenset[int]
    """Answers at which the clinic's words for somebody in danger are shown at once."""
    is_open: bool
    """Whether it was left without an answer in a form that was sent."""


@blueprint.get("/q/<token>")
@allow_public
def ask(token: str) -> Response:
    """Show the questions; looking at them uses nothing up."""
    asking = answering.open_questionnaire(g.db, token, now=g.now)
    scale = _to_be_asked(asking)
    return _ended(asking) if scale is None else _questions(asking, scale, [None] * len(scale.items))


@blueprint.post("/q/<token>")
@allow_public
def take(token: str) -> Response:
    """Store the answers, once; ask back where some are missing, but never where somebody may be in danger.

    A link that has ended takes nothing, but for answers by which somebody may be in danger.
    """
    fields = fields_of(request)
    asking = answering.take_questionnaire(g.db, token, now=g.now)
    scale, anyway = asking.scale, fields.pop(ANYWAY, None) is not None
    answers = answers_in(fields, _allowed(scale)) if scale else []
    in_danger = calls_for_help(scale, answers) if scale else bool(fields)  # of answers nobody can read, the worst
    if _to_be_asked(asking) is None or scale is None:
        return _ended(asking, in_danger=in_danger, kept=keep_late(g.db, asking, answers, now=g.now))
    if scale.missing(answers) and not (anyway or in_danger):
        return _questions(asking, scale, answers, left_open=scale.missing(answers))
    answering.answer(g.db, asking, answers, now=g.now)
    return show("thanks.html", asking.face, in_danger=in_danger, on_tablet=_on_tablet(asking))


@blueprint.post("/q/<token>/done")
@allow_public
def done(token: str) -> Response:
    """Give the tablet back: the questions are gone, and the next code is asked for."""
    clinic_id = redeeming.leave(g.db, token, now=g.now)
    return current_app.make_response(redirect(url_for("pages.ask_code", clinic_id=clinic_id), SEE_OTHER))


def _to_be_asked(asking: Asking) -> Scale | None:
    return asking.scale if asking.state is QuestionnaireState.OPEN else None


def _allowed(scale: Scale) -> list[frozenset[int]]:
    return [frozenset(choice.value for choice in item.choices) for item in scale.items]


def _questions(asking: Asking, scale: Scale, answers: list[int | None], *, left_open: tuple[int, ...] = ()) -> Response:
    questions = [
        Question(item, answers[item.number - 1], _grave(scale, item), item.number in left_open) for item in scale.items
    ]
    status = UNPROCESSABLE if left_open else 200
    return show("questions.html", asking.face, status=status, recall=scale.recall, questions=questions)


def _grave(scale: Scale, item: Item) -> frozenset[int]:
    rules = [rule for rule in scale.safety if rule.item == item.number]
    return frozenset(choice.value for choice in item.choices if any(rule.finding(choice.value) for rule in rules))


def _ended(asking: Asking, *, in_danger: bool = False, kept: bool = False) -> Response:
    """That these questions were answered, or can no longer be; and whether what was sent is kept all the same."""
    return show(
        "ended.html", asking.face, status=200 if kept else GONE, kept=kept, in_danger=in_danger,
        answered=asking.state is QuestionnaireState.ANSWERED, on_tablet=_on_tablet(asking),
    )  # fmt: skip


def _on_tablet(asking: Asking) -> bool:
    return asking.questionnaire.via is SentBy.TABLET
