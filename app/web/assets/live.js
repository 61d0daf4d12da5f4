// The page's live region: what happened, said to a screen reader.
export function say(text) {
  const region = document.getElementById('live');
  if (region && text) region.textContent = text;
}
