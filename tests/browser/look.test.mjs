// Themes, a phone, and the keyboard alone.

import assert from 'node:assert/strict';
import { suite } from './support/suite.mjs';

const visit = suite();

const ground = (visitor) => visitor.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
const themeOf = (visitor) => visitor.page.evaluate(() => document.documentElement.dataset.theme);
/** What has the focus: its test id, or what it is called. */
function focused({ page }) {
  return page.evaluate(() => {
    const { dataset, ariaLabel, innerText, localName } = document.activeElement;
    return localName === 'body' ? null : (dataset.testid ?? ariaLabel ?? innerText);
  });
}

visit('light, dark, and light again', { colorScheme: 'light' }, async (visitor) => {
  await visitor.open();
  const light = await ground(visitor);
  await visitor.get('theme-toggle').click();
  assert.equal(await themeOf(visitor), 'dark');
  const dark = await ground(visitor);
  assert.notEqual(dark, light);
  await visitor.reload();
  assert.equal(await themeOf(visitor), 'dark', 'the choice is kept');
  assert.equal(await ground(visitor), dark);
  await visitor.get('theme-toggle').click();
  assert.equal(await ground(visitor), light);
});

visit('the system prefers dark', { colorScheme: 'dark' }, async (visitor) => {
  await visitor.open();
  assert.equal(await themeOf(visitor), 'dark');
});

const phone = { viewport: { width: 375, height: 667 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true };

visit('on a phone', phone, async (visitor) => {
  await visitor.open();
  await assertFits(visitor);
  await visitor.get('suggestion').first().tap();
  await visitor.untilAnswered();
  await visitor.ask('What is 12*34? And what time is it in Tokyo?');
  await visitor.untilAnswered();
  await visitor.get('tool-card').first().locator('summary').tap();
  await assertFits(visitor);
  assert.equal(await visitor.chats.count(), 0, 'the list is put away');
  await visitor.get('sidebar-open').tap();
  await visitor.chats.waitFor();
  await assertFits(visitor);
  await visitor.page.getByRole('dialog').getByTestId('new-chat').tap();
  await visitor.chats.waitFor({ state: 'detached' });
  await visitor.get('suggestion').first().waitFor();
});

/** Nothing is wider than the screen, and the composer is on it. */
async function assertFits({ page }) {
  const { scrollWidth, innerWidth, innerHeight, bottom } = await page.evaluate(() => ({
    scrollWidth: document.documentElement.scrollWidth,
    innerWidth,
    innerHeight,
    bottom: document.querySelector('[data-testid=composer]').getBoundingClientRect().bottom,
  }));
  assert.ok(scrollWidth <= innerWidth, `${scrollWidth} wide on ${innerWidth}`);
  assert.ok(bottom <= innerHeight, `the composer ends at ${bottom} of ${innerHeight}`);
}

visit('with the keyboard alone', async (visitor) => {
  const { keyboard } = visitor.page;
  await visitor.open();
  assert.equal(await focused(visitor), 'composer', 'one can begin to type');
  await keyboard.type('Count to');
  await keyboard.press('Shift+Enter');
  await keyboard.type('1000');
  assert.equal(await visitor.composer.inputValue(), 'Count to\n1000');
  await visitor.composer.fill('Count to 1000');
  await keyboard.press('Enter');
  await visitor.untilAnswerHas('5, ');
  assert.equal(await focused(visitor), 'composer');
  await keyboard.press('Escape');
  await visitor.untilAnswered();
  await visitor.answers.last().getByText('Stopped').waitFor();
  assert.equal(await focused(visitor), 'composer');

  await visitor.reload();
  await visitor.untilAnswered();
  const order = await tabOrder(visitor);
  const place = (id) => order.indexOf(id);
  for (const id of ['new-chat', 'account-menu', 'theme-toggle', 'sign-in-open', 'regenerate', 'composer']) {
    assert.ok(place(id) >= 0, `${id} is not among ${order}`);
  }
  const expected = ['new-chat', 'account-menu', 'theme-toggle', 'regenerate', 'composer'];
  assert.deepEqual(
    [...expected].sort((a, b) => place(a) - place(b)),
    expected,
  );

  await visitor.composer.focus();
  await keyboard.press('Control+Shift+O');
  await visitor.get('suggestion').first().waitFor();
  await visitor.get('sign-in-open').focus();
  await keyboard.press('Enter');
  await visitor.get('auth-email').waitFor();
  assert.equal(await focused(visitor), 'auth-email');
  await keyboard.press('Escape');
  await visitor.get('auth-email').waitFor({ state: 'detached' });
  assert.equal(await focused(visitor), 'sign-in-open', 'the focus goes back to where it was');
});

/** What Tab reaches, once around the page. Whoever looks at it must see where the focus is. */
async function tabOrder(visitor) {
  const { page } = visitor;
  const order = [];
  do await page.keyboard.press('Tab');
  while ((await focused(visitor)) !== null);
  for (;;) {
    await page.keyboard.press('Tab');
    const id = await focused(visitor);
    if (id === null) return order;
    assert.ok(await page.evaluate(looksDifferentWithFocus), `${id} does not show that it has the focus`);
    order.push(id);
    assert.ok(order.length < 100, `there is no end: ${order}`);
  }
}

function looksDifferentWithFocus() {
  const element = document.activeElement;
  const around = [element, element.parentElement, element.parentElement?.parentElement].filter(Boolean);
  const look = () =>
    around.map((each) => {
      const { outline, boxShadow, borderColor, backgroundColor } = getComputedStyle(each);
      return [outline, boxShadow, borderColor, backgroundColor].join();
    });
  const withFocus = look();
  element.blur();
  const without = look();
  element.focus({ focusVisible: true });
  return withFocus.join() !== without.join();
}
