// A button that copies the address in a field. Without this script the field can be marked and copied by hand.
for (const button of document.querySelectorAll("[data-copy]")) {
  const field = document.getElementById(button.dataset.copy);
  button.hidden = false;
  button.addEventListener("click", async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(field.value);
    } catch {
      // Not allowed to: the address is marked, and can be copied with the keys.
      return;
    }
    document.querySelector("[data-copy-told]").textContent = button.dataset.copied;
  });
}
