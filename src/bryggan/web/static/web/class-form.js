// Hides the parts of a class's form that its school form has no use for. Without this, they stand there and are ignored.
const form = document.querySelector("[data-class-form]");

function showWhatFits() {
  const chosen = form.querySelector('input[name="school_form"]:checked')?.value;
  for (const part of form.querySelectorAll("[data-school-forms]")) {
    part.hidden = chosen !== undefined && !part.dataset.schoolForms.split(" ").includes(chosen);
  }
  showOrientations();
}

function showOrientations() {
  const programme = form.elements.programme.selectedOptions[0];
  for (const group of form.elements.orientation.querySelectorAll("optgroup")) {
    const fits = !programme?.value || group.label === programme.label;
    group.hidden = group.disabled = !fits;
    if (!fits && [...group.children].some((option) => option.selected)) form.elements.orientation.value = "";
  }
}

if (form) {
  form.addEventListener("change", showWhatFits);
  showWhatFits();
}
