// The bytes of the stream, read without a client.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { after, before, test } from 'node:test';
import { UI_MESSAGE_STREAM_HEADERS } from 'ai';
import { User } from './support/client.mjs';
import { Server } from './support/server.mjs';
import { chunksOf, framesOf } from './support/wire.mjs';

let server;
before(async () => (server = await Server.start()));
after(() => server.stop());

const ask = (text, message = randomUUID()) => ({
  id: randomUUID(),
  message: { id: message, role: 'user', parts: [{ type: 'text', text }] },
});

test('the golden sequence', async () => {
  const user = await User.guest(server);
  const response = await user.post('/api/chat', ask('Why is the sky blue?'));
  assert.equal(response.status, 200);
  const body = await response.text();
  const chunks = await chunksOf(body);
  const types = chunks.map((chunk) => chunk.type);
  const deltas = types.filter((type) => type === 'text-delta');
  const expected = ['start', 'start-step', 'text-start', ...deltas, 'text-end', 'finish-step', 'finish'];
  assert.deepEqual(types, expected);
  assert.ok(deltas.length > 1);
  assert.ok(body.endsWith('data: [DONE]\n\n'));
  const text = chunks.filter((chunk) => chunk.type === 'text-delta').map((chunk) => chunk.delta);
  assert.equal(text.join(''), "It's just blue duh!");
  assert.equal(chunks.at(-1).finishReason, 'stop');
});

test('the headers', async () => {
  const user = await User.guest(server);
  const response = await user.post('/api/chat', ask('Why is the sky blue?'));
  await response.text();
  const expected = Object.entries(UI_MESSAGE_STREAM_HEADERS).filter(([name]) => name !== 'connection');
  for (const [name, value] of expected) assert.equal(response.headers.get(name), value, name);
  assert.equal(response.headers.get('content-encoding'), null, 'a compressed stream would be held back');
  const quota = (name) => Number(response.headers.get(`x-ratelimit-${name}`));
  assert.deepEqual([quota('limit'), quota('remaining')], [20, 19]);
  assert.ok(quota('reset') > Date.now() / 1_000);
});

test('each frame says where it stands, and each place can be come back to', async () => {
  const user = await User.guest(server);
  const body = ask('What is 12*34?');
  const first = await (await user.post('/api/chat', body)).text();
  const frames = first.split(/(?<=\n\n)/);
  let read = '';
  for (const frame of frames) {
    read += frame;
    const id = /^id: ([\da-f-]{36}:0\.\d+(\.\d+)?)\n/.exec(frame)?.[1];
    assert.ok(id, frame);
    const rest = await user.fetch(`/api/chat/${body.id}/stream`, { headers: { 'last-event-id': id } });
    assert.equal(read + (await rest.text()), first, id);
  }
});

test('the same message posted again is answered with the same bytes', async () => {
  const user = await User.guest(server);
  const body = ask('What is 12*34?');
  const first = await (await user.post('/api/chat', body)).text();
  const again = await user.post('/api/chat', body);
  assert.equal(again.headers.get('x-ratelimit-remaining'), '19', 'it is not counted twice');
  assert.equal(await again.text(), first);
  assert.equal((await user.history(body.id)).length, 2);
});

test('the same message posted while it is answered', async () => {
  const user = await User.guest(server);
  const body = ask('Count to 30');
  const bodies = await Promise.all([1, 2, 3].map(async () => (await user.post('/api/chat', body)).text()));
  assert.equal(new Set(bodies).size, 1);
  assert.equal((await user.history(body.id)).length, 2);
});

test('what is not a message is refused with the place of the mistake', async () => {
  const user = await User.guest(server);
  const of = (parts) => ({ ...ask(''), message: { id: 'm', role: 'user', parts } });
  for (const [body, path] of [
    [of([{ type: 'text' }]), 'message.parts[0].text'],
    [of([{ type: 'text', text: '' }]), 'message.parts[0].text'],
    [of([{ type: 'dynamic-tool', text: 'a' }]), 'message.parts[0].type'],
    [
      of([{ type: 'file', mediaType: 'image/png', url: 'https://example.com/a.png' }]),
      'message.parts[0].url',
    ],
    [of([]), 'message.parts'],
    [{ ...ask('a'), id: '../etc' }, 'id'],
    [{ id: 'a', messages: [] }, 'message'],
  ]) {
    const response = await user.post('/api/chat', body);
    assert.equal(response.status, 400);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const problem = await response.json();
    assert.equal(problem.code, 'bad_request:api');
    assert.deepEqual(
      problem.errors.map((error) => error.path),
      [path],
    );
  }
});
