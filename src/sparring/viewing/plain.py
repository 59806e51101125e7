"""A report as Markdown: words and tables, for a terminal, a pull request, a log."""

from sparring.evaluation.markdown import markdown
from sparring.viewing.document import Chart, Commands, Document, Gallery, Grid, Listed, Part, Section, Table, Text


def as_markdown(document: Document) -> str:
    """The whole report."""
    parts = [f"# {document.title}", document.headline, *(as_lines(section) for section in document.sections)]
    return "\n\n".join(part for part in parts if part) + "\n"


def as_lines(section: Section) -> str:
    """One section."""
    told = [part for part in map(_told, section.parts) if part]
    return "\n\n".join([f"{'#' * section.level} {section.title}", *told]) if told else ""


def _told(part: Part) -> str:
    match part:
        case Text(words):
            return words
        case Commands(lines):
            return "\n".join(["```sh", *lines, "```"])
        case Listed(points):
            return "\n".join(f"- {point}" for point in points)
        case Table(caption, rows):
            return "\n\n".join(filter(None, (caption, markdown(rows))))
        case Grid():
            return "\n\n".join((part.caption, markdown(part.as_rows())))
        case Chart() if part.kind == "bars":
            return "\n\n".join((part.caption, markdown(part.rows())))
        case Chart() | Gallery():
            return ""
