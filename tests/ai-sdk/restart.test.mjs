// What is acknowledged survives the process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf, User } from './support/client.mjs';
import { Server } from './support/server.mjs';

const numbersTo = (last) => Array.from({ length: last }, (_, index) => index + 1).join(', ');

/** Asks something long, and ends the server in the middle of the answer. Gives the chat as its user last saw it. */
async function endInTheMiddle(server, user, last, end) {
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 12*34?' });
  const answer = chat.sendMessage({ text: `Count to ${last}` });
  await chat.untilText('9, ');
  await end();
  await answer;
  return chat;
}

async function start(t, folder) {
  const server = await Server.start({ folder });
  t.after(() => server.kill());
  return server;
}

/** Starts a server on what the one before left behind. */
async function startAgain(t, before, user) {
  const server = await start(t, before.folder);
  t.after(() => server.stop());
  user.url = server.url;
}

test('an answer survives kill -9 and goes on by itself', async (t) => {
  const server = await start(t);
  const user = await User.guest(server);
  const seen = await endInTheMiddle(server, user, 60, () => server.kill());
  assert.equal(seen.status, 'error', 'a connection that breaks is not the end of an answer');

  await startAgain(t, server, user);
  const kept = await user.history(seen.id);
  assert.match(textOf(kept[1]), /408/);
  const chat = user.chat({ id: seen.id, messages: kept });
  await chat.resumeStream();
  assert.equal(chat.status, 'ready');
  assert.equal(chat.lastMessage.id, seen.lastMessage.id, 'it is the same answer');
  assert.ok(textOf(chat.lastMessage).endsWith(numbersTo(60)));
  const [chunks] = await chat.wire.streams();
  const told = chunks.filter(({ type }) => type.startsWith('data-')).map(({ type }) => type);
  assert.deepEqual(told, ['data-recovered', 'data-stream-reset'], 'what was begun does not count');
  const after = await user.history(seen.id);
  assert.equal(after.length, 4);
  assert.deepEqual([after[3].metadata.status, textOf(after[3])], ['complete', numbersTo(60)]);
});

test('a question of a tool survives kill -9', async (t) => {
  const server = await start(t);
  const user = await User.guest(server);
  const asked = user.chat();
  await asked.sendMessage({ text: 'Send an e-mail to ada@example.com' });
  await server.kill();

  await startAgain(t, server, user);
  const chat = user.chat({ id: asked.id, messages: await user.history(asked.id) });
  const { approval } = chat.lastMessage.parts.find((part) => part.state === 'approval-requested');
  await chat.addToolApprovalResponse({ id: approval.id, approved: true });
  await chat.sendMessage();
  assert.match(textOf(chat.lastMessage), /nothing was sent/);
  await chat.wire.streams();
});

test('an orderly end keeps what was written', async (t) => {
  const server = await start(t);
  const user = await User.guest(server);
  const seen = await endInTheMiddle(server, user, 1000, () => server.end());
  assert.equal(seen.status, 'ready');
  const [, chunks] = await seen.wire.streams();
  assert.deepEqual(chunks.at(-1), { type: 'abort', reason: 'cancelled' });

  await startAgain(t, server, user);
  const kept = await user.history(seen.id);
  assert.equal(kept[3].metadata.status, 'stopped');
  assert.equal(textOf(kept[3]), textOf(seen.lastMessage));
  const chat = user.chat({ id: seen.id, messages: kept });
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(textOf(chat.lastMessage), "It's just blue duh!");
  await chat.wire.streams();
});
