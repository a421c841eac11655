// What of the graph is shown: by type, by tie, by time.
import { byId, count, el } from './dom.js';
import { kinds, tieKinds } from './web.js';

const dayLong = 864e5;

// Filter keeps what is chosen. changed() is called after each change.
export class Filter {
  constructor(changed) {
    this.changed = changed;
    this.hidden = new Set();
    this.hiddenTies = new Set();
    this.clock = 'created';
    this.clear();
    for (const [id, clock] of [['added', 'created'], ['spoken-of', 'valid']]) {
      byId(id).addEventListener('click', () => this.tell(clock));
    }
    for (const id of ['from', 'to']) byId(id).addEventListener('change', () => this.#dates());
    byId('alltime').addEventListener('click', () => this.between(null, null));
  }

  clear() {
    this.from = -Infinity;
    this.to = Infinity;
    for (const id of ['from', 'to']) byId(id).value = '';
    byId('alltime').hidden = true;
  }

  get bounded() { return this.from > -Infinity || this.to < Infinity; }

  // tell chooses the clock: when memories were added, or what time they speak
  // of.
  tell(clock, silently) {
    this.clock = clock;
    byId('added').setAttribute('aria-pressed', clock === 'created');
    byId('spoken-of').setAttribute('aria-pressed', clock === 'valid');
    this.clear();
    if (!silently) this.changed();
  }

  // between chooses a stretch of time; nulls choose all of it.
  between(from, to) {
    this.clear();
    if (from !== null) {
      this.from = from;
      this.to = to;
      byId('from').value = localDay(from);
      byId('to').value = localDay(to - 1);
      byId('alltime').hidden = false;
    }
    this.changed();
  }

  #dates() {
    const [from, to] = ['from', 'to'].map((id) => (byId(id).value ? new Date(`${byId(id).value}T00:00`).getTime() : NaN));
    this.from = Number.isNaN(from) ? -Infinity : from;
    this.to = Number.isNaN(to) ? Infinity : to + dayLong;
    byId('alltime').hidden = !this.bounded;
    this.changed();
  }

  // offer shows a switch for each kind there is.
  offer(web) {
    const toggles = (root, all, counts, off) => byId(root).replaceChildren(...all.filter(({ id }) => counts.get(id) > 0).map(({ id, name }) => {
      const button = el('button', {
        type: 'button', class: 'toggle', 'data-kind': id, 'aria-pressed': String(!off.has(id)),
        onclick: () => {
          if (!off.delete(id)) off.add(id);
          button.setAttribute('aria-pressed', String(!off.has(id)));
          this.changed();
        },
      }, root === 'kinds' && el('span', { class: `dot ${id}`, 'aria-hidden': 'true' }), el('span', {}, name), el('span', { class: 'n' }, count(counts.get(id))));
      return button;
    }));
    toggles('kinds', kinds, web.counts, this.hidden);
    toggles('ties', tieKinds, web.tieCounts, this.hiddenTies);
    byId('ties').previousElementSibling.hidden = web.ties.length === 0;
  }
}

function localDay(t) {
  const d = new Date(t);
  return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`;
}
