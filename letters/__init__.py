"""The letter engine: from a template and data to letters a printer can print. No Flask, no database.

    template = load_template("lawyer-letter-zh")
    problems = check_letter(template, head, letter)
    pdf = render_single(template, head, letter)
    rows = render_print_file(template, head, letters, Path("pack.pdf"), workers=2)

See docs/letters.md.
"""

from letters.check import check_letter
from letters.content import content_hash
from letters.document import render_document
from letters.errors import (
    DataFault,
    FontsMissing,
    LettersError,
    NothingToPrint,
    Problem,
    Stopped,
    TemplateFault,
    UnknownTemplate,
)
from letters.inspection import check_template
from letters.manifest import ManifestRow, write_manifest_csv, write_manifest_xlsx
from letters.pictures import page_pictures
from letters.render import render_print_file, render_single
from letters.template import Template, load_template, template_names

__all__ = [
    "DataFault",
    "FontsMissing",
    "LettersError",
    "ManifestRow",
    "NothingToPrint",
    "Problem",
    "Stopped",
    "Template",
    "TemplateFault",
    "UnknownTemplate",
    "check_letter",
    "check_template",
    "content_hash",
    "load_template",
    "page_pictures",
    "render_document",
    "render_print_file",
    "render_single",
    "template_names",
    "write_manifest_csv",
    "write_manifest_xlsx",
]
