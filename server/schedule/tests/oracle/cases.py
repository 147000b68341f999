"""Prints cases for the Rust test: what two implementations of Debian's rules say of random schedules.

The first line is the folder of the time zones, each of the others is a case in JSON.

cases.py SEED COUNT
"""

import json
import random
import signal
import sys
from datetime import datetime, timedelta, timezone
from importlib import resources
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from debian import NAMES, BOUNDS, Job, fields_of, fires

EPOCH = datetime(1970, 1, 1)
MINUTE = timedelta(minutes=1)
# Jobs that are tried on the same days of the same zone: making a clock for them takes longer than asking one of them.
JOBS_A_CLOCK = 8
FIRST_YEAR, LAST_YEAR = 1990, 2037
PATIENCE_SECONDS = 20


def zones():
    """The zones whose clocks are set at times, with those times in seconds since 1970."""
    names = resources.files("tzdata").joinpath("zones").read_text().split()
    seen = set()
    for name in sorted(names):
        # Many names stand for one and the same zone.
        content = resources.files("tzdata").joinpath("zoneinfo", name).read_bytes()
        if content in seen:
            continue
        seen.add(content)
        zone = ZoneInfo(name)
        changes = list(changes_of(zone))
        if changes:
            yield name, zone, changes


def changes_of(zone):
    def offset(second):
        return datetime.fromtimestamp(second, timezone.utc).astimezone(zone).utcoffset()

    # Nowhere are clocks set and set back within this.
    fortnight = 14 * 86400
    start = int(datetime(FIRST_YEAR, 1, 1, tzinfo=timezone.utc).timestamp())
    end = int(datetime(LAST_YEAR, 12, 31, tzinfo=timezone.utc).timestamp())
    before = offset(start)
    for low in range(start, end, fortnight):
        high = low + fortnight
        after = offset(high)
        if after != before:
            while high - low > 1:
                middle = (low + high) // 2
                if offset(middle) == before:
                    low = middle
                else:
                    high = middle
            yield high
        before = after


def clock(zone, start, end):
    """What clocks on the wall show each minute from start to end, as `fires` wants it."""

    def at(count):
        return fields_of(EPOCH + count * MINUTE)

    minutes = []
    for second in range(start, end, 60):
        local = datetime.fromtimestamp(second, timezone.utc).astimezone(zone).replace(tzinfo=None)
        minutes.append((second, (local - EPOCH) // MINUTE, fields_of(local), at))
    return minutes


def number(random, index, low, high):
    value = random.randint(low, high)
    names = NAMES.get(index)
    if names and value - low < len(names) and random.random() < 0.3:
        name = names[value - BOUNDS[index][0]] if value - BOUNDS[index][0] < len(names) else str(value)
        return random.choice([name, name.upper(), name.capitalize()])
    return str(value)


def item(random, index, near):
    low, high = BOUNDS[index]
    kind = random.random()
    if kind < 0.15:
        return "*"
    if kind < 0.3:
        return f"*/{random.randint(1, high + 1)}"
    if kind < 0.5:
        first, last = sorted((random.randint(low, high), random.randint(low, high)))
        # No step if it is one number twice: cronsim reads 5-5/2 as 5-59/2.
        step = f"/{random.randint(1, 7)}" if first < last and random.random() < 0.5 else ""
        return f"{first}-{last}{step}"
    if kind < 0.8 and low <= near <= high:
        return str(near)
    return number(random, index, low, high)


def expression(random, local):
    """A random one, most of them with something to do about this time on the wall."""
    fields = []
    near = [local.minute, local.hour, local.day, local.month, local.isoweekday()]
    for index in range(5):
        if index >= 2 and random.random() < 0.55:
            fields.append("*")
            continue
        count = random.choice([1, 1, 1, 2, 3])
        fields.append(",".join(item(random, index, near[index]) for _ in range(count)))
    return " ".join(fields)


def excuse(minutes):
    """Why cronsim is not asked about these days: it does not know the rule, or tells times that the zone does not have."""
    for (_, before, _, _), (_, after, _, at) in zip(minutes, minutes[1:]):
        jump = after - before - 1
        if abs(jump) >= 180:
            return "set by three hours or more"
        if jump % 60 or jump and (before + 1) % 60:
            return "set by part of an hour, or not on the hour"
        if any(at(count)[:2] == (0, 0) for count in range(before + 1, after)):
            return "midnight is skipped"
    return None


class TooLong(Exception):
    """cronsim found nothing in a time in which it finds something in all of 50 years."""


def give_up(*_):
    raise TooLong


def cronsim(text, zone, start, end):
    """What cronsim says, without its repetitions: it tells the same time again for each one that was skipped."""
    found = []
    signal.setitimer(signal.ITIMER_REAL, PATIENCE_SECONDS)
    try:
        for time in CronSim(text, datetime.fromtimestamp(start - 1, timezone.utc).astimezone(zone)):
            second = int(time.timestamp())
            if second >= end:
                break
            if second not in found:
                found.append(second)
    except TooLong:
        return None
    except CronSimError:
        # What never fires.
        return []
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    return found


def main():
    seed, count = int(sys.argv[1]), int(sys.argv[2])
    rng = random.Random(seed)
    signal.signal(signal.SIGALRM, give_up)
    print(resources.files("tzdata").joinpath("zoneinfo"))
    everything = list(zones())
    for index in range(-(-count // JOBS_A_CLOCK)):
        name, zone, changes = everything[index % len(everything)]
        moment = rng.choice(changes)
        if rng.random() < 0.15:
            moment += rng.randint(10, 100) * 86400
        # A day before and a day after, to the minute.
        start, end = (moment - 86400) // 60 * 60, (moment + 86400) // 60 * 60
        minutes = clock(zone, start, end)
        excused = excuse(minutes)
        for _ in range(JOBS_A_CLOCK):
            near = datetime.fromtimestamp(moment + rng.randint(-7200, 7200), timezone.utc).astimezone(zone)
            text = expression(rng, near)
            case = {
                "expression": text,
                "zone": name,
                "start": start,
                "end": end,
                "debian": fires(Job(text), minutes),
                "cronsim": None if excused else cronsim(text, zone, start, end),
                "excuse": excused,
            }
            print(json.dumps(case))


if __name__ == "__main__":
    main()
