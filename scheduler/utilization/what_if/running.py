"""One seed after the other, each from the stored ground alone: anybody who runs it comes to the same. Pure."""

import os
import signal
import threading
from collections.abc import Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from functools import lru_cache
from json import dumps, loads
from multiprocessing import get_context, parent_process
from typing import Any, NamedTuple

from scheduler.utilization.what_if import question, setting, world
from scheduler.utilization.what_if.changes import changed
from scheduler.utilization.what_if.scenario import Chances, arrivals
from scheduler.utilization.what_if.setting import Setting
from scheduler.utilization.what_if.world import Simulated, simulate, simulated


class Clinics(NamedTuple):
    """The clinic as it is, and as it would be."""

    setting: Setting
    base: Simulated
    changed: Simulated


def text_of(ground: Mapping[str, Any], asked: Mapping[str, Any]) -> str:
    """Ground and question as one text, which travels to other processes."""
    return dumps({"ground": ground, "question": asked}, sort_keys=True)


@lru_cache(maxsize=1)
def _clinics(text: str) -> Clinics:
    """Both clinics, made once in a process: what their calendars look up serves every seed."""
    said = loads(text)
    found = setting.from_document(said["ground"])
    change = question.from_document(said["question"]).change
    return Clinics(found, simulated(found), simulated(changed(found, change)))


def run_seed(text: str, seed: int) -> dict[str, Any]:
    """What this seed comes to in both clinics, as plain JSON values. The same every time, in every process."""
    clinics = _clinics(text)
    coming, chances = arrivals(clinics.setting, seed), Chances(clinics.setting.shares)
    return {
        "base": world.as_document(simulate(clinics.base, coming, chances)),
        "changed": world.as_document(simulate(clinics.changed, coming, chances)),
    }


def on_processes(count: int) -> Executor:
    """So many processes of our own; they begin anew, since a fork would take open connections along."""
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"), initializer=_begin)


def _begin() -> None:
    """Whoever began us tells us when to stop: a signal meant for all is theirs. If they die, so do we."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
