# SPDX-License-Identifier: GPL-3.0-or-later
"""Real workers, used again: for tests of what is done with workers, not of workers.

A worker costs a second of a processor to start, and a whole run takes six. It empties itself before each job, so one
that was given back serves the next; one that was killed or died does not come back.
"""

from __future__ import annotations

from restage.worker.pool import Limits, Worker, start_one
from restage.worker.protocol import Failure, JobResult


class Reused:
    """Stands in for a WorkerPool."""

    def __init__(self, binary, limits: Limits | None = None, scratch_root=None) -> None:
        self._how = (binary, limits or Limits(), scratch_root)
        self._free: list[Worker] = []
        self._lent: list[Lent] = []

    def prepare(self, accepted) -> None:
        """Nothing is replayed ahead: a worker that was used before is emptied by the job itself."""

    def open(self) -> Lent:
        while self._free:
            worker = self._free.pop()
            if worker.alive:
                break
            worker.close()
        else:
            binary, limits, scratch_root = self._how
            worker = start_one(binary, limits, scratch_root=scratch_root)
        self._lent.append(Lent(worker, self))
        return self._lent[-1]

    def back(self, lent: Lent, worker: Worker) -> None:
        self._lent.remove(lent)
        if worker.alive:
            self._free.append(worker)
        else:
            worker.close()

    def take_back(self) -> None:
        """Take back what a test did not."""
        for lent in list(self._lent):
            lent.close()

    def close(self) -> None:
        self.take_back()
        while self._free:
            self._free.pop().close()


class Lent:
    """A worker until it is closed: then it is somebody else's."""

    def __init__(self, worker: Worker, owner: Reused) -> None:
        self._worker: Worker | None = worker
        self._owner = owner

    def __enter__(self) -> Lent:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def run(self, job, cancel=None) -> JobResult:
        if self._worker is None:
            return JobResult("crashed", "The worker is no longer running.")
        return self._worker.run(job, cancel)

    def ask(self, request, cancel=None):
        if self._worker is None:
            return Failure("The worker is no longer running.")
        return self._worker.ask(request, cancel)

    def file(self, name):
        assert self._worker is not None, "its files are gone"
        return self._worker.file(name)

    def wait_ready(self, cancel=None):
        assert self._worker is not None
        return self._worker.wait_ready(cancel)

    @property
    def ready(self):
        return self._worker.ready if self._worker is not None else None

    @property
    def alive(self) -> bool:
        return self._worker is not None and self._worker.alive

    def close(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            self._owner.back(self, worker)
