/* The review by hand: arrow keys leaf through, `a` goes on to the next letter that has to be opened
   or, of a pack under US law, approves the one that is open, `r` unfolds the reason
   for leaving this one out. The next letter's first page is asked for ahead; pictures record no opening. */
"use strict";

(() => {
  const review = document.querySelector("[data-review]");
  if (!review) return;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable], dialog[open]")) return;
    if (event.key === "r") {
      const reason = document.querySelector(".page-action details.reason");
      if (!reason) return;
      event.preventDefault();
      reason.open = true;
      reason.querySelector("textarea").focus();
      return;
    }
    const step = document.querySelector(`[data-step="${CSS.escape(event.key)}"]`);
    if (!step || event.repeat) return;
    event.preventDefault();
    if (step.href) window.location.assign(step.href);
    else step.click();
  });

  if (review.dataset.ahead) {
    window.addEventListener("load", async () => {
      try {
        await (await fetch(review.dataset.ahead, { priority: "low" })).arrayBuffer();
      } catch {
        // The letter is laid out when it is opened, then.
      }
    });
  }
})();
