"""Tasks of organisers and operators: ``fab --list``.

The lines of the original manual (``fab add_problem:iris``) work as well as today's spelling
(``fab add-problem iris``); ``python manage.py`` has the same commands.
"""

from databoard.cli.catalogue import ACTIONS
from databoard.cli.tasks import as_tasks
from databoard.cli.translation import accept_fabric1_syntax

globals().update(as_tasks(ACTIONS))

accept_fabric1_syntax(globals())  # the last line: it reads the tasks above
