/* Jobs: asks every second how far one is, and goes on to its result when it has ended. The answer is JSON:
   { label and tone of its state, done, total (null while unknown), words, is_over, next_url }. */
"use strict";

(() => {
  const EVERY = 1000;
  const PATIENCE = 5;

  const show = (part, job) => {
    const bar = part.querySelector("progress");
    if (job.total) {
      bar.max = job.total;
      bar.value = Math.min(job.done, job.total);
    } else {
      bar.removeAttribute("value");
    }
    const tag = part.querySelector(".job-head .tag");
    tag.textContent = job.label;
    tag.className = `tag tag-${job.tone}`;
    const words = part.querySelector("[data-job-words]");
    if (words.textContent !== (job.words ?? "")) words.textContent = job.words ?? "";
  };

  const follow = async (part) => {
    let failures = 0;
    for (;;) {
      await new Promise((later) => setTimeout(later, EVERY * (failures ? 3 : 1)));
      if (document.hidden) continue;
      try {
        const answer = await fetch(part.dataset.job, { headers: { Accept: "application/json" }, cache: "no-store" });
        if (answer.status === 401 || answer.status === 403 || answer.status === 404) return window.location.reload();
        if (!answer.ok) throw new Error(String(answer.status));
        const job = await answer.json();
        failures = 0;
        show(part, job);
        // The page shows the end itself: its state, its error, its result. One page may follow several jobs.
        if (job.is_over) return job.next_url ? window.location.assign(job.next_url) : window.location.reload();
      } catch {
        failures += 1;
        if (failures === PATIENCE) part.querySelector("[data-job-words]").textContent = part.dataset.lost;
      }
    }
  };

  for (const part of document.querySelectorAll("[data-job]")) follow(part);
})();
