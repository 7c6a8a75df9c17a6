// Guests, accounts, and what is left when the messages of a day are used up.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { suite } from './support/suite.mjs';

const visit = suite({ flags: ['--guest-messages', '3'] });

const someone = () => ({ email: `${randomUUID()}@example.com`, password: 'correct horse battery' });

visit('a guest becomes a user, keeps the chats, and finds them again', async (visitor) => {
  const account = someone();
  await visitor.open();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  await visitor.register(account);
  await visitor.get('account-menu').filter({ hasText: account.email }).waitFor();
  assert.equal(await visitor.chats.count(), 1);
  await visitor.answers.filter({ hasText: "It's just blue duh!" }).waitFor();

  await visitor.reload();
  await visitor.get('account-menu').filter({ hasText: account.email }).waitFor();
  await visitor.chats.waitFor();

  await visitor.signOut();
  await visitor.get('suggestion').first().waitFor();
  await visitor.get('account-menu').filter({ hasText: 'Guest' }).waitFor();
  await visitor.chats.waitFor({ state: 'detached' });
  assert.equal(await visitor.answers.count(), 0);

  await visitor.signIn(account);
  await visitor.chats.getByRole('link', { name: 'Why is the sky blue?' }).click();
  await visitor.answers.filter({ hasText: "It's just blue duh!" }).waitFor();
});

visit('a wrong password is told apart from nothing', { expect: ['wrongPassword'] }, async (visitor) => {
  const account = someone();
  await visitor.open();
  await visitor.register(account);
  await visitor.get('account-menu').filter({ hasText: account.email }).waitFor();
  await visitor.signOut();
  const complaints = [];
  for (const wrong of [{ ...account, password: 'incorrect horse' }, someone()]) {
    await visitor.get('sign-in-open').click();
    await visitor.submitAuth(wrong);
    complaints.push(await visitor.page.getByRole('dialog').getByTestId('error-banner').innerText());
    await visitor.page.getByRole('button', { name: 'Close' }).click();
  }
  assert.equal(complaints[0], complaints[1], 'nobody learns which addresses have an account');
});

visit('used-up messages are told kindly, and nothing is lost', { expect: ['quota'] }, async (visitor) => {
  await visitor.open();
  for (const question of ['What is 1+1?', 'What is 2+2?', 'What is 3+3?']) {
    await visitor.ask(question);
    await visitor.untilAnswered();
  }
  await visitor.get('quota').filter({ hasText: '0 of 3 messages left' }).waitFor();
  await visitor.composer.fill('What is 4+4?');
  await visitor.composer.press('Enter');
  const banner = visitor.get('error-banner');
  await banner.waitFor();
  assert.equal(await banner.getAttribute('data-code'), 'rate_limit:chat');
  assert.match(await banner.innerText(), /You have used your 3 messages of the last 24 hours/);
  assert.equal(await visitor.composer.inputValue(), 'What is 4+4?', 'the question is still there');
  assert.equal(await visitor.questions.count(), 3);

  await banner.getByRole('button', { name: 'Create an account' }).click();
  await visitor.submitAuth(someone());
  await banner.waitFor({ state: 'detached' });
  await visitor.composer.press('Enter');
  await visitor.questions.nth(3).waitFor();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), '4+4 = 8');
});
