/* The frame: `/` goes to the search, Escape and a click outside close an open menu. */
"use strict";

(() => {
  const writing = (element) => element.closest("input, textarea, select, [contenteditable], dialog[open]");

  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      const open = document.querySelector("details[data-menu][open]");
      if (open) {
        open.open = false;
        open.querySelector("summary").focus();
      }
    }
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || writing(event.target)) return;
    const search = document.querySelector("[data-search]");
    if (search) {
      event.preventDefault();
      search.focus();
      search.select();
    }
  });

  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details[data-menu][open]")) {
      if (!menu.contains(event.target)) menu.open = false;
    }
  });

  // A long navigation starts where the page stands in it.
  const here = document.querySelector(".side [aria-current]");
  if (here) {
    const side = here.closest(".side");
    const hidden = here.getBoundingClientRect().bottom - side.getBoundingClientRect().bottom;
    if (hidden > 0) side.scrollTop += hidden + here.offsetHeight;
  }

  // After the sign-in page nobody is given back what another one entered and did not save (draft.js).
  if (document.querySelector(".bare [name=user_name]")) sessionStorage.clear();

  // Printed pages show what was folded away: the why of a figure belongs to the figure.
  let unfolded = [];
  window.addEventListener("beforeprint", () => {
    unfolded = [...document.querySelectorAll("details.why:not([open])")];
    for (const details of unfolded) details.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const details of unfolded) details.open = false;
  });
})();
