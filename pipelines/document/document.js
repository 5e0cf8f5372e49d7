// Makes tables searchable and sortable. Without this script they are plain tables.
for (const table of document.querySelectorAll("table[data-filtered]")) {
  const rows = [...table.tBodies[0].rows];
  const box = document.createElement("input");
  const label = document.createElement("label");
  const shown = document.createElement("span");
  box.type = "search";
  shown.setAttribute("role", "status");
  label.append("Show rows with ", box);
  const tools = document.createElement("p");
  tools.className = "tools";
  tools.append(label, " ", shown);
  table.closest(".scroll").before(tools);
  box.addEventListener("input", () => {
    const words = box.value.trim().toLowerCase().split(/\s+/);
    let n = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      n += !row.hidden;
    }
    shown.textContent = box.value ? `${n} of ${rows.length} rows` : "";
  });
  const value = (row, at) => row.cells[at].textContent.trim();
  const number = (text) => parseFloat(text.replace("−", "-").replace(/[£,]/g, ""));
  [...table.tHead.rows[0].cells].forEach((heading, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener("click", () => {
      const down = heading.getAttribute("aria-sort") === "ascending";
      for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", down ? "descending" : "ascending");
      rows.sort((one, two) => {
        const [a, b] = [value(one, at), value(two, at)];
        const [m, n] = [number(a), number(b)];
        const order = isNaN(m) || isNaN(n) ? a.localeCompare(b) : m - n;
        return down ? -order : order;
      });
      table.tBodies[0].append(...rows);
    });
  });
}
