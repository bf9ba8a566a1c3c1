// A region that follows what happens elsewhere. It asks for itself now and then with the tag of what it shows; 304 means
// that nothing has changed. Nothing is swapped while somebody writes in the region or has unfolded a form in it.
// Without this script the page is fetched anew by hand.
const region = () => document.getElementById("live");
const pause = (base) => base * (0.8 + 0.4 * Math.random());
const handlers = { swapped: () => {}, over: () => {}, lost: () => {}, found: () => {} };
let timer;

export function whenFollowing(named) {
  Object.assign(handlers, named);
}

function isBusy(part) {
  if (part.querySelector("details.change[open]")) return true;
  const at = document.activeElement;
  return part.contains(at) && at.matches("textarea, select, input");
}

// The region of an answer takes the place of the one shown; focus stays on what has the same name.
export function swap(html) {
  const part = region();
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  if (!part || !fresh) return;
  const names = (within) => [...within.querySelectorAll("li[id]")].map((each) => each.id);
  const known = new Set(names(part));
  const focused = part.contains(document.activeElement) ? document.activeElement.id : "";
  const unfolded = [...part.querySelectorAll("details[open]")].map((each) => each.id).filter(Boolean);
  const hasNews = names(fresh).some((name) => !known.has(name));
  const modeBefore = part.dataset.mode;
  part.replaceWith(document.adoptNode(fresh));
  for (const id of unfolded) document.getElementById(id)?.setAttribute("open", "");
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
  globalThis.htmx?.process?.(fresh);
  const told = fresh.querySelector("[data-told]");
  if (told && hasNews) told.textContent = fresh.dataset.news;
  handlers.swapped({ hasNews, modeBefore, mode: fresh.dataset.mode, news: fresh.dataset.news });
}

export async function ask() {
  clearTimeout(timer);
  const part = region();
  if (!part) return;
  let isOver = false;
  if (!document.hidden && !isBusy(part)) {
    try {
      const answer = await fetch(part.dataset.follow, {
        headers: { "If-None-Match": part.dataset.tag },
        cache: "no-store",
        signal: AbortSignal.timeout(10_000),
      });
      handlers.found();
      if (answer.status === 200) {
        const html = await answer.text();
        // Somebody may have begun to write, or pressed a button, meanwhile.
        if (region() === part && !isBusy(part)) swap(html);
      } else if (answer.status === 410 || answer.status === 404) {
        isOver = true;
        handlers.over();
      }
    } catch {
      handlers.lost();
    }
  }
  if (!isOver) timer = setTimeout(ask, pause(Number(part.dataset.every) || 5000));
}

document.addEventListener("visibilitychange", () => !document.hidden && ask());
addEventListener("online", ask);
if (region()) timer = setTimeout(ask, pause(Number(region().dataset.every) || 5000));
