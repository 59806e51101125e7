"""Pages that are made from the package when the site is built (a hook of mkdocs): the command line, and the records' columns."""

import contextlib
import io
import os
from unittest import mock

import pyarrow as pa
import tyro
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from pygments.formatters import HtmlFormatter

from sparring.cli.commands import COMMANDS
from sparring.cli.main import DESCRIPTION
from sparring.data.records import COLUMNS

HELP_COLUMNS = 104
PAGE_CSS = """
.wy-nav-content { max-width: 1100px; }
.wy-table-responsive table td, .wy-table-responsive table th { white-space: normal; }
.rst-content pre { font-size: 12px; overflow-x: auto; }
.rst-content .highlight pre { border: 0; margin: 0; }
"""
COMMAND_LINE = """# Command line

What `sparring COMMAND --help` says. Exit status: 0 all is well, 1 an error, 2 impossible settings, 130 interrupted.

"""
RECORDS = """# Records

A row is an attempt. Stages, tests and cross-play have the same columns; a shard is a Parquet file of one wave. The schema
holds the meaning of every column as well. Read a stage with `sparring.data.store.read_stage`, or any Parquet reader:
`datasets.load_dataset("parquet", data_files="runs/demo/stages/*/*.parquet")` decodes the pictures.

Columns that no player sees are marked so: training reads only those of `sparring.game.experience.COLUMNS`.

"""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Adds what is made."""
    made = {
        "command-line.md": command_line(),
        "records.md": records(),
        "style/code.css": HtmlFormatter(style="default").get_style_defs(".highlight"),
        "style/page.css": PAGE_CSS,
    }
    for name, content in made.items():
        files.append(File.generated(config, name, content=content))
    return files


def command_line() -> str:
    """The help of every command, in the order of `sparring --help`."""
    parts = [COMMAND_LINE, f"```text\n{help_of()}```\n"]
    parts += [f"\n## sparring {name}\n\n```text\n{help_of(name)}```\n" for name in COMMANDS]
    return "".join(parts)


def help_of(*command: str) -> str:
    """What is printed for `--help`, without colours."""
    printed, plain = io.StringIO(), {"COLUMNS": str(HELP_COLUMNS), "NO_COLOR": "1", "TERM": "dumb"}
    with mock.patch.dict(os.environ, plain), contextlib.redirect_stdout(printed), contextlib.suppress(SystemExit):
        tyro.extras.subcommand_cli_from_dict(COMMANDS, prog="sparring", description=DESCRIPTION, args=[*command, "--help"])
    return "\n".join(line.rstrip() for line in printed.getvalue().splitlines()).strip("\n") + "\n"


def records() -> str:
    """All columns with their types and meanings."""
    rows = [f"| `{name}` | {_type_name(kind)} | {meaning} |\n" for name, (kind, meaning) in COLUMNS.items()]
    return RECORDS + "| column | type | meaning |\n|---|---|---|\n" + "".join(rows)


def _type_name(kind: pa.DataType) -> str:
    return "picture (PNG)" if pa.types.is_struct(kind) else str(kind).replace("<item: ", " of ").replace(">", "")
