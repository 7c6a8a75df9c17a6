// What a client is told when it may not.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textOf, User } from './support/client.mjs';
import { Server } from './support/server.mjs';

let server;
before(async () => (server = await Server.start({ flags: ['--guest-messages', '2'] })));
after(() => server.stop());

test('a used-up quota is a clean error, and the chat goes on after it', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  await chat.regenerate();
  assert.equal(chat.status, 'ready');
  await chat.sendMessage({ text: 'What is 12*34?' });
  assert.equal(chat.status, 'error');
  const problem = JSON.parse(chat.error.message);
  assert.equal(problem.code, 'rate_limit:chat');
  assert.equal(problem.status, 429);
  assert.match(
    problem.detail,
    /^You have used your 2 messages of the last 24 hours\. Sign up for more, or come back at \d\d:\d\d UTC\.$/,
  );
  assert.ok(problem.retry_after > 0 && problem.retry_after <= 24 * 60 * 60);
  assert.equal((await user.history(chat.id)).length, 2, 'the refused question is not kept');

  const { quota } = await user.json('/api/auth/me');
  assert.deepEqual({ ...quota, resets_at: null }, { limit: 2, used: 2, remaining: 0, resets_at: null });
  const body = JSON.stringify({ email: `${chat.id}@example.com`, password: 'correct horse battery' });
  const registered = await user.fetch('/api/auth/register', { method: 'POST', body });
  assert.equal(registered.status, 201);
  user.session = await registered.json();
  chat.messages = await user.history(chat.id);
  await chat.sendMessage({ text: 'What is 12*34?' });
  assert.equal(chat.status, 'ready');
  assert.match(textOf(chat.lastMessage), /408/);
  await chat.wire.streams();
});

test('a refused first message leaves no chat', async () => {
  const user = await User.guest(server);
  for (const question of ['What is 1+1?', 'What is 2+2?']) await user.chat().sendMessage({ text: question });
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 3+3?' });
  assert.equal(JSON.parse(chat.error.message).code, 'rate_limit:chat');
  const { chats } = await user.json('/api/history');
  assert.equal(chats.length, 2);
});

test('without a token', async () => {
  const user = await User.guest(server);
  const chat = user.chat({ headers: {} });
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(chat.status, 'error');
  const problem = JSON.parse(chat.error.message);
  assert.equal(problem.status, 401);
  assert.match(problem.code, /^unauthorized:/);
});
