// Tools that ask first, answered by the client of the AI SDK as it is.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { lastAssistantMessageIsCompleteWithApprovalResponses } from 'ai';
import { textOf, User } from './support/client.mjs';
import { Server } from './support/server.mjs';

let server;
before(async () => (server = await Server.start()));
after(() => server.stop());

const mail = 'Send an e-mail to ada@example.com';
const callOf = (message) => message.parts.find((part) => part.type === 'dynamic-tool');

/** A chat in which the demo wants to send an e-mail. */
async function asked(user) {
  const chat = user.chat({ sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses });
  await chat.sendMessage({ text: mail });
  assert.equal(chat.status, 'ready');
  const call = callOf(chat.lastMessage);
  assert.deepEqual(
    [call.state, call.toolName, call.input.to],
    ['approval-requested', 'send_email', 'ada@example.com'],
  );
  return { chat, call };
}

/** The client posts what was decided by itself; this waits until its answer is over. */
async function decide(chat, call, decision) {
  const ended = chat.ends.length;
  await chat.addToolApprovalResponse({ id: call.approval.id, ...decision });
  while (chat.ends.length === ended || chat.status !== 'ready') await new Promise(setImmediate);
}

test('approved, the answer goes on in the same message', async () => {
  const user = await User.guest(server);
  const { chat, call } = await asked(user);
  await decide(chat, call, { approved: true });
  assert.equal(chat.messages.length, 2);
  assert.equal(callOf(chat.lastMessage).state, 'output-available');
  assert.match(textOf(chat.lastMessage), /nothing was sent/);
  const [first, second] = await chat.wire.streams();
  assert.deepEqual(
    first.slice(-3).map(({ type }) => type),
    ['tool-approval-request', 'finish-step', 'finish'],
  );
  assert.equal(second[0].messageId, first[0].messageId);
  assert.equal(second[1].type, 'tool-output-available');
  const kept = await user.history(chat.id);
  assert.equal(kept.length, 2);
  assert.equal(kept[1].id, chat.lastMessage.id);
  assert.equal(textOf(kept[1]), textOf(chat.lastMessage));
  assert.deepEqual(callOf(kept[1]).approval, { id: call.approval.id, approved: true });
});

test('denied, the model is told and says so', async () => {
  const user = await User.guest(server);
  const { chat, call } = await asked(user);
  await decide(chat, call, { approved: false, reason: 'not today' });
  assert.equal(callOf(chat.lastMessage).state, 'output-denied');
  assert.equal(textOf(chat.lastMessage), 'All right, I did not do it.');
  const [, second] = await chat.wire.streams();
  assert.deepEqual(second[1], { type: 'tool-output-denied', toolCallId: call.toolCallId });
  const denied = callOf((await user.history(chat.id))[1]);
  assert.deepEqual([denied.state, denied.approval.reason], ['output-denied', 'not today']);
});

test('another page finds the question, answers it, and this one comes back to the answer', async () => {
  const user = await User.guest(server);
  const { chat } = await asked(user);
  const other = user.chat({
    id: chat.id,
    messages: await user.history(chat.id),
    sendAutomaticallyWhen: lastAssistantMessageIsCompleteWithApprovalResponses,
  });
  await other.resumeStream();
  assert.equal(other.ends.length, 0, 'nobody writes while it waits');
  await decide(other, callOf(other.lastMessage), { approved: true });
  await chat.resumeStream();
  const kept = await user.history(chat.id);
  assert.equal(textOf(kept[1]), textOf(other.lastMessage));
  await other.wire.streams();
});

test('an answer that was approved can be written anew', async () => {
  const user = await User.guest(server);
  const { chat, call } = await asked(user);
  await decide(chat, call, { approved: true });
  await chat.regenerate();
  const again = callOf(chat.lastMessage);
  assert.equal(again.state, 'approval-requested', 'what was approved once is asked again');
  assert.notEqual(again.approval.id, call.approval.id);
  const { branches } = await user.json(`/api/chat/${chat.id}/branches`);
  assert.deepEqual(
    branches.map(({ differs, ways }) => [differs, ways.length]),
    [['answer', 2]],
  );
});
