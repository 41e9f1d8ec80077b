"""What is wrong with a template and where: file and line, in both languages."""

from __future__ import annotations

from dataclasses import dataclass

from letters.errors import Problem, TemplateFault


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a template. `line` counts from 1, 0 is the file as a whole; `name` is the field at fault,
    where it is one."""

    code: str
    file: str
    line: int
    message_en: str
    message_zh: str
    name: str = ""

    @property
    def place(self) -> str:
        """template.html:12."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def problem(self) -> Problem:
        """As a problem whose field is the place."""
        return Problem(self.code, self.place, f"{self.place}: {self.message_en}", f"{self.place}：{self.message_zh}")

    def fault(self, template: str) -> TemplateFault:
        """As the error that a template with it cannot be loaded."""
        return TemplateFault(
            self.code,
            f"Template {template}, {self.place}: {self.message_en}.",
            f"模板 {template}，{self.place}：{self.message_zh}。",
            field=self.name,
        )
