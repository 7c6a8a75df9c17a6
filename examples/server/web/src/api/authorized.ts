/** Requests in the name of the signed-in user. */
import { accessToken, renewAfter } from '../auth/session';
import { type Fetch, type RequestOptions, requestJson } from './http';

export async function bearerHeader(): Promise<Record<string, string>> {
  return { authorization: `Bearer ${await accessToken()}` };
}

/** Sends once more with a fresh token when the server no longer takes the one that was sent. */
export const fetchRenewing: Fetch = async (input, init) => {
  const response = await fetch(input, init);
  if (response.status !== 401) return response;
  const headers = new Headers(init.headers);
  const refused = headers.get('authorization')?.replace(/^Bearer /, '') ?? '';
  await renewAfter(refused);
  headers.set('authorization', (await bearerHeader()).authorization ?? '');
  return fetch(input, { ...init, headers });
};

export async function authorizedJson<Answer>(path: string, options: RequestOptions = {}): Promise<Answer> {
  const headers = { ...options.headers, ...(await bearerHeader()) };
  return requestJson<Answer>(path, { ...options, headers }, fetchRenewing);
}
