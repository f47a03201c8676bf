"""Use shared memory, queues and semaphores that somebody else has made, by guessed numbers."""
# expect: tested
import ctypes
import errno

from honest import Honest

libc = ctypes.CDLL(None, use_errno=True)
INFO, STATUS_OF_ANY = 3, 15
CALLS = {"shmctl": 31, "semctl": 66, "msgctl": 71}


class Classifier(Honest):
    def fit(self, X, y):
        room = ctypes.create_string_buffer(512)
        for name, number in CALLS.items():
            if libc.syscall(number, 0, INFO, room, room) >= 0:
                print("CANARY-OWN:", name, "counts what there is")
        for number in range(8):
            ctypes.set_errno(0)
            libc.syscall(30, number, None, 0)
            if ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
                print("CANARY-OWN: shmat looks for", number)
        return super().fit(X, y)
