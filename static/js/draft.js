/* What was entered in the log form and not saved is given back when its account is opened again in this window: after
   another page, another account, another language. Only this window remembers it, until it was saved or thrown away, or
   the sign-in page comes (frame.js). Loaded behind workbench.js, which settles first what of the form is in sight. */
"use strict";

(() => {
  const OWN = ["csrf_token", "form_token", "corrects_id"]; // the form's own, of this one page
  const BEGUN = ["channel", "contact_point_id", "already_happened"]; // what every form begins with is no draft yet

  const entered = (form) => [...new FormData(form)].filter(([name, value]) => typeof value === "string" && !OWN.includes(name));
  const says = (pairs) => pairs.some(([name, value]) => value && !BEGUN.includes(name));
  const place = (form) => `draft:${form.dataset.draft}`;
  const isKept = (form) => form?.matches("[data-draft]");

  const keep = (form) => {
    const pairs = entered(form);
    if (says(pairs)) sessionStorage.setItem(place(form), JSON.stringify(pairs));
    else sessionStorage.removeItem(place(form));
  };

  const put = (form, pairs) => {
    for (const field of form.elements) {
      if (!field.name || OWN.includes(field.name) || (field.name === "channel" && field.disabled)) continue;
      const values = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
      if (field.type === "radio") field.checked ||= values.includes(field.value);
      else if (field.type === "checkbox") field.checked = values.includes(field.value);
      else if (values.length) [field.value] = values;
      const folded = field.closest("details");
      if (folded && (field.type === "checkbox" ? field.checked : values[0])) folded.open = true;
    }
  };

  // The line above the form and what is in sight of it follow.
  const changed = (form) => form.querySelector("[name=contact_point_id]").dispatchEvent(new Event("change", { bubbles: true }));

  const giveBack = (form) => {
    const pairs = JSON.parse(sessionStorage.getItem(place(form)) ?? "[]");
    if (!pairs.length || says(entered(form))) return;
    if (pairs.some(([name]) => name === "at") && !form.elements.at) {
      window.location.replace(form.dataset.late); // of a contact that had taken place: never as one of now
      return;
    }
    put(form, pairs);
    changed(form);
    form.querySelector("[data-given-back]").hidden = false;
  };

  for (const kind of ["input", "change"]) {
    document.addEventListener(kind, (event) => {
      if (isKept(event.target.form)) keep(event.target.form);
    });
  }
  document.addEventListener("log-shown", (event) => {
    if (isKept(event.target)) giveBack(event.target);
  });
  document.addEventListener("log-saved", (event) => {
    if (isKept(event.target)) sessionStorage.removeItem(place(event.target));
  });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-throw-away]");
    if (!button) return;
    const { form } = button;
    form.reset();
    button.closest("[data-given-back]").hidden = true;
    changed(form); // an empty form is no draft
    form.querySelector("input[name=contact_point_id]:checked")?.focus();
  });

  const begun = document.querySelector("[data-draft]");
  if (begun) giveBack(begun);
})();
