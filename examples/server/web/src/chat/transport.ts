import { DefaultChatTransport } from 'ai';
import { bearerHeader, fetchRenewing } from '../api/authorized';
import { problemOf } from '../api/problem';
import type { ChatMessage } from '../api/types';
import { readQuotaHeaders } from '../auth/quota';

/** The SDK's own transport. A refusal is thrown as a `Problem`, where the SDK would keep only its text. */
export const transport = new DefaultChatTransport<ChatMessage>({
  api: '/api/chat',
  headers: bearerHeader,
  fetch: async (input, init) => {
    const response = await fetchRenewing(input, init ?? {});
    readQuotaHeaders(response.headers);
    if (!response.ok) throw await problemOf(response);
    return response;
  },
});
