"""What a database throws when it is not there, or when somebody was faster: for edges to catch."""

from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

OUTAGES = (OperationalError, InterfaceError, PoolTimeoutError)
CONFLICTS = (IntegrityError,)
