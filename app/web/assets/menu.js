// Menus are native <details>; here they close on a click elsewhere and on Esc. Also the explained
// numbers (.why), the small-screen menu button and fold-away filters.
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

export function watchMenu() {
  document.addEventListener('click', (event) => {
    all('.menu details[open], .switch details[open]').forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
    const button = event.target.closest('.menu-button, [data-filters]');
    if (button) button.setAttribute('aria-expanded', button.getAttribute('aria-expanded') !== 'true');
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    all('.menu details[open], .switch details[open]').forEach((menu) => {
      menu.open = false;
      menu.querySelector('summary').focus();
    });
    all('.why:hover, .why:focus-within').forEach((why) => why.classList.add('off'));
  });
  // A dismissed explanation comes back when the reader comes back to it.
  document.addEventListener('pointerover', (event) => {
    all('.why.off').forEach((why) => { if (!why.contains(event.target)) why.classList.remove('off'); });
  });
  document.addEventListener('focusin', () => all('.why.off').forEach((why) => why.classList.remove('off')));
  document.addEventListener('change', (event) => {
    if (event.target.matches('[data-submit-on-change]')) event.target.form.requestSubmit();
  });
}
