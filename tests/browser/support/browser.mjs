// A real browser, and visitors in it who complain about every error that the page makes.

import assert from 'node:assert/strict';
import { chromium } from 'playwright-core';

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

export function launch() {
  return chromium.launch({
    executablePath: process.env.SCORPIO_CHROMIUM ?? '/usr/bin/chromium',
    args: flags,
  });
}

/** The browser logs each refusal that it gets. These are part of what the page does. */
const refusals = {
  /** Whether there is a cookie of an earlier visit: a page cannot see that. */
  firstVisit: /^POST \/api\/auth\/refresh 401$/,
  quota: /^POST \/api\/chat 429$/,
  wrongPassword: /^POST \/api\/auth\/login 401$/,
  missingChat: /^GET \/api\/messages 404$/,
  lostConnection: /^(GET|POST) \/api\/(chat\S*|history) net::ERR_/,
};

export class Visit {
  #problems = [];
  #expected = [refusals.firstVisit];

  /** A visitor who has never been here. `expect` names the refusals that belong to the test. */
  static async begin(t, browser, server, { expect = [], ...options } = {}) {
    const visit = new Visit();
    visit.#expected.push(...expect.map((name) => refusals[name]));
    const context = await browser.newContext({ baseURL: server.url, reducedMotion: 'reduce', ...options });
    context.setDefaultTimeout(20_000);
    // Violations are reported to the page alone where a policy is only tried out, so the page has to pass them on.
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => {
        const { violatedDirective, blockedURI, sourceFile, lineNumber, columnNumber } = event;
        const place = `${sourceFile}:${lineNumber}:${columnNumber}`;
        console.error(`content security policy: ${violatedDirective} refuses ${blockedURI} at ${place}`);
      });
    });
    visit.page = await context.newPage();
    visit.#watch(visit.page);
    t.after(() => context.close());
    return visit;
  }

  /** The same visitor in another tab. */
  async another() {
    const visit = new Visit();
    visit.#problems = this.#problems;
    visit.#expected = this.#expected;
    visit.page = await this.page.context().newPage();
    visit.#watch(visit.page);
    return visit;
  }

  #watch(page) {
    page.on('pageerror', (error) => this.#problems.push(`uncaught ${error.stack}`));
    page.on('console', (message) => {
      const isRefusal = message.text().startsWith('Failed to load resource');
      if (message.type() === 'error' && !isRefusal) this.#problems.push(message.text());
    });
    page.on('response', (response) => {
      if (response.status() >= 400) this.#refused(response.request(), response.status());
    });
    page.on('requestfailed', (request) => {
      const { errorText } = request.failure();
      // A page that goes away, or no longer wants to know, ends its requests itself.
      if (errorText !== 'net::ERR_ABORTED') this.#refused(request, errorText);
    });
  }

  #refused(request, why) {
    const text = `${request.method()} ${new URL(request.url()).pathname} ${why}`;
    if (!this.#expected.some((pattern) => pattern.test(text))) this.#problems.push(text);
  }

  /** Fails if the page made an error, broke its policy, or was refused something it should not have asked for. */
  assertClean() {
    assert.deepEqual(this.#problems, []);
  }

  /** Opens the page and waits until it has a session. */
  async open(path = '/') {
    await this.page.goto(path);
    await this.ready();
  }

  async reload() {
    await this.page.reload();
    await this.ready();
  }

  async ready() {
    await this.composer.waitFor();
    await this.page.locator('[data-testid=quota], [data-testid=sidebar-open]').first().waitFor();
  }

  get(id) {
    return this.page.getByTestId(id);
  }

  get composer() {
    return this.get('composer');
  }

  get questions() {
    return this.get('message-user');
  }

  get answers() {
    return this.get('message-assistant');
  }

  get chats() {
    return this.get('history-item');
  }

  /** Posts a message and waits until the page shows it. */
  async ask(text) {
    const before = await this.questions.count();
    await this.composer.fill(text);
    await this.composer.press('Enter');
    await this.questions.nth(before).waitFor();
  }

  /** Waits until the last answer is over. */
  async untilAnswered() {
    await this.get('regenerate').waitFor();
  }

  /** Waits until the last answer has this in it. */
  async untilAnswerHas(text) {
    await this.answers.last().filter({ hasText: text }).waitFor();
  }

  /** The written part of the last answer: without tools, reasoning and buttons. */
  async answerText() {
    const texts = await this.answers.last().locator('> .markdown').allInnerTexts();
    return texts.join('\n').trim();
  }

  /** Creates an account, in the form that is open to guests. */
  async register({ email, password }) {
    await this.get('sign-in-open').click();
    await this.get('auth-switch').click();
    await this.submitAuth({ email, password });
    await this.get('auth-submit').waitFor({ state: 'detached' });
  }

  async signIn({ email, password }) {
    await this.get('sign-in-open').click();
    await this.submitAuth({ email, password });
    await this.get('auth-submit').waitFor({ state: 'detached' });
  }

  async submitAuth({ email, password }) {
    await this.get('auth-email').fill(email);
    await this.get('auth-password').fill(password);
    await this.get('auth-submit').click();
  }

  async signOut() {
    await this.get('account-menu').click();
    await this.get('sign-out').click();
    await this.get('sign-in-open').waitFor();
  }

  /** Picks from the menu of a chat in the list. */
  async pick(chat, item) {
    await chat.hover();
    await chat.getByRole('button').click();
    await this.page.getByRole('menuitem', { name: item }).click();
  }
}
