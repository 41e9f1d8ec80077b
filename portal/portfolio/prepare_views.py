"""Saying how a file that waits is to be read, with its first rows beside it; then trying or importing it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import redirect, render_template, request

from portal.foundation.database import db
from portal.foundation.errors import DomainError
from portal.foundation.forms import show_error
from portal.foundation.job_pages import shown_job
from portal.foundation.jobs.queries import job_about
from portal.foundation.language import _l, from_data, say
from portal.foundation.services import services
from portal.foundation.web import actor, say_flash
from portal.portfolio import labels, waiting
from portal.portfolio.changes import Report
from portal.portfolio.forms import PrepareForm, posted_editing
from portal.portfolio.intake import parse_profile, shipped_for, suggest
from portal.portfolio.intake.editing import EXTRA, IGNORE, Editing, OtherSource
from portal.portfolio.intake.layout import AMOUNTS, DAYS, LAYOUTS
from portal.portfolio.intake.notation import DATE_FORMS, NUMBER_FORMS
from portal.portfolio.intake.suggest import fitting
from portal.portfolio.masking import mask_field
from portal.portfolio.previewing import Preview, preview
from portal.portfolio.profiles import content_of, find, latest_versions, may_keep, save_profile

if TYPE_CHECKING:
    from collections.abc import Iterator

    from portal.foundation.job_pages import ShownJob
    from portal.portfolio.import_views import ImportPages
    from portal.portfolio.intake import MappingProfile
    from portal.portfolio.models import ImportRun
    from portal.portfolio.sample import Sample

__all__ = ["Preparing"]

SUGGESTED = "suggested"  # in place of a layout's name: what the header suggests
OWN = "own"  # what was chosen for this file only
_STEPS = ("show", "look", "layout", "save", "try", "import")


@dataclass
class Preparing:
    """One showing of the page."""

    pages: ImportPages
    run: ImportRun
    sample: Sample
    form: PrepareForm
    base: MappingProfile | None
    editing: Editing

    # --- what the page begins with ---

    @classmethod
    def opened(cls, pages: ImportPages, run: ImportRun) -> Preparing:
        """As the address says, as it was left, or as the header suggests."""
        sample = waiting.sample_of(run)
        asked = request.args.get("mapping", "")
        base = _asked(pages, run, asked) if asked else _chosen_before(pages, run) or _fitting(pages, sample)
        editing = _editing(sample, pages.kind.value, base)
        form = PrepareForm(formdata=None)
        form.show_editing(editing)
        form.sheet.data, form.encoding.data = sample.sheet, run.options.get("encoding")
        form.as_of.data = run.as_of
        form.control_count.data = run.options.get("control_count")
        form.control_total.data = run.options.get("control_total")
        return cls(pages, run, sample, form, base, editing)

    @classmethod
    def posted(cls, pages: ImportPages, run: ImportRun) -> Preparing:
        """As the person has it in the form."""
        sample = waiting.sample_of(run)
        base = _asked(pages, run, request.form.get("base", SUGGESTED))
        form = PrepareForm()
        editing = posted_editing(form, request.form, sample.header, pages.kind, base)
        return cls(pages, run, sample, form, base, editing)

    @property
    def base_name(self) -> str:
        """By which the form remembers what its editing began with."""
        if self.base is None:
            return SUGGESTED
        return OWN if self.base.name.startswith("once-") else self.base.label

    # --- steps ---

    def take_step(self, step: str) -> Any:
        """Do what the pressed button says; the page again where something is to be mended."""
        if step not in _STEPS or not self.form.validate():
            return self.page(), 422
        if step == "show":
            return self.page()
        try:
            return getattr(self, f"_{step}")()
        except DomainError as error:
            if error.status in (403, 404, 409):
                raise
            show_error(self.form, error)
            return self.page(), 422

    def _look(self) -> Any:
        sheet = self.form.sheet.data if len(self.sample.sheets) > 1 else None
        encoding = (self.form.encoding.data or "").strip() or None
        waiting.look_again(actor(), self.pages.kind, self.run.id, sheet or None, encoding)
        return self._again()

    def _layout(self) -> Any:
        self.base = _asked(self.pages, self.run, self.form.mapping.data or SUGGESTED)
        self.editing = _editing(self.sample, self.pages.kind.value, self.base)
        self.form.show_editing(self.editing)
        return self.page()

    def _save(self) -> Any:
        data = self.editing.data(self.pages.kind.value, self.base, keep_all=True)
        name = (self.form.profile_name.data or "").strip()
        if self.base is None or name != self.base.name:
            data["title"] = name
        self.base = save_profile(actor(), self.pages.kind, name, data, self.form.note.data or "")
        # From here on it is shown as it was kept, so that an import at once goes by its name.
        self.editing = _editing(self.sample, self.pages.kind.value, self.base)
        self.form.show_editing(self.editing)
        say_flash(say("The layout is kept as %(label)s.", label=self.base.label))
        return self.page()

    def _try(self) -> Any:
        waiting.try_first(actor(), self.pages.rules, self.run.id, self._choice())
        return self._again()

    def _import(self) -> Any:
        waiting.start(actor(), self.pages.rules, self.run.id, self._choice())
        return redirect(self.pages.url("import_run", run_id=self.run.id))

    def _again(self) -> Any:
        return redirect(self.pages.url("prepare_import", run_id=self.run.id))

    def _choice(self) -> waiting.Choice:
        """A known layout where nothing of it was changed, else one for this file only."""
        if self.base is not None and self.base_name != OWN and self.editing.is_as(self.base, self.sample.header):
            return self.form.choice(self.base.label, None)
        return self.form.choice("", self.editing.data(self.pages.kind.value, self.base))

    # --- the page ---

    def page(self) -> str:
        """All of it, from what stands in the form."""
        job = self._job()
        known = _known(self.pages)
        self.form.mapping.data = self.base_name
        self.form.offer([*known, (SUGGESTED, _l("suggested from the header")), *self._own()], self.sample.sheets)
        shown = self._preview()
        return render_template(
            "portfolio/prepare_import.html",
            pages=self.pages,
            run=self.run,
            sample=self.sample,
            form=self.form,
            base=self.base,
            base_name=self.base_name,
            editing=self.editing,
            samples=list(self._samples()),
            keeps_layouts=may_keep(actor()),
            layout=LAYOUTS[self.pages.kind.value],
            others=list(self._others()),
            missing=self._missing(),
            preview=shown,
            fits=self._fits(shown),
            job=job,
            trial=self.run.trial if job is None else None,
            trial_refusal=from_data(self.run.trial["refusal"])
            if self.run.trial and self.run.trial["refusal"]
            else None,
            report=Report.of(self.run.trial["changes"]) if self.run.trial else None,
            labels=labels,
            date_forms=DATE_FORMS,
            number_forms=list(NUMBER_FORMS),
            days=DAYS,
            amounts=AMOUNTS,
            choices=sorted(self.base.as_of_choices) if self.base else [],
            extra=EXTRA,
            ignore=IGNORE,
        )

    def _own(self) -> list[tuple[str, Any]]:
        return [(OWN, _l("for this file only"))] if self.base_name == OWN else []

    def _fits(self, shown: Preview) -> bool:
        """A known layout reads every column, so that the table of columns need not be in sight."""
        untouched = self.base is not None and self.editing.is_as(self.base, self.sample.header)
        return untouched and shown.problem is None and not shown.unknown_columns and not self.form.errors

    def _preview(self) -> Preview:
        if self.sample.trouble is not None:
            return Preview(problem=self.sample.trouble)
        try:
            data = self.editing.data(self.pages.kind.value, self.base)
            profile = parse_profile(content_of({"name": "shown", "version": 1} | data | {"name": "shown"}))
        except DomainError as error:
            return Preview(problem=error.message)
        return preview(
            db.session(),
            self.pages.rules,
            self.sample,
            profile,
            as_of=self.form.as_of.data,
            today=services().clock.today(),
            organisation_id=self.run.organisation_id,
        )

    def _job(self) -> ShownJob | None:
        key = f"run-{self.run.id}-{self.run.options.get('trials', 0)}"
        job = job_about(db.session(), actor(), f"trial.{self.pages.kind.value}", key)
        return shown_job(actor(), job) if job is not None and self.run.trial is None else None

    def _samples(self) -> Iterator[str]:
        """The first values of each column, masked as the field that it feeds or that its header suggests."""
        suggested = {
            column: name for name, column in suggest(self.sample.header, self.pages.kind.value).columns.items()
        }
        for place, use in enumerate(self.editing.columns):
            name = suggested.get(use.column) or ("" if use.use in (EXTRA, IGNORE) else use.use)
            yield " · ".join(mask_field(name, str(value))[:40] for value in self.sample.values(place))

    def _others(self) -> Iterator[tuple[Any, OtherSource]]:
        """Fields that no column of the table feeds, required ones first."""
        used = {use.use for use in self.editing.columns}
        left = [c for c in LAYOUTS[self.pages.kind.value] if c.field not in used and c.field not in self.editing.kept]
        for column in sorted(left, key=lambda c: not c.required):
            yield column, self.editing.others.get(column.field, OtherSource())

    def _missing(self) -> list[str]:
        """Required fields that nothing feeds yet."""
        invented = self.base.made_up.fields if self.base and self.base.made_up else ()
        alone = self.editing.total_alone and "total" in {use.use for use in self.editing.columns}
        return [
            labels.field_name(column.field, self.pages.kind.value)
            for column, source in self._others()
            if column.required and not source.column and not source.value and column.field not in invented
            and not (alone and column.field == "principal")
        ]  # fmt: skip


def _editing(sample: Sample, kind: str, base: MappingProfile | None) -> Editing:
    if base is None:
        return Editing.suggested(sample.header, suggest(sample.header, kind))
    return Editing.of_profile(sample.header, base)


def _asked(pages: ImportPages, run: ImportRun, asked: str) -> MappingProfile | None:
    """The layout that an address or a form names. DomainError where there is none."""
    if asked == SUGGESTED:
        return None
    if asked == OWN:
        return _chosen_before(pages, run)
    return find(db.session(), actor(), asked, pages.kind)


def _chosen_before(pages: ImportPages, run: ImportRun) -> MappingProfile | None:
    if run.options.get("mapping_file"):
        with services().storage.open(run.options["mapping_file"]) as file:
            return parse_profile(file.read())
    return find(db.session(), actor(), run.mapping, pages.kind) if run.mapping else None


def _fitting(pages: ImportPages, sample: Sample) -> MappingProfile | None:
    """The known layout that reads this header best, the bank's own first."""
    known = [*latest_versions(db.session(), actor(), pages.kind), *shipped_for(pages.kind.value)]
    return fitting(sample.header, known, services().clock.today())


def _known(pages: ImportPages) -> list[tuple[str, Any]]:
    """Layouts to choose from: the bank's own, then those that come with the portal."""
    own = latest_versions(db.session(), actor(), pages.kind)
    return [(p.label, labels.layout_title(p.name, p.title, p.label)) for p in [*own, *shipped_for(pages.kind.value)]]
