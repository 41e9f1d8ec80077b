"""The little of Jinja that a page may use: fields, conditions, loops over lists of the data. All else is refused.

There are no calls, macros, arithmetic, assignments or includes, so a page ends where its data ends and says nothing that
it was not given. Every name is looked up among the template's declared fields before any letter is printed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jinja2 import nodes

from letters.findings import Finding
from letters.names import LOOP, derived_names, has_subtotal
from letters.schema import Field

FILE = "template.html"
FILTERS = ("length", "join", "first", "last", "default", "e", "escape")
TESTS = ("defined", "undefined", "none", "odd", "even")
DEEPEST_LOOP = 2
"""How many loops may stand in one another: a list, and a list in it."""

_EXPRESSIONS = (
    nodes.Name, nodes.Const, nodes.TemplateData, nodes.Getattr, nodes.Getitem, nodes.Compare, nodes.Operand, nodes.And,
    nodes.Or, nodes.Not, nodes.CondExpr, nodes.Filter, nodes.Test, nodes.Tuple, nodes.List, nodes.Keyword,
)  # fmt: skip
_CALLED = {
    nodes.Include: "include", nodes.Import: "import", nodes.FromImport: "import", nodes.Extends: "extends",
    nodes.Macro: "macro", nodes.CallBlock: "call", nodes.FilterBlock: "filter", nodes.Assign: "set",
    nodes.AssignBlock: "set", nodes.Block: "block", nodes.With: "with", nodes.Call: "a call", nodes.Concat: "~",
    nodes.Slice: "a slice",
}  # fmt: skip


@dataclass(frozen=True)
class Listed:
    """The shape of a list: that of each of its members."""

    member: Shape


Leaf = None
Shape = Mapping[str, Any] | Listed | None
"""What is known of a value: members by name, a list, or something to print (None)."""


def data_shape(
    fields: Sequence[Field], tag: str, settings: Mapping[str, Any], citations: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """The shape of what the page of a template is given."""
    shape: dict[str, Any] = dict.fromkeys(derived_names(fields, tag), Leaf)
    for entry in fields:
        *parents, last = entry.name.split(".")
        place = shape
        for parent in parents:
            place = place.setdefault(parent, {})
        place[last] = _field_shape(entry)
    common = set.intersection(*(set(citation) for citation in citations)) if citations else set()
    return shape | {"settings": _value_shape(settings), "citations": Listed(dict.fromkeys(sorted(common)))}


def _field_shape(entry: Field) -> Shape:
    if entry.type == "texts":
        return Listed(Leaf)
    if entry.type != "list":
        return Leaf
    members: dict[str, Any] = {member.name: _field_shape(member) for member in entry.members}
    return Listed(members | ({"subtotal": Leaf} if has_subtotal(entry) else {}))


def _value_shape(value: object) -> Shape:
    if isinstance(value, Mapping):
        return {str(key): _value_shape(member) for key, member in value.items()}
    if isinstance(value, list):
        shapes = [_value_shape(member) for member in value]
        return Listed(shapes[0] if shapes else Leaf)
    return Leaf


def check_page(page: nodes.Template, shape: Mapping[str, Any]) -> list[Finding]:
    """What a parsed page does that it may not, and names that nobody declared, in the page's order."""
    reader = _Reader()
    reader.statements(page.body, dict(shape), 0)
    return reader.findings


def dotted(expression: nodes.Node) -> str:
    """The name of a field as it stands in the page (firm.seal), empty for anything that is not just a name."""
    if isinstance(expression, nodes.Name):
        return expression.name
    if isinstance(expression, nodes.Getattr) and (parent := dotted(expression.node)):
        return f"{parent}.{expression.attr}"
    return ""


class _Reader:
    """Walks a page with the names known at each place."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []

    def statements(self, body: Sequence[nodes.Node], scope: dict[str, Any], depth: int) -> None:
        """Output, conditions and loops."""
        for node in body:
            if isinstance(node, nodes.Output):
                for expression in node.nodes:
                    self._shape(expression, scope)
            elif isinstance(node, nodes.If):
                self._shape(node.test, scope)
                for part in (node.body, node.elif_, node.else_):
                    self.statements(part, scope, depth)
            elif isinstance(node, nodes.For):
                self._loop(node, scope, depth)
            else:
                self._refuse(node)

    def _loop(self, node: nodes.For, scope: dict[str, Any], depth: int) -> None:
        listed = self._shape(node.iter, scope)
        if depth >= DEEPEST_LOOP:
            self._add(node, "template.refused", f"more than {DEEPEST_LOOP} loops in one another", "循环嵌套过深")
        elif node.recursive:
            self._add(node, "template.refused", "a recursive loop is not allowed", "不允许递归循环")
        elif not isinstance(node.target, nodes.Name):
            self._add(node, "template.refused", "a loop has one name for each member", "循环只能使用一个变量名")
        elif not isinstance(listed, Listed):
            if not self.findings or self.findings[-1].line != node.iter.lineno:
                self._add(
                    node, "template.refused", "a loop goes over a list of the data only", "循环只能遍历数据中的列表"
                )
        else:
            inner = scope | {node.target.name: listed.member, "loop": dict.fromkeys(LOOP)}
            if node.test:
                self._shape(node.test, inner)
            self.statements(node.body, inner, depth + 1)
            self.statements(node.else_, scope, depth)

    def _shape(self, node: nodes.Node, scope: Mapping[str, Any]) -> Shape:
        """The shape of an expression; what is wrong in it is noted on the way."""
        if not isinstance(node, _EXPRESSIONS):
            self._refuse(node)
            return Leaf
        if isinstance(node, nodes.Name):
            if node.name not in scope:
                self._undefined(node, node.name, node.name)
                return Leaf
            found: Shape = scope[node.name]
            return found
        if isinstance(node, nodes.Getattr):
            return self._member(node, node.attr, self._shape(node.node, scope))
        if isinstance(node, nodes.Getitem):
            return self._item(node, self._shape(node.node, scope))
        if isinstance(node, nodes.Filter):
            return self._filter(node, scope)
        if isinstance(node, nodes.Test) and node.name not in TESTS:
            self._add(node, "template.refused", f"the test {node.name} is not allowed", f"不允许使用测试 {node.name}")
        for child in node.iter_child_nodes():
            self._shape(child, scope)
        return Leaf

    def _filter(self, node: nodes.Filter, scope: Mapping[str, Any]) -> Shape:
        if node.name not in FILTERS:
            self._add(
                node, "template.refused", f"the filter {node.name} is not allowed", f"不允许使用过滤器 {node.name}"
            )
            return Leaf
        if node.node is None:
            self._refuse(node)
            return Leaf
        shape = self._shape(node.node, scope)
        for argument in (*node.args, *(keyword.value for keyword in node.kwargs)):
            self._shape(argument, scope)
        if node.name in ("first", "last") and isinstance(shape, Listed):
            return shape.member
        return shape if node.name == "default" else Leaf

    def _item(self, node: nodes.Getitem, shape: Shape) -> Shape:
        key = node.arg.value if isinstance(node.arg, nodes.Const) else None
        if isinstance(key, str):
            return self._member(node, key, shape)
        if isinstance(key, int) and isinstance(shape, Listed):
            return shape.member
        self._add(node, "template.refused", "only a fixed place of a list may be asked for", "只能取列表中的固定位置")
        return Leaf

    def _member(self, node: nodes.Node, name: str, shape: Shape) -> Shape:
        if name.startswith("_"):
            self._add(node, "template.refused", f"the attribute {name} is not allowed", f"不允许访问属性 {name}")
        elif not isinstance(shape, Mapping) or name not in shape:
            if not self.findings or self.findings[-1].line != node.lineno:
                self._undefined(node, dotted(node) or name, name)
        else:
            member: Shape = shape[name]
            return member
        return Leaf

    def _undefined(self, node: nodes.Node, words: str, name: str) -> None:
        self._add(
            node,
            "template.undefined",
            f"uses the field {words}, which is not defined",
            f"使用了未定义的字段 {words}",
            name,
        )

    def _refuse(self, node: nodes.Node) -> None:
        words = next((word for kind, word in _CALLED.items() if isinstance(node, kind)), "") or getattr(
            node, "operator", type(node).__name__.lower()
        )
        self._add(node, "template.refused", f"{words} is not allowed in a page", f"页面中不允许使用 {words}")

    def _add(self, node: nodes.Node, code: str, en: str, zh: str, name: str = "") -> None:
        self.findings.append(Finding(code, FILE, node.lineno, en, zh, name))


EXPRESSION, FORK, OTHERWISE, JOIN = "\ue000", "\ue001", "\ue002", "\ue003"
"""What stands in `Skeleton.text` for an expression, and where a condition or a loop begins, turns and ends."""


class Skeleton:
    """A page without its Jinja: the markup that is always there, with marks where the rest goes.

    `expressions` are the expressions in the order of their marks; `line(offset)` says where in the file a place is.
    """

    def __init__(self, page: nodes.Template) -> None:
        self.expressions: list[nodes.Node] = []
        self._parts: list[str] = []
        self._lines: list[int] = []
        self._walk(page.body)
        self.text = "".join(self._parts)

    def line(self, offset: int) -> int:
        """The line of the file on which the character at an offset of `text` stands."""
        return self._lines[min(offset, len(self._lines) - 1)] if self._lines else 1

    def _walk(self, body: Sequence[nodes.Node]) -> None:
        for node in body:
            if isinstance(node, nodes.Output):
                for part in node.nodes:
                    if isinstance(part, nodes.TemplateData):
                        self._put(part.data, part.lineno)
                    else:
                        self.expressions.append(part)
                        self._put(EXPRESSION, part.lineno)
            else:
                bodies = [branch for branch in _bodies(node) if branch]
                for number, branch in enumerate(bodies):
                    self._put(OTHERWISE if number else FORK, node.lineno)
                    self._walk(branch)
                if bodies:
                    self._put(JOIN, node.lineno)

    def _put(self, text: str, line: int) -> None:
        self._parts.append(text)
        for character in text:
            self._lines.append(line)
            line += character == "\n"


def _bodies(node: nodes.Node) -> Iterator[list[nodes.Node]]:
    for name in ("body", "elif_", "else_"):
        part = getattr(node, name, None)
        if isinstance(part, list):
            yield part
