// A tool that asks: what is shown, how it is answered, and from where.

import assert from 'node:assert/strict';
import { suite } from './support/suite.mjs';

const visit = suite();

const mail = 'Send an e-mail to ada@example.com';

/** Asks for an e-mail, and waits until the demo wants to send it. */
async function asked(visitor) {
  await visitor.open();
  await visitor.ask(mail);
  await visitor.get('approve').waitFor();
}

visit('what is asked is shown exactly, and approving goes on', async (visitor) => {
  await asked(visitor);
  const shown = JSON.parse(await visitor.get('approval-arguments').innerText());
  assert.equal(shown.to, 'ada@example.com');
  assert.deepEqual(Object.keys(shown), ['to', 'subject', 'text']);
  await visitor.get('approval').getByText('It sends something out.').waitFor();
  assert.equal(await visitor.get('regenerate').count(), 0, 'the answer is not over');
  await visitor.get('approve').click();
  await visitor.untilAnswered();
  assert.match(await visitor.answerText(), /nothing was sent/);
  assert.equal(await visitor.get('approval').count(), 0);
  assert.equal(await visitor.get('tool-card').getAttribute('data-state'), 'done');
});

visit('denying with a reason', async (visitor) => {
  await asked(visitor);
  await visitor.get('deny').click();
  await visitor.get('approval-reason').fill('not today');
  await visitor.get('deny-confirm').click();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), 'All right, I did not do it.');
  const card = visitor.get('tool-card');
  assert.equal(await card.getAttribute('data-state'), 'denied');
  await card.locator('summary').click();
  await card.getByText('not today').waitFor();
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await card.getAttribute('data-state'), 'denied');
});

visit('arguments are edited, and checked while they are', async (visitor) => {
  await asked(visitor);
  await visitor.get('edit-arguments').click();
  const editor = visitor.get('approval-editor');
  const before = await editor.inputValue();
  await editor.fill('[]');
  await visitor.get('approval').getByText('must be an object').waitFor();
  assert.ok(await visitor.get('approve-edited').isDisabled());
  await editor.fill(before.replace('ada@', 'grace@'));
  await visitor.get('approve-edited').click();
  await visitor.untilAnswered();
  assert.match(await visitor.answerText(), /grace@example\.com/);
  const card = visitor.get('tool-card');
  await card.locator('summary').click();
  await card.getByRole('region', { name: 'Input' }).filter({ hasText: 'grace@example.com' }).waitFor();
});

visit('always in this chat means not again', async (visitor) => {
  await asked(visitor);
  await visitor.get('approval-always').check();
  await visitor.get('approve').click();
  await visitor.untilAnswered();
  await visitor.ask('Send an e-mail to grace@example.com');
  await visitor.answers.nth(1).waitFor();
  await visitor.untilAnswered();
  assert.match(await visitor.answerText(), /grace@example\.com/);
  await visitor.get('new-chat').click();
  await visitor.ask(mail);
  await visitor.get('approve').waitFor();
});

visit('the keyboard answers', async (visitor) => {
  await asked(visitor);
  const { keyboard } = visitor.page;
  await visitor.get('approval').focus();
  await keyboard.press('e');
  await visitor.get('approval-editor').waitFor();
  await keyboard.press('Escape');
  await visitor.get('approve').waitFor();
  await keyboard.press('d');
  await visitor.get('approval-reason').waitFor();
  await keyboard.press('Escape');
  await keyboard.press('a');
  await visitor.untilAnswered();
  assert.match(await visitor.answerText(), /nothing was sent/);
});

visit('the question is there after a reload, and in another tab', async (visitor) => {
  await asked(visitor);
  await visitor.reload();
  await visitor.get('approve').waitFor();
  const other = await visitor.another();
  await other.open(new URL(visitor.page.url()).pathname);
  await other.get('approve').click();
  await other.untilAnswered();
  assert.match(await other.answerText(), /nothing was sent/);
  // The first tab notices by itself.
  await visitor.page.bringToFront();
  await visitor.untilAnswered();
  assert.match(await visitor.answerText(), /nothing was sent/);
});

visit('whoever goes on with something else leaves the question behind', async (visitor) => {
  await asked(visitor);
  await visitor.ask('Why is the sky blue?');
  await visitor.answers.nth(1).waitFor();
  await visitor.untilAnswered();
  assert.equal(await visitor.get('approve').count(), 0);
  assert.equal(await visitor.answerText(), "It's just blue duh!");
});
