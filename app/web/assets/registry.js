// Behaviour of every page. No inline handlers: a strict Content-Security-Policy holds. Every page
// works without this file; here is only what makes it quicker or easier to read.
import htmx from 'htmx.org';
import { watchMenu } from './menu.js';
import { watchDialogs } from './dialogs.js';
import { watchCountdowns } from './countdown.js';
import { watchSelection } from './selection.js';
import { watchSession } from './idle.js';
import { watchLines } from './lines.js';
import { watchLots } from './lots.js';
import { watchReplay } from './replay.js';
import { watchSaid } from './said.js';
import { watchVerdict } from './verdict.js';
import { watchSigning } from './signing.js';
import { say } from './live.js';

window.htmx = htmx;
// The policy forbids inline styles and eval; htmx is told so, and keeps the anti-forgery token.
htmx.config.includeIndicatorStyles = false;
htmx.config.allowEval = false;
htmx.config.selfRequestsOnly = true;
htmx.config.historyCacheSize = 0; // pages of a registry are never kept in the browser's storage
// A refusal is a page too (409, 422): it is shown where the answer would have been.
htmx.config.responseHandling = [
  { code: '204', swap: false },
  { code: '[23]..', swap: true },
  { code: '4(09|22)', swap: true },
  { code: '...', swap: false, error: true },
];

document.addEventListener('htmx:configRequest', (event) => {
  const token = document.querySelector('meta[name=csrf-token]');
  if (token) event.detail.headers['X-CSRFToken'] = token.content;
});
document.addEventListener('htmx:afterSwap', (event) => {
  const spoken = event.detail.elt.querySelector?.('[data-say]');
  if (spoken) say(spoken.dataset.say);
});
document.addEventListener('htmx:responseError', () => {
  say(document.body.dataset.failed);
  const box = document.getElementById('swap-failed');
  if (box) { box.hidden = false; box.focus(); }
});

// A form is sent once: a second press while the first is on its way does nothing.
document.addEventListener('submit', (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.hasAttribute('hx-post')) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  if (form.method === 'post') form.dataset.sent = 'yes';
});
window.addEventListener('pageshow', () => {
  document.querySelectorAll('form[data-sent]').forEach((form) => { delete form.dataset.sent; });
});

// After a refused submit the list of errors is where the reader is.
document.querySelector('[data-errors]')?.focus();

watchMenu();
watchDialogs();
watchCountdowns();
watchSelection();
watchLines();
watchLots();
watchVerdict();
watchSaid();
watchReplay();
watchSession();
watchSigning();
