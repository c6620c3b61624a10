"""YAML as Docker Compose reads it."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from loadstone.errors import SpecError

__all__ = ["loaded"]


def loaded(text: str, path: Path) -> object:
    """The document. Raises SpecError with the line where it is none."""
    try:
        document: object = yaml.load(text, _Loader)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{path}:{mark.line + 1}" if mark is not None else str(path)
        what = getattr(error, "problem", None) or type(error).__name__
        raise SpecError(f"{where}: this is no YAML: {what}") from None
    return document


class _Loader(yaml.SafeLoader):
    """YAML as Compose reads it: ``22:22`` is no number in base 60, and a tag (``!reset``) does not stop the reading."""


_Loader.yaml_implicit_resolvers = {
    letter: [
        (tag, pattern) for tag, pattern in pairs if tag not in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
    ]
    for letter, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"[-+]?[0-9]+$"), list("-+0123456789"))


def _tagged(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return None


_Loader.add_multi_constructor("!", _tagged)
