// Progressive only: every page works without this file.
const typing = (el) => el.closest("input, textarea, select, [contenteditable]");

// Single keys, off in the profile; an element says which key presses it: data-key="n".
if (document.body.dataset.shortcuts === "1") {
  let first = "";
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.ctrlKey) {
      document.activeElement?.closest("form")?.requestSubmit();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const key = first ? `${first} ${event.key}` : event.key;
    first = event.key === "g" ? "g" : "";
    if (event.key === "/") {
      event.preventDefault();
      document.querySelector("#q")?.focus();
      return;
    }
    const rows = [...document.querySelectorAll("[data-row]")];
    const row = document.activeElement?.closest("[data-row]");
    if (rows.length && (key === "j" || key === "k")) {
      const next = row ? rows.indexOf(row) + (key === "j" ? 1 : -1) : 0;
      rows[Math.max(0, Math.min(next, rows.length - 1))].focus();
      return;
    }
    if (key === "Enter") {
      if (event.target === row) row.querySelector("[data-open], h2 a")?.click();
      return;
    }
    // In a list a key presses what stands in its row: the one in focus, else the first.
    const named = `[data-key="${CSS.escape(key)}"]`;
    const target = (row ?? rows[0])?.querySelector(named) ??
      [...document.querySelectorAll(named)].find((el) => !el.closest("[data-row]"));
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) target.focus();
    else target.click();
  });
}

// A mail's frame grows to its content; no script runs inside it.
const fit = (frame) => {
  const inner = frame.contentDocument?.body?.getBoundingClientRect();
  if (inner) frame.height = Math.min(Math.ceil(inner.bottom) + 24, 4000);
};
document.querySelectorAll("iframe.mail-frame").forEach(fit);
document.addEventListener("load", ({ target }) => {
  if (target.matches?.("iframe.mail-frame")) fit(target);
}, true);

// Copy buttons: data-copy="text".
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) navigator.clipboard?.writeText(button.dataset.copy);
});

// What only makes sense with this file is shown by it.
document.documentElement.classList.add("js");
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// A form in the page's dialog: a[data-dialog] leads to the same form as a page.
const dialog = document.querySelector("#dialog");
const show = async (address) => {
  const answer = await fetch(address, { headers: { "X-Dialog": "1" } });
  if (!answer.ok || answer.redirected) {
    location = address;
    return;
  }
  dialog.innerHTML = await answer.text();
  dialog.dataset.path = new URL(address, location).pathname;
  window.htmx?.process(dialog);
  if (!dialog.open) dialog.showModal();
  dialog.querySelector("input:not([type=hidden])")?.focus();
};
dialog?.parentElement.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.matches("[data-close]") && dialog.open) dialog.close();
  else if (link.matches("[data-dialog]") || (dialog.contains(link) && link.pathname === dialog.dataset.path)) show(link.href);
  else return;
  event.preventDefault();
});
dialog?.addEventListener("submit", (event) => {
  if (event.target.method !== "get") return;
  event.preventDefault();
  show(`${event.target.action}?${new URLSearchParams(new FormData(event.target))}`);
});

// A live part waits while somebody works in it.
document.addEventListener("htmx:before:request", (event) => {
  const live = event.target.closest?.("[data-live]");
  if (live && (live.querySelector("details[open]") || live.contains(document.activeElement))) event.preventDefault();
});
