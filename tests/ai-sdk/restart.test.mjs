// What is acknowledged survives the process.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { textOf, User } from './support/client.mjs';
import { Server } from './support/server.mjs';

/** Asks something long, and ends the server in the middle of the answer. Gives the chat as its user last saw it. */
async function endInTheMiddle(server, user, end) {
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 12*34?' });
  const answer = chat.sendMessage({ text: 'Count to 1000' });
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

test('kill -9 loses nothing that was said', async (t) => {
  const server = await start(t);
  const user = await User.guest(server);
  const seen = await endInTheMiddle(server, user, () => server.kill());
  assert.equal(seen.status, 'error', 'a connection that breaks is not the end of an answer');

  await startAgain(t, server, user);
  const kept = await user.history(seen.id);
  assert.deepEqual(
    kept.map((message) => message.role),
    ['user', 'assistant', 'user', 'assistant'],
  );
  assert.match(textOf(kept[1]), /408/);
  assert.equal(kept[3].metadata.status, 'interrupted');
  assert.equal(kept[3].id, seen.lastMessage.id);
  assert.match(textOf(kept[3]), /^1, 2, 3/);

  const chat = user.chat({ id: seen.id, messages: kept });
  await chat.resumeStream();
  assert.equal(chat.status, 'ready');
  assert.equal(chat.ends.length, 0, 'there is nothing to resume');
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(textOf(chat.lastMessage), "It's just blue duh!");
  await chat.wire.streams();
});

test('an orderly end keeps what was written', async (t) => {
  const server = await start(t);
  const user = await User.guest(server);
  const seen = await endInTheMiddle(server, user, () => server.end());
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
