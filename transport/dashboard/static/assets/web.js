// The memories of a workspace, and what ties them, made ready to be shown.

export const kinds = [
  { id: 'note', name: 'Notes' },
  { id: 'line', name: 'Conversation' },
  { id: 'document', name: 'Documents' },
  { id: 'code', name: 'Code' },
  { id: 'tag', name: 'Tags' },
  { id: 'source', name: 'Sources' },
];

export const tieKinds = [
  { id: 'link', name: 'Names' },
  { id: 'neighbor', name: 'Time' },
  { id: 'tag', name: 'Tags' },
  { id: 'source', name: 'Sources' },
];

// Web is what /api/web answers. Its nodes are the memories and, behind them,
// the hubs: tags and sources.
export class Web {
  constructor(answer) {
    this.workspace = answer.workspace;
    this.all = answer.all;
    this.memories = answer.memories;
    this.hubs = answer.hubs;
    this.ties = answer.ties;
    this.size = this.memories.length + this.hubs.length;
    this.index = new Map(this.memories.map((m, i) => [m.id, i]));
    this.hubIndex = new Map(this.hubs.map((h, i) => [`${h.kind} ${h.label}`, this.memories.length + i]));
    this.beside = Array.from({ length: this.size }, () => []);
    for (const [t, tie] of this.ties.entries()) {
      this.beside[tie.from].push(t);
      this.beside[tie.to].push(t);
    }
    this.kindIndex = new Uint8Array(this.size);
    this.radius = new Float32Array(this.size);
    for (let i = 0; i < this.size; i++) {
      this.kindIndex[i] = kinds.findIndex((k) => k.id === this.kind(i));
      const reach = this.isHub(i) ? Math.sqrt(this.node(i).count) : Math.sqrt(this.beside[i].length);
      this.radius[i] = Math.min(this.isHub(i) ? 4 + 0.45 * reach : 3.6 + 0.7 * reach, 11);
    }
    this.counts = new Map(kinds.map((k) => [k.id, 0]));
    for (let i = 0; i < this.size; i++) this.counts.set(this.kind(i), (this.counts.get(this.kind(i)) || 0) + 1);
    this.tieCounts = new Map(tieKinds.map((k) => [k.id, 0]));
    for (const tie of this.ties) this.tieCounts.set(tie.kind, this.tieCounts.get(tie.kind) + 1);
  }

  isHub(i) { return i >= this.memories.length; }
  node(i) { return this.isHub(i) ? this.hubs[i - this.memories.length] : this.memories[i]; }
  kind(i) { return this.node(i).kind; }
  key(i) { return this.isHub(i) ? `${this.node(i).kind} ${this.node(i).label}` : this.node(i).id; }
  title(i) { return this.isHub(i) ? this.node(i).label : this.node(i).title; }

  // find returns the node of a key; -1 if it is not there.
  find(key) { return this.index.get(key) ?? this.hubIndex.get(key) ?? -1; }

  // others lists the nodes tied to i.
  others(i) {
    return this.beside[i].map((t) => (this.ties[t].from === i ? this.ties[t].to : this.ties[t].from));
  }

  // hubOf finds a tag or source; -1 if it is none that is shown.
  hubOf(kind, label) { return this.hubIndex.get(`${kind} ${label}`) ?? -1; }

  // shown says which nodes a filter lets through, 1 for each of them: hubs where
  // one of theirs is.
  shown({ hidden, clock, from, to }) {
    const shown = new Uint8Array(this.size);
    for (const [i, m] of this.memories.entries()) {
      if (!hidden.has(m.kind) && m[clock] >= from && m[clock] < to) shown[i] = 1;
    }
    for (let i = this.memories.length; i < this.size; i++) {
      if (!hidden.has(this.kind(i)) && this.others(i).some((m) => shown[m])) shown[i] = 1;
    }
    return shown;
  }
}
