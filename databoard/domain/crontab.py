"""How often a line of a crontab runs."""

from __future__ import annotations

import re
from datetime import timedelta

_UNITS = {"m": "minutes", "min": "minutes", "h": "hours", "d": "days"}
_LINE = re.compile(r"^(\S+ \S+ \S+ \S+ \S+)(\s+.*\brun-task {task} .*)$", re.MULTILINE)
#: Minute of the hour: not the full one, at which everybody's tasks begin.
MINUTE = 7


def parse_interval(text: str) -> timedelta:
    """Read an interval as people write it.

    Raises
    ------
    ValueError
        If it is none.

    >>> parse_interval("30m"), parse_interval("90d").days
    (datetime.timedelta(seconds=1800), 90)
    """
    found = re.fullmatch(r"([1-9][0-9]{0,4})\s*(m|min|h|d)", text.strip())
    if found is None:
        raise ValueError(f"{text!r} is no interval; write for instance 30m, 1h or 90d.")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def schedule(interval: timedelta) -> str:
    """Write an interval as the five fields of a crontab.

    Raises
    ------
    ValueError
        If no crontab can say it: it must divide the hour or the day.

    >>> schedule(timedelta(minutes=15)), schedule(timedelta(hours=1)), schedule(timedelta(days=1))
    ('*/15 * * * *', '7 * * * *', '7 0 * * *')
    """
    minutes = int(interval.total_seconds() // 60)
    hours, rest = divmod(minutes, 60)
    if 0 < minutes < 60 and 60 % minutes == 0:
        return f"*/{minutes} * * * *"
    if minutes == 60:
        return f"{MINUTE} * * * *"
    if not rest and 1 < hours < 24 and 24 % hours == 0:
        return f"{MINUTE} */{hours} * * *"
    if minutes == 24 * 60:
        return f"{MINUTE} 0 * * *"
    raise ValueError(
        "A crontab can say minutes that divide an hour, hours that divide a day, or 1d."
    )


def interval_of(crontab: str, task: str) -> timedelta | None:
    """Tell how often a task runs; None if it has no line, or one that nobody here wrote.

    >>> interval_of("7 */6 * * *  x run-task backup -- y", "backup")
    datetime.timedelta(seconds=21600)
    """
    found = _line(task).search(crontab)
    if found is None:
        return None
    minute, hour, day, month, weekday = found[1].split()
    if (day, month) != ("*", "*"):
        return None
    if weekday != "*":
        is_weekly = minute.isdigit() and hour.isdigit() and weekday.isdigit()
        return timedelta(days=7) if is_weekly else None
    if minute.startswith("*/") and hour == "*":
        return timedelta(minutes=int(minute[2:]))
    if not minute.isdigit():
        return None
    if hour == "*":
        return timedelta(hours=1)
    if hour.startswith("*/"):
        return timedelta(hours=int(hour[2:]))
    return timedelta(days=1) if hour.isdigit() else None


def with_interval(crontab: str, task: str, interval: timedelta) -> str:
    """Change how often a task runs.

    Raises
    ------
    ValueError
        If there is no line of this task, or no crontab can say the interval.
    """
    fields = schedule(interval)
    changed, number = _line(task).subn(lambda line: fields + line[2], crontab)
    if number != 1:
        raise ValueError(f"The crontab has {number} lines that run the task {task}, not 1.")
    return changed


def _line(task: str) -> re.Pattern[str]:
    return re.compile(_LINE.pattern.replace("{task}", re.escape(task)), re.MULTILINE)


def tasks_of(crontab: str) -> dict[str, timedelta | None]:
    """Name the tasks of a crontab, and how often each runs.

    >>> list(tasks_of("7 0 * * *  x run-task backup -- y"))
    ['backup']
    """
    names = re.findall(r"^[^#\n].*\brun-task (\S+) ", crontab, re.MULTILINE)
    return {name: interval_of(crontab, name) for name in names}
