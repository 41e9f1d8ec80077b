"""The letter engine: from a template and data to letters a printer can print. No Flask, no database.

    template = load_template("lawyer-letter-zh")
    problems = check_letter(template, head, letter)
    pdf = render_single(template, head, letter)
    rows = render_print_file(template, head, letters, Path("pack.pdf"), workers=2)

`letters.seal` is imported by whoever seals: what signs takes most of a second to load. See docs/letters.md.
"""

from letters.binding import Undrawable, bind, headings_in, on_sheets, pages_in
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
from letters.options import PrintOptions, in_postal_order
from letters.pictures import is_blank_png, is_drawable_png, page_pictures
from letters.pieces import write_whole
from letters.pixels import picture_size
from letters.render import render_print_file, render_single
from letters.sheets import write_labels, write_test_page
from letters.template import TEMPLATES, Template, load_template, template_names
from letters.validation_period import earliest_end
from letters.worker import single_name

__all__ = [
    "TEMPLATES",
    "DataFault",
    "FontsMissing",
    "LettersError",
    "ManifestRow",
    "NothingToPrint",
    "PrintOptions",
    "Problem",
    "Stopped",
    "Template",
    "TemplateFault",
    "Undrawable",
    "UnknownTemplate",
    "bind",
    "check_letter",
    "check_template",
    "content_hash",
    "earliest_end",
    "headings_in",
    "in_postal_order",
    "is_blank_png",
    "is_drawable_png",
    "load_template",
    "on_sheets",
    "page_pictures",
    "pages_in",
    "picture_size",
    "render_document",
    "render_print_file",
    "render_single",
    "single_name",
    "template_names",
    "write_labels",
    "write_manifest_csv",
    "write_manifest_xlsx",
    "write_test_page",
    "write_whole",
]
