// A select becomes a text field that filters on the server; without this file it stays.
import Combobox from "./vendor/combobox-nav.js";

const enhance = (select) => {
  const input = document.createElement("input");
  const list = document.createElement("ul");
  const text = () => (select.value ? select.selectedOptions[0].text : "");
  Object.assign(input, { id: select.id, type: "text", autocomplete: "off", value: text(), placeholder: select.dataset.placeholder, className: select.className.replace("form-select", "form-control") });
  for (const name of ["aria-describedby", "aria-invalid"]) if (select.hasAttribute(name)) input.setAttribute(name, select.getAttribute(name));
  Object.assign(list, { id: `${select.id}-list`, hidden: true, className: "combobox-list" });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", document.querySelector(`label[for="${select.id}"]`).firstChild.data.trim());
  select.removeAttribute("id");
  select.hidden = true;
  const place = document.createElement("div");
  place.className = "combobox";
  select.before(place);
  place.append(input, list);
  const nav = new Combobox(input, list, { firstOptionSelectionMode: "active" });
  let asked = 0;
  const close = () => {
    list.hidden = true;
    nav.stop();
  };
  const filter = async () => {
    const turn = ++asked;
    const answer = await fetch(`${select.dataset.combobox}?q=${encodeURIComponent(input.value === text() ? "" : input.value)}`);
    if (!answer.ok || turn !== asked) return;
    nav.stop();
    list.innerHTML = await answer.text();
    list.hidden = false;
    nav.start();
  };
  input.addEventListener("input", filter);
  input.addEventListener("focus", () => {
    input.select();
    filter();
  });
  list.addEventListener("mousedown", (event) => event.preventDefault());
  list.addEventListener("combobox-commit", (event) => {
    select.value = event.target.dataset.value;
    input.value = text();
    asked++;
    close();
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  input.addEventListener("blur", () => {
    asked++;
    if (!input.value.trim()) select.value = "";
    input.value = text();
    close();
  });
};
for (const select of document.querySelectorAll("select[data-combobox]")) enhance(select);
