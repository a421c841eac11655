// Asks the server, with the token that the person gave.

const tokenKey = 'zapomni-token';

export class Failure extends Error {
  constructor(status, text) {
    super(text);
    this.status = status;
  }
}

// Api asks for a token, once for all questions that wait for one, when the
// server demands it.
export class Api {
  #askToken;
  #asking = null;

  // askToken shows that a token is needed, and whether the last was refused. It
  // resolves to the one that is given.
  constructor(askToken) {
    this.#askToken = askToken;
  }

  // get returns what /api/<name> answers.
  async get(name, parameters = {}, signal) {
    const query = new URLSearchParams();
    for (const [key, value] of Object.entries(parameters)) {
      if (value !== '' && value != null) query.set(key, value);
    }
    const answer = await this.#fetch(`/api/${name}?${query}`, signal);
    const body = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Failure(answer.status, body.error || `The server answered ${answer.status}.`);
    return body;
  }

  // health returns what /health says, null where there is none.
  async health() {
    const answer = await fetch('/health', { headers: this.#headers(), cache: 'no-store' });
    const known = (answer.headers.get('Content-Type') || '').includes('json');
    return known ? answer.json() : null;
  }

  #headers() {
    const token = sessionStorage.getItem(tokenKey);
    return token ? { Authorization: `Bearer ${token}` } : {};
  }

  async #fetch(url, signal) {
    for (;;) {
      const used = sessionStorage.getItem(tokenKey);
      let answer;
      try {
        answer = await fetch(url, { headers: this.#headers(), cache: 'no-store', signal });
      } catch (e) {
        if (e.name === 'AbortError') throw e;
        throw new Failure(0, 'The server cannot be reached.');
      }
      if (answer.status !== 401) return answer;
      if (used === sessionStorage.getItem(tokenKey)) await this.#newToken(Boolean(used));
    }
  }

  #newToken(refused) {
    this.#asking ??= this.#askToken(refused).then((token) => {
      sessionStorage.setItem(tokenKey, token);
      this.#asking = null;
    });
    return this.#asking;
  }
}
