"use strict";
// Sorts and filters tables, and shows single cases. What is shown is always set as text, never as HTML.
const CHUNK = 100;

function element(name, text, className) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

// Sorts by a number where both have one, then by text; what is missing comes last in either direction.
function order(a, b, down) {
  const missing = (one) => one === null || one === "" || one === "–";
  if (missing(a) || missing(b)) return missing(a) - missing(b);
  const found = typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), "en", { numeric: true });
  return down ? -found : found;
}

const UNITS = { ms: 0.001, s: 1, min: 60, k: 1e3, M: 1e6, G: 1e9 };

// "92 (80–97)" → 92, "87 ms" → 0.087, "$0.0012" → 0.0012, "<0.001" → 0.001; other text as it is.
function key(text) {
  const found = /^[<$+]*(-?[\d,]*\.?\d+)\s*(ms|s|min|k|M|G)?\b/.exec(text.replace("−", "-"));
  return found ? Number(found[1].replaceAll(",", "")) * (UNITS[found[2]] ?? 1) : text;
}

function sortedBy(headers, chosen) {
  const down = headers[chosen].getAttribute("aria-sort") === "ascending";
  headers.forEach((one) => one.removeAttribute("aria-sort"));
  headers[chosen].setAttribute("aria-sort", down ? "descending" : "ascending");
  return down;
}

for (const table of document.querySelectorAll("table.sortable")) {
  const headers = [...table.tHead.rows[0].cells];
  const body = table.tBodies[0];
  headers.slice(1).forEach((header, before) => {
    const cells = [...body.rows].map((row) => row.cells[before + 1]);
    if (cells.some((cell) => typeof key(cell.textContent) === "number") && cells.every((cell) => cell.textContent === "–" || typeof key(cell.textContent) === "number")) [header, ...cells].forEach((cell) => cell.classList.add("number"));
  });
  headers.forEach((header, column) => {
    header.firstChild.addEventListener("click", () => {
      const down = sortedBy(headers, column);
      const rows = [...body.rows].map((row) => [key(row.cells[column].textContent), row]);
      rows.sort((a, b) => order(a[0], b[0], down));
      body.append(...rows.map(([, row]) => row));
    });
  });
}

// data: head [[name, kind, minor]], rows [[cell]], where a cell is a text or [number or null, text]; parts [name]; details [[index into texts or -1]].
function explorer(place, data) {
  const value = (cell) => (Array.isArray(cell) ? cell[0] : cell);
  const text = (cell) => (Array.isArray(cell) ? cell[1] : cell);
  const all = data.rows.map((_, number) => number);
  let shown = all;
  let drawn = 0;

  const filters = element("div", undefined, "filters");
  const search = element("input");
  search.type = "search";
  search.placeholder = "words in names and texts";
  search.setAttribute("aria-label", "filter by words");
  filters.append(search);
  const choices = [];
  data.head.forEach(([name, kind], column) => {
    if (kind !== "choice") return;
    const select = element("select");
    select.setAttribute("aria-label", name);
    select.append(new Option(`${name}: all`, ""));
    const known = new Set(data.rows.map((row) => text(row[column])));
    for (const one of [...known].sort()) select.append(new Option(one, one));
    choices.push([column, select]);
    filters.append(select);
  });
  const count = element("span", "", "faint");
  count.setAttribute("aria-live", "polite");
  filters.append(count);

  const table = element("table");
  const header = table.createTHead().insertRow();
  const body = table.createTBody();
  const headers = data.head.map(([name, kind, minor], column) => {
    const cell = element("th", undefined, [kind === "number" ? "number" : "", minor ? "minor" : ""].join(" ").trim());
    cell.scope = "col";
    const button = element("button", name);
    button.type = "button";
    button.addEventListener("click", () => {
      const down = sortedBy(headers, column);
      all.sort((a, b) => order(value(data.rows[a][column]), value(data.rows[b][column]), down) || a - b);
      refresh();
    });
    cell.append(button);
    header.append(cell);
    return cell;
  });
  const scroll = element("div", undefined, "scroll");
  scroll.append(table);
  const more = element("button", "", "more");
  more.type = "button";
  more.addEventListener("click", draw);
  place.replaceChildren(filters, scroll, more);

  const lowered = new Map();
  function words(number) {
    if (!lowered.has(number)) {
      const said = (data.details[number] ?? []).map((index) => (index < 0 ? "" : data.texts[index]));
      lowered.set(number, [...data.rows[number].map(text), ...said].join("\n").toLowerCase());
    }
    return lowered.get(number);
  }

  function refresh() {
    const wanted = search.value.toLowerCase().trim();
    const chosen = choices.filter(([, select]) => select.value !== "");
    shown = all.filter((number) => chosen.every(([column, select]) => text(data.rows[number][column]) === select.value) && (!wanted || words(number).includes(wanted)));
    count.textContent = `${shown.length.toLocaleString("en")} of ${data.rows.length.toLocaleString("en")}`;
    body.replaceChildren();
    drawn = 0;
    draw();
  }

  function draw() {
    const next = shown.slice(drawn, drawn + CHUNK);
    body.append(...next.map(line));
    drawn += next.length;
    more.hidden = drawn >= shown.length;
    more.textContent = `show more (${(shown.length - drawn).toLocaleString("en")})`;
  }

  function line(number) {
    const row = element("tr", undefined, "row");
    row.tabIndex = 0;
    row.setAttribute("aria-expanded", "false");
    data.rows[number].forEach((cell, column) => {
      const [, kind, minor] = data.head[column];
      const mood = (data.moods ?? {})[text(cell)] ?? "";
      row.append(element("td", text(cell), [kind === "number" ? "number" : "", minor ? "minor" : "", mood].join(" ").trim()));
    });
    row.addEventListener("click", () => toggle(row, number));
    row.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      toggle(row, number);
    });
    return row;
  }

  function toggle(row, number) {
    const open = row.getAttribute("aria-expanded") === "true";
    row.setAttribute("aria-expanded", String(!open));
    if (open) { row.nextSibling.remove(); return; }
    const said = element("tr", undefined, "said");
    const cell = element("td");
    cell.colSpan = data.head.length;
    const details = data.details[number];
    if (!details) cell.append(element("p", data.without));
    (details ?? []).forEach((index, part) => {
      if (index >= 0) cell.append(element("h3", data.parts[part]), element("pre", data.texts[index]));
    });
    said.append(cell);
    row.after(said);
  }

  search.addEventListener("input", refresh);
  choices.forEach(([, select]) => select.addEventListener("change", refresh));
  new IntersectionObserver((seen) => { if (seen.some((one) => one.isIntersecting) && drawn < shown.length) draw(); }, { rootMargin: "600px" }).observe(more);
  refresh();
}

for (const place of document.querySelectorAll(".explorer")) {
  explorer(place, JSON.parse(document.getElementById(place.dataset.from).textContent));
}
document.documentElement.dataset.ready = "yes";
