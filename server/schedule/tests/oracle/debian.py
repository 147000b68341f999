"""The main loop of Debian's cron, minute by minute: which jobs its `find_jobs` finds, and when.

It shares nothing with the Rust code: no search, no intervals, no bit sets, and Python's own reading of the time zones.
"""

NAMES = {
    3: "jan feb mar apr may jun jul aug sep oct nov dec".split(),
    4: "sun mon tue wed thu fri sat".split(),
}
BOUNDS = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)]
THREE_HOURS = 3 * 60


class Job:
    """A line of a crontab."""

    def __init__(self, expression):
        fields = expression.lower().split()
        minute, hour, dom, month, dow = (self._numbers(i, field) for i, field in enumerate(fields))
        self.minute, self.hour, self.dom, self.month = minute, hour, dom, month
        self.dow = {number % 7 for number in dow}
        self.is_wild = fields[0].startswith("*") or fields[1].startswith("*")
        self.both_days = fields[2].startswith("*") or fields[4].startswith("*")

    @staticmethod
    def _numbers(index, field):
        low, high = BOUNDS[index]
        names = NAMES.get(index, [])

        def number(text):
            return names.index(text) + low if text in names else int(text)

        numbers = set()
        for item in field.split(","):
            span, _, step = item.partition("/")
            first, _, last = span.partition("-")
            if span == "*":
                first, last = low, high
            else:
                first, last = number(first), number(last or first)
            numbers.update(range(first, last + 1, int(step or 1)))
        return numbers

    def matches(self, local):
        """Whether it is for this minute of a clock on the wall: a tuple as from `fields_of`."""
        minute, hour, day, month, weekday = local
        if minute not in self.minute or hour not in self.hour or month not in self.month:
            return False
        if self.both_days:
            return day in self.dom and weekday in self.dow
        return day in self.dom or weekday in self.dow


def fields_of(local):
    return local.minute, local.hour, local.day, local.month, local.isoweekday() % 7


def fires(job, clock):
    """When a job runs. `clock` gives for each minute (its time in seconds, the count of minutes on the wall, fields of it).

    The count of minutes does not know of daylight saving, so it jumps with the clocks on the wall.
    """
    virtual = None
    found = []
    for time, running, fields, at in clock:
        difference = 1 if virtual is None else running - virtual
        wild = fixed = False
        if difference == 1:
            virtual = running
            wild = fixed = job.matches(fields)
        elif 0 < difference <= THREE_HOURS:
            # Forward, by some minutes or by daylight saving: fixed jobs for each minute that is missed.
            wild = job.matches(fields)
            while virtual < running:
                virtual += 1
                fixed = fixed or job.matches(at(virtual))
        elif -THREE_HOURS < difference <= 0:
            # Back: the virtual time waits.
            wild = job.matches(fields)
        else:
            virtual = running
            wild = fixed = job.matches(fields)
        if wild and job.is_wild or fixed and not job.is_wild:
            found.append(time)
    return found
