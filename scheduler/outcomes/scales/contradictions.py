"""What a definition of a scale may not say: each rule names its fault, so that a broken scale fails at import."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from scheduler.outcomes.scales.elements import Asked, How, Item, Part, SafetyItem, Total
from scheduler.outcomes.scales.loinc import is_well_formed
from scheduler.outcomes.scales.shape import Definition

PAIR = 2


def contradictions(scale: Definition) -> Iterator[str]:
    """Everything in which the scale contradicts itself. What leans on sound items is asked of sound items only."""
    faults = list(_of_items(scale.items))
    yield from faults
    if faults:
        return
    for rule in (_of_parts, _of_conditions, _of_flags, _of_prorating, _of_codes):
        yield from rule(scale)
    if all(_is_known(scale, part.items) for part in scale.parts):
        yield from _of_bands(scale)
        yield from _of_total(scale)


def _of_items(items: Iterable[Item]) -> Iterator[str]:
    items = list(items)
    if [item.number for item in items] != list(range(1, len(items) + 1)):
        yield "items are not numbered 1..n"
    if not any(item.scored for item in items):
        yield "no item is scored"
    for item in items:
        if item.least != 0 or item.most < 1:
            yield f"item {item.number} does not go from 0 to at least 1"
        if item.choices and [choice.value for choice in item.choices] != list(range(item.least, item.most + 1)):
            yield f"the choices of item {item.number} are not its range"


def _of_parts(scale: Definition) -> Iterator[str]:
    if _repeats(part.key for part in scale.parts):
        yield "two parts share a key"
    for part in scale.parts:
        yield from _of_part(scale, part)


def _of_part(scale: Definition, part: Part) -> Iterator[str]:
    if not part.items or _repeats(part.items):
        yield f"part {part.key} has no items, or one twice"
    if not _is_known(scale, part.items):
        yield f"part {part.key} is made of items that are unknown or not scored"
    elif part.how is How.COUNT and not all(_tells(scale, number, part.least) for number in part.items):
        yield f"part {part.key} counts an answer that cannot be given"


def _of_conditions(scale: Definition) -> Iterator[str]:
    for pair in scale.alternatives:
        if len(set(pair)) != PAIR or not _is_known(scale, pair):
            yield f"alternatives {pair} are not two scored items"
    for asked in scale.asked:
        yield from _of_condition(scale, asked)
    if _repeats(number for asked in scale.asked for number in asked.items):
        yield "an item is asked under two conditions"


def _of_condition(scale: Definition, asked: Asked) -> Iterator[str]:
    if not _is_known(scale, (*asked.items, *asked.when)) or not asked.items or not asked.when:
        yield f"the condition of items {asked.items} names items that are unknown or not scored"
        return
    if max(asked.when) >= min(asked.items):
        yield f"items {asked.items} depend on a later item"
    if not 1 <= asked.count <= len(asked.when) or not all(_tells(scale, number, asked.least) for number in asked.when):
        yield f"items {asked.items} are never asked, or always"


def _of_flags(scale: Definition) -> Iterator[str]:
    for rule in scale.safety:
        if not _can_tell(scale, rule):
            yield f"safety item {rule.item} can never tell"
    for notice in scale.notices:
        if not _tells(scale, notice.item, notice.least):
            yield f"notice {notice.flag} can never tell"
    kinds = {rule.kind for rule in scale.safety}
    shared = _repeats([*kinds, *(notice.flag for notice in scale.notices), *(cut.flag for cut in scale.cuts)])
    if shared or _repeats((rule.kind, rule.item) for rule in scale.safety):
        yield "two rules share a flag"


def _of_prorating(scale: Definition) -> Iterator[str]:
    scored = sum(item.scored for item in scale.items)
    if not 0 <= scale.prorates_up_to < scored:
        yield "prorating leaves no answer to go by"
    if scale.prorates_up_to and (scale.total is not Total.ITEMS or scale.asked or scale.alternatives):
        yield "only a plain sum of items that are always asked can be prorated"
    if scale.recall_days is not None and scale.recall_days < 0:
        yield "nobody recalls the future"


def _of_codes(scale: Definition) -> Iterator[str]:
    codes = (scale.loinc, scale.total_loinc, *(item.loinc for item in scale.items))
    for code in codes:
        if code is not None and not is_well_formed(code):
            yield f"LOINC code {code} does not end in its check digit"


def _of_bands(scale: Definition) -> Iterator[str]:
    bands = scale.bands
    if bands and (bands[0].least != 0 or bands[-1].most != scale.most):
        yield f"the bands do not cover 0 to {scale.most}"
    if any(band.least > band.most for band in bands):
        yield "a band is empty"
    if any(upper.least != lower.most + 1 for lower, upper in pairwise(bands)):
        yield "the bands leave a gap or overlap"
    if _repeats(band.key for band in bands) or _repeats(scale.levels):
        yield "two bands share a key"


def _of_total(scale: Definition) -> Iterator[str]:
    if bool(scale.levels) != (scale.level is not None) or (scale.levels and scale.bands):
        yield "a level comes of a rule and its names, and beside no band"
    if scale.total is Total.NONE and not scale.levels:
        yield "neither a total nor a level comes of the answers"
    if scale.total is Total.NONE and (scale.bands or scale.cuts or scale.lines):
        yield "bands, cuts and lines need a total"
    elif not all(0 < line <= scale.most for line in _lines(scale)):
        yield "a line or cut lies beyond every total"
    if scale.total is Total.PARTS and (not scale.parts or _repeats(n for part in scale.parts for n in part.items)):
        yield "a total of parts has none, or counts an item twice"


def _lines(scale: Definition) -> Iterator[int]:
    yield from (cut.least for cut in scale.cuts)
    if scale.lines:
        lines = scale.lines
        drawn = (lines.remission_baseline, lines.reliable_change, lines.clinically_relevant)
        yield from (points for points in drawn if points is not None)
        yield from (lines.remission_most + 1,) if lines.remission_most is not None else ()


def _can_tell(scale: Definition, rule: SafetyItem) -> bool:
    if not _tells(scale, rule.item, rule.review):
        return False
    return rule.urgent is None or rule.review <= rule.urgent <= scale.items[rule.item - 1].most


def _tells(scale: Definition, number: int, least: int) -> bool:
    """Whether an answer of at least `least` to this item can be given, and another too."""
    return 1 <= number <= len(scale.items) and 0 < least <= scale.items[number - 1].most


def _is_known(scale: Definition, numbers: Iterable[int]) -> bool:
    return all(1 <= number <= len(scale.items) and scale.items[number - 1].scored for number in numbers)


def _repeats(values: Iterable[object]) -> bool:
    return any(times > 1 for times in Counter(values).values())
