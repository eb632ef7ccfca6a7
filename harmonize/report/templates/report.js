"use strict";
// Filters of the sample: without this script every instance is shown and the filters are not.
(() => {
  const STEP = 20;
  const FIELDS = ["corpus", "split", "relation", "type", "q"];
  const records = JSON.parse(document.getElementById("data").textContent);
  const cards = Array.from(document.querySelectorAll("#instances > article"));
  const form = document.getElementById("filters");
  const counter = document.getElementById("counter");
  const more = document.getElementById("more");
  if (!form) return;

  const texts = records.map((record, number) =>
    [cards[number].querySelector(".context").textContent, record.id, ...record.words].join("\n").toLowerCase()
  );
  let limit = STEP;

  const wanted = () => Object.fromEntries(FIELDS.map((name) => [name, form.elements[name].value]));

  const matches = (number, want) => {
    const record = records[number];
    return (
      ["corpus", "split", "relation"].every((name) => !want[name] || record[name] === want[name]) &&
      (!want.type || record.types.includes(want.type)) &&
      texts[number].includes(want.q.trim().toLowerCase())
    );
  };

  // Show the matching instances, as far as the limit goes, and say how many there are.
  const show = () => {
    const want = wanted();
    const found = cards.filter((card, number) => matches(number, want));
    const shown = new Set(found.slice(0, limit));
    for (const card of cards) card.hidden = !shown.has(card);
    counter.textContent =
      `${found.length} of ${cards.length} sampled instances match` +
      (found.length > limit ? `; the first ${limit} are shown.` : ".");
    more.hidden = found.length <= limit;
    return found;
  };

  const remember = () => {
    const set = Object.entries(wanted()).filter(([, value]) => value);
    const hash = new URLSearchParams(set).toString();
    history.replaceState(null, "", hash ? `#${hash}` : location.pathname + location.search);
  };

  // A hash without any of the filters' names is the address of a section.
  const restore = () => {
    const state = new URLSearchParams(location.hash.slice(1));
    if (!FIELDS.some((name) => state.has(name))) return false;
    for (const name of FIELDS) {
      const field = form.elements[name];
      field.value = state.get(name) || "";
      if (field.selectedIndex === -1) field.value = "";
    }
    limit = STEP;
    return true;
  };

  const changed = () => {
    limit = STEP;
    show();
    remember();
  };

  form.addEventListener("input", changed);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    for (const name of FIELDS) form.elements[name].value = "";
    changed();
  });
  more.addEventListener("click", () => {
    const next = limit;
    limit += STEP;
    const found = show();
    if (found[next]) found[next].focus();
  });
  const goThere = () => {
    if (!restore()) return;
    show();
    form.scrollIntoView();
  };
  window.addEventListener("hashchange", goThere);

  form.hidden = false;
  show();
  goThere();
})();
