/* Tables by hand: j and k move, Enter opens (it is the row's own link that has the focus), x chooses; a click anywhere
   on a row opens it; a filter that is chosen from a list is applied at once. */
"use strict";

(() => {
  const inUse = (element) => element.closest("a, button, input, select, textarea, label, summary, dialog[open]");

  const rowsOf = () => [...document.querySelectorAll("[data-table] .grid tbody tr")];

  const go = (row) => {
    for (const other of document.querySelectorAll(".grid tr.is-here")) other.classList.remove("is-here");
    row.classList.add("is-here");
    const link = row.querySelector("[data-row-link]");
    if (!link) row.tabIndex = -1;
    (link ?? row).focus({ preventScroll: true });
    row.scrollIntoView({ block: "nearest" });
  };

  const step = (by) => {
    const rows = rowsOf();
    if (!rows.length) return;
    const here = rows.findIndex((row) => row.classList.contains("is-here"));
    go(rows[here < 0 ? 0 : Math.min(Math.max(here + by, 0), rows.length - 1)]);
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input:not([type=checkbox]), select, textarea, [contenteditable], dialog[open]")) return;
    if (event.key === "j" || event.key === "k") {
      event.preventDefault();
      step(event.key === "j" ? 1 : -1);
    } else if (event.key === "x") {
      document.querySelector(".grid tr.is-here input[name=row]")?.click();
    }
  });

  for (const row of rowsOf()) {
    row.addEventListener("focusin", () => {
      for (const other of document.querySelectorAll(".grid tr.is-here")) other.classList.remove("is-here");
      row.classList.add("is-here");
    });
    if (!row.dataset.href) continue;
    row.addEventListener("click", (event) => {
      if (inUse(event.target) || String(window.getSelection())) return;
      if (event.ctrlKey || event.metaKey) window.open(row.dataset.href, "_blank", "noopener");
      else window.location.assign(row.dataset.href);
    });
  }

  for (const form of document.querySelectorAll("form[data-choose]")) {
    const boxes = [...form.querySelectorAll("input[name=row]")];
    const all = form.querySelector("[data-choose-all]");
    const words = form.querySelector("[data-chosen]");
    const count = () => {
      const chosen = boxes.filter((box) => box.checked).length;
      all.checked = chosen > 0 && chosen === boxes.length;
      all.disabled = boxes.length === 0;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
      words.textContent = words.dataset.words.replace("{n}", chosen.toLocaleString(document.documentElement.lang));
      for (const button of form.querySelectorAll(".chosen button")) button.disabled = chosen === 0;
    };
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      count();
    });
    form.addEventListener("change", count);
    window.addEventListener("pageshow", count);
    count();
  }

  for (const form of document.querySelectorAll("form[data-filters]")) {
    form.addEventListener("change", (event) => {
      if (event.target.matches("select")) form.requestSubmit();
    });
    // The address holds what was asked for and no empty fields; those with a default say "all" by being empty.
    const empty = () => [...form.elements].filter((each) => each.name && !each.value && !("default" in each.dataset));
    form.addEventListener("submit", () => {
      for (const each of empty()) each.disabled = true;
    });
    window.addEventListener("pageshow", () => {
      for (const each of form.elements) each.disabled = false;
    });
  }

  // A table with more columns than fit is set smaller first; what still does not fit scrolls in its own place.
  const fit = () => {
    for (const frame of document.querySelectorAll(".table-frame")) {
      frame.classList.remove("is-tight", "is-wide");
      for (const step of ["is-tight", "is-wide"]) {
        frame.classList.toggle(step, frame.scrollWidth > frame.clientWidth + 1);
      }
    }
  };
  window.addEventListener("resize", fit);
  fit();

  // What takes longer than the page comes after it, one thing after the other.
  const fill = async (cells) => {
    for (const cell of cells) {
      try {
        const answer = await fetch(cell.dataset.later, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (!answer.ok) throw new Error(String(answer.status));
        cell.textContent = (await answer.json()).words;
      } catch {
        cell.textContent = "–";
      }
    }
  };
  fill(document.querySelectorAll("[data-later]"));
})();
