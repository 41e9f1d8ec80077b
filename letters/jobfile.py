"""Reading a letter job from a JSON file (the form of reference/letters_sample.json)."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, NoReturn

from letters.errors import DataFault


def read_job(path: Path) -> tuple[str, dict[str, Any], list[Any]]:
    """Template name, head and letters of a data file; numbers with a point come as Decimal, never float.

    DataFault says in one sentence what is wrong with the file.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise _fault(f"{path.name} cannot be read: {error.strerror}", f"无法读取 {path.name}") from None
    except UnicodeDecodeError as error:
        raise _fault(
            f"{path.name} is not UTF-8 text (byte {error.start + 1})",
            f"{path.name} 不是 UTF-8 编码（第 {error.start + 1} 字节）",
        ) from None
    if not text.strip():
        raise _fault(f"{path.name} is empty", f"{path.name} 是空文件")
    try:
        job = json.loads(text, parse_float=Decimal, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise _fault(
            f"{path.name} is not valid JSON: {error.msg} ({where})",
            f"{path.name} 不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）",
        ) from None
    except (ValueError, RecursionError):
        raise _fault(f"{path.name} is not valid JSON", f"{path.name} 不是有效的 JSON") from None
    return _parts_of(job, path.name)


def _parts_of(job: Any, name: str) -> tuple[str, dict[str, Any], list[Any]]:
    if not isinstance(job, dict):
        raise _fault(f"{name} must hold one JSON object", f"{name} 应包含一个 JSON 对象")
    template, letters = job.get("template"), job.get("letters")
    if not isinstance(template, str):
        raise _fault(f'{name} names no template (field "template")', f"{name} 未指定模板（字段 template）")
    if not isinstance(letters, list):
        raise _fault(f'{name} has no list of letters (field "letters")', f"{name} 缺少函件列表（字段 letters）")
    return template, {key: value for key, value in job.items() if key not in ("template", "letters")}, letters


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _fault(en: str, zh: str) -> DataFault:
    return DataFault("letters.data", en + ".", zh + "。")
