/* The workbench by hand: a letter chooses the outcome, a digit the number, c the next way of contact, Enter saves and
   opens the next account in the place of this one. Everything here only shortens what forms and links do by themselves. */
"use strict";

(() => {
  let form = document.querySelector("[data-log]");
  if (!form) return;

  const chosen = (name) => form.querySelector(`input[name=${name}]:checked`);
  const writes = (element) => element.closest("input:not([type=radio]):not([type=checkbox]), textarea, select, dialog[open]");
  const shown = (input) => !input.disabled && !input.closest("[hidden]");

  // Only what goes with the way of contact and the outcome is in sight; what is not is not sent either.
  const settle = () => {
    if (!form) return;
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
      const first = [...form.querySelectorAll("input[name=contact_point_id]:not([data-wrong])")].find(shown);
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

  // What the rules say follows what stands in the form. Only the answer to the last question counts.
  const ASKED = ["channel", "contact_point_id", "party", "at", "debts_placed_for", "already_happened", "corrects_id"];
  const PATIENCE = 120; // milliseconds: a hand that runs through the keys asks once
  let questions = 0;
  let waiting = 0;
  let turning = 0;

  const question = () => {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) if (ASKED.includes(name) && value) fields.append(name, value);
    return `${form.dataset.check}?${fields}`;
  };

  const put = (part, answered) => {
    const [here, there] = [part, answered].map((each) => each.querySelector("details"));
    if (here?.open && there) there.open = true;
    const [was, is] = [part, answered].map((each) => each.querySelector("select"));
    const reasons = (select) => [...(select?.options ?? [])].map((option) => option.value).join();
    if (was && reasons(was) === reasons(is)) return; // somebody may be choosing there
    part.replaceChildren(...document.adoptNode(answered).childNodes);
  };

  // At the hour at which the answer turns it is asked for once more.
  const watch = () => {
    clearTimeout(turning);
    const seconds = document.querySelector("[data-turns-in]")?.dataset.turnsIn;
    if (seconds) turning = setTimeout(ask, seconds * 1000);
  };

  const ask = async () => {
    if (!form) return;
    const [mine, asking] = [++questions, form];
    let told = null;
    try {
      const answer = await fetch(question());
      if (answer.ok && !answer.redirected) told = await answer.json();
    } catch { /* said below */ }
    if (mine !== questions || form !== asking) return;
    document.querySelector("[data-unasked]").hidden = told !== null;
    for (const part of told ? document.querySelectorAll("[data-live]") : []) {
      put(part, new DOMParser().parseFromString(told[part.dataset.live], "text/html").body);
    }
    watch();
  };

  const askSoon = (event) => {
    if (!ASKED.includes(event.target.name)) return;
    questions += 1; // what is under way answers another question
    clearTimeout(waiting);
    waiting = setTimeout(ask, PATIENCE);
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
    if (!form || event.altKey || event.metaKey || event.isComposing) return;
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
    const wanted = [...form.querySelectorAll("input[data-key]")].filter((i) => i.dataset.key === event.key && shown(i));
    if (wanted.length === 1) { // as long as no way of contact is chosen, a letter may stand for several outcomes
      event.preventDefault();
      choose(wanted[0]);
    }
  });

  document.addEventListener("change", (event) => {
    if (!form?.contains(event.target)) return;
    settle();
    askSoon(event);
  });
  window.addEventListener("pageshow", settle);

  // A piece of personal data is put in the place of its mask, so that what stands in the form is not lost.
  const reveal = async (asked, place, button) => {
    const answer = await fetch(asked.action, {
      method: "POST", body: new FormData(asked), headers: { Accept: "application/json" },
    });
    if (!answer.ok) {
      asked.submit(); // the page itself says what is wrong
      return;
    }
    place.textContent = (await answer.json()).value;
    place.className = "revealed";
    button?.remove();
  };

  // The next account comes into the place of this one; the page around it, its styles and scripts stay.
  const PARTS = ["#main", ".side", ".side-folded", ".top-right"];

  const shownAt = () => window.location.href.split("#")[0];
  let openAt = shownAt();

  // `saved`: the form that was kept, where one was.
  const show = async (answer, address, saved) => {
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (!page.querySelector(".side")) {
      window.location.assign(answer.url); // another kind of page: the sign-in
      return;
    }
    saved?.dispatchEvent(new Event("log-saved", { bubbles: true }));
    if (address && address !== window.location.href) history.pushState(null, "", address);
    openAt = shownAt();
    document.title = page.title;
    for (const part of PARTS) {
      const [here, there] = [document.querySelector(part), page.querySelector(part)];
      if (here && there) here.replaceWith(document.adoptNode(there));
    }
    form = document.querySelector("[data-log]");
    questions += 1;
    settle();
    watch();
    form?.dispatchEvent(new Event("log-shown", { bubbles: true }));
    window.scrollTo(0, 0);
    (document.querySelector("[data-focus]") ?? document.getElementById("main")).focus({ preventScroll: true });
  };

  const open = async (address, keep) => {
    try {
      const answer = await fetch(address);
      await show(answer, keep ? answer.url : null);
    } catch {
      window.location.assign(address); // the browser says what is wrong with the line
    }
  };

  const save = async (sent, by) => {
    const words = sent.querySelector("[data-unsent]");
    words.hidden = true;
    let answer = null;
    try {
      answer = await fetch(sent.action, { method: "POST", body: new FormData(sent, by) });
    } catch { /* said below */ }
    if (answer === null || answer.status >= 500) {
      words.hidden = false;
      sent.dispatchEvent(new Event("form-again", { bubbles: true }));
      return;
    }
    const kept = answer.redirected;
    await show(answer, kept ? answer.url : null, kept ? sent : null);
  };

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target === form) {
      event.preventDefault();
      save(form, event.submitter);
      return;
    }
    if (!event.target.matches("form[data-reveal]")) return;
    const what = event.target.querySelector("[name=what]").value;
    const place = document.querySelector(`[data-masked="${what}"]`) ?? event.target.parentElement.querySelector("[data-masked]");
    if (!place || what === "notes") return;
    event.preventDefault();
    reveal(event.target, place, event.submitter);
  });

  document.addEventListener("click", (event) => {
    const link = event.target.closest(".bench-queue a");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    open(link.href, true);
  });
  // A link to a place of this page leads there and changes nothing of what was entered.
  window.addEventListener("popstate", () => {
    if (shownAt() !== openAt) open(window.location.href, false);
  });

  settle();
  watch();
})();
