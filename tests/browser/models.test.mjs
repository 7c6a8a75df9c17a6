// Choosing the model that answers, and what is told when a model fails.

import assert from 'node:assert/strict';
import { after } from 'node:test';
import { gate, Provider } from './support/provider.mjs';
import { suite } from './support/suite.mjs';

let provider;
const visit = suite({
  prepare: async () => {
    provider = await Provider.start();
    return `
      [providers.acme]
      kind = "openai"
      base_url = "${provider.url}"

      [[models]]
      id = "demo"
      name = "Demo"
      model = "scripted:demo"

      [[models]]
      id = "quick"
      name = "Quick"
      description = "Answers at once."
      model = "acme:small"

      [[models]]
      id = "deep"
      name = "Deep thought"
      description = "Thinks for longer. For hard questions."
      model = "acme:large"
      for = "registered"

      [[models]]
      id = "steady"
      name = "Steady"
      model = ["acme:large", "scripted:demo"]

      [roles.title]
      model = "scripted:demo"
    `;
  },
});
after(() => provider?.close());

const sky = "It's just blue duh!";
const password = 'correct horse battery';

const picker = (visitor) => visitor.get('model-picker');
const option = (visitor, name) => visitor.page.getByRole('menuitemradio', { name });
const label = (visitor) => picker(visitor).getAttribute('aria-label');
const modelOfAnswer = (visitor) => visitor.answers.last().getByTestId('message-model').innerText();

visit('a guest sees what they may pick, and why not the rest', async (visitor) => {
  await visitor.open();
  assert.equal(await label(visitor), 'Model: Demo');
  await picker(visitor).click();
  assert.equal(await visitor.get('model-option').count(), 4);
  assert.equal(await option(visitor, 'Demo').getAttribute('aria-checked'), 'true');
  const deep = option(visitor, 'Deep thought');
  assert.equal(await deep.getAttribute('aria-disabled'), 'true');
  assert.match(await deep.innerText(), /Sign up to use this model\./);
  await deep.click({ force: true });
  assert.equal(await label(visitor), 'Model: Demo', 'it cannot be picked');
  await visitor.get('model-sign-up').click();
  await visitor.submitAuth({ email: 'grace@example.com', password });
  await visitor.get('auth-submit').waitFor({ state: 'detached' });
  await picker(visitor).click();
  await option(visitor, 'Deep thought').and(visitor.page.locator('[aria-disabled=false]')).waitFor();
  assert.equal(await visitor.get('model-sign-up').count(), 0);
});

visit('the model that is picked answers, and the chat remembers it', async (visitor) => {
  await visitor.open();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), sky);
  assert.equal(await modelOfAnswer(visitor), 'Demo');
  const first = new URL(visitor.page.url()).pathname;

  await picker(visitor).click();
  await option(visitor, 'Quick').click();
  await visitor.ask('And the sea?');
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), 'Well.');
  assert.equal(await modelOfAnswer(visitor), 'Quick');
  assert.equal(provider.asked.at(-1).model, 'small');

  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await label(visitor), 'Model: Quick');
  assert.deepEqual(await visitor.get('message-model').allInnerTexts(), ['Demo', 'Quick']);

  // A new chat begins with the last pick; the other one keeps its own.
  await visitor.get('new-chat').click();
  await visitor.get('suggestion').first().waitFor();
  assert.equal(await label(visitor), 'Model: Quick');
  await picker(visitor).click();
  await option(visitor, 'Demo').click();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), sky);
  await visitor.open(first);
  await visitor.untilAnswered();
  assert.equal(await label(visitor), 'Model: Quick');
});

visit('with the keyboard alone', async (visitor) => {
  const { keyboard } = visitor.page;
  await visitor.open();
  await picker(visitor).focus();
  await keyboard.press('Enter');
  await option(visitor, 'Demo').and(visitor.page.locator(':focus')).waitFor();
  await keyboard.press('End');
  await keyboard.press('ArrowUp');
  assert.equal(await option(visitor, 'Deep thought').evaluate((one) => one === document.activeElement), true);
  await keyboard.press('Enter');
  assert.equal(await option(visitor, 'Deep thought').isVisible(), true, 'what cannot be picked closes nothing');
  await keyboard.press('Home');
  await keyboard.press('ArrowDown');
  await keyboard.press('Enter');
  await option(visitor, 'Quick').waitFor({ state: 'detached' });
  assert.equal(await label(visitor), 'Model: Quick');
  assert.equal(await picker(visitor).evaluate((one) => one === document.activeElement), true);
  await keyboard.press('Enter');
  await option(visitor, 'Quick').and(visitor.page.locator(':focus')).waitFor();
  await keyboard.press('Escape');
  await option(visitor, 'Quick').waitFor({ state: 'detached' });
  assert.equal(await picker(visitor).evaluate((one) => one === document.activeElement), true);
});

visit('an answer that breaks off is asked for again, and what broke off is not shown', async (visitor) => {
  const again = gate();
  provider.script(
    async (answer) => {
      answer.say('Half of ').say('it');
      await visitor.untilAnswerHas('Half of it');
      answer.breakOff();
    },
    async (answer) => {
      await again.opened;
      answer.say('All of it.').end();
    },
  );
  await visitor.open();
  await picker(visitor).click();
  await option(visitor, 'Quick').click();
  await visitor.ask('Tell me all of it.');
  await visitor.answers.last().getByText('The answer broke off; asking again…').waitFor();
  assert.equal(await visitor.answerText(), '');
  assert.equal(await visitor.get('live-status').innerText(), 'The answer broke off; asking again…');
  again.open();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), 'All of it.');
  // What does not count is gone for good.
  await visitor.ask('Thanks.');
  await visitor.untilAnswered();
  assert.equal(await visitor.page.getByText('Half of it').count(), 0);
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await visitor.page.getByText('Half of it').count(), 0);
});

visit('a reload while it is asked for again', async (visitor) => {
  const again = gate();
  provider.script(
    async (answer) => {
      answer.say('Half of it');
      await visitor.untilAnswerHas('Half of it');
      answer.breakOff();
    },
    async (answer) => {
      answer.say('All ');
      await again.opened;
      answer.say('of it.').end();
    },
  );
  await visitor.open();
  await picker(visitor).click();
  await option(visitor, 'Quick').click();
  await visitor.ask('Tell me all of it.');
  await visitor.untilAnswerHas('All');
  await visitor.reload();
  await visitor.untilAnswerHas('All');
  assert.equal(await visitor.answerText(), 'All');
  again.open();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), 'All of it.');
});

visit('a model that is busy is asked again, and the line says when', async (visitor) => {
  const busy = (answer) => answer.refuse(429, { 'retry-after': '1' });
  provider.script(busy, (answer) => answer.say('Here I am.').end());
  await visitor.open();
  await picker(visitor).click();
  await option(visitor, 'Quick').click();
  await visitor.ask('Are you there?');
  await visitor.page.getByText(/^The model is busy; trying again in [12] s$/).waitFor();
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), 'Here I am.');
});

visit('another model answers, and is named', async (visitor) => {
  provider.script((answer) => answer.refuse(401));
  await visitor.open();
  await picker(visitor).click();
  await option(visitor, 'Steady').click();
  await visitor.ask('Why is the sky blue?');
  await visitor.untilAnswered();
  assert.equal(await visitor.answerText(), sky);
  assert.equal(await modelOfAnswer(visitor), 'Steady, answered by demo');
  await visitor.reload();
  await visitor.untilAnswered();
  assert.equal(await modelOfAnswer(visitor), 'Steady, answered by demo');
});
