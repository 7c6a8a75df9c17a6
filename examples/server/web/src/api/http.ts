/** JSON over HTTP without a sign-in; `authorized.ts` adds the access token. */
import { asProblem, problemOf } from './problem';

export interface RequestOptions {
  method?: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  headers?: Record<string, string>;
  body?: unknown;
}

export type Fetch = (input: RequestInfo | URL, init: RequestInit) => Promise<Response>;

const plainFetch: Fetch = (input, init) => fetch(input, init);

/** The parsed answer, `undefined` when there is none. Throws a `Problem` and nothing else. */
export async function requestJson<Answer>(
  path: string,
  options: RequestOptions = {},
  send: Fetch = plainFetch,
): Promise<Answer> {
  try {
    const response = await send(path, {
      method: options.method ?? 'GET',
      headers: { 'content-type': 'application/json', ...options.headers },
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
    });
    if (!response.ok) throw await problemOf(response);
    const text = await response.text();
    return (text === '' ? undefined : JSON.parse(text)) as Answer;
  } catch (thrown) {
    throw asProblem(thrown);
  }
}
