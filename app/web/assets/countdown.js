// <b data-until="2026-12-31T09:00:00Z" data-hm="{h} 小时 {m} 分" data-dh=... data-over=...>:
// the server wrote the first value, this keeps it right. Said aloud at 60, 15 and 5 minutes only.
import { say } from './live.js';

const spoken = new Map();

function draw(element) {
  const minutes = Math.ceil((new Date(element.dataset.until) - Date.now()) / 60000);
  const { over, hm, dh } = element.dataset;
  let text = over;
  if (minutes > 0) {
    const days = Math.floor(minutes / 1440);
    const hours = Math.floor((minutes % 1440) / 60);
    text = days > 0 && dh
      ? dh.replace('{d}', days).replace('{h}', hours)
      : hm.replace('{h}', days * 24 + hours).replace('{m}', minutes % 60);
  }
  if (text && element.textContent !== text) element.textContent = text;
  if ([60, 15, 5].includes(minutes) && spoken.get(element) !== minutes) {
    spoken.set(element, minutes);
    say(text);
  }
}

export function watchCountdowns() {
  const elements = [...document.querySelectorAll('[data-until]')];
  // A registry that replays another year has another present: leave its words alone.
  const now = document.body.dataset.now;
  if (!elements.length || (now && Math.abs(new Date(now) - Date.now()) > 120000)) return;
  elements.forEach(draw);
  setInterval(() => elements.forEach(draw), 15000);
}
