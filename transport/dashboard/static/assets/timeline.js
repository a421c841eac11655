// The timeline: how many memories there are at each time, and a stretch of it
// that can be chosen.

const barWidth = 7;

export class Timeline {
  #grip = null;
  #choice = null; // [from, to], in milliseconds

  // choose(from, to) is called when a stretch is chosen, with nulls for all.
  constructor(canvas, choose) {
    this.canvas = canvas;
    this.choose = choose;
    this.times = [];
    new ResizeObserver(() => this.draw()).observe(canvas);
    canvas.addEventListener('pointerdown', (e) => {
      canvas.setPointerCapture(e.pointerId);
      this.#grip = { from: this.#time(e), moved: false };
    });
    canvas.addEventListener('pointermove', (e) => {
      if (!this.#grip || this.times.length === 0) return;
      const now = this.#time(e);
      this.#grip.moved = true;
      this.select([Math.min(now, this.#grip.from), Math.max(now, this.#grip.from) + 1]);
      this.choose(...this.#choice);
    });
    canvas.addEventListener('pointerup', () => {
      if (this.#grip && !this.#grip.moved) this.choose(null, null);
      this.#grip = null;
    });
    canvas.addEventListener('pointercancel', () => { this.#grip = null; });
  }

  // show puts times, each with whether it is shown, in the place of the last.
  show(times, lit, palette) {
    Object.assign(this, { times, lit, palette });
    this.first = times.reduce((a, t) => Math.min(a, t), Infinity);
    this.last = times.reduce((a, t) => Math.max(a, t), -Infinity);
    if (this.last - this.first < 6e5) {
      this.first -= 3e5;
      this.last += 3e5;
    }
    this.draw();
  }

  select(choice) {
    this.#choice = choice;
    this.draw();
  }

  #time(e) {
    const box = this.canvas.getBoundingClientRect();
    const part = Math.min(1, Math.max(0, (e.clientX - box.left) / box.width));
    return Math.round(this.first + part * (this.last - this.first));
  }

  draw() {
    const { canvas, times, lit, palette } = this;
    const { clientWidth: width, clientHeight: height } = canvas;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    Object.assign(canvas, { width: width * ratio, height: height * ratio });
    const ctx = canvas.getContext('2d');
    ctx.scale(ratio, ratio);
    if (!palette || times.length === 0) return;
    const ground = height - 17;
    this.#bars(ctx, width, ground);
    ctx.fillStyle = palette.faint;
    ctx.globalAlpha = 0.3;
    ctx.fillRect(0, ground, width, 1);
    ctx.globalAlpha = 1;
    this.#stretch(ctx, width, ground);
    this.#dates(ctx, width, height);
  }

  #bars(ctx, width, ground) {
    const { times, lit, palette } = this;
    const bars = Math.max(8, Math.floor(width / barWidth));
    const all = new Uint32Array(bars), bright = new Uint32Array(bars);
    for (const [i, t] of times.entries()) {
      const bar = Math.min(bars - 1, Math.floor(((t - this.first) / (this.last - this.first)) * bars));
      all[bar]++;
      if (lit[i]) bright[bar]++;
    }
    const most = all.reduce((a, b) => Math.max(a, b), 1);
    const tall = (n) => (n ? Math.max(2, (ground - 4) * Math.sqrt(n / most)) : 0);
    for (let b = 0; b < bars; b++) {
      const x = (b * width) / bars, w = width / bars - 1.5;
      ctx.fillStyle = palette.tie;
      ctx.fillRect(x, ground - tall(all[b]), w, tall(all[b]));
      ctx.fillStyle = palette.bar;
      ctx.fillRect(x, ground - tall(bright[b]), w, tall(bright[b]));
    }
  }

  #stretch(ctx, width, ground) {
    if (!this.#choice) return;
    const at = (t) => Math.min(width, Math.max(0, ((t - this.first) / (this.last - this.first)) * width));
    const [left, right] = this.#choice.map(at);
    ctx.fillStyle = this.palette.accent;
    ctx.globalAlpha = 0.12;
    ctx.fillRect(left, 0, right - left, ground);
    ctx.globalAlpha = 1;
    ctx.fillRect(left, 0, 1.5, ground);
    ctx.fillRect(right - 1.5, 0, 1.5, ground);
  }

  // dates writes as many dates as have room.
  #dates(ctx, width, height) {
    const span = this.last - this.first, day = 864e5;
    const style = span < 2 * day ? { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', hour12: false }
      : span < 300 * day ? { day: 'numeric', month: 'short' } : { month: 'short', year: 'numeric' };
    const format = new Intl.DateTimeFormat('en-GB', style);
    ctx.font = `11px ${this.palette.font}`;
    ctx.textBaseline = 'bottom';
    ctx.fillStyle = this.palette.faint;
    const ticks = Math.max(1, Math.min(8, Math.floor(width / 130)));
    for (let i = 0; i <= ticks; i++) {
      ctx.textAlign = i === 0 ? 'left' : i === ticks ? 'right' : 'center';
      ctx.fillText(format.format(this.first + (span * i) / ticks), (width * i) / ticks, height);
    }
  }
}
