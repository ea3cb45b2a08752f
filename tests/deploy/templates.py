"""The stacks' templates as data: functions in their long form, conditions left open."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from cfnlint.decode import decode_str

from deploy import stacks

Template = dict[str, Any]
NAMES = (*stacks.ORDER, *stacks.BESIDES, stacks.DEPLOYER)


def text_of(name: str) -> str:
    return (stacks.INFRA / f"{name}.yaml").read_text()


def parse(text: str) -> Template:
    """Raises ValueError for what is no template."""
    template, errors = decode_str(text)
    if errors or template is None:
        raise ValueError(str(errors))
    return dict(template)


def of_type(template: Template, *kinds: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Resources of these types, by their logical names."""
    for name, resource in template["Resources"].items():
        if resource["Type"] in kinds:
            yield name, resource


def properties(resource: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = resource.get("Properties", {})
    return found


def at(tree: Any, path: str) -> Any:
    """What stands at a.b.c; None where nothing does. Of `Fn::If` what holds outside of local."""
    for key in path.split("."):
        tree = abroad(tree)
        if not isinstance(tree, dict):
            return None
        tree = tree.get(key)
    return abroad(tree)


# Conditions of which one branch is what a stack on AWS has once it is whole.
_ABROAD = {"Local": 2, "IsGuarded": 1}


def abroad(tree: Any) -> Any:
    """The branch of `!If [Local, ..., ...]` that counts on AWS; anything else as it is."""
    if isinstance(tree, dict) and list(tree) == ["Fn::If"] and tree["Fn::If"][0] in _ABROAD:
        return tree["Fn::If"][_ABROAD[tree["Fn::If"][0]]]
    return tree


def walk(tree: Any) -> Iterator[Any]:
    """Every value inside, itself first."""
    yield tree
    inside = tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ()
    for each in inside:
        yield from walk(each)


def statements(template: Template) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every policy, with the name of the resource that has it."""
    for name, resource in template["Resources"].items():
        for each in walk(properties(resource)):
            if isinstance(each, dict) and "Effect" in each:
                yield name, each


def listed(value: Any) -> list[Any]:
    """As a list, of whose conditional parts those that a real stage has."""
    parts = value if isinstance(value, list) else [value]
    return [
        each["Fn::If"][1] if isinstance(each, dict) and "Fn::If" in each else each for each in parts
    ]


def written(value: Any) -> str:
    """A value as text, with ${…} for what only a stack knows."""
    if not isinstance(value, dict) or len(value) != 1:
        return str(value)
    ((function, inner),) = value.items()
    match function:
        case "Ref":
            found = f"${{{inner}}}"
        case "Fn::GetAtt":
            found = f"${{{'.'.join(listed(inner))}}}"
        case "Fn::Sub":
            found = str(listed(inner)[0])
        case "Fn::ImportValue":
            found = f"${{import {written(inner)}}}"
        case _:
            found = str(value)
    return found


def imports(template: Template) -> set[str]:
    return {
        written(each["Fn::ImportValue"])
        for each in walk(template)
        if isinstance(each, dict) and "Fn::ImportValue" in each
    }


def exports(template: Template) -> set[str]:
    outputs = template.get("Outputs", {}).values()
    return {written(each["Export"]["Name"]) for each in outputs if "Export" in each}


def matches(pattern: str, name: str) -> bool:
    """Whether a resource or an action of a policy covers a name; `*` stands for anything."""
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None
