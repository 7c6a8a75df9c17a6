// The server dies and comes back while somebody watches.

import assert from 'node:assert/strict';
import { Server } from '../ai-sdk/support/server.mjs';
import { suite } from './support/suite.mjs';
import { Wire } from './support/wire.mjs';

const visit = suite();

const numbersTo = (last) => Array.from({ length: last }, (_, index) => index + 1).join(', ');

visit(
  'an answer goes on when a killed server is back',
  { expect: ['lostConnection'] },
  async (visitor, { t }) => {
    const first = await Server.start();
    t.after(() => first.kill());
    const wire = await Wire.to(first);
    t.after(() => wire.close());
    await visitor.open(wire.url);
    await visitor.ask('What is 12*34?');
    await visitor.untilAnswered();
    await visitor.ask('Count to 80');
    await visitor.untilAnswerHas('9, ');
    await first.kill();
    const second = await Server.start({ folder: first.folder });
    t.after(() => second.stop());
    wire.mend(second);

    await visitor.untilAnswered();
    assert.equal(await visitor.answerText(), numbersTo(80));
    assert.equal(await visitor.answers.count(), 2);
    await visitor.reload();
    await visitor.untilAnswered();
    assert.equal(await visitor.answerText(), numbersTo(80));
    assert.equal(await visitor.chats.count(), 1, 'the guest is still the same');
  },
);
