// The round is over, or another one begins: what this phone kept of unsent ideas is wiped.
try {
  for (const key of Object.keys(localStorage)) if (key.startsWith("bryggan-idea-")) localStorage.removeItem(key);
} catch {
  // Nothing could be kept either.
}
