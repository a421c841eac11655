// Uses the dashboard as a person does, and prints what it found: one entry for
// each check, with what was wrong. A directory as the last argument is where it
// puts pictures.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const [executablePath, open, locked, token, pictures] = process.argv.slice(2);
const checks = [];
const browser = await chromium.launch({
  executablePath,
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});
const complaints = [];

function must(truth, what) {
  if (!truth) throw new Error(what);
}

// page opens a new one that may not complain: but for what it is told.
async function fresh(options = {}, allowed = () => false) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 860 }, colorScheme: 'light', ...options });
  context.setDefaultTimeout(20_000);
  const page = await context.newPage();
  page.on('console', (m) => {
    if (['error', 'warning'].includes(m.type()) && !allowed(m.text())) complaints.push(`${m.type()}: ${m.text()}`);
  });
  page.on('pageerror', (e) => complaints.push(`thrown: ${e.message}`));
  page.on('request', (r) => {
    if (![open, locked].some((ours) => r.url().startsWith(ours))) complaints.push(`asked elsewhere: ${r.url()}`);
  });
  return page;
}

async function check(name, page, act) {
  const began = performance.now();
  let fault = '';
  try {
    await act(page);
  } catch (e) {
    fault = e.stack;
  }
  const said = complaints.splice(0);
  checks.push({ name, fault: [fault, ...said].filter(Boolean).join('\n'), took: performance.now() - began });
}

async function picture(page, name) {
  if (pictures) await page.screenshot({ path: join(pictures, `${name}.png`) });
}

const rows = (page) => page.locator('#panel button.row');
const still = (page, ms = 900) => page.waitForTimeout(ms);

// painted counts the colors on the graph's canvas.
const painted = (page) => page.evaluate(() => {
  const { width, height } = document.getElementById('graph');
  const copy = new OffscreenCanvas(width, height).getContext('2d', { willReadFrequently: true });
  copy.drawImage(document.getElementById('graph'), 0, 0);
  const pixels = new Uint32Array(copy.getImageData(0, 0, width, height).data.buffer);
  return new Set(pixels).size;
});

// nodeAt looks for a place of the graph where the pointer says that a node is.
async function nodeAt(page) {
  const box = await page.locator('#graph').boundingBox();
  for (let y = box.y + box.height * 0.3; y < box.y + box.height * 0.75; y += 11) {
    for (let x = box.x + box.width * 0.3; x < box.x + box.width * 0.75; x += 11) {
      await page.mouse.move(x, y);
      if (await page.evaluate(() => document.getElementById('graph').style.cursor === 'pointer')) return [x, y];
    }
  }
  throw new Error('there is no node to point at');
}

async function search(page, question) {
  await page.fill('#query', question);
  await page.press('#query', 'Enter');
  await page.locator('.head h2', { hasText: question }).waitFor();
}

const page = await fresh();

await check('opens', page, async () => {
  await page.goto(open);
  must(await page.title() === 'Zapomni Knowledge Graph Dashboard', await page.title());
  await rows(page).first().waitFor();
  must((await page.locator('.figures dd').first().textContent()) === '20', 'the number of memories');
  must((await rows(page).count()) === 20, 'the memories that were added');
  await page.waitForFunction(() => document.querySelector('#health').dataset.state === 'good');
  await still(page, 1500);
  must(await painted(page) > 20, 'the graph is not drawn');
  await picture(page, 'few-light');
});

await check('searches', page, async () => {
  await search(page, 'Where does Anna work?');
  const first = page.locator('.hit').first();
  must((await first.textContent()).includes('Gulbenkian Museum'), 'the best hit');
  must(/0\.\d\d/.test(await first.locator('.score').textContent()), 'its score');
  must((await first.locator('.reason').count()) > 0, 'its reasons');
  must((await page.locator('#spoken').textContent()).includes('found'), 'what is said aloud');
  await still(page);
  await picture(page, 'search-light');
  await search(page, 'zzzzqqq');
  must((await page.locator('.nothing').count()) === 1, 'that nothing is found');
});

await check('opens a hit', page, async () => {
  await search(page, 'Who signs off the release?');
  await page.locator('.hit').first().click();
  await page.waitForSelector('#text');
  must((await page.locator('#text').textContent()).includes('Thursdays'), 'its text');
  must((await page.locator('.beside').count()) > 0, 'what stands beside it');
  await still(page, 1200);
  await picture(page, 'memory-light');
  await page.click('.back');
  await page.waitForSelector('.hit');
  await page.click('.back');
});

await check('clicks a node', page, async () => {
  await page.goto(open);
  await rows(page).first().waitFor();
  await still(page, 1500);
  const [x, y] = await nodeAt(page);
  await page.mouse.click(x, y);
  await page.waitForSelector('.back');
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x + 60, y + 40, { steps: 5 });
  await page.mouse.up();
  await page.mouse.wheel(0, -400);
  await still(page, 300);
  must(await painted(page) > 20, 'the graph is gone');
});

await check('opens a tag', page, async () => {
  await page.goto(open);
  await search(page, 'bread');
  await page.locator('.hit').first().click();
  await page.locator('.chip.tag', { hasText: 'recipes' }).click();
  await page.waitForSelector('.head h2');
  must((await page.locator('.head h2').textContent()) === 'recipes', 'its name');
  must((await rows(page).count()) === 2, 'its memories');
});

await check('switches the workspace', page, async () => {
  await page.selectOption('#workspace', 'work');
  await page.waitForFunction(() => document.querySelector('.figures dd')?.textContent === '3');
  must(page.url().endsWith('#workspace=work'), page.url());
  await rows(page).first().click();
  await page.waitForSelector('#text');
  must((await page.locator('#text').textContent()).includes('<script>'), 'text that looks like a page is not shown as it is');
  await page.locator('.chip.tag').last().click();
  await still(page, 300);
  must((await page.evaluate(() => window.hostile)) === undefined && (await page.locator('#panel img, #panel script').count()) === 0, 'text was taken for a page');
  await search(page, 'migration');
  must(!(await page.locator('#panel').textContent()).includes('Anna'), 'a memory of another workspace');
  await page.goto('about:blank');
  await page.goto(`${open}/#workspace=work`);
  await page.waitForFunction(() => document.querySelector('.figures dd')?.textContent === '3');
});

await check('shows an empty workspace', page, async () => {
  await page.selectOption('#workspace', 'empty');
  await page.waitForSelector('#empty:not([hidden])');
  await page.waitForFunction(() => document.querySelector('.figures dd')?.textContent === '0');
  must(await page.locator('#time').isHidden(), 'a timeline of nothing');
  await picture(page, 'empty-light');
});

await check('filters by type', page, async () => {
  await page.selectOption('#workspace', 'default');
  await page.waitForSelector('[data-kind=line]');
  await still(page, 1500);
  const before = await painted(page);
  for (const kind of ['note', 'line', 'code', 'tag', 'source']) await page.click(`#kinds [data-kind=${kind}]`);
  await still(page, 300);
  must(await painted(page) === 1 && before > 20, 'something is still drawn');
  must((await page.locator('#kinds [data-kind=note]').getAttribute('aria-pressed')) === 'false', 'the state of the switch');
  await page.click('#kinds [data-kind=note]');
  await still(page, 300);
  must(await painted(page) > 5, 'the notes are not drawn');
});

await check('filters by time', page, async () => {
  await page.goto('about:blank');
  await page.goto(open);
  await rows(page).first().waitFor();
  await page.waitForFunction(() => document.querySelector('#spoken-of').getAttribute('aria-pressed') === 'true');
  const box = await page.locator('#histogram').boundingBox();
  await page.mouse.move(box.x + box.width * 0.2, box.y + 20);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width * 0.6, box.y + 20, { steps: 5 });
  await page.mouse.up();
  must((await page.inputValue('#from')).startsWith('2025-02'), await page.inputValue('#from'));
  await picture(page, 'time-light');
  await search(page, 'Anna');
  must(!(await page.locator('#panel').textContent()).includes('Gift for Anna'), 'a memory of another time');
  await page.click('#alltime');
  must((await page.inputValue('#from')) === '', 'the bound is still there');
});

await check('goes by keyboard', page, async () => {
  await page.goto('about:blank');
  await page.goto(open);
  await rows(page).first().waitFor();
  await still(page, 1200);
  await page.keyboard.press('/');
  await page.keyboard.type('bicycle');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.hit');
  must((await page.locator('.hit').first().textContent()).includes('fuse box'), 'what was asked for');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
  await page.waitForSelector('.figures');
  await page.keyboard.press('g');
  await page.keyboard.press('ArrowRight');
  const spoken = await page.locator('#spoken').textContent();
  must(spoken.length > 0, 'nothing is said of the node');
  await page.keyboard.press('+');
  await page.keyboard.press('Shift+ArrowLeft');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.back');
  must(await page.evaluate(() => document.activeElement.matches('#panel button')), 'the focus did not follow');
  await page.keyboard.press('Enter');
  await page.waitForSelector('.figures');
  await page.keyboard.press('?');
  await page.waitForSelector('#keys[open]');
  await page.keyboard.press('Escape');
  await page.waitForSelector('#keys:not([open])', { state: 'attached' });
});

await check('changes the theme', page, async () => {
  const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const light = await paper();
  await page.click('#theme');
  must(await paper() === light, 'light is not light');
  await page.click('#theme');
  must(await paper() !== light, 'dark is not dark');
  await page.reload();
  must(await paper() !== light, 'the choice is forgotten');
  await rows(page).first().waitFor();
  await still(page, 1500);
  await picture(page, 'few-dark');
  await search(page, 'Where does Anna work?');
  await still(page);
  await picture(page, 'search-dark');
  await page.selectOption('#workspace', 'empty');
  await page.waitForSelector('#empty:not([hidden])');
  await still(page, 300);
  await picture(page, 'empty-dark');
});

await check('shows what is added meanwhile', page, async () => {
  await page.request.post(`${open}/keep`);
  await page.waitForSelector('#empty', { state: 'hidden', timeout: 15_000 });
  await rows(page).first().waitFor();
  must((await rows(page).count()) === 1, 'the new memory');
});

const phone = await fresh({ viewport: { width: 400, height: 780 }, hasTouch: true, isMobile: true });
await check('is narrow', phone, async () => {
  await phone.goto(open);
  await rows(phone).first().waitFor();
  await still(phone, 1500);
  must(await phone.evaluate(() => document.documentElement.scrollWidth <= window.innerWidth), 'it is wider than the window');
  await picture(phone, 'narrow-light');
});
await phone.context().close();

await check('draws thousands', page, async () => {
  await page.evaluate(() => localStorage.clear());
  await page.goto('about:blank');
  await page.goto(`${open}/#workspace=many`);
  await page.waitForSelector('#notice:not([hidden])');
  must((await page.locator('#notice').textContent()).includes('10,000 of 10,500'), 'that it is a sample');
  const meter = await page.context().newCDPSession(page);
  await meter.send('Performance.enable');
  const worked = async () => (await meter.send('Performance.getMetrics')).metrics.find((m) => m.name === 'ScriptDuration').value * 1000;
  const before = await worked();
  const frames = await page.evaluate(() => new Promise((resolve) => {
    const times = [];
    const next = (t) => {
      times.push(t);
      if (times.length <= 15) requestAnimationFrame(next);
      else resolve(times.slice(1).map((now, i) => now - times[i]).sort((a, b) => a - b));
    };
    requestAnimationFrame(next);
  }));
  must(await painted(page) > 20, 'the graph is not drawn');
  if (pictures) {
    const median = frames[frames.length >> 1];
    const script = ((await worked()) - before) / frames.length;
    writeFileSync(join(pictures, 'frames.json'), JSON.stringify({ median, p95: frames[Math.floor(frames.length * 0.95)], count: frames.length, script }));
  }
  await search(page, 'Who knows about music?');
  await page.locator('.hit').first().click();
  await page.waitForSelector('#text');
  await picture(page, 'many-memory-light');
  await page.click('.back');
  await page.click('.back');
  await page.click('#fit');
  if (pictures) {
    await still(page, 25_000);
    await picture(page, 'many-light');
    await page.evaluate(() => { localStorage.setItem('zapomni-theme', 'dark'); });
    await page.click('#theme');
    await page.click('#theme');
    await still(page, 1000);
    await picture(page, 'many-dark');
  }
});
await page.context().close();

const hasty = await fresh({}, (said) => said.includes('500'));
await check('forgets the workspace that was left', hasty, async () => {
  await hasty.route('**/api/web?workspace=default', async (route) => {
    await new Promise((done) => { setTimeout(done, 1000); });
    await route.fulfill({ status: 500, contentType: 'application/json', body: '{"error":"late"}' });
  });
  await hasty.goto(open);
  await hasty.waitForSelector('#workspace option[value=work]', { state: 'attached' });
  await hasty.selectOption('#workspace', 'work');
  await hasty.waitForFunction(() => document.querySelector('.figures dd')?.textContent === '3');
  await still(hasty, 1500);
  must((await hasty.locator('.problem').count()) === 0, 'a problem of another workspace');
});
await hasty.context().close();

const stranger = await fresh({}, (said) => said.includes('401'));
await check('logs in', stranger, async () => {
  await stranger.goto(locked);
  await stranger.waitForSelector('#login[open]');
  must(!(await stranger.content()).includes('Anna Lindqvist'), 'a memory is shown to a stranger');
  await picture(stranger, 'login-light');
  await stranger.fill('#token', 'wrong');
  await stranger.press('#token', 'Enter');
  await stranger.waitForFunction(() => document.querySelector('#refused').textContent !== '');
  await stranger.fill('#token', 'naïve “token”');
  await stranger.press('#token', 'Enter');
  await stranger.waitForFunction(() => document.querySelector('#refused').textContent.includes('no token'));
  await stranger.fill('#token', token);
  await stranger.click('#login button');
  await rows(stranger).first().waitFor();
  must((await stranger.evaluate(() => JSON.stringify(localStorage))).includes('token') === false, 'the token is kept too long');
  await stranger.reload();
  await rows(stranger).first().waitFor();
  must(await stranger.locator('#login').isHidden(), 'the token is forgotten at once');
});

await browser.close();
console.log(JSON.stringify(checks));
