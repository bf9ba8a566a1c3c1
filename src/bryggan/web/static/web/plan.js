// Drag a stop onto another one of the same day: it is asked to begin when that one does. The buttons do the same.
const deeds = document.getElementById("deeds");

for (const list of document.querySelectorAll("ol.timeline.planned")) {
  let dragged = null;
  for (const stop of list.querySelectorAll("li.stop")) {
    if (!deeds || !stop.querySelector("button[formaction]")) continue;
    stop.draggable = true;
    stop.addEventListener("dragstart", (event) => {
      dragged = stop;
      stop.classList.add("is-dragged");
      event.dataTransfer.effectAllowed = "move";
    });
    stop.addEventListener("dragend", () => {
      stop.classList.remove("is-dragged");
      dragged = null;
    });
    stop.addEventListener("dragover", (event) => {
      if (!dragged || dragged === stop) return;
      event.preventDefault();
      stop.dataset.over = "";
    });
    stop.addEventListener("dragleave", () => delete stop.dataset.over);
    stop.addEventListener("drop", (event) => {
      event.preventDefault();
      delete stop.dataset.over;
      if (dragged && dragged !== stop) move(dragged, stop.querySelector("time").textContent);
    });
  }
}

function move(stop, clock) {
  for (const [name, value] of [["do", "move"], ["clock", clock]]) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    deeds.append(field);
  }
  deeds.action = stop.querySelector("button[formaction]").formAction;
  deeds.submit();
}
