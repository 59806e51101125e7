"""Numbers in words: shares, rates with their intervals, differences, times."""

from sparring.evaluation.statistics import Rate


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.1f} %"


def with_interval(rate: Rate) -> str:
    """A rate with its 95 % interval; empty when nothing was tried."""
    low, high = rate.interval
    return f"{percent(rate.rate)} ({percent(low)} to {percent(high)})" if rate.n else ""


def with_n(rate: Rate) -> str:
    """A rate with its 95 % interval and n, in short."""
    low, high = rate.interval
    return f"{100 * rate.rate:.1f} % ({100 * low:.1f} to {100 * high:.1f}, n = {rate.n})"


def in_points(value: float, low: float, high: float, p: float | None) -> str:
    """A difference of shares in percentage points with its 95 % interval and, where it was tested, p."""
    mean, least, most = (f"{round(100 * share, 1) + 0.0:+.1f}" for share in (value, low, high))  # no -0.0
    told = f"{mean} ({least} to {most})"
    return told if p is None else f"{told}, p={p:.2g}"


def clock(seconds: float) -> str:
    """A duration as hours:minutes:seconds."""
    minutes, rest_s = divmod(int(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{rest_s:02}"
