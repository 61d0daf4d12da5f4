// What a swap did, sent beside it in the HX-Trigger header, is said to a screen reader.
import { say } from './live.js';

export function watchSaid() {
  document.addEventListener('said', (event) => say(event.detail.value));
}
