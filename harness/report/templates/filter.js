"use strict";
(() => {
  const form = document.getElementById("filter");
  const samples = [...document.querySelectorAll("article.sample")];

  // Open what holds the sample that a link leads to: browsers do not scroll to what a closed part hides.
  const reveal = () => {
    let name = "";
    try { name = decodeURIComponent(location.hash.slice(1)); } catch { return; }
    const target = name && document.getElementById(name);
    if (!target || !target.closest("article.sample")) return;
    if (target.hidden && form) { form.reset(); apply(); }
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    target.scrollIntoView();
  };

  const values = (sample, name) => (sample.dataset[name] || "").split("\n").filter(Boolean);
  const status = form && form.querySelector("[role=status]");
  const search = form && form.elements.namedItem("text");
  const selects = form ? [...form.querySelectorAll("select")] : [];
  const texts = new Map();
  const text = (sample) => {
    if (!texts.has(sample)) texts.set(sample, sample.textContent.toLowerCase());
    return texts.get(sample);
  };

  const fill = (select) => {
    const found = new Set(samples.flatMap((sample) => values(sample, select.name)));
    for (const value of [...found].sort()) {
      const option = document.createElement("option");
      option.value = option.textContent = value;
      select.append(option);
    }
    select.closest("label").hidden = found.size < 2;
  };

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = selects.filter((select) => select.value);
    let shown = 0;
    for (const sample of samples) {
      const fits = chosen.every((select) => values(sample, select.name).includes(select.value))
        && words.every((word) => text(sample).includes(word));
      sample.hidden = !fits;
      shown += fits;
    }
    status.textContent = `${shown} of ${samples.length} samples shown`;
    if (words.length || chosen.length) unfold();
  };

  // What was found must be seen: parts with a sample that fits are opened, the others are closed.
  const unfold = () => {
    for (const part of document.querySelectorAll("details.samples")) {
      part.open = part.querySelector("article.sample:not([hidden])") !== null;
    }
  };

  if (form && samples.length) {
    selects.forEach(fill);
    form.addEventListener("input", apply);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    form.reset();
    apply();
  }
  addEventListener("hashchange", reveal);
  reveal();
})();
