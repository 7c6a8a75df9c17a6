// A user of the server who talks through the unmodified client of the AI SDK.

import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { AbstractChat, DefaultChatTransport, safeValidateUIMessages } from 'ai';
import { Wire } from './wire.mjs';

/** What a user interface would keep. */
class MemoryState {
  status = 'ready';
  error = undefined;
  #watchers = new Set();

  constructor(messages = []) {
    this.messages = messages;
  }

  pushMessage = (message) => this.#change([...this.messages, message]);
  popMessage = () => this.#change(this.messages.slice(0, -1));
  replaceMessage = (index, message) => this.#change(this.messages.with(index, structuredClone(message)));
  snapshot = (thing) => structuredClone(thing);

  watch(watcher) {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #change(messages) {
    this.messages = messages;
    for (const watcher of this.#watchers) watcher();
  }
}

export class MemoryChat extends AbstractChat {
  constructor({ messages, ...init }) {
    super({ ...init, state: new MemoryState(messages) });
  }

  /** Resolves as soon as the last message is an answer whose text has this in it. */
  async untilText(part) {
    const found = () => this.lastMessage?.role === 'assistant' && textOf(this.lastMessage).includes(part);
    await new Promise((resolve) => {
      if (found()) return resolve();
      const leave = this.state.watch(() => {
        if (!found()) return;
        leave();
        resolve();
      });
    });
  }
}

export function textOf(message) {
  return message.parts
    .filter((part) => part.type === 'text')
    .map((part) => part.text)
    .join('');
}

export class User {
  constructor(url, session) {
    this.url = url;
    this.session = session;
  }

  static async guest({ url }) {
    const response = await fetch(`${url}/api/auth/guest`, { method: 'POST' });
    assert.equal(response.status, 201, await response.clone().text());
    return new User(url, await response.json());
  }

  get headers() {
    return { authorization: `Bearer ${this.session.access_token}` };
  }

  /** A request to the server, as this user. */
  fetch(path, init = {}) {
    const headers = {
      ...this.headers,
      ...(init.body && { 'content-type': 'application/json' }),
      ...init.headers,
    };
    return fetch(this.url + path, { ...init, headers });
  }

  /** The JSON of an answer that must be a success. */
  async json(path, init) {
    const response = await this.fetch(path, init);
    const text = await response.text();
    assert.ok(response.ok, `${path}: ${response.status} ${text}`);
    return JSON.parse(text);
  }

  post(path, body) {
    return this.fetch(path, { method: 'POST', body: JSON.stringify(body) });
  }

  /** A chat as a page would make it. `ends` gathers what the SDK says about each answer that ended. */
  chat({ id = randomUUID(), messages, sendAutomaticallyWhen, ...options } = {}) {
    const wire = new Wire();
    const transport = new DefaultChatTransport({
      api: `${this.url}/api/chat`,
      headers: async () => this.headers,
      fetch: wire.fetch,
      ...options,
    });
    const ends = [];
    const chat = new MemoryChat({
      id,
      messages,
      transport,
      generateId: randomUUID,
      sendAutomaticallyWhen,
      onFinish: (end) => ends.push(end),
    });
    return Object.assign(chat, { wire, ends });
  }

  /** The messages that the server keeps of a chat. The package must find them valid. */
  async history(chatId) {
    const { messages } = await this.json(`/api/messages?chatId=${chatId}`);
    const result = await safeValidateUIMessages({ messages });
    assert.ok(result.success, String(result.error));
    return messages;
  }
}
