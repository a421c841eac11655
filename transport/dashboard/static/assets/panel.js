// The panel beside the graph: what was added last, what was found, one memory
// with what stands beside it.
import { bytes, count, day, dayName, el, hour, moment, several, shortDay, span } from './dom.js';

const clockSkew = 60_000; // between two times that are said as one
const mostMembers = 200;

export class Panel {
  // on has open(id), openHub(kind, label), more(skip), back(), title(id) and
  // kind(id).
  constructor(root, on) {
    this.root = root;
    this.on = on;
    root.addEventListener('keydown', (e) => this.#walk(e));
  }

  #fill(...children) {
    this.root.replaceChildren(...children.flat().filter(Boolean));
    this.root.scrollTop = 0;
  }

  // #walk goes up and down a list with the arrow keys.
  #walk(e) {
    if (e.key !== 'ArrowDown' && e.key !== 'ArrowUp') return;
    const rows = [...this.root.querySelectorAll('button.row')];
    const at = rows.indexOf(document.activeElement);
    const next = rows[at + (e.key === 'ArrowDown' ? 1 : -1)];
    if (next) {
      next.focus();
      e.preventDefault();
    }
  }

  // health is what /health says; null where there is none.
  overview(stats, latest, health) {
    const figure = (value, name) => el('div', {}, el('dd', {}, value), el('dt', {}, name));
    this.#fill(
      el('dl', { class: 'figures' },
        figure(count(stats.memories), stats.memories === 1 ? 'memory' : 'memories'),
        figure(count(stats.chunks), stats.chunks === 1 ? 'chunk' : 'chunks'),
        figure(bytes(stats.database_bytes), 'store'),
        stats.pool && figure(`${stats.pool.active_connections}/${stats.pool.max_connections}`, 'connections')),
      stats.oldest && el('p', { class: 'faint since' }, `The first was added on ${day(stats.oldest)}`),
      health?.uptime_seconds !== undefined && this.#server(health),
      stats.memories > 0 && el('h2', {}, 'Recently added'),
      this.list = el('div', { class: 'list' }));
    this.day = '';
    this.later(latest);
  }

  #server(health) {
    const facts = [
      ['State', health.status], ['Version', health.version], ['Up for', span(health.uptime_seconds)], ['Store', health.store?.kind],
      ['Sessions', health.active_sessions], ['Calls under way', health.calls_in_flight],
      ['Calls', health.tools && `${count(health.tools.calls)}, ${several(health.tools.errors, 'error', 'errors')}`],
    ];
    return el('details', { class: 'details server' }, el('summary', {}, 'Server'), el('dl', {},
      facts.filter(([, value]) => value != null).flatMap(([name, value]) => [el('dt', {}, name), el('dd', {}, String(value))])));
  }

  // later adds a page to the list of what was added.
  later({ all, skip, memories }) {
    this.root.querySelector('.more')?.remove();
    for (const m of memories) {
      const name = dayName(m.created);
      if (name !== this.day) {
        this.list.append(el('h3', {}, name));
        this.day = name;
      }
      this.list.append(this.#row(m, m.kind, hour(m.created)));
    }
    const next = skip + memories.length;
    if (next < all && memories.length > 0) {
      this.root.append(el('button', { class: 'more', type: 'button', onclick: () => this.on.more(next) }, 'Show earlier'));
    }
  }

  #row({ id, title, tags }, kind, aside) {
    return el('button', { class: 'row', type: 'button', 'data-id': id, onclick: () => this.on.open(id) },
      el('span', { class: `dot ${kind}`, 'aria-hidden': 'true' }),
      el('span', { class: 'rowtitle' }, title, tags?.length > 0 && el('span', { class: 'rowtags' }, tags.slice(0, 3).join(' · '))),
      aside && el('span', { class: 'aside' }, aside));
  }

  #head(title, detail) {
    return el('div', { class: 'head' },
      el('button', { class: 'quiet back', type: 'button', onclick: () => this.on.back() }, '← Back'),
      el('h2', { tabindex: '-1' }, title),
      detail && el('p', { class: 'faint' }, detail));
  }

  results(query, { hits, took_ms: took }) {
    const best = hits[0]?.score || 1;
    this.#fill(
      this.#head(`“${query}”`, hits.length ? `${several(hits.length, 'memory', 'memories')} found in ${took < 10 ? took.toFixed(1) : Math.round(took)} ms` : null),
      hits.length === 0 && el('p', { class: 'nothing' }, 'No memory matches. Try other words, or fewer.'),
      el('div', { class: 'list' }, hits.map((h) => this.#hit(h, best))));
  }

  #hit(h, best) {
    const bar = el('span', { class: 'scorebar' }, el('span'));
    bar.firstChild.style.width = `${Math.round((100 * h.score) / best)}%`;
    return el('button', { class: 'row hit', type: 'button', 'data-id': h.id, onclick: () => this.on.open(h.id) },
      el('span', { class: 'score', title: 'Score' }, bar, h.score.toFixed(2)),
      el('span', { class: 'hittext' }, h.text),
      el('span', { class: 'reasons' }, h.reasons.map((r) => el('span', { class: 'reason' }, this.#because(r)))),
      el('span', { class: 'aside' }, shortDay(h.valid), h.chunks > 1 && ` · chunk ${h.chunk} of ${h.chunks}`));
  }

  #because({ kind, what }) {
    switch (kind) {
      case 'words': return `words: ${what}`;
      case 'phrase': return 'the whole phrase';
      case 'name': return `about ${what}`;
      case 'link': return `named by “${this.on.title(what)}”`;
      case 'neighbor': return `said next to “${this.on.title(what)}”`;
      case 'date': return 'tells when';
      case 'session': return 'in the conversation of a hit';
    }
    return what ? `${kind}: ${what}` : kind;
  }

  memory(m) {
    const apart = Math.abs(m.valid - m.created) > clockSkew;
    const groups = [
      ['Names', m.beside.filter((b) => b.kind === 'link')],
      ['Named by', m.beside.filter((b) => b.kind === 'name')],
      ['Before', m.beside.filter((b) => b.kind === 'neighbor' && b.offset < 0)],
      ['After', m.beside.filter((b) => b.kind === 'neighbor' && b.offset > 0)],
    ];
    this.#fill(
      el('div', { class: 'head' },
        el('button', { class: 'quiet back', type: 'button', onclick: () => this.on.back() }, '← Back'),
        el('p', { class: 'when' }, el('span', { class: `dot ${this.on.kind(m.id)}`, 'aria-hidden': 'true' }), el('span', {}, moment(m.valid)),
          apart && el('span', { class: 'faint' }, `added ${shortDay(m.created)}`))),
      el('article', { class: 'text', id: 'text', tabindex: '-1' }, m.text),
      m.text.length < m.bytes && new TextEncoder().encode(m.text).length < m.bytes
        && el('p', { class: 'faint' }, `This is its beginning. It has ${bytes(m.bytes)} in all.`),
      this.#labels(m),
      groups.filter(([, list]) => list.length > 0).map(([name, list]) => el('section', { class: 'beside' },
        el('h3', {}, name), el('div', { class: 'list' }, list.map((b) => this.#row(b, this.on.kind(b.id), b.what))))),
      this.#metadata(m));
  }

  #labels(m) {
    const chip = (kind, label) => el('button', { class: `chip ${kind}`, type: 'button', onclick: () => this.on.openHub(kind, label) }, label);
    if (!m.tags?.length && !m.source) return null;
    return el('p', { class: 'chips' }, (m.tags || []).slice(0, 40).map((tag) => chip('tag', tag)), m.source && chip('source', m.source));
  }

  #metadata(m) {
    const rest = Object.fromEntries(Object.entries(m.metadata || {}).filter(([key]) => !['tags', 'source', 'timestamp'].includes(key)));
    return el('details', { class: 'details' }, el('summary', {}, 'Details'),
      el('dl', {}, el('dt', {}, 'ID'), el('dd', {}, el('code', {}, m.id)), el('dt', {}, 'Chunks'), el('dd', {}, count(m.chunks)),
        Object.entries(rest).flatMap(([key, value]) => [el('dt', {}, key), el('dd', {}, typeof value === 'string' ? value : JSON.stringify(value))])));
  }

  hub({ kind, label, count: members }, memories) {
    this.#fill(
      this.#head(label, `${kind === 'tag' ? 'Tag' : 'Source'} of ${several(members, 'memory', 'memories')}`),
      el('div', { class: 'list' }, memories.slice(0, mostMembers).map((m) => this.#row(m, m.kind, shortDay(m.valid)))),
      memories.length > mostMembers && el('p', { class: 'faint' }, `and ${count(memories.length - mostMembers)} more`));
  }

  problem(text, again) {
    this.#fill(el('div', { class: 'problem', role: 'alert' }, el('h2', {}, 'That did not work'), el('p', {}, text),
      el('button', { class: 'main', type: 'button', onclick: again }, 'Try again')));
  }

  loading() {
    this.#fill(el('div', { class: 'loading', role: 'status' }, 'Loading…'));
  }

  focus() {
    (this.root.querySelector('button.back') || this.root).focus({ preventScroll: true });
  }
}
