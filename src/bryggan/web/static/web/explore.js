// Filters open beside the list on wide screens and stay closed above it on narrow ones. Without this script
// they are closed everywhere until opened, and everything works.
const wide = window.matchMedia("(min-width: 60rem)");

function settle() {
  const box = document.querySelector("[data-filter-box]");
  if (box) box.open = wide.matches;
}

wide.addEventListener("change", settle);
settle();
