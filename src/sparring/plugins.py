"""What other packages add: adversaries, object families, trunks, stability tests.

A package says so in its metadata, and its module is imported wherever sparring runs, on every worker and in every cell, so that
the rows that it adds to our tables are known there:

    [project.entry-points."sparring.plugins"]
    poke = "my_package.poke"
"""

from functools import cache
from importlib.metadata import entry_points

from sparring.errors import ConfigError

GROUP = "sparring.plugins"


@cache
def load_plugins() -> tuple[str, ...]:
    """Imports what installed packages add, once a process; their names.

    Raises:
        ConfigError: one of them cannot be imported.
    """
    names: list[str] = []
    for plugin in sorted(entry_points(group=GROUP), key=lambda one: one.name):
        try:
            plugin.load()
        except Exception as error:  # a plugin may raise anything
            told = f"the plugin {plugin.name!r} ({plugin.value}) cannot be imported ({type(error).__name__}: {error})"
            raise ConfigError(f"{told}; mend it or uninstall it") from error
        names.append(plugin.name)
    return tuple(names)
