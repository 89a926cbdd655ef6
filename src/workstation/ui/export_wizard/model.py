"""The wizard's state as a value, its seven steps as a table, and what may follow what. QtCore only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from workstation.domain.study import Instance, Series, Study


class Step(IntEnum):
    STUDIES = 1
    PROFILE = 2
    IDENTITIES = 3
    PIXELS = 4
    PREVIEW = 5
    DESTINATION = 6
    RUN = 7


class RunState(StrEnum):
    READY = "ready"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # or cancelled: nothing was exported, the steps are open again


@dataclass(frozen=True, slots=True)
class ChosenImage:
    """One instance of the archive that may go out."""

    path: Path
    size_bytes: int
    series: Series
    instance: Instance


@dataclass(frozen=True, slots=True)
class ChosenStudy:
    study: Study
    images: tuple[ChosenImage, ...]

    @property
    def size_bytes(self) -> int:
        return sum(image.size_bytes for image in self.images)


@dataclass(frozen=True, slots=True)
class DestinationCheck:
    """What the disk said of a destination: `problem` is a whole sentence, empty when it will do."""

    destination: str
    report: str
    target: Path | None = None
    report_path: Path | None = None
    free_bytes: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WizardState:
    """Everything a person chose. Nothing of it is carried out before the run."""

    studies: tuple[ChosenStudy, ...] = ()
    gathering: bool = False
    options: tuple[str, ...] = ()
    keep_key: bool = False
    key_file: str = ""
    key_ready: bool = True
    key_problem: str = ""
    accept_pixels: bool = False
    destination: str = ""
    report: str = ""
    check: DestinationCheck | None = None
    run: RunState = RunState.READY
    step: Step = Step.STUDIES
    furthest: Step = Step.STUDIES

    @property
    def images(self) -> tuple[ChosenImage, ...]:
        return tuple(image for study in self.studies for image in study.images)

    @property
    def image_count(self) -> int:
        return sum(len(study.images) for study in self.studies)

    @property
    def size_bytes(self) -> int:
        return sum(study.size_bytes for study in self.studies)

    @property
    def study_uids(self) -> tuple[str, ...]:
        return tuple(chosen.study.study_instance_uid for chosen in self.studies)

    @property
    def checked(self) -> bool:
        """Whether the disk has answered for the destination as it stands now."""
        check = self.check
        return check is not None and (check.destination, check.report) == (self.destination, self.report)


def _always(_: WizardState) -> bool:
    return True


def _has_destination(state: WizardState) -> bool:
    return bool(state.destination) and state.checked and state.check is not None and not state.check.problem


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One step: `complete` says whether the next may be entered."""

    step: Step
    title: str
    complete: Callable[[WizardState], bool] = _always


def T(_context: str, text: str) -> str:
    return text


STEPS: tuple[StepSpec, ...] = (
    StepSpec(Step.STUDIES, T("export", "Studies"), lambda state: bool(state.image_count) and not state.gathering),
    StepSpec(Step.PROFILE, T("export", "Profile")),
    StepSpec(Step.IDENTITIES, T("export", "Identities"), lambda state: state.key_ready),
    StepSpec(Step.PIXELS, T("export", "Pixels")),
    StepSpec(Step.PREVIEW, T("export", "Preview")),
    StepSpec(Step.DESTINATION, T("export", "Destination"), _has_destination),
    StepSpec(Step.RUN, T("export", "Run"), lambda state: state.run is RunState.DONE),
)


def spec(step: Step) -> StepSpec:
    return STEPS[step - 1]


def complete(state: WizardState, step: Step) -> bool:
    return spec(step).complete(state)


def reachable(state: WizardState, step: Step) -> bool:
    """Whether the list of steps may lead to `step`: visited before, all before it in order, nothing running."""
    if state.run is RunState.RUNNING:
        return step is Step.RUN
    return step <= state.furthest and all(complete(state, before) for before in Step if before < step)


def may_advance(state: WizardState) -> bool:
    """Whether Next does something: enter the next step or, at the last, start the run."""
    if state.step is Step.RUN:
        ready = all(complete(state, before) for before in Step if before < Step.RUN)
        return ready and state.run in (RunState.READY, RunState.FAILED)
    return complete(state, state.step)


def may_return(state: WizardState) -> bool:
    return state.step > Step.STUDIES and state.run is not RunState.RUNNING


def _choices(state: WizardState) -> tuple[object, ...]:
    key = (state.keep_key, state.key_file)
    return (state.studies, state.options, key, state.accept_pixels, state.destination, state.report)


class Wizard(QObject):
    """Holds the state; every change of it is told, a change of the step by its number too."""

    changed = Signal()
    step_changed = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = WizardState()

    @property
    def state(self) -> WizardState:
        return self._state

    def change(self, **values: Any) -> None:
        """Replace fields of the state. Another choice after a run makes it a new export, not run yet."""
        new = replace(self._state, **values)
        if new == self._state:
            return
        if new.run in (RunState.DONE, RunState.FAILED) and _choices(new) != _choices(self._state):
            new = replace(new, run=RunState.READY, check=None)
        old, self._state = self._state, new
        self.changed.emit()
        if new.step != old.step:
            self.step_changed.emit(int(new.step))

    def begin(self) -> None:
        """A new export: what goes in is asked anew, how and whereto stay as they were."""
        self.change(
            studies=(),
            gathering=False,
            accept_pixels=False,
            run=RunState.READY,
            step=Step.STUDIES,
            furthest=Step.STUDIES,
            check=None,
        )

    def go_to(self, step: Step) -> bool:
        """Enter a step that is reachable; whether it is the current one now."""
        if reachable(self._state, step):
            self.change(step=step)
        return self._state.step is step

    def advance(self) -> bool:
        """Enter the next step."""
        if self._state.step is Step.RUN or not may_advance(self._state):
            return False
        following = Step(self._state.step + 1)
        self.change(step=following, furthest=max(following, self._state.furthest))
        return True

    def remove_study(self, study_instance_uid: str) -> None:
        """Take one study out; a word given for the images of the old set does not count for the new one."""
        kept = tuple(one for one in self._state.studies if one.study.study_instance_uid != study_instance_uid)
        self.change(studies=kept, accept_pixels=False, check=None)
