"""Tables in Markdown."""

from sparring.evaluation.statistics import PairedDifference, Rate

Table = tuple[list[str], list[list[str]]]
"""A header and rows."""


def markdown(table: Table) -> str:
    """The table as Markdown."""
    header, body = table
    if not body:
        return "Nothing yet."
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def percent(share: float) -> str:
    """A share in per cent."""
    return f"{100 * share:.1f} %"


def with_interval(rate: Rate) -> str:
    """A rate with its 95 % interval; empty when nothing was tried."""
    low, high = rate.interval
    return f"{percent(rate.rate)} ({percent(low)} to {percent(high)})" if rate.n else ""


def difference(found: PairedDifference) -> str:
    """A paired difference in percentage points with its interval and p."""
    return f"{100 * found.difference:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f}), p={found.p:.2g}"
