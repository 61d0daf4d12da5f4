// A review: the text to be confirmed follows the form, the button names what it will do, and each
// conclusion keeps an opinion text of its own.
export function watchVerdict() {
  const form = document.querySelector('[data-verdict]');
  if (!form) return;
  const opinion = form.elements.namedItem('opinion');
  const kept = {};
  let before = null;

  const chosen = () => form.querySelector('input[type=radio]:checked');
  const word = (radio) => radio?.closest('label').querySelector('b').textContent.trim();

  function said(field) {
    if (field instanceof RadioNodeList) return word(chosen());
    // A file field's value is a path that never was: the names are what is meant.
    return field?.files ? [...field.files].map((file) => file.name).join('、') : field?.value.trim();
  }

  function draw() {
    form.querySelectorAll('[data-echo]').forEach((place) => {
      const field = form.elements.namedItem(place.dataset.echo);
      place.textContent = said(field) || place.dataset.none;
    });
    const button = form.querySelector('[data-word-with]');
    const named = word(chosen());
    form.querySelector('[data-go]').textContent = named
      ? button.dataset.wordWith.replace('{word}', named) : button.dataset.word;
  }

  form.addEventListener('change', (event) => {
    if (event.target.type === 'radio' && opinion) {
      if (before !== null) kept[before] = opinion.value;
      if (before !== null) opinion.value = kept[event.target.value] ?? '';
      before = event.target.value;
    }
    draw();
  });
  form.addEventListener('input', draw);
  draw();
}
