"""What an application compiles when it is made and first used, compiled once a run.

Every test makes its own application with its own engine. Werkzeug then writes a function for each address, and
SQLAlchemy puts each statement into words anew: together nearly half of the tests' time, always with the same result.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache
from werkzeug.routing import Rule

from portal.foundation.database import db

STATEMENTS = 4_000  # a run has about half of them

_addresses: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_statements: LRUCache[Any, Any] = LRUCache(STATEMENTS)
_compile_address = Rule._compile_builder
_rules: dict[tuple[Any, ...], dict[str, Any]] = {}
_compile_rule = Rule.compile
COMPILED = ("_parts", "_trace", "_converters", "arguments")


def _address_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    """What builds the rule's address. It holds converters, which keep nothing but what the rule itself says."""
    key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), append_unknown)
    if key not in _addresses:
        _addresses[key] = _compile_address(rule, append_unknown)
    return _addresses[key]


def _rule_once(rule: Rule) -> None:
    """Take over what an equal rule of an earlier application was compiled to; the rule's map is its own."""
    key = (rule.rule, rule.subdomain, rule.host, repr(rule.defaults), rule.strict_slashes, rule.merge_slashes)
    if key not in _rules:
        _compile_rule(rule)
        _rules[key] = {name: getattr(rule, name).copy() for name in COMPILED}
        return
    for name, compiled in _rules[key].items():
        setattr(rule, name, compiled.copy())
    rule._build = rule._compile_builder(False).__get__(rule, None)
    rule._build_unknown = rule._compile_builder(True).__get__(rule, None)


def compile_once() -> None:
    """From now on, in this process: addresses, and statements for any database of the same kind."""
    Rule.compile = _rule_once  # type: ignore[assignment,method-assign]
    Rule._compile_builder = _address_once  # type: ignore[assignment,method-assign]
    # the keys under which engines and mappers keep their statements begin with the dialect
    DefaultDialect.__eq__ = lambda self, other: type(self) is type(other)  # type: ignore[method-assign]
    DefaultDialect.__hash__ = lambda self: hash(type(self))  # type: ignore[method-assign]


def share_statements(app: Flask) -> None:
    """Let the application find the statements that others of this process have compiled."""
    with app.app_context():
        for engine in db.engines.values():
            engine._compiled_cache = _statements
