// Two minutes before the session ends for lack of use a note appears; one button keeps it alive.
import { say } from './live.js';

export function watchSession() {
  const note = document.getElementById('expiring');
  if (!note) return;
  const idle = Number(note.dataset.idle) * 1000;
  let seen = Date.now();
  const show = (yes) => {
    if (note.hidden === !yes) return;
    note.hidden = !yes;
    if (yes) say(note.dataset.say);
  };
  ['htmx:afterRequest'].forEach((type) => document.addEventListener(type, () => { seen = Date.now(); }));
  note.querySelector('button').addEventListener('click', async () => {
    const answer = await fetch(note.dataset.keep, { headers: { 'HX-Request': 'true' } });
    if (answer.ok) { seen = Date.now(); show(false); } else window.location.reload();
  });
  setInterval(() => {
    const left = idle - (Date.now() - seen);
    if (left <= 0) window.location.reload();
    else show(left <= 120000);
  }, 5000);
}
