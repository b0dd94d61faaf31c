// The chapters on a phone, and search without a network. Without scripts both simply stand open
// or stay away; every page is complete.

document.documentElement.classList.add("scripted");

function setUpToggle() {
  const button = document.querySelector(".book-toggle");
  const sidebar = document.getElementById(button.getAttribute("aria-controls"));
  button.hidden = false;
  button.addEventListener("click", () => {
    const open = sidebar.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
  });
}

// Without tones and marks, so that "tre em" finds "trẻ em".
function fold(text) {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/đ/g, "d");
}

function setUpSearch(pages) {
  const form = document.querySelector(".book-search");
  const input = form.querySelector("input");
  const found = form.querySelector(".book-found");
  const results = form.querySelector(".book-results");
  const folded = pages.map((page) => fold(page.text));
  form.hidden = false;
  form.addEventListener("submit", (event) => event.preventDefault());
  input.addEventListener("input", () => {
    const query = fold(input.value.trim());
    results.replaceChildren();
    found.textContent = "";
    if (query.length < 2) return;
    const hits = pages.filter((page, index) => folded[index].includes(query));
    found.textContent = hits.length ? `${hits.length} ${found.dataset.some}` : found.dataset.none;
    hits.slice(0, 30).forEach((page) => results.append(resultOf(page, query)));
  });
}

function resultOf(page, query) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const words = document.createElement("small");
  link.href = `${document.body.dataset.base}/${page.href}`;
  link.textContent = page.title;
  const at = Math.max(fold(page.text).indexOf(query) - 40, 0);
  words.textContent = `… ${page.text.slice(at, at + 120)} …`;
  item.append(link, words);
  return item;
}

setUpToggle();
if (window.treemPages) setUpSearch(window.treemPages);
