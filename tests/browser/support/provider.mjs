// A model provider that says what a test wants, in OpenAI's Chat Completions.

import { once } from 'node:events';
import { createServer } from 'node:http';

export class Provider {
  #scripts = [];
  #asked = [];

  static async start() {
    const provider = new Provider();
    provider.listener = createServer((request, response) => void provider.#answer(request, response));
    provider.listener.listen(0, '127.0.0.1');
    await once(provider.listener, 'listening');
    provider.url = `http://127.0.0.1:${provider.listener.address().port}/v1`;
    return provider;
  }

  /** What the next requests are answered with, in order: each a function that is given an `Answer`. */
  script(...scripts) {
    this.#scripts.push(...scripts);
  }

  /** The bodies of the requests so far. */
  get asked() {
    return this.#asked;
  }

  close() {
    this.listener.closeAllConnections();
    this.listener.close();
  }

  async #answer(request, response) {
    let body = '';
    for await (const piece of request) body += piece;
    this.#asked.push(JSON.parse(body));
    const script = this.#scripts.shift() ?? ((answer) => answer.say('Well.').end());
    await script(new Answer(response));
  }
}

class Answer {
  #response;

  constructor(response) {
    this.#response = response;
  }

  #begin() {
    if (!this.#response.headersSent) this.#response.writeHead(200, { 'content-type': 'text/event-stream' });
  }

  #send(choice) {
    this.#begin();
    this.#response.write(`data: ${JSON.stringify({ choices: [{ index: 0, ...choice }] })}\n\n`);
  }

  say(text) {
    this.#send({ delta: { content: text } });
    return this;
  }

  end() {
    this.#send({ delta: {}, finish_reason: 'stop' });
    this.#response.end('data: [DONE]\n\n');
  }

  /** Ends the connection in the middle of it all. */
  breakOff() {
    this.#response.destroy();
  }

  refuse(status, headers = {}) {
    this.#response.writeHead(status, { 'content-type': 'application/json', ...headers });
    this.#response.end('{"error":{"message":"No."}}');
  }
}

/** A promise that a test keeps when it wants to. */
export function gate() {
  let open;
  const opened = new Promise((resolve) => (open = resolve));
  return { open, opened };
}
