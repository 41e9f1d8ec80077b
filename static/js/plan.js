/* A plan: whatever is changed shows its effect anew, by the same request that the button "show what it does" sends. Rows
   come and go in place. What the person is typing in stays as it is, and nothing is saved but by the one button. */
"use strict";

(() => {
  const page = document.querySelector(".plan-page");
  const form = page?.closest("form");
  if (!form) return;
  const PAUSE = 400;
  let waiting = null;
  let asking = null;
  let moving = false; // a row is coming or going: its answer must arrive

  const ask = async (step) => {
    asking?.abort();
    const mine = new AbortController();
    asking = mine;
    const fields = new URLSearchParams(new FormData(form));
    fields.delete("form_token"); // it is for the one request that changes something
    fields.set("step", step);
    const effect = document.getElementById("plan-lines");
    effect.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(form.action, { method: "POST", body: fields, headers: { Accept: "text/html" }, signal: mine.signal });
      if (!answer.ok && answer.status !== 422) throw new Error(String(answer.status));
      return new DOMParser().parseFromString(await answer.text(), "text/html");
    } catch (error) {
      if (error.name !== "AbortError") effect.removeAttribute("aria-busy"); // the button still asks the whole page
      return null;
    }
  };

  const renew = (fresh) => {
    for (const part of document.querySelectorAll("[data-renew]")) {
      const other = fresh.getElementById(part.id);
      if (!other || part.contains(document.activeElement)) continue;
      const text = part.querySelector("textarea");
      if (text && text.value !== text.defaultValue) continue; // pasted, and not taken over yet
      const open = [...part.querySelectorAll("details")].map((each) => each.open);
      const put = document.adoptNode(other);
      part.replaceWith(put);
      [...put.querySelectorAll("details")].forEach((each, n) => { each.open = open[n] ?? each.open; });
    }
    for (const slot of document.querySelectorAll(".plan-page [id$='-slot']")) {
      const field = document.getElementById(slot.id.replace(/-slot$/, ""));
      if (slot.textContent.trim()) field?.setAttribute("aria-invalid", "true");
      else field?.removeAttribute("aria-invalid");
    }
  };

  const show = async () => {
    if (moving) return;
    const fresh = await ask("show");
    if (fresh) renew(fresh);
  };

  const later = (pause) => {
    clearTimeout(waiting);
    waiting = setTimeout(show, pause);
  };
  const counts = (field) => field.name && page.contains(field) && !field.closest(".plan-terms") && field.name !== "p-notation";
  page.addEventListener("input", (event) => {
    if (!counts(event.target)) return;
    if (/^(x-|p-pay-)/.test(event.target.name)) {
      form.elements["x-own"].value = "1"; // these figures are somebody's own from now on
      document.getElementById("rows-pay").removeAttribute("data-renew");
    }
    if (event.target.matches("input")) later(PAUSE);
  });
  page.addEventListener("change", (event) => {
    if (counts(event.target)) later(0);
  });

  // Rows come and go where they stand; the first field of the new row is next.
  page.addEventListener("click", async (event) => {
    const button = event.target.closest("button[name=step]");
    const step = button?.value ?? "";
    if (step === "show") {
      event.preventDefault();
      show();
      return;
    }
    const list = button?.closest("[data-rows]");
    if (!list || !/^(add|drop)-/.test(step)) return;
    event.preventDefault();
    if (moving) return;
    clearTimeout(waiting);
    moving = true;
    const fresh = await ask(step);
    moving = false;
    const put = fresh?.getElementById(list.id);
    if (!put) return;
    list.replaceWith(document.adoptNode(put));
    const rows = put.querySelectorAll(".plan-rows > li");
    (rows[rows.length - 1] ?? put).querySelector("select, input, button")?.focus();
    renew(fresh);
  });
})();
