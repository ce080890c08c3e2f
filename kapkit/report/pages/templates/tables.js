/* Tables that sort by a click on a heading, and long ones that filter as one types. Without it
   every table is whole and readable; words come from the page's language. */
(() => {
  "use strict";
  const SORTS = 3, FILTERS = 12;
  const words = document.body.dataset;

  const key = (row, place) => {
    const text = row.keys?.[place] || row.cells[place].textContent.trim();
    return text === "–" ? "" : text;
  };

  const order = (a, b) => {
    const x = Number(a), y = Number(b);
    return Number.isNaN(x) || Number.isNaN(y)
      ? a.localeCompare(b, document.documentElement.lang, { numeric: true })
      : x - y;
  };

  /* Missing values stay last in both directions; equal ones keep the page's order. */
  const sort = (body, rows, place, sign) => {
    const keyed = rows.map((row, at) => [key(row, place), at, row]);
    keyed.sort(([a, i], [b, j]) =>
      (a === "") - (b === "") || (a === "" ? 0 : sign * order(a, b)) || i - j);
    body.append(...keyed.map(([, , row]) => row));
  };

  const sortable = (table, rows) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      if (!head.textContent.trim()) return;
      const button = document.createElement("button");
      button.type = "button";
      button.title = words.sort;
      button.append(...head.childNodes);
      head.append(button);
      const first = head.classList.contains("num") ? "descending" : "ascending";
      button.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        const next = now === null ? first : now === "ascending" ? "descending" : "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", next);
        sort(table.tBodies[0], rows, place, next === "ascending" ? 1 : -1);
      });
    });
  };

  const filterable = (table, rows, frame) => {
    const tools = document.createElement("div");
    const label = document.createElement("label");
    const field = document.createElement("input");
    const told = document.createElement("output");
    tools.className = "kap-tools";
    field.type = "search";
    field.autocomplete = "off";
    label.append(words.filter, field);
    tools.append(label, told);
    frame.before(tools);
    const texts = rows.map((row) => row.textContent.toLocaleLowerCase());
    field.addEventListener("input", () => {
      const wanted = field.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach((row, at) => {
        row.hidden = !wanted.every((word) => texts[at].includes(word));
        shown += !row.hidden;
      });
      told.textContent = wanted.length
        ? words.shown.replace("{shown}", shown).replace("{all}", rows.length) : "";
    });
  };

  for (const table of document.querySelectorAll(".kap-scroll > .kap-table")) {
    if (!table.tHead || table.tBodies.length !== 1) continue;
    const width = table.tHead.rows[0].cells.length;
    const rows = [...table.tBodies[0].rows];
    if (rows.length < SORTS || rows.some((row) => row.cells.length !== width)) continue;
    const keys = JSON.parse(table.parentElement.dataset.sort ?? "[]");
    rows.forEach((row, at) => { row.keys = keys[at]; });
    sortable(table, rows);
    if (rows.length >= FILTERS) filterable(table, rows, table.parentElement);
  }

  /* What is folded on the screen is folded on paper too, unless the reader opened it; a link to a
     place inside a fold opens it. */
  const reveal = () => {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let up = place; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
  };
  addEventListener("hashchange", reveal);
  reveal();
})();
