"""Call the parts of the kernel in which faults are found most often."""
# expect: tested
import ctypes

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
CALLS = {
    "bpf": (321, 0, 0, 0),
    "perf_event_open": (298, 0, 0, -1, -1, 0),
    "userfaultfd": (323, 1),
    "io_uring_setup": (425, 1, 0),
    "open_by_handle_at": (304, -100, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "init_module": (175, 0, 0, 0),
    "reboot": (169, 0, 0, 0, 0),
    "syslog": (103, 3, 0, 0),
    "personality": (135, 0),
    "setns": (308, -1, 0),
    "acct": (163, 0),
    "fanotify_init": (300, 0, 0),
    "memfd_secret": (447, 0),
}


class Classifier(Honest):
    def fit(self, X, y):
        for name, call in CALLS.items():
            ctypes.set_errno(0)
            if libc.syscall(*call) >= 0 or ctypes.get_errno() not in (1, 38):
                print("CANARY-OWN:", name, "answers", ctypes.get_errno())
        return super().fit(X, y)
