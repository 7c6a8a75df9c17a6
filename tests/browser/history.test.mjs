// The list of chats.

import assert from 'node:assert/strict';
import { suite } from './support/suite.mjs';

const visit = suite();

async function askAnew(visitor, text) {
  await visitor.get('new-chat').click();
  await visitor.get('suggestion').first().waitFor();
  await visitor.ask(text);
  await visitor.untilAnswered();
}

const titles = (visitor) => visitor.chats.getByRole('link').allInnerTexts();

visit('chats are listed, the newest first, and open again', async (visitor) => {
  await visitor.open();
  await askAnew(visitor, 'Why is the sky blue?');
  await askAnew(visitor, 'What is 2+2?');
  assert.deepEqual(await titles(visitor), ['What is 2+2?', 'Why is the sky blue?']);
  await visitor.chats.filter({ hasText: 'sky' }).getByRole('link').click();
  await visitor.answers.filter({ hasText: "It's just blue duh!" }).waitFor();
  await visitor.page.goBack();
  await visitor.answers.filter({ hasText: '2+2 = 4' }).waitFor();
  await visitor.reload();
  await visitor.answers.filter({ hasText: '2+2 = 4' }).waitFor();
  assert.deepEqual(await titles(visitor), ['What is 2+2?', 'Why is the sky blue?']);
});

visit('a chat is renamed', async (visitor) => {
  await visitor.open();
  await askAnew(visitor, 'Why is the sky blue?');
  await visitor.pick(visitor.chats, 'Rename');
  const field = visitor.page.getByRole('textbox', { name: 'Title of the chat' });
  await field.fill('Colours');
  await field.press('Enter');
  await visitor.chats.filter({ hasText: 'Colours' }).waitFor();
  await visitor.page.getByRole('heading', { name: 'Colours' }).waitFor();
  await visitor.reload();
  await visitor.chats.filter({ hasText: 'Colours' }).waitFor();
  await visitor.pick(visitor.chats, 'Rename');
  await field.fill('Something else');
  await field.press('Escape');
  await visitor.chats.filter({ hasText: 'Colours' }).waitFor();
});

visit('a chat is deleted once the question is answered', async (visitor) => {
  await visitor.open();
  await askAnew(visitor, 'Why is the sky blue?');
  await askAnew(visitor, 'What is 2+2?');
  const address = visitor.page.url();
  const chat = visitor.chats.filter({ hasText: '2+2' });
  await visitor.pick(chat, 'Delete');
  await visitor.page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal(await visitor.chats.count(), 2);
  await visitor.pick(chat, 'Delete');
  await visitor.get('delete-confirm').click();
  await chat.waitFor({ state: 'detached' });
  await visitor.get('suggestion').first().waitFor();
  assert.equal(new URL(visitor.page.url()).pathname, '/');
  await visitor.reload();
  await visitor.chats.waitFor();
  assert.deepEqual(await titles(visitor), ['Why is the sky blue?']);
  assert.notEqual(visitor.page.url(), address);
});

visit('an address of no chat says so', { expect: ['missingChat'] }, async (visitor) => {
  await visitor.page.goto('/chat/00000000-0000-7000-8000-000000000000');
  await visitor.page.getByRole('heading', { name: 'This chat does not exist' }).waitFor();
  await visitor.page.getByRole('button', { name: 'Start a new chat' }).click();
  await visitor.get('suggestion').first().waitFor();
});
