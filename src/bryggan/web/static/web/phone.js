// A pupil's phone in a round. What is written is kept on the phone until it has been sent, sent when the network is
// back, and wiped when it has been sent or the round is over. Without this script everything but drawing works.
import { ask, swap, whenFollowing } from "./follow.js";
import { drawOn } from "./phone-draw.js";

const KEY = `bryggan-idea-${document.body.dataset.round}`;
const part = (id) => document.getElementById(id);
const form = part("write");
let isOver = false;
let canKeep = true;
let state = read();
let pad;

function read() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
    return { draft: kept.draft ?? null, unsent: Array.isArray(kept.unsent) ? kept.unsent : [] };
  } catch {
    return { draft: null, unsent: [] };
  }
}

function keep() {
  try {
    if (state.draft || state.unsent.length) localStorage.setItem(KEY, JSON.stringify(state));
    else localStorage.removeItem(KEY);
    canKeep = true;
  } catch {
    canKeep = false;
  }
}

function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function show(id, isShown) {
  const at = part(id);
  if (at) at.hidden = !isShown;
}

function tell(text, isGood = true) {
  const line = document.createElement("p");
  line.className = isGood ? "notice good" : "notice";
  line.textContent = text;
  part("told").replaceChildren(line);
}

function fail(text) {
  const error = part("text-error");
  if (!error) return;
  error.textContent = text;
  error.hidden = !text;
  form.elements.text.toggleAttribute("aria-invalid", Boolean(text));
  if (text) form.elements.text.setAttribute("aria-invalid", "true");
}

function typed() {
  const fields = form.elements;
  return {
    sent_key: fields.sent_key.value,
    text: fields.text.value,
    strokes: fields.strokes.value,
    builds_on: fields.builds_on?.value ?? "",
  };
}

const isEmpty = (idea) => !idea.text.trim() && !JSON.parse(idea.strokes || "[]").length;

function keepDraft() {
  const idea = typed();
  state.draft = isEmpty(idea) ? null : idea;
  keep();
}

function renew() {
  form.elements.text.value = "";
  form.elements.sent_key.value = newKey();
  pad?.clear();
  state.draft = null;
  keep();
}

// One idea at a time, in the order they were written. Each has a number of its own: sent twice it is one.
let isSending = false;
async function sendUnsent() {
  if (isSending || isOver) return;
  isSending = true;
  try {
    while (state.unsent.length && !isOver) {
      const idea = state.unsent[0];
      const answer = await fetch(form?.action ?? location.pathname, {
        method: "POST",
        headers: { "X-Follow": "1" },
        body: new URLSearchParams(idea),
        signal: AbortSignal.timeout(20_000),
      });
      const html = await answer.text();
      show("offline", false);
      if (answer.status === 410 || answer.status === 404) return over();
      if (answer.status === 429 || answer.status >= 500) {
        show("slow", true);
        return;
      }
      show("slow", false);
      state.unsent.shift();
      keep();
      if (answer.ok) {
        tell(part("told").dataset.thanks);
        swap(html);
      } else {
        giveBack(idea, html);
      }
    }
  } catch {
    show("offline", true);
  } finally {
    isSending = false;
  }
}

// What the server refused goes back into the form, unless something new is being written there.
function giveBack(idea, html) {
  const why = new DOMParser().parseFromString(html, "text/html").getElementById("text-error")?.textContent.trim();
  if (form && isEmpty(typed())) {
    form.elements.text.value = idea.text;
    form.elements.strokes.value = idea.strokes;
    pad?.show();
    keepDraft();
  }
  fail(why || "");
  form?.elements.text.focus();
}

function over() {
  isOver = true;
  show("over", true);
  show("offline", false);
  show("slow", false);
  if (form) {
    // What was typed, or waited to be sent, stays in sight to be copied.
    const waiting = state.unsent.map((idea) => idea.text).concat(form.elements.text.value).filter((text) => text.trim());
    form.elements.text.value = waiting.join("\n");
    form.elements.text.removeAttribute("maxlength");
    form.elements.text.readOnly = true;
    for (const button of form.querySelectorAll("button")) button.hidden = true;
    show("drawing", false);
  }
  for (const button of document.querySelectorAll("[data-vote] button, #live a.button")) button.hidden = true;
  state = { draft: null, unsent: [] };
  keep();
}

async function vote(at, button) {
  button.disabled = true;
  try {
    const answer = await fetch(at.action, {
      method: "POST",
      headers: { "X-Follow": "1" },
      body: new URLSearchParams(new FormData(at)),
      signal: AbortSignal.timeout(20_000),
    });
    const html = await answer.text();
    show("offline", false);
    if (answer.status === 410 || answer.status === 404) return over();
    swap(html);
    part(button.id)?.focus({ preventScroll: true });
    const said = new DOMParser().parseFromString(html, "text/html").querySelector("[role=alert].notice:not([hidden])");
    if (!answer.ok && said) tell(said.textContent, false);
  } catch {
    show("offline", true);
    button.disabled = false;
  }
}

if (form) {
  const fields = form.elements;
  if (part("drawing")) {
    pad = drawOn(part("canvas"), fields.strokes, keepDraft);
    part("drawing").hidden = false;
    part("undo-stroke").addEventListener("click", () => pad.undo());
    part("clear-drawing").addEventListener("click", () => pad.clear());
  }
  // What came back with an error is newer than what was kept.
  if (state.draft && !fields.text.value && !fields.strokes.value) {
    fields.text.value = state.draft.text;
    fields.strokes.value = part("drawing") ? state.draft.strokes : "";
    fields.sent_key.value = state.draft.sent_key;
    pad?.show();
  }
  if (pad && fields.strokes.value.length > 2) part("drawing").open = true;
  fields.text.addEventListener("input", () => {
    fail("");
    keepDraft();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isOver) return;
    const idea = typed();
    if (isEmpty(idea)) return form.elements.text.focus();
    fail("");
    state.unsent.push(idea);
    renew();
    sendUnsent();
  });
}

document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-vote]")) return;
  event.preventDefault();
  vote(event.target, event.submitter);
});

whenFollowing({
  swapped({ hasNews, modeBefore, mode, news }) {
    if (modeBefore !== mode) {
      // Another form belongs to another mode. The draft is kept, and comes back with the form.
      if (canKeep || !form || isEmpty(typed())) return location.reload();
    }
    if (hasNews) tell(news, false);
  },
  over,
  lost: () => show("offline", !isOver),
  found() {
    show("offline", false);
    sendUnsent();
  },
});
addEventListener("online", () => sendUnsent());
addEventListener("pagehide", () => form && !isOver && keepDraft());
sendUnsent();
if (!navigator.onLine) show("offline", true);
export { ask };
