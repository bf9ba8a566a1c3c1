// The shared programme on a phone: keeps a copy for when there is no network, and marks what happens today and now.
// Without this script everything can be read; a page that has ended uses it to wipe the copy.
const { keep, worker, forget } = document.body.dataset;

async function keepCopy() {
  if (!("serviceWorker" in navigator)) return;
  try {
    await navigator.serviceWorker.register(worker, { scope: keep });
    await navigator.serviceWorker.ready;
    for (const note of document.querySelectorAll("[data-kept-note]")) note.hidden = false;
  } catch {
    // No copy then: private windows, full phones.
  }
}

// Also where the worker was passed by, as when somebody reloads with Shift held down.
async function forgetCopy() {
  if (!("serviceWorker" in navigator)) return;
  for (const name of await caches.keys()) {
    if (name.startsWith(`bryggan ${forget} `)) await caches.delete(name);
  }
  const registration = await navigator.serviceWorker.getRegistration(forget);
  if (registration && new URL(registration.scope).pathname === forget) await registration.unregister();
}

// The city's day and hour, wherever the phone believes that it is.
function markNow() {
  const now = new Date();
  const today = now.toLocaleDateString("sv-SE", { timeZone: "Europe/Stockholm" });
  for (const part of document.querySelectorAll("[data-day]")) {
    const isToday = part.dataset.day === today;
    if (part.matches("a")) part.toggleAttribute("aria-current", isToday);
    if (part.matches("a") && isToday) part.setAttribute("aria-current", "date");
    for (const badge of part.querySelectorAll("[data-today]")) badge.hidden = !isToday;
  }
  for (const stop of document.querySelectorAll("[data-begins]")) {
    const isNow = new Date(stop.dataset.begins) <= now && now < new Date(stop.dataset.ends);
    stop.classList.toggle("is-now", isNow);
    for (const badge of stop.querySelectorAll("[data-now]")) badge.hidden = !isNow;
  }
}

if (forget) forgetCopy();
if (keep) {
  keepCopy();
  markNow();
  setInterval(markNow, 30_000);
}
