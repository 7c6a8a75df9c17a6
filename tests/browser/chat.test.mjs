// Asking, watching, stopping and coming back.

import assert from 'node:assert/strict';
import { suite } from './support/suite.mjs';
import { Wire } from './support/wire.mjs';

const visit = suite();

const sky = "It's just blue duh!";
const numbersTo = (last) => Array.from({ length: last }, (_, index) => index + 1).join(', ');

visit('a suggestion is asked and answered', async (visitor) => {
  await visitor.open();
  assert.equal(await visitor.get('suggestion').count(), 4);
  await visitor.get('suggestion').filter({ hasText: 'Why is the sky blue?' }).click();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), sky);
  assert.match(new URL(visitor.page.url()).pathname, /^\/chat\/[\w-]+$/);
  assert.equal(await visitor.chats.count(), 1);
  assert.equal(await visitor.page.title(), 'Why is the sky blue? · Scorpio');
});

visit('a tool shows what it was given and what it said', async (visitor) => {
  await visitor.open();
  await visitor.ask('What is 12*34?');
  await visitor.untilAnswered();
  const card = visitor.get('tool-card');
  assert.equal(await card.count(), 1);
  assert.equal(await card.getAttribute('data-state'), 'done');
  assert.equal(await card.getAttribute('open'), null, 'it is folded at first');
  await card.locator('summary').click();
  await card.getByRole('region', { name: 'Input' }).filter({ hasText: '12*34' }).waitFor();
  await card.getByRole('region', { name: 'Output' }).filter({ hasText: '408' }).waitFor();
  assert.match(await visitor.answerText(), /408/);

  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await card.count(), 1);
  assert.equal(await card.getAttribute('data-state'), 'done');
});

visit(
  'what is unfolded stays where it was clicked',
  { viewport: { width: 1000, height: 600 } },
  async (visitor) => {
    await visitor.open();
    await visitor.ask('Tell me what you can do.');
    await visitor.untilAnswered();
    await visitor.ask('What time is it in Tokyo?');
    await visitor.untilAnswered();
    const card = visitor.get('tool-card');
    const { y } = await card.boundingBox();
    await card.locator('summary').click();
    await card.getByRole('region', { name: 'Output' }).waitFor();
    await visitor.page.getByRole('button', { name: 'Go to the end' }).waitFor();
    assert.equal((await card.boundingBox()).y, y);
    await visitor.page.getByRole('button', { name: 'Go to the end' }).click();
    await visitor.ask('Count to 30');
    await visitor.untilAnswered();
    await visitor.get('regenerate').waitFor();
    assert.ok(
      await visitor
        .get('regenerate')
        .evaluate((button) => button.getBoundingClientRect().bottom < innerHeight),
    );
  },
);

visit('two tools at once', async (visitor) => {
  await visitor.open();
  await visitor.ask('What is 12*34? And what time is it in Tokyo?');
  await visitor.untilAnswered();
  const states = await visitor
    .get('tool-card')
    .evaluateAll((cards) => cards.map((card) => card.dataset.state));
  assert.deepEqual(states, ['done', 'done']);
  assert.match(await visitor.answerText(), /408[^]*Tokyo/);
});

visit('reasoning is folded and can be read', async (visitor) => {
  await visitor.open();
  await visitor.ask('Think about the night sky');
  await visitor.untilAnswered();
  const reasoning = visitor.get('reasoning');
  assert.equal(await reasoning.getAttribute('open'), null);
  assert.match(await reasoning.innerText(), /^Thought for \d+(\.\d)? s$/);
  await reasoning.locator('summary').click();
  await reasoning.getByText('The user wants me to think about the night sky.').waitFor();
  assert.match(await visitor.answerText(), /^I thought about the night sky/);
});

visit('a reload in the middle of an answer loses and doubles nothing', async (visitor) => {
  await visitor.open();
  await visitor.ask('Count to 100');
  await visitor.untilAnswerHas('5, ');
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), numbersTo(100));
  assert.equal(await visitor.questions.count(), 1);
  assert.equal(await visitor.answers.count(), 1);
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), numbersTo(100));
});

visit('a reload in the turn after a tool', async (visitor) => {
  await visitor.open();
  await visitor.ask('What is 12*34? Count to 60');
  await visitor.untilAnswerHas('5, ');
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await visitor.get('tool-card').count(), 1);
  assert.ok((await visitor.answerText()).endsWith(numbersTo(60)));
});

visit('a second window follows the same answer', async (visitor) => {
  await visitor.open();
  await visitor.ask('Count to 60');
  await visitor.untilAnswerHas('5, ');
  const second = await visitor.another();
  await second.open(new URL(visitor.page.url()).pathname);
  await Promise.all([visitor.untilAnswered(), second.untilAnswered()]);
  for (const each of [visitor, second]) assert.equal(await each.answerText(), numbersTo(60));
});

visit('what was written before a stop stays', async (visitor) => {
  await visitor.open();
  await visitor.ask('Count to 1000');
  await visitor.untilAnswerHas('5, ');
  await visitor.get('stop').click();
  await visitor.untilAnswered();
  await visitor.answers.last().getByText('Stopped').waitFor();
  const written = await visitor.answerText();
  assert.ok(numbersTo(1000).startsWith(written) && written.length < 1000, written);
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), written);
  await visitor.answers.last().getByText('Stopped').waitFor();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), sky);
});

visit('an answer is written anew', async (visitor) => {
  await visitor.open();
  await visitor.ask('Count to 30');
  await visitor.untilAnswerHas('5, ');
  await visitor.get('stop').click();
  await visitor.untilAnswered();
  assert.notEqual(await visitor.answerText(), numbersTo(30));
  await visitor.get('regenerate').click();
  await visitor.get('stop').waitFor();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), numbersTo(30));
  assert.equal(await visitor.questions.count(), 1);
  assert.equal(await visitor.answers.count(), 1);
});

visit('an answer goes on while another chat is open', async (visitor) => {
  await visitor.open();
  await visitor.ask('Count to 60');
  await visitor.untilAnswerHas('5, ');
  await visitor.get('new-chat').click();
  await visitor.get('suggestion').first().waitFor();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), sky);
  await visitor.chats.filter({ hasText: 'Count to 60' }).getByRole('link').click();
  await visitor.questions.filter({ hasText: 'Count to 60' }).waitFor();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), numbersTo(60));
});

visit(
  'a lost connection comes back by itself',
  { expect: ['lostConnection'] },
  async (visitor, { t, server }) => {
    const wire = await Wire.to(server);
    t.after(() => wire.close());
    await visitor.open(wire.url);
    await visitor.ask('Count to 100');
    await visitor.untilAnswerHas('5, ');
    const lost = visitor.page.waitForEvent('requestfailed', (request) => request.url().endsWith('/stream'));
    wire.cut();
    await lost;
    wire.mend();
    await visitor.untilAnswered();
    assert.equal(await visitor.answerText(), numbersTo(100));
    assert.equal(await visitor.answers.count(), 1);
  },
);

visit('markup of a model is text, and nothing of it runs', async (visitor) => {
  await visitor.open();
  await visitor.ask('What is 1<img src=x onerror="document.title=1">?');
  await visitor.untilAnswered();
  assert.equal(await visitor.page.locator('.message img, .message script').count(), 0);
  assert.match(await visitor.questions.innerText(), /<img src=x/);
  assert.doesNotMatch(await visitor.page.title(), /^1$/);
});
