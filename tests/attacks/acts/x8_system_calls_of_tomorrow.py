"""Make the calls that kernels have learnt since the filter was written, or will learn."""
# expect: tested
import ctypes
import errno

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
# open_tree_attr and file_setattr are the first; what comes later nobody has seen.
FIRST, LAST = 467, 600


class Classifier(Honest):
    def fit(self, X, y):
        for number in range(FIRST, LAST):
            ctypes.set_errno(0)
            result = libc.syscall(number, -1, None, None, 0, 0, 0)
            if result != -1 or ctypes.get_errno() not in (errno.ENOSYS, errno.EPERM):
                print("CANARY-OWN: call", number, "answers", result, ctypes.get_errno())
        return super().fit(X, y)
