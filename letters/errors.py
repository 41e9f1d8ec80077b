"""What can go wrong with letters, each with a code and words in both languages.

A `Problem` belongs to one letter and holds it back; a `LettersError` belongs to the whole job
and stops it. Neither carries a traceback or a library's message to the reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from letters.manifest import ManifestRow


@dataclass(frozen=True, slots=True)
class Problem:
    """Why one letter cannot be printed.

    `field` is the dotted path of the datum at fault ("total", "items[2].principal", "firm.name"),
    empty where no single field is to blame.
    """

    code: str
    field: str
    message_en: str
    message_zh: str

    def message(self, locale: str) -> str:
        """The words for a locale: Chinese for any tag that begins with "zh", else English."""
        return self.message_zh if locale.lower().startswith("zh") else self.message_en


class LettersError(Exception):
    """Stops a whole job: unknown template, unreadable data, fonts not installed, nothing to print."""

    def __init__(self, code: str, message_en: str, message_zh: str, field: str = "") -> None:
        super().__init__(message_en)
        self.code = code
        self.field = field
        self.message_en = message_en
        self.message_zh = message_zh

    def __reduce__(self) -> tuple[object, ...]:
        """It comes whole out of a worker process."""
        return _again, (type(self), self.args, self.__dict__)


def _again(kind: type[LettersError], args: tuple[object, ...], facts: dict[str, object]) -> LettersError:
    error = kind.__new__(kind)
    error.args = args
    error.__dict__.update(facts)
    return error


class UnknownTemplate(LettersError):
    """No template folder of that name."""


class TemplateFault(LettersError):
    """The template itself is at fault: a field it does not declare, broken markup, a missing asset."""


class FontsMissing(LettersError):
    """No Song face, or no HarfBuzz subsetter, on this machine; the message names the package."""


class DataFault(LettersError):
    """A data file that cannot be read as a letter job."""


class NothingToPrint(LettersError):
    """No letter of the job is left to print, or one is held where all were asked for.

    `rows` are the manifest rows, with the reasons.
    """

    def __init__(self, code: str, message_en: str, message_zh: str, rows: list[ManifestRow]) -> None:
        super().__init__(code, message_en, message_zh)
        self.rows = rows


class Stopped(LettersError):
    """The caller asked the job to stop; no file was written."""

    def __init__(self) -> None:
        super().__init__(
            "letters.stopped", "The job was stopped before the file was written.", "任务已停止，文件未生成。"
        )
