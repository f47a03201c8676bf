"""How a Dask scheduler is reached: one that runs somewhere, or one of our own for SLURM."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Protocol

from distributed import Client, Security

from databoard.errors import SettingsError
from databoard.training.executors import worker


class Cluster(Protocol):
    """A scheduler and those who work for it."""

    def connect(self, timeout: float) -> Client:
        """Return a client of its own for the caller.

        Raises
        ------
        OSError
            If the scheduler does not answer.
        """
        ...

    def close(self) -> None:
        """End what was started here."""
        ...


class Scheduler:
    """A scheduler that somebody else starts.

    Parameters
    ----------
    address : str
        What `databoard.settings.check_executor` has let pass.

    Raises
    ------
    SettingsError
        If TLS is asked for and there are no certificates.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.security = tls() if address.startswith("tls://") else None

    def connect(self, timeout: float) -> Client:
        """Connect."""
        return Client(self.address, timeout=timeout, security=self.security, set_as_default=False)

    def close(self) -> None:
        """Leave it running."""


class Slurm:
    """Workers as jobs of SLURM, for a scheduler in this process, always with TLS.

    Queue, account, cores, memory and time of a job stand in Dask's own ``jobqueue.yaml``.

    Parameters
    ----------
    most_cores : int
        How many cores all jobs may have together.
    folder : Path
        Where certificates for a run lie, on a disk that the nodes share.
    """

    def __init__(self, most_cores: int, folder: Path) -> None:
        self.most_cores = most_cores
        self.folder = folder
        self._cluster: Any = None
        self._lock = threading.Lock()

    def options(self, cores: int) -> dict[str, Any]:
        """Return what is given to ``SLURMCluster`` beside its own configuration."""
        return {
            "processes": 1,
            "protocol": "tls://",
            "security": Security.temporary(),
            "shared_temp_directory": str(self.folder),
            "worker_extra_args": worker.arguments(cores),
            "scheduler_options": {"dashboard": False, "allowed_failures": 0},
        }

    def connect(self, timeout: float) -> Client:
        """Start the scheduler the first time, and connect."""
        with self._lock:
            if self._cluster is None:
                self._cluster = self._start()
        return Client(self._cluster, timeout=timeout, set_as_default=False)

    def _start(self) -> Any:
        import dask.config
        from dask_jobqueue.slurm import SLURMCluster

        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        cores = dask.config.get("jobqueue.slurm.cores", None)
        if not cores:
            raise SettingsError(
                "Say in Dask's jobqueue.yaml what a job of SLURM is: jobqueue.slurm.cores, memory, "
                "queue, walltime; see docs/how-to/scale.md."
            )
        cluster = SLURMCluster(**self.options(int(cores)))
        # One job stays, so that a first submission need not wait in SLURM's queue.
        cluster.adapt(minimum_jobs=1, maximum_jobs=max(1, self.most_cores // int(cores)))
        return cluster

    def close(self) -> None:
        """End the scheduler and its jobs."""
        if self._cluster is not None:
            self._cluster.close(timeout=10)


def tls() -> Security:
    """Return the certificates that Dask is configured with.

    Raises
    ------
    SettingsError
        Naming the variables that say where they are.
    """
    security = Security(require_encryption=True)
    told = security.get_tls_config_for_role("client")
    if not all(told.get(name) for name in ("ca_file", "cert", "key")):
        raise SettingsError(
            "tls:// needs certificates: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE, "
            "DASK_DISTRIBUTED__COMM__TLS__CLIENT__CERT and ...CLIENT__KEY; see "
            "docs/how-to/scale.md."
        )
    return security


def of_setting(executor: str, most_cores: int, folder: Path) -> Cluster:
    """Return what ``DATABOARD_EXECUTOR`` names.

    Parameters
    ----------
    folder : Path
        For certificates that are made here.
    """
    return Slurm(most_cores, folder) if executor == "slurm" else Scheduler(executor)
