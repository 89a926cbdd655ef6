"""The line at the bottom: nodes, transfers, the archive's size, who we are on the network."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QWidget

from workstation.domain.events import JobChanged, JobFinished
from workstation.ui.assets import DARK, dot, pixmap
from workstation.ui.desk import Desk
from workstation.ui.messages import count, size
from workstation.ui.node_states import NodeState
from workstation.ui.transfers import Transfers, TransferSummary
from workstation.ui.widgets.buttons import label
from workstation.ui.widgets.layouts import clear, row

MEASURE_EVERY_MS = 60_000
REFRESH_EVERY_MS = 500


class StatusBar(QFrame):
    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("status")
        self.setAccessibleName(self.tr("Status"))
        self.setFixedHeight(27)
        self._desk = desk
        self._transfers = Transfers()
        self._nodes: QHBoxLayout = row(spacing=14)
        self._rate, self._doing, self._size, self._who = label(), label(), label(), label()
        self._arrow = QLabel()
        self._bar = QProgressBar()
        self._bar.setFixedSize(160, 6)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress of all transfers"))
        rate = row(self._arrow, self._rate, spacing=4)
        self.setLayout(
            row(
                self._nodes,
                None,
                rate,
                self._doing,
                self._bar,
                self._size,
                self._who,
                spacing=18,
                margins=(14, 0, 16, 0),
            )
        )
        self._arrow.setPixmap(pixmap("arrow-down", 12, DARK.muted, self.devicePixelRatioF()))
        desk.bridge.job_changed.connect(self._job_changed)
        desk.bridge.job_finished.connect(self._job_finished)
        desk.nodes.changed.connect(lambda _name: self.show_nodes())
        desk.wishes.settings_changed.connect(self.show_settings)
        self._measuring = self._every(MEASURE_EVERY_MS, self.measure)
        self._refreshing = QTimer(self)
        self._refreshing.setInterval(REFRESH_EVERY_MS)
        self._refreshing.timeout.connect(self._show_transfers)
        self.show_settings()
        self._show_transfers()
        self.measure()

    def show_settings(self) -> None:
        local = self._desk.workplace.settings().local
        self._who.setText(f"{local.ae_title} : {local.port}")
        self._who.setToolTip(self.tr("The AE title and port that other nodes know us by"))
        self.show_nodes()

    def show_nodes(self) -> None:
        clear(self._nodes)
        for node in self._desk.workplace.settings().nodes:
            self._nodes.addLayout(self._node(node.name, self._desk.nodes.state(node.name)))

    def measure(self) -> None:
        """Ask how much room the archive takes, in the background."""
        archive, folder = self._desk.workplace.archive, self._desk.workplace.folders.data

        def question() -> tuple[int, int]:
            usage = shutil.disk_usage(folder if folder.exists() else folder.anchor)
            return archive.size_bytes(), usage.free

        self._desk.background.ask(question, self._show_size)

    def _show_size(self, measured: tuple[int, int]) -> None:
        ours, free = measured
        self._size.setText(self.tr("Local {used} · {free} free").format(used=size(ours), free=size(free)))

    def _node(self, name: str, state: NodeState) -> QHBoxLayout:
        sign, words = QLabel(), label(name)
        sign.setPixmap(dot(state.colour))
        sign.setAccessibleName(" ")
        if state.error is not None:
            words.setText(f"{name} · {state.words}")
        words.setToolTip(state.words)
        words.setAccessibleName(f"{name}: {state.words}")
        return row(sign, words, spacing=5)

    def _job_changed(self, event: JobChanged) -> None:
        self._transfers.follow(event.job)
        if not self._refreshing.isActive():
            self._show_transfers()
            self._refreshing.start()

    def _job_finished(self, event: JobFinished) -> None:
        self._transfers.follow(event.job)
        if event.job.kind in ("retrieve", "import"):
            self.measure()

    def _show_transfers(self) -> None:
        summary = self._transfers.summary()
        if not summary.jobs:
            self._refreshing.stop()
        for widget in (self._arrow, self._rate, self._doing, self._bar):
            widget.setVisible(bool(summary.jobs))
        arrow = "arrow-up" if summary.kind == "send" else "arrow-down"
        self._arrow.setPixmap(pixmap(arrow, 12, DARK.muted, self.devicePixelRatioF()))
        self._rate.setText(f"{size(summary.bytes_per_s)}/s")
        self._doing.setText(self._words(summary))
        fraction = summary.fraction
        self._bar.setRange(0, 1000 if fraction is not None else 0)
        self._bar.setValue(round((fraction or 0) * 1000))

    def _words(self, summary: TransferSummary) -> str:
        verbs = {"retrieve": self.tr("Retrieving"), "send": self.tr("Sending"), "import": self.tr("Importing")}
        verb = verbs.get(summary.kind, self.tr("Working on"))
        things = self.tr("{n} studies") if summary.kind in ("retrieve", "send") else self.tr("{n} jobs")
        if summary.jobs == 1:
            things = self.tr("1 study") if summary.kind in ("retrieve", "send") else self.tr("1 job")
        images = count(summary.done) if summary.total is None else f"{count(summary.done)} of {count(summary.total)}"
        return self.tr("{verb} {things} · {images} images").format(
            verb=verb, things=things.format(n=summary.jobs), images=images
        )

    def _every(self, interval_ms: int, call: Callable[[], None]) -> QTimer:
        timer = QTimer(self)
        timer.setInterval(interval_ms)
        timer.setTimerType(Qt.TimerType.VeryCoarseTimer)
        timer.timeout.connect(call)
        timer.start()
        return timer
