/* A new run: whatever changes in the question renews the preview at once, by the same address that the button asks.
   What the person is typing in stays as it is; receivers are renewed only where the kind or the currency changed. */
"use strict";

(() => {
  const form = document.querySelector("form[data-run]");
  if (!form) return;
  const PAUSE = 350;
  let waiting = null;
  let asking = null;

  const question = () => {
    const fields = [...new FormData(form)].filter(([, value]) => value !== "");
    return `${form.action.split("?")[0]}?${new URLSearchParams(fields)}`;
  };

  let asked = question();

  const renew = async (changed) => {
    const url = question();
    // Leaving a field says once more what its typing has said: a click on “save” must not be lost to that.
    if (url === asked) return;
    asked = url;
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const preview = document.getElementById("preview");
    preview.setAttribute("aria-busy", "true");
    // What is shown is no longer what was asked for, so it cannot be saved.
    for (const button of preview.querySelectorAll("#save button")) button.disabled = true;
    try {
      const headers = { Accept: "text/html", "X-Changed": changed };
      const answer = await fetch(url, { headers, signal: mine.signal });
      if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      for (const part of document.querySelectorAll("[data-renew]")) {
        const only = part.dataset.renew.split(" ").filter(Boolean);
        const fresh = page.getElementById(part.id);
        if (fresh && (!only.length || only.includes(changed))) part.replaceWith(document.adoptNode(fresh));
      }
      window.history.replaceState(null, "", url);
    } catch (error) {
      if (error.name !== "AbortError") form.requestSubmit(); // the page itself says what is wrong
    }
  };

  const later = (event) => {
    clearTimeout(waiting);
    const name = event.target.name;
    waiting = setTimeout(() => renew(name), event.type === "change" ? 0 : PAUSE);
  };
  form.addEventListener("input", (event) => {
    if (event.target.matches("input[type=text], input:not([type])")) later(event);
  });
  form.addEventListener("change", later);
})();
