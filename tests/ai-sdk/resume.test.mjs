// Answers belong to nobody's connection: they go on without one, are followed again, and end when told to.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textOf, User } from './support/client.mjs';
import { Server } from './support/server.mjs';

let server;
before(async () => (server = await Server.start()));
after(() => server.stop());

const numbersTo = (last) => Array.from({ length: last }, (_, index) => index + 1).join(', ');

/** Asks to count, and goes away in the middle of the answer. */
async function leaveInTheMiddle(user, last) {
  const chat = user.chat();
  const answer = chat.sendMessage({ text: `Count to ${last}` });
  await chat.untilText('5, ');
  await chat.stop();
  await answer;
  assert.notEqual(textOf(chat.lastMessage), numbersTo(last), 'it was over too soon to be left');
  return chat;
}

test('another page takes over in the middle of an answer', async () => {
  const user = await User.guest(server);
  const left = await leaveInTheMiddle(user, 100);
  const chat = user.chat({ id: left.id, messages: await user.history(left.id) });
  await chat.resumeStream();
  assert.equal(chat.status, 'ready');
  assert.deepEqual(
    chat.messages.map((message) => message.role),
    ['user', 'assistant'],
  );
  assert.equal(textOf(chat.lastMessage), numbersTo(100));
  assert.deepEqual((await user.history(chat.id)).map(textOf), ['Count to 100', numbersTo(100)]);
  const [replayed] = await chat.wire.streams();
  const [seen] = await left.wire.streams();
  assert.deepEqual(replayed.slice(0, seen.length), seen, 'what was seen before is sent again');
});

test('the same page comes back to an answer', async () => {
  const user = await User.guest(server);
  const chat = await leaveInTheMiddle(user, 60);
  const { id } = chat.lastMessage;
  await chat.resumeStream();
  assert.equal(chat.messages.length, 2);
  assert.equal(chat.lastMessage.id, id);
  assert.equal(textOf(chat.lastMessage), numbersTo(60));
  await chat.wire.streams();
});

test('an answer is finished while nobody looks', async () => {
  const user = await User.guest(server);
  const left = await leaveInTheMiddle(user, 30);
  const follower = await user.fetch(`/api/chat/${left.id}/stream`);
  await follower.text();
  const chat = user.chat({ id: left.id, messages: await user.history(left.id) });
  await chat.resumeStream();
  assert.equal(chat.status, 'ready');
  assert.equal(chat.ends.length, 0, 'there is nothing to resume');
  assert.equal(textOf(chat.lastMessage), numbersTo(30));
});

test('several pages follow one answer', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  const answer = chat.sendMessage({ text: 'Count to 40' });
  await chat.untilText('3, ');
  const followers = [1, 2, 3].map(() => user.chat({ id: chat.id }));
  await Promise.all([answer, ...followers.map((follower) => follower.resumeStream())]);
  const [[original], ...copies] = await Promise.all([chat, ...followers].map((each) => each.wire.streams()));
  for (const [copy] of copies) assert.deepEqual(copy, original);
});

test('an answer is resumed in the turn after a tool', async () => {
  const user = await User.guest(server);
  const left = user.chat();
  const question = left.sendMessage({ text: 'What is 12*34? Count to 40' });
  await left.untilText('5, ');
  await left.stop();
  await question;
  const kept = await user.history(left.id);
  assert.equal(kept[1].metadata.status, undefined, 'an answer that goes on is not complete');
  const chat = user.chat({ id: left.id, messages: kept });
  await chat.resumeStream();
  const types = chat.lastMessage.parts.map((part) => part.type);
  assert.deepEqual(types.filter((type) => type === 'dynamic-tool').length, 1);
  assert.ok(textOf(chat.lastMessage).endsWith(numbersTo(40)));
  assert.equal((await user.history(left.id))[1].metadata.status, 'complete');
  await chat.wire.streams();
});

test('stop', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  const answer = chat.sendMessage({ text: 'Count to 1000' });
  await chat.untilText('5, ');
  const stopped = await user.json(`/api/chat/${chat.id}/stop`, { method: 'POST' });
  assert.deepEqual(stopped, { stopped: true });
  await answer;
  assert.equal(chat.status, 'ready');
  const [chunks] = await chat.wire.streams();
  assert.deepEqual(chunks.slice(-2), [{ type: 'finish-step' }, { type: 'abort', reason: 'cancelled' }]);
  const kept = await user.history(chat.id);
  assert.equal(kept[1].metadata.status, 'stopped');
  assert.equal(textOf(kept[1]), textOf(chat.lastMessage));
  assert.equal(kept[1].id, chat.lastMessage.id);
  assert.deepEqual(await user.json(`/api/chat/${chat.id}/stop`, { method: 'POST' }), { stopped: false });

  await chat.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(textOf(chat.lastMessage), "It's just blue duh!");
  assert.equal((await user.history(chat.id)).length, 4);
});

test('one answer at a time', async () => {
  const user = await User.guest(server);
  const first = user.chat();
  const answer = first.sendMessage({ text: 'Count to 1000' });
  await first.untilText('3, ');
  const second = user.chat({ id: first.id });
  await second.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(second.status, 'error');
  assert.equal(JSON.parse(second.error.message).code, 'conflict:chat');
  await user.post(`/api/chat/${first.id}/stop`);
  await answer;
  assert.equal((await user.history(first.id)).length, 2, 'the second question is not kept');
});

test('nobody else sees or stops an answer', async () => {
  const [owner, stranger] = [await User.guest(server), await User.guest(server)];
  const chat = owner.chat();
  const answer = chat.sendMessage({ text: 'Count to 40' });
  await chat.untilText('3, ');
  assert.equal((await stranger.fetch(`/api/chat/${chat.id}/stream`)).status, 404);
  assert.equal((await stranger.post(`/api/chat/${chat.id}/stop`)).status, 404);
  assert.equal((await stranger.fetch(`/api/messages?chatId=${chat.id}`)).status, 404);
  const theirs = stranger.chat({ id: chat.id });
  await theirs.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(JSON.parse(theirs.error.message).code, 'not_found:chat');
  await answer;
  assert.equal(textOf(chat.lastMessage), numbersTo(40));
});
