/* The workbench by hand: a letter chooses the outcome, a digit the number, c the next way of contact, Enter saves and
   opens the next account. Everything here only shortens what the form does by itself. */
"use strict";

(() => {
  const form = document.querySelector("[data-log]");
  if (!form) return;

  const chosen = (name) => form.querySelector(`input[name=${name}]:checked`);
  const writes = (element) => element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog[open]");
  const shown = (input) => !input.disabled && !input.closest("[hidden]");

  // Only what goes with the way of contact and the outcome is in sight; what is not is not sent either.
  const settle = () => {
    const way = chosen("channel")?.value;
    for (const label of form.querySelectorAll("[data-ways]")) {
      const fits = !way || label.dataset.ways.split(" ").includes(way);
      label.hidden = !fits;
      const input = label.querySelector("input");
      input.disabled = !fits;
      if (!fits) input.checked = false;
      const point = label.closest("[data-point]");
      if (point) point.hidden = !fits;
    }
    if (!chosen("contact_point_id")) {
      const first = [...form.querySelectorAll("input[name=contact_point_id]")].find(shown);
      if (first) first.checked = true;
    }
    for (const group of form.querySelectorAll(".outcome-group")) {
      group.hidden = !group.querySelector("[data-ways]:not([hidden])");
    }
    const outcome = chosen("outcome")?.value;
    for (const row of form.querySelectorAll("[data-with]")) {
      row.hidden = row.dataset.with !== outcome;
      for (const input of row.querySelectorAll("input")) input.disabled = row.hidden;
    }
  };

  const choose = (input) => {
    input.checked = true;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    const first = form.querySelector(`[data-with="${input.value}"]:not([hidden]) input`);
    (first ?? input).focus();
  };

  const nextWay = () => {
    const ways = [...form.querySelectorAll("input[name=channel]")].filter(shown);
    if (ways.length) choose(ways[(ways.indexOf(chosen("channel")) + 1) % ways.length]);
  };

  document.addEventListener("keydown", (event) => {
    if (event.altKey || event.metaKey || event.isComposing) return;
    if (event.key === "Enter" && event.ctrlKey && event.target.closest("textarea")) {
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.ctrlKey || writes(event.target)) return;
    if (event.key === "Enter") {
      if (event.target.closest("a, button, summary")) return;
      event.preventDefault();
      form.requestSubmit();
      return;
    }
    if (event.key === "c") {
      event.preventDefault();
      nextWay();
      return;
    }
    const wanted = [...form.querySelectorAll("input[data-key]")].find((i) => i.dataset.key === event.key && shown(i));
    if (wanted) {
      event.preventDefault();
      choose(wanted);
    }
  });

  form.addEventListener("change", settle);
  window.addEventListener("pageshow", settle);
  settle();

  // A piece of personal data is put in the place of its mask, so that what stands in the form is not lost.
  for (const asked of document.querySelectorAll("form[data-reveal]")) {
    const what = asked.querySelector("[name=what]").value;
    const place = document.querySelector(`[data-masked="${what}"]`) ?? asked.parentElement.querySelector("[data-masked]");
    if (!place || what === "notes") continue;
    asked.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await fetch(asked.action, {
        method: "POST", body: new FormData(asked), headers: { Accept: "application/json" },
      });
      if (!answer.ok) {
        asked.submit(); // the page itself says what is wrong
        return;
      }
      place.textContent = (await answer.json()).value;
      place.className = "revealed";
      event.submitter?.remove();
    });
  }
})();
