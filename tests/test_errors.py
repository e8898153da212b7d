"""Errors stand in one file, and its tree shows each of them."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path

from promo_reports import errors

PACKAGE = Path(errors.__file__).parent
TREE = inspect.getdoc(errors) or ""
ERRORS = {
    name: each
    for name, each in vars(errors).items()
    if inspect.isclass(each) and issubclass(each, errors.PromoReportsError)
}


def test_no_other_module_defines_an_error_of_the_product() -> None:
    elsewhere = {
        f"{path.relative_to(PACKAGE)}: {node.name}"
        for path in PACKAGE.rglob("*.py")
        if path.name != "errors.py"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and ERRORS.keys() & {ast.unparse(base).split(".")[-1] for base in node.bases}
    }
    assert elsewhere == set()


def test_the_tree_shows_every_error_below_its_base() -> None:
    path: dict[int, str] = {}
    shown: dict[str, str] = {}
    for line in TREE.splitlines():
        name = line.lstrip(" │├└─")
        depth = len(line) - len(name)
        names = [word for word in name.split("  ")[0].split(", ") if word in ERRORS]
        if not names:
            continue
        path[depth] = names[0]
        base = path[max((each for each in path if each < depth), default=depth)]
        shown |= dict.fromkeys(names, base)
    assert shown.pop("PromoReportsError") == "PromoReportsError"
    assert shown == {name: each.__bases__[0].__name__ for name, each in ERRORS.items() if name in shown}
    assert shown.keys() | {"PromoReportsError"} == ERRORS.keys()
