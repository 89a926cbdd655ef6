from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workstation.domain.job import ACTIVE, RETRYABLE, TRANSITIONS, JobState, may_become

states = st.sampled_from(JobState)


@given(states, states)
def test_the_table_alone_says_what_may_follow(state: JobState, following: JobState) -> None:
    assert may_become(state, following) == (following in TRANSITIONS[state])


@given(states)
def test_no_state_follows_itself(state: JobState) -> None:
    assert not may_become(state, state)


@given(states)
def test_what_has_ended_unfinished_is_queued_again_and_what_runs_may_give_way(state: JobState) -> None:
    assert may_become(state, JobState.QUEUED) == (state in RETRYABLE or state is JobState.RUNNING)
    assert not (state in ACTIVE and state in RETRYABLE)


@given(st.lists(states))
def test_a_job_that_succeeded_stays_so(wishes: list[JobState]) -> None:
    state = JobState.SUCCEEDED
    for wish in wishes:
        state = wish if may_become(state, wish) else state
    assert state is JobState.SUCCEEDED


@pytest.mark.parametrize("state", sorted(ACTIVE))
def test_every_active_job_can_be_cancelled_and_interrupted(state: JobState) -> None:
    assert may_become(state, JobState.CANCELLED)
    assert may_become(state, JobState.INTERRUPTED)
