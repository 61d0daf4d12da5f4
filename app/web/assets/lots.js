// The lines of a return from custody: adds up what is typed, and says at once where the lines of a
// lot together pass what remains in it. Only a help: 提交 asks the server.
import { fill, read, shown } from './lines.js';

export function watchLots() {
  const table = document.querySelector('[data-lots]');
  if (!table) return;
  const inputs = [...table.querySelectorAll('[data-lot]')];
  const total = table.querySelector('[data-lots-total]');

  function draw(touched) {
    const asked = new Map();
    inputs.forEach((input) => {
      asked.set(input.dataset.lot, (asked.get(input.dataset.lot) ?? 0n) + (read(input) ?? 0n));
    });
    total.textContent = shown([...asked.values()].reduce((sum, quantity) => sum + quantity, 0n));
    if (!touched) return;
    inputs.forEach((input) => {
      const place = document.getElementById(`${input.id}-error`);
      const [max, quantity] = [BigInt(input.dataset.max), read(input)];
      let words = '';
      if (quantity === null) words = table.dataset.sayWhole;
      else if (quantity && asked.get(input.dataset.lot) > max) words = fill(table.dataset.sayOver, { n: shown(max) });
      place.textContent = words;
      place.hidden = !words;
      if (words) input.setAttribute('aria-invalid', 'true');
      else input.removeAttribute('aria-invalid');
    });
  }

  table.addEventListener('input', (event) => { if ('lot' in event.target.dataset) draw(true); });
  table.addEventListener('change', (event) => {
    const quantity = 'lot' in event.target.dataset ? read(event.target) : null;
    if (quantity) event.target.value = shown(quantity);
  });
  draw(false);
}
