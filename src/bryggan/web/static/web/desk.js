// Keys for the editors' desk: each button says in data-keys which ones press it. They can be switched off, they
// rest while somebody writes in a field, and a key held down presses once. Without this script all buttons work.
const STORED = "bryggan-desk-keys";
let on = read();

function read() {
  try {
    return localStorage.getItem(STORED) !== "off";
  } catch {
    return true;
  }
}

function store() {
  try {
    localStorage.setItem(STORED, on ? "on" : "off");
  } catch {
    // Without storage the choice lasts as long as the page.
  }
}

// The page as it comes knows nothing of keys: after each swap it is told again.
function settle() {
  for (const part of document.querySelectorAll("[data-keys-only]")) part.hidden = part.tagName === "KBD" && !on;
  for (const button of document.querySelectorAll("[data-keys]")) {
    if (on) button.setAttribute("aria-keyshortcuts", button.dataset.keys);
    else button.removeAttribute("aria-keyshortcuts");
  }
  const box = document.querySelector("[data-keys-switch]");
  if (box) box.checked = on;
}

function isWriting(element) {
  return element.closest("input, select, textarea, [contenteditable]") && !element.matches("[data-keys-switch]");
}

document.addEventListener("keydown", (event) => {
  if (!on || event.repeat || event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (!(event.target instanceof Element) || isWriting(event.target)) return;
  const button = [...document.querySelectorAll("[data-keys]")].find((each) =>
    each.dataset.keys.split(" ").includes(event.key.toLowerCase()),
  );
  if (!button) return;
  event.preventDefault();
  button.click();
});

document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-keys-switch]")) return;
  on = event.target.checked;
  store();
  settle();
});

document.addEventListener("htmx:after:swap", () => {
  if (!document.querySelector("[data-desk]")) return;
  settle();
  // The button that was pressed keeps its focus; when it went away, the next link's heading takes it.
  if (document.activeElement === document.body) document.getElementById("desk-title")?.focus({ preventScroll: true });
  const main = document.getElementById("innehall");
  if (main.getBoundingClientRect().top < 0) main.scrollIntoView();
});

document.addEventListener("htmx:error", () => {
  const trouble = document.querySelector("[data-desk-trouble]");
  if (trouble) trouble.hidden = false;
});

settle();
