/* Forms: sent once, asked about where it cannot be undone, and not lost by a stray click. The server refuses a second
   submit by its one-time token as well; this only spares people from seeing that. */
"use strict";

(() => {
  const state = new WeakMap();

  const words = (form) => new URLSearchParams(
    [...new FormData(form)].map(([name, value]) => [name, value instanceof File ? value.name : value]),
  ).toString();

  // What a question holds in braces is what stands in the form's field of that name.
  const asked = (button) => button.dataset.confirm.replace(/\{(\w+)\}/g, (_, name) => button.form.elements[name].value.trim());
  // Where such a field is empty there is nothing to ask yet: the server says what is missing.
  const askable = (button) => button?.dataset.confirm
    && [...button.dataset.confirm.matchAll(/\{(\w+)\}/g)].every(([, name]) => button.form.elements[name].value.trim());

  const confirmed = (button) => new Promise((answer) => {
    const dialog = document.getElementById("confirm");
    document.getElementById("confirm-words").textContent = asked(button);
    dialog.querySelector("[data-confirm-yes]").textContent = button.textContent.trim();
    dialog.returnValue = "";
    dialog.addEventListener("close", () => answer(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });

  const close = (form, button) => {
    state.set(form, "sent");
    form.setAttribute("aria-busy", "true");
    // After the browser has taken the form's values, or the button's own value would be lost.
    setTimeout(() => {
      // Its buttons, those that stand elsewhere on the page too.
      for (const each of form.elements) if (each.matches("button:not([type=button]), input[type=submit]")) each.disabled = true;
      if (button) button.setAttribute("aria-busy", "true");
    });
  };

  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.matches("[data-guard]")) return;
    const button = event.submitter;
    if (state.get(form) === "sent") {
      event.preventDefault();
    } else if (askable(button) && state.get(form) !== "asked") {
      event.preventDefault();
      if (await confirmed(button)) {
        state.set(form, "asked");
        form.requestSubmit(button);
      } else {
        button.focus();
      }
    } else {
      close(form, button);
    }
  });

  // Blanks are no answer: the browser then asks for one where the field is.
  document.addEventListener("change", ({ target }) => {
    if (target.matches("textarea[required], input[type=text][required]") && !target.value.trim()) target.value = "";
  });

  const again = (form) => {
    state.delete(form);
    form.removeAttribute("aria-busy");
    for (const each of form.elements) {
      if (!each.matches("button, input[type=submit]")) continue;
      each.disabled = false;
      each.removeAttribute("aria-busy");
    }
  };

  // A page that the back button brings out of the browser's memory must be usable again.
  window.addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of document.querySelectorAll("form[data-guard]")) again(form);
  });
  // A script that sent a form and had no answer gives it back; after the buttons have been closed.
  document.addEventListener("form-again", (event) => setTimeout(() => again(event.target)));

  // What came back with an error has never been kept, however it stands there.
  const unkept = (form) => form.querySelector("[aria-invalid=true]") !== null;
  const watched = [...document.querySelectorAll("form[data-dirty]")].map((form) => [form, unkept(form) ? null : words(form)]);
  if (watched.length) {
    window.addEventListener("beforeunload", (event) => {
      if (watched.some(([form, before]) => state.get(form) !== "sent" && words(form) !== before)) event.preventDefault();
    });
  }

  document.querySelector("[data-focus]")?.focus();
})();
