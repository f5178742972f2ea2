"""The shipped web server: many threads, since one waits for each slow tablet."""

import gc
import os

from gunicorn.http.unreader import SocketUnreader

# Of each of many uploads at once so much is read ahead; as shipped it is 1 MiB.
SocketUnreader.max_body_chunk = 64 * 1024

_port = os.environ.get("PORT")
# A platform that sets PORT reaches it from outside; by hand nobody else should.
bind = os.environ.get("BIND") or (f"0.0.0.0:{_port}" if _port else "127.0.0.1:8000")
worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Whoever accepts first has the connection: of 200 slow tablets one worker once had 125 and more,
# and one without a free thread lets short requests wait. A thread that nobody needs is not made.
threads = int(os.environ.get("WEB_THREADS", "256"))
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None  # noqa: S108
# A worker is not killed for one slow body: in gthread this limit is for the worker's heartbeat.
timeout = 60
graceful_timeout = 30
keepalive = 30
accesslog = None
# A pull cursor has seven characters for each territory; a whole country has five hundred.
limit_request_line = 8190


def child_exit(server, worker):
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)


def post_worker_init(worker):
    # The application and its catalog live as long as the worker: a collection that went through
    # all of it took a quarter of a second, in the middle of somebody's answer.
    gc.collect()
    gc.freeze()
    from audit_api.http.observing import redacted

    def without_tokens(record):
        # The key of ODK Collect is a part of the path.
        record.msg, record.args = redacted(record.getMessage()), ()
        return True

    worker.log.error_log.addFilter(without_tokens)
