// The dialogs, the theme and the state of the server.
import { byId } from './dom.js';

const themeKey = 'zapomni-theme';
const themes = { auto: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' };
const signs = { auto: '◐', light: '○', dark: '●' };

// askToken shows the login until a token is given.
export function askToken(refused) {
  const dialog = byId('login'), input = byId('token');
  byId('refused').textContent = refused ? 'This token was refused.' : '';
  input.value = '';
  if (!dialog.open) dialog.showModal();
  input.focus();
  return new Promise((resolve) => {
    byId('login-form').onsubmit = (e) => {
      e.preventDefault();
      const token = input.value.trim();
      if (!token) return;
      if (!/^[\x21-\x7e]+$/.test(token)) { // no request can carry it
        byId('refused').textContent = 'This is no token: it has characters that none can have.';
        return;
      }
      dialog.close();
      resolve(token);
    };
    dialog.oncancel = (e) => e.preventDefault(); // there is nothing to see behind it
  });
}

export function offerHelp() {
  byId('help').addEventListener('click', () => byId('keys').showModal());
  byId('keys-form').addEventListener('submit', (e) => {
    e.preventDefault();
    byId('keys').close();
  });
}

// offerThemes sets the theme that was chosen last, and lets it be changed.
// changed() is called whenever the colors are others.
export function offerThemes(changed) {
  const button = byId('theme'), names = Object.keys(themes);
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.textContent = signs[theme];
    button.title = themes[theme];
    button.setAttribute('aria-label', themes[theme]);
  };
  set(names.includes(localStorage.getItem(themeKey)) ? localStorage.getItem(themeKey) : 'auto');
  button.addEventListener('click', () => {
    const next = names[(names.indexOf(document.documentElement.dataset.theme) + 1) % names.length];
    localStorage.setItem(themeKey, next);
    set(next);
    changed();
  });
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', changed);
}

// say shows how the server is: good, bad or gone.
export function say(state, word, detail = '') {
  const health = byId('health');
  health.dataset.state = state;
  health.title = detail;
  const label = health.querySelector('.word');
  if (label.textContent !== word) label.textContent = word;
}
