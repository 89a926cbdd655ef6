"""The bridge: order kept, the GUI thread woken once a batch, only the newest progress of a job."""

from __future__ import annotations

import threading

from workstation.domain.events import JobChanged, JobFinished, SourceAnswered
from workstation.domain.job import Job, JobState, Progress
from workstation.ui.bridge import EventBridge


def _job(job_id: int, done: int = 0, state: JobState = JobState.RUNNING) -> Job:
    return Job(job_id, "retrieve", "PACS:transfer", "1.2.3", state, Progress(done, 1000))


def test_events_of_another_thread_arrive_on_the_gui_thread(qtbot):
    bridge = EventBridge()
    heard: list[int] = []
    bridge.source_answered.connect(lambda _: heard.append(threading.get_ident()))
    thread = threading.Thread(target=lambda: bridge.publish(SourceAnswered(1, "Local", 0, 0.1)))
    thread.start()
    qtbot.waitUntil(lambda: bool(heard))
    thread.join()
    assert heard == [threading.get_ident()]


def test_only_the_newest_progress_of_a_job_is_delivered(qtbot):
    bridge = EventBridge()
    seen: list[tuple[int, int]] = []
    finished: list[int] = []
    bridge.job_changed.connect(lambda event: seen.append((event.job.id, event.job.progress.done)))
    bridge.job_finished.connect(lambda event: finished.append(event.job.id))
    for done in range(1000):
        bridge.publish(JobChanged(_job(1, done)))
        bridge.publish(JobChanged(_job(2, done)))
    bridge.publish(JobFinished(_job(1, 1000, JobState.SUCCEEDED)))
    qtbot.waitUntil(lambda: bool(finished))
    assert seen == [(1, 999), (2, 999)]


def test_progress_after_an_end_is_not_put_before_it(qtbot):
    bridge = EventBridge()
    seen: list[tuple[str, int]] = []
    bridge.job_changed.connect(lambda event: seen.append((event.job.state, event.job.progress.done)))
    for job in (_job(1, 5), _job(1, 5, JobState.FAILED), _job(1, 0, JobState.QUEUED), _job(1, 7)):
        bridge.publish(JobChanged(job))
    qtbot.waitUntil(lambda: len(seen) == 4)
    assert seen == [("running", 5), ("failed", 5), ("queued", 0), ("running", 7)]


def test_order_is_kept_when_many_threads_publish(qtbot):
    bridge = EventBridge()
    seen: list[tuple[int, int]] = []
    bridge.source_answered.connect(lambda event: seen.append((event.search_id, event.count)))

    def publish(thread_number: int) -> None:
        for number in range(500):
            bridge.publish(SourceAnswered(thread_number, "Local", number, 0.0))

    threads = [threading.Thread(target=publish, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    qtbot.waitUntil(lambda: len(seen) == 2000)
    for thread in threads:
        thread.join()
    for number in range(4):
        assert [count for who, count in seen if who == number] == list(range(500))


def test_a_closed_bridge_delivers_nothing(qtbot):
    bridge = EventBridge()
    seen: list[object] = []
    bridge.source_answered.connect(seen.append)
    bridge.publish(SourceAnswered(1, "Local", 0, 0.0))
    bridge.close()
    bridge.publish(SourceAnswered(2, "Local", 0, 0.0))
    marker = EventBridge()
    with qtbot.waitSignal(marker.source_answered):
        marker.publish(SourceAnswered(3, "Local", 0, 0.0))
    assert seen == []
