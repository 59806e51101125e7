"""Tables in Markdown."""

Table = tuple[list[str], list[list[str]]]
"""A header and rows."""


def markdown(table: Table) -> str:
    """The table as Markdown."""
    header, body = table
    if not body:
        return "Nothing yet."
    lines = [header, ["---"] * len(header), *body]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
