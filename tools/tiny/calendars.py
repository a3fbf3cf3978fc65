"""Times of day, dates and weekdays."""

from random import Random

from problem import Problem, ending, opening, reply
from writer import Writer


def _at(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def _span(hours: int, minutes: int) -> str:
    h = f"{hours} hour" + ("s" if hours != 1 else "")
    m = f"{minutes} minute" + ("s" if minutes != 1 else "")
    return f"{h} and {m}" if hours and minutes else h if hours else m


def _less(w: Writer, a: int, b: int) -> bool:
    w.say(f"{a} to {b}: ")
    less = w.order(a, b) < 0
    w.say(". ")
    return less


def clock(rng: Random) -> Problem:
    return rng.choice((_after, _after, _before, _between))(rng)


def _after(rng: Random) -> Problem:
    start = rng.randrange(0, 24 * 60)
    hours, minutes = rng.randrange(0, 12), rng.randrange(1, 60)
    end = (start + hours * 60 + minutes) % 1440
    s, span = _at(start), _span(hours, minutes)
    question = rng.choice(
        (
            f"What time is it {span} after {s}?",
            f"It is {s}. What time will it be in {span}?",
            f"A film starts at {s} and lasts {span}. When does it end?",
            f"A train leaves at {s} and travels for {span}. When does it arrive?",
            f"Add {span} to {s}.",
            f"A lesson begins at {s} and takes {span}. At what time is it over?",
        )
    )

    def think(w: Writer) -> str:
        opening(w, f"go {span} on from {s}")
        h, m = divmod(start, 60)
        w.say("Minutes first: ", "The minutes: ")
        m = w.add(m, minutes)
        extra = hours
        w.say(". ")
        if not _less(w, m, 60):
            w.say("That is an hour more: ")
            m = w.sub(m, 60)
            extra += 1
            w.say(".")
        w.paragraph()
        w.say("Hours: ", "Now the hours: ")
        if hours and extra != hours:
            hour = w.eq(f"{hours} + 1", hours + 1)
            w.say(", ")
            h = w.add(h, hour)
        elif extra and not hours:
            w.say("one more. ")
            h = w.add(h, 1)
        elif extra:
            h = w.add(h, extra)
        else:
            w.say(f"still {h}")
        w.say(". ")
        if not _less(w, h, 24):
            w.say("It is past midnight: ")
            h = w.sub(h, 24)
            w.say(".")
        result = f"{h:02d}:{m:02d}"
        ending(w, result)
        return result

    return Problem("clock", f"{start}+{hours}:{minutes}", question, _at(end), reply(rng, _at(end)), think)


def _before(rng: Random) -> Problem:
    end = rng.randrange(0, 24 * 60)
    hours, minutes = rng.randrange(0, 12), rng.randrange(1, 60)
    start = (end - hours * 60 - minutes) % 1440
    e, span = _at(end), _span(hours, minutes)
    question = rng.choice(
        (
            f"What time was it {span} before {e}?",
            f"It is {e}. What time was it {span} ago?",
            f"A film ends at {e} and lasts {span}. When did it start?",
            f"A train arrives at {e} after {span}. When did it leave?",
            f"A cake that bakes for {span} is ready at {e}. When did it go in?",
        )
    )

    def think(w: Writer) -> str:
        opening(w, f"go {span} back from {e}")
        h, m = divmod(end, 60)
        w.say("Minutes first: ", "The minutes: ")
        back = hours
        if _less(w, m, minutes):
            w.say("I take an hour. ")
            m = w.add(m, 60)
            w.say(", ")
            back += 1
        m = w.sub(m, minutes)
        w.say(".")
        w.paragraph()
        w.say("Hours: ", "Now the hours: ")
        if back != hours:
            w.eq(f"{hours} + 1", back)
            w.say(". ")
        if _less(w, h, back):
            w.say("It was the day before. ")
            h = w.add(h, 24)
            w.say(", ")
        h = w.sub(h, back) if back else h
        if not back:
            w.say(f"still {h}")
        w.say(".")
        result = f"{h:02d}:{m:02d}"
        ending(w, result)
        return result

    return Problem("clock", f"{end}-{hours}:{minutes}", question, _at(start), reply(rng, _at(start)), think)


def _between(rng: Random) -> Problem:
    start = rng.randrange(0, 22 * 60)
    end = rng.randrange(start + 2, min(start + 14 * 60, 1440))
    s, e = _at(start), _at(end)
    hours, minutes = divmod(end - start, 60)
    answer = _span(hours, minutes)
    question = rng.choice(
        (
            f"How long is it from {s} to {e}?",
            f"How much time passes between {s} and {e}?",
            f"A shop is open from {s} to {e}. How long is that?",
            f"A train leaves at {s} and arrives at {e}. How long does it take?",
            f"What is the time between {s} and {e} in hours and minutes?",
        )
    )

    def think(w: Writer) -> str:
        opening(w, f"find the time from {s} to {e}")
        (h, m), (k, n) = divmod(start, 60), divmod(end, 60)
        w.say("Minutes first: ", "The minutes: ")
        if _less(w, n, m):
            w.say("I take an hour. ")
            n = w.add(n, 60)
            w.say(", ")
            k -= 1
        left = w.sub(n, m)
        w.say(".")
        w.paragraph()
        w.say("Hours: ", "Now the hours: ")
        if k != end // 60:
            k = w.eq(f"{end // 60} - 1", end // 60 - 1)
            w.say(", ")
        hour = w.sub(k, h)
        w.say(".")
        result = _span(hour, left)
        ending(w, result)
        return result

    return Problem("clock", f"{start}~{end}", question, answer, reply(rng, answer), think)


MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December")
LENGTHS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
WEEK = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def date(rng: Random) -> Problem:
    return rng.choice((_days_after, _days_between, _days_between, _weekday))(rng)


def _day(rng: Random, month: int) -> int:
    return rng.randrange(1, LENGTHS[month] + 1)


def _days_after(rng: Random) -> Problem:
    while True:
        month, n = rng.randrange(12), rng.randrange(3, 100)
        day = _day(rng, month)
        if sum(LENGTHS[:month]) + day + n <= 365:
            break
    m, d = month, day + n
    while d > LENGTHS[m]:
        d -= LENGTHS[m]
        m += 1
    answer = f"{MONTHS[m]} {d}"
    start = f"{MONTHS[month]} {day}"
    question = rng.choice(
        (
            f"What date is {n} days after {start}?",
            f"Which date is {n} days after {start}?",
            f"Today is {start}. What is the date in {n} days?",
            f"A trip starts on {start} and ends {n} days later. On which date does it end?",
            f"Add {n} days to {start}.",
        )
    )
    if month <= 1 and m >= 1:
        question += rng.choice((" It is not a leap year.", ""))

    def think(w: Writer) -> str:
        opening(w, f"go {n} days on from {start}")
        x, at = w.add(day, n), month
        w.say(". ")
        while True:
            w.say(f"{MONTHS[at]} has {LENGTHS[at]} days. {x} to {LENGTHS[at]}: ")
            if w.order(x, LENGTHS[at]) <= 0:
                break
            w.say(". ")
            x, at = w.sub(x, LENGTHS[at]), (at + 1) % 12
            w.say(f", now in {MONTHS[at]}. ")
        w.say(f". So {x} is in {MONTHS[at]}.")
        result = f"{MONTHS[at]} {x}"
        ending(w, result)
        return result

    return Problem("date", f"{month + 1}/{day}+{n}", question, answer, reply(rng, answer), think)


def _days_between(rng: Random) -> Problem:
    month = rng.randrange(12)
    later = min(11, month + rng.randrange(0, 4))
    a, b = _day(rng, month), _day(rng, later)
    if later == month:
        a, b = min(a, b), max(a, b)
        if a == b:
            a, b = 2, 2 + b % 20 + 1
    days = sum(LENGTHS[month:later]) + b - a
    start, end = f"{MONTHS[month]} {a}", f"{MONTHS[later]} {b}"
    question = rng.choice((f"How many days is it from {start} to {end}?", f"How many days are there between {start} and {end}?", f"It is {start}. How many days is it until {end}?"))
    if month <= 1 and later >= 2:
        question += rng.choice((" It is not a leap year.", ""))

    def think(w: Writer) -> str:
        opening(w, f"count the days from {start} to {end}")
        w.say(f"It begins in {MONTHS[month]} and ends in {MONTHS[later]}, " + ("not the same month. " if month != later else "the same month. "))
        if month == later:
            x = w.sub(b, a)
        else:
            w.say(f"{MONTHS[month]} has {LENGTHS[month]} days, so to its end: ")
            x = w.sub(LENGTHS[month], a)
            w.say(". ")
            for at in range(month + 1, later):
                w.say(f"Next: {MONTHS[at]}. It ends in {MONTHS[later]}, not there yet, so all {LENGTHS[at]} days: ")
                x = w.add(x, LENGTHS[at])
                w.say(". ")
            w.say(f"Next: {MONTHS[later]}. It ends in {MONTHS[later]}, here, so {b} day{'s' if b > 1 else ''}: ")
            x = w.add(x, b)
        w.say(".")
        ending(w, str(x))
        return str(x)

    return Problem("date", f"{month + 1}/{a}~{later + 1}/{b}", question, str(days), reply(rng, str(days)), think)


def _weekday(rng: Random) -> Problem:
    today, n = rng.randrange(7), rng.randrange(2, 200)
    answer = WEEK[(today + n) % 7]
    question = rng.choice(
        (
            f"Today is {WEEK[today]}. What day of the week is it in {n} days?",
            f"What weekday is {n} days after a {WEEK[today]}?",
            f"If today is {WEEK[today]}, which day is it {n} days from now?",
        )
    )

    def think(w: Writer) -> str:
        opening(w, f"find the weekday {n} days after {WEEK[today]}")
        w.say("Every 7 days it is the same day again. ", "Weeks repeat after 7 days. ")
        _, r = w.divide(n, 7)
        if r:
            days = ", ".join(f"{i} {WEEK[(today + i) % 7]}" for i in range(1, r + 1))
            w.say(f", so {r} days after {WEEK[today]}: {days}." if r > 1 else f", so 1 day after {WEEK[today]}: {days}.")
        else:
            w.say(f", nothing left over, so it is {WEEK[today]} again.")
        result = WEEK[(today + r) % 7]
        ending(w, result)
        return result

    return Problem("date", f"{WEEK[today]}+{n}", question, answer, reply(rng, answer), think)
