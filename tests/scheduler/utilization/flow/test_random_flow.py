"""The figures of flow over random histories, reckoned again from the rows one visit after the other."""

from fractions import Fraction
from statistics import median

from hypothesis import Phase, given, settings

from scheduler.utilization.flow.report import whole_line
from scheduler.utilization.flow.times import kept_visits
from tests.scheduler.utilization.ledger.histories import ON_TIME, ground_of, histories
from tests.scheduler.utilization.ledger.recount import minutes_of


def slow_flow(history):
    """Every figure by its key: the value, and of how many visits it is."""
    begun = {minute for day in history.days for minute in minutes_of(day, history.zone) if minute < history.now}
    kept = [each for each in history.visits if each.became == "kept" and each.start in begun]
    charted = [each for each in kept if each.seat]
    treated = [each for each in charted if each.started is not None]
    left = [(each, history.protocols[each.version].phases) for each in treated if each.left is not None]
    late = [e.started - e.start - history.protocols[e.version].phases.prepare for e in treated]
    waits = [max(e.roomed - max(e.arrived, e.start), 0) for e in charted if e.roomed is not None]
    cycles = [each.left - each.roomed for each, _ in left]
    beyond = [each.left - each.roomed - phases.prepare - phases.infuse - phases.recover for each, phases in left]
    planned = [phases.prepare + phases.infuse + phases.recover for _, phases in left]
    outside = [abs(b) > 10 and Fraction(abs(b), p) > Fraction(1, 10) for b, p in zip(beyond, planned, strict=True)]
    rests = [(each.left - each.stopped, phases.recover) for each, phases in left]
    ready = [each.ready - each.stopped for each in treated if each.ready is not None]
    return {
        **_spread("wait", waits), "on_time_start": _share([each <= ON_TIME for each in late]),
        **_spread("cycle", cycles), "cycle_beyond_plan_median": _middle(beyond),
        "cycle_shorter": _share([out and by < 0 for out, by in zip(outside, beyond, strict=True)]),
        "cycle_in_band": _share([not out for out in outside]),
        "cycle_longer": _share([out and by > 0 for out, by in zip(outside, beyond, strict=True)]),
        **_spread("recovery", [rest for rest, _ in rests], 80, 90),
        **_spread("prepare", [each.started - each.roomed for each in treated if each.roomed is not None], 80),
        **_spread("infuse", [each.stopped - each.started for each in treated if each.stopped is not None], 80),
        **_spread("turn_over", [each.free - each.left for each, _ in left if each.free is not None], 80),
        "recovery_beyond_plan_median": _middle([rest - plan for rest, plan in rests]),
        **_spread("ready", ready), "kept_by_desk": (float(len(kept) - len(charted)), len(kept)),
    }  # fmt: skip


def _spread(key, values, *highs):
    told = {f"{key}_median": _middle(values)}
    for high in highs or (90,):
        enough = [each for each in values if 100 * sum(other <= each for other in values) >= high * len(values)]
        told[f"{key}_p{high}"] = (min(enough, default=None), len(values))
    return told


def _middle(values):
    return (float(median(values)) if values else None), len(values)


def _share(truths):
    return (round(sum(truths) / len(truths), 4) if truths else None), len(truths)


@settings(max_examples=100, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])  # as the ledger's
@given(histories())
def test_every_figure_is_what_a_slow_recount_says(history):
    visits = list(kept_visits(ground_of(history)))

    found = whole_line(visits).figures

    assert {each.measure.key: (each.value, each.population) for each in found} == slow_flow(history)
