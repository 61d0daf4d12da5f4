// Only what makes the window quicker to use; every button works without this file.
document.querySelector('[data-once]')?.addEventListener('submit', (event) => {
  const busy = event.submitter?.dataset.busy;
  if (busy) event.submitter.textContent = busy;
});
document.getElementById('problem')?.focus();
const done = document.querySelector('[data-close]');
if (done) {
  const actions = done.querySelector('.actions');
  actions.hidden = false;
  actions.querySelector('button').addEventListener('click', () => window.close());
  if (done.querySelector('.note.ok')) setTimeout(() => window.close(), 1500);
}
