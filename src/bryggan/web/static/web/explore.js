// Filters open beside the list on wide screens and stay closed above it on narrow ones. Without this script
// they are closed everywhere until opened, and everything works.
const wide = window.matchMedia("(min-width: 60rem)");

function settle() {
  const box = document.querySelector("[data-filter-box]");
  if (box) box.open = wide.matches;
}

wide.addEventListener("change", settle);
settle();

// A filter's values are fetched when it is opened. Without this script its link fetches them.
document.addEventListener(
  "toggle",
  (event) => {
    const link = event.target.open && event.target.matches(".filter") && event.target.querySelector("[data-load]");
    if (link) link.click();
  },
  true,
);
