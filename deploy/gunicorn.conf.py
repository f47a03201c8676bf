"""gunicorn behind nginx: ``gunicorn -c deploy/gunicorn.conf.py wsgi:app``."""

import os
import shutil
import tempfile

# Each process counts its own requests; /metrics adds up what they write into this folder.
METRICS = "PROMETHEUS_MULTIPROC_DIR"
is_ours = METRICS not in os.environ
if is_ours:
    os.environ[METRICS] = tempfile.mkdtemp(prefix="databoard-metrics-")


def post_worker_init(worker):
    """Take visitors only once everything is ready for them."""
    from databoard.web.warming import warm_up

    # A site that wraps the application goes without: it is speed, and nothing else.
    if hasattr(worker.wsgi, "jinja_env"):
        warm_up(worker.wsgi)


def child_exit(server, worker):
    """Forget what a process that has ended was doing; what it counted stays."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)


def on_exit(server):
    """Leave no folder behind."""
    if is_ours:
        shutil.rmtree(os.environ[METRICS], ignore_errors=True)


bind = os.environ.get("DATABOARD_BIND", "127.0.0.1:8000")
chdir = os.environ.get("DATABOARD_ROOT", os.getcwd())  # noqa: PTH109
proc_name = "databoard"
umask = 0o027

# Pages wait for the database more than they compute. Two processes keep the site answering while
# one of them is busy; a poll holds a thread for a millisecond.
worker_class = "gthread"
workers = 2
threads = 8
timeout = 60
graceful_timeout = 30
keepalive = 30

# The proxy is on this machine; what it says of the visitor is read by databoard itself
# (DATABOARD_PROXIES), whose answer is the address that stands in the log.
forwarded_allow_ips = "127.0.0.1,::1"
accesslog = "-"
access_log_format = '%(h)s "%(r)s" %(s)s %(b)s %(L)s s %({X-Request-ID}o)s'
errorlog = "-"
capture_output = False

# Its socket would lie in the home folder, one for all servers of a user.
control_socket_disable = True
