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
    const target = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
    if (!target) return;
    event.preventDefault();
    if (target.matches("input, textarea, select")) target.focus();
    else target.click();
  });
}

// A mail's frame grows to its content; no script runs inside it.
for (const frame of document.querySelectorAll("iframe.mail-frame")) {
  const fit = () => {
    const inner = frame.contentDocument?.documentElement;
    if (inner) frame.height = Math.min(inner.scrollHeight + 16, 4000);
  };
  frame.addEventListener("load", fit);
  fit();
}

// Copy buttons: data-copy="text".
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (button) navigator.clipboard?.writeText(button.dataset.copy);
});
