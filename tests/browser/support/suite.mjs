// One server and one browser for the tests of a file.

import { after, before, test } from 'node:test';
import { Server } from '../../ai-sdk/support/server.mjs';
import { launch, Visit } from './browser.mjs';

/**
 * `prepare` may give what the server's file of models says.
 * `visit(name, options?, body)` is a test with a visitor of its own, who must have nothing to complain about in the end.
 */
export function suite({ flags, prepare } = {}) {
  let server;
  let browser;
  before(async () => {
    const models = await prepare?.();
    [server, browser] = await Promise.all([Server.start({ flags, models }), launch()]);
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  return function visit(name, ...rest) {
    const body = rest.pop();
    const [options] = rest;
    test(name, async (t) => {
      const visitor = await Visit.begin(t, browser, server, options);
      await body(visitor, { t, browser, server });
      visitor.assertClean();
    });
  };
}
