// Questions and answers, and what the server keeps of them.

import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { textOf, User } from './support/client.mjs';
import { Server } from './support/server.mjs';

let server;
before(async () => (server = await Server.start()));
after(() => server.stop());

const sky = "It's just blue duh!";

/** Parts without what the SDK only knows of a stream: how long something took, and the ids of open parts. */
function plain(parts) {
  const isOfStream = (key) => /^id$|[pP]roviderMetadata$/.test(key);
  return JSON.parse(JSON.stringify(parts, (key, value) => (isOfStream(key) ? undefined : value)));
}

test('text', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(chat.status, 'ready');
  assert.equal(chat.error, undefined);
  assert.equal(chat.messages.length, 2);
  const answer = [{ type: 'step-start' }, { type: 'text', text: sky, state: 'done' }];
  assert.deepEqual(plain(chat.lastMessage.parts), answer);
  assert.equal(chat.ends[0].finishReason, 'stop');
  assert.equal(chat.ends[0].isError, false);
  const [chunks] = await chat.wire.streams();
  assert.ok(chunks.filter((chunk) => chunk.type === 'text-delta').length > 1, 'the text must come in pieces');

  const kept = await user.history(chat.id);
  assert.deepEqual(
    kept.map((message) => message.id),
    chat.messages.map((message) => message.id),
  );
  assert.deepEqual(kept[1].parts, answer);
  assert.equal(kept[1].metadata.status, 'complete');
  assert.ok(Math.abs(Date.parse(kept[1].metadata.createdAt) - Date.now()) < 60_000);
});

test('reasoning', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'Think about the night sky' });
  const [step, reasoning, text] = plain(chat.lastMessage.parts);
  assert.equal(step.type, 'step-start');
  assert.equal(reasoning.type, 'reasoning');
  assert.equal(reasoning.state, 'done');
  assert.match(reasoning.text, /the night sky/);
  assert.equal(text.type, 'text');
  const { durationMs } = chat.lastMessage.parts[1].providerMetadata.scorpio;
  assert.ok(durationMs > 0 && durationMs < 60_000, `${durationMs}`);
  await chat.wire.streams();
  assert.deepEqual((await user.history(chat.id))[1].parts, plain(chat.lastMessage.parts));
});

test('a tool', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 12*34?' });
  const parts = plain(chat.lastMessage.parts);
  assert.deepEqual(
    parts.map((part) => part.type),
    ['step-start', 'dynamic-tool', 'step-start', 'text'],
  );
  assert.equal(parts[1].toolName, 'calculate');
  assert.equal(parts[1].state, 'output-available');
  assert.deepEqual(parts[1].input, { expression: '12*34' });
  assert.match(parts[3].text, /408/);
  await chat.wire.streams();
  assert.deepEqual((await user.history(chat.id))[1].parts, parts);
});

test('two tools in one message', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 12*34? And what time is it in Tokyo?' });
  const parts = plain(chat.lastMessage.parts);
  const tools = parts.filter((part) => part.type === 'dynamic-tool');
  assert.deepEqual(
    tools.map((part) => part.toolName),
    ['calculate', 'current_time'],
  );
  assert.ok(tools.every((part) => part.state === 'output-available'));
  assert.notEqual(tools[0].toolCallId, tools[1].toolCallId);
  assert.match(textOf(chat.lastMessage), /408[^]*Tokyo/);
  await chat.wire.streams();
  assert.deepEqual((await user.history(chat.id))[1].parts, parts);
});

test('the same tool again in the next answer', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 2+2?' });
  await chat.sendMessage({ text: 'What is 3+3?' });
  const outputs = chat.messages
    .flatMap((message) => message.parts)
    .filter((part) => part.type === 'dynamic-tool');
  assert.deepEqual(
    outputs.map((part) => part.input.expression),
    ['2+2', '3+3'],
  );
  assert.ok(outputs.every((part) => part.state === 'output-available'));
  await chat.wire.streams();
});

test('a second page goes on where the first one was', async () => {
  const user = await User.guest(server);
  const first = user.chat();
  await first.sendMessage({ text: 'What is 12*34?' });
  const kept = await user.history(first.id);
  const second = user.chat({ id: first.id, messages: kept });
  await second.sendMessage({ text: 'Why is the sky blue?' });
  assert.equal(second.status, 'ready');
  assert.equal(textOf(second.lastMessage), sky);
  const all = await user.history(first.id);
  assert.deepEqual(
    all.map((message) => message.role),
    ['user', 'assistant', 'user', 'assistant'],
  );
  assert.deepEqual(all.slice(0, 2), kept);
  assert.deepEqual(
    all.map((message) => message.id),
    second.messages.map((message) => message.id),
  );
  await second.wire.streams();
});

test('only the last message is posted', async () => {
  const user = await User.guest(server);
  const bodies = [];
  const prepareSendMessagesRequest = ({ id, messages }) => {
    const body = { id, message: messages.at(-1) };
    bodies.push(body);
    return { body };
  };
  const chat = user.chat({ prepareSendMessagesRequest });
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  await chat.sendMessage({ text: 'What is 12*34?' });
  assert.ok(bodies.every((body) => !('messages' in body)));
  assert.match(textOf(chat.lastMessage), /408/);
  assert.equal((await user.history(chat.id)).length, 4);
  await chat.wire.streams();
});

test('regenerate', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  const before = chat.messages.map((message) => message.id);
  await chat.regenerate();
  assert.equal(chat.status, 'ready');
  assert.equal(chat.messages.length, 2);
  assert.equal(chat.messages[0].id, before[0]);
  assert.notEqual(chat.messages[1].id, before[1]);
  assert.equal(textOf(chat.lastMessage), sky);
  const kept = await user.history(chat.id);
  assert.deepEqual(
    kept.map((message) => message.id),
    chat.messages.map((message) => message.id),
  );
  await chat.wire.streams();
});

test('regenerating an earlier answer drops what came after it', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 2+2?' });
  const [question, answer] = chat.messages;
  await chat.sendMessage({ text: 'Why is the sky blue?' });
  await chat.regenerate({ messageId: answer.id });
  assert.equal(chat.status, 'ready');
  assert.equal(chat.messages.length, 2);
  assert.match(textOf(chat.lastMessage), /= 4/);
  const kept = await user.history(chat.id);
  assert.deepEqual(
    kept.map((message) => message.id),
    chat.messages.map((message) => message.id),
  );
  assert.equal(kept[0].id, question.id);
  await chat.wire.streams();
});

test('an edited question is answered in its place', async () => {
  const user = await User.guest(server);
  const chat = user.chat();
  await chat.sendMessage({ text: 'What is 2+2?' });
  const { id } = chat.messages[0];
  chat.messages = [
    { ...chat.messages[0], parts: [{ type: 'text', text: 'What is 3+3?' }] },
    chat.messages[1],
  ];
  await chat.regenerate();
  assert.match(textOf(chat.lastMessage), /= 6/);
  const kept = await user.history(chat.id);
  assert.equal(kept.length, 2);
  assert.equal(kept[0].id, id);
  assert.equal(textOf(kept[0]), 'What is 3+3?');
  await chat.wire.streams();
});
