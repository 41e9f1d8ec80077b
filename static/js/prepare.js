/* Preparing a file: whatever is changed in the layout shows the first rows anew, by the same request that the button
   "Show the first rows again" sends. What the person is typing in stays as it is. */
"use strict";

(() => {
  const form = document.querySelector("form[data-prepare]");
  if (!form || !document.getElementById("preview")) return;
  const PAUSE = 400;
  const OF_THE_LAYOUT = /^(c\d+|f-|date$|number$|not_overdue|no_balance|total_alone|as_of)/;
  let waiting = null;
  let asking = null;

  const renew = async () => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("form_token"); // it is for the one request that changes something
    fields.set("step", "show");
    const preview = document.getElementById("preview");
    preview.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "text/html" }, signal: mine.signal });
      if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-renew]")) {
        const fresh = page.getElementById(part.id);
        if (fresh && !part.contains(document.activeElement)) part.replaceWith(document.adoptNode(fresh));
      }
    } catch (error) {
      if (error.name !== "AbortError") preview.removeAttribute("aria-busy"); // the button still asks the whole page
    }
  };

  const later = (pause) => {
    clearTimeout(waiting);
    waiting = setTimeout(renew, pause);
  };
  form.addEventListener("input", (event) => {
    if (OF_THE_LAYOUT.test(event.target.name) && event.target.matches("input:not([type=checkbox]), textarea")) later(PAUSE);
  });
  form.addEventListener("change", (event) => {
    if (OF_THE_LAYOUT.test(event.target.name)) later(0);
  });
})();
