// Nothing is lost by asking otherwise: edited questions and new answers are versions.

import assert from 'node:assert/strict';
import { suite } from './support/suite.mjs';

const visit = suite();

const position = (visitor) => visitor.get('branch-position');

visit('an edited question keeps the one before', async (visitor) => {
  await visitor.open();
  await visitor.ask('What is 2+2?');
  await visitor.untilAnswered();
  await visitor.questions.first().hover();
  await visitor.get('edit-message').click();
  await visitor.get('message-editor').fill('What is 3+3?');
  await visitor.get('message-editor-save').click();
  await position(visitor).filter({ hasText: '2/2' }).waitFor();
  await visitor.untilAnswerHas('3+3 = 6');
  assert.equal(await visitor.questions.count(), 1);
  await visitor.page.getByRole('button', { name: 'Previous question' }).click();
  await position(visitor).filter({ hasText: '1/2' }).waitFor();
  await visitor.untilAnswerHas('2+2 = 4');
  await visitor.reload();
  await position(visitor).filter({ hasText: '1/2' }).waitFor();
  assert.equal(await visitor.questions.locator('.bubble').innerText(), 'What is 2+2?');
  assert.ok(await visitor.page.getByRole('button', { name: 'Previous question' }).isDisabled());
});

visit('an answer that is written anew keeps the one before', async (visitor) => {
  await visitor.open();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  await visitor.get('regenerate').click();
  await position(visitor).filter({ hasText: '2/2' }).waitFor();
  await visitor.ask('What is 2+2?');
  await visitor.answers.nth(1).waitFor();
  await visitor.untilAnswered();
  await visitor.page.getByRole('button', { name: 'Previous answer' }).click();
  await position(visitor).filter({ hasText: '1/2' }).waitFor();
  assert.equal(await visitor.questions.count(), 1, 'what followed the other answer is with it');
  await visitor.page.getByRole('button', { name: 'Next answer' }).click();
  await visitor.questions.nth(1).waitFor();
});

visit('a chat goes on from an answer in a chat of its own', async (visitor) => {
  await visitor.open();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  await visitor.ask('What is 2+2?');
  await visitor.answers.nth(1).waitFor();
  await visitor.untilAnswered();
  const before = visitor.page.url();
  await visitor.answers.first().hover();
  await visitor.get('fork').first().click();
  await visitor.page.waitForURL((url) => url.href !== before);
  await visitor.answers.first().waitFor();
  assert.equal(await visitor.questions.count(), 1);
  await visitor.chats.nth(1).waitFor();
  await visitor.ask('What is 3+3?');
  await visitor.untilAnswerHas('3+3 = 6');
});
