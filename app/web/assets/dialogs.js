// Native dialogs: data-open="id" opens, data-close closes; data-print prints; data-copy copies, data-play plays.
import { say } from './live.js';

export function watchDialogs() {
  document.addEventListener('click', (event) => {
    const button = event.target.closest('button, a');
    if (!button) return;
    const { open, copy } = button.dataset;
    if (open) {
      const dialog = document.getElementById(open);
      if (dialog?.showModal) { event.preventDefault(); dialog.showModal(); }
    }
    if ('close' in button.dataset) button.closest('dialog')?.close();
    if ('print' in button.dataset) window.print();
    const sound = document.getElementById(button.dataset.play);
    if (sound) { event.preventDefault(); sound.hidden = false; sound.play().catch(() => {}); }
    if (copy) {
      navigator.clipboard?.writeText(document.getElementById(copy).textContent.trim());
      say(button.dataset.copied);
    }
  });
}
