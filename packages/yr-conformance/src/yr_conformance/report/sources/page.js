"use strict";
(() => {
  const form = document.getElementById("filters");
  const rows = [...document.querySelectorAll("tr.clause")];
  const chapters = [...document.querySelectorAll("tbody[data-chapter]")];
  const shown = document.getElementById("shown");
  const details = (row) => row.querySelector("details");

  const matches = (row, chosen) => {
    const states = row.dataset.states.split(" ");
    return states.some((state) => chosen.states.includes(state))
      && (!chosen.chapter || row.parentElement.dataset.chapter === chosen.chapter)
      && (!chosen.level || row.dataset.level === chosen.level)
      && (!chosen.differing || "differs" in row.dataset)
      && chosen.words.every((word) => row.textContent.toLowerCase().includes(word));
  };

  const filter = () => {
    const data = new FormData(form);
    const chosen = {
      states: data.getAll("state"),
      chapter: data.get("chapter"),
      level: data.get("level"),
      differing: data.has("differing"),
      words: (data.get("words") || "").toLowerCase().split(/\s+/).filter(Boolean),
    };
    let count = 0;
    for (const row of rows) {
      row.hidden = !matches(row, chosen);
      count += !row.hidden;
    }
    for (const chapter of chapters) {
      chapter.hidden = !chapter.querySelector("tr.clause:not([hidden])");
    }
    shown.textContent = `${count} of ${rows.length} clauses`;
  };

  const follow = () => {
    const row = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (row && row.matches("tr.clause")) {
      if (row.hidden) { form.reset(); filter(); }
      details(row).open = true;
      row.scrollIntoView({ block: "center" });
    }
  };

  const openShown = (open) => {
    for (const row of rows.filter((one) => !one.hidden)) details(row).open = open;
  };

  form.hidden = false;
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(filter));
  document.getElementById("open-all").addEventListener("click", () => openShown(true));
  document.getElementById("close-all").addEventListener("click", () => openShown(false));
  window.addEventListener("hashchange", follow);
  // On paper nothing can be opened: what did not pass is, and closed again afterwards.
  let opened = [];
  window.addEventListener("beforeprint", () => {
    const all = [...document.querySelectorAll("details:not([open])")];
    opened = all.filter((one) => !one.closest("tr.clause")
      || one.closest("tr.clause").dataset.states.match(/failed|unsteady|deviates/));
    for (const one of opened) one.open = true;
  });
  window.addEventListener("afterprint", () => {
    for (const one of opened) one.open = false;
  });
  filter();
  follow();
})();
