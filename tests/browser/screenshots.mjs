// Takes the pictures of the book anew: `npm run screenshots`.

import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Server } from '../ai-sdk/support/server.mjs';
import { launch, Visit } from './support/browser.mjs';

const folder = resolve(import.meta.dirname, '../../docs/src/images');
const desktop = { viewport: { width: 1280, height: 800 } };
const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

async function ask(visitor, questions) {
  for (const question of questions) {
    await visitor.ask(question);
    await visitor.untilAnswered();
  }
}

/** A list that looks as if somebody had been here before. */
async function withHistory(visitor) {
  for (const question of ['What is 19.5% of 2,480?', 'Why is the sky blue?']) {
    await ask(visitor, [question]);
    await visitor.get('new-chat').click();
    await visitor.get('suggestion').first().waitFor();
  }
}

const pictures = {
  async welcome(visitor) {
    await visitor.get('suggestion').first().waitFor();
  },
  async 'chat-light'(visitor) {
    await withHistory(visitor);
    await ask(visitor, ['Hello! What can you do?', 'What is 12*34? And what time is it in Tokyo?']);
  },
  async 'chat-dark'(visitor) {
    await withHistory(visitor);
    await ask(visitor, ['Think about why the night is dark', 'What is 2^10 - 24?']);
    await visitor.get('reasoning').locator('summary').click();
  },
  async 'tool-card'(visitor) {
    await ask(visitor, ['What is 12*34? And what time is it in Tokyo?']);
    await visitor.get('tool-card').last().locator('summary').click();
  },
  async approval(visitor) {
    await visitor.ask('Send an e-mail to ada@example.com');
    await visitor.get('approve').waitFor();
    await visitor.get('approval').getByText('It sends something out.').waitFor();
  },
  async phone(visitor) {
    await ask(visitor, ['Think about why the night is dark', 'What time is it in Tokyo?']);
  },
};

const options = {
  'chat-light': { viewport: { width: 1280, height: 860 } },
  'chat-dark': { colorScheme: 'dark' },
  phone,
};

await mkdir(folder, { recursive: true });
const [server, browser] = await Promise.all([Server.start(), launch()]);
try {
  for (const [name, prepare] of Object.entries(pictures)) {
    const closers = [];
    const after = (closer) => closers.push(closer);
    const visitor = await Visit.begin({ after }, browser, server, {
      colorScheme: 'light',
      ...desktop,
      ...options[name],
    });
    await visitor.open();
    await prepare(visitor);
    // Where the pointer or the focus happens to be is not for the picture.
    await visitor.page.mouse.move(0, 0);
    await visitor.page.screenshot({ path: `${folder}/${name}.png`, animations: 'disabled', caret: 'hide' });
    for (const closer of closers) await closer();
    console.log(`${name}.png`);
  }
} finally {
  await browser.close();
  await server.stop();
}
