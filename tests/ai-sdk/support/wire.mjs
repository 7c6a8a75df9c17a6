// Reads every stream that passes a second time and holds each chunk to the package's own schema.

import assert from 'node:assert/strict';
import { asSchema, uiMessageChunkSchema } from 'ai';

const schema = asSchema(uiMessageChunkSchema);

/** The frames of a body that came so far: `id` and `data` of each, as text. */
export function framesOf(body) {
  const frames = body.split('\n\n').slice(0, -1);
  return frames
    .filter((frame) => !frame.startsWith(':'))
    .map((frame) =>
      Object.fromEntries(
        frame.split('\n').map((line) => [line.split(': ', 1)[0], line.slice(line.indexOf(': ') + 2)]),
      ),
    );
}

/** The chunks of a whole body. Fails at the first that is not what the package says chunks are. */
export async function chunksOf(body) {
  const chunks = [];
  for (const { data } of framesOf(body)) {
    if (data === '[DONE]') continue;
    const chunk = JSON.parse(data);
    const result = await schema.validate(chunk);
    assert.ok(result.success, `the schema refuses ${data}: ${result.error}`);
    chunks.push(chunk);
  }
  return chunks;
}

/** A `fetch` that keeps what streams held, without changing anything for its caller. */
export class Wire {
  #bodies = [];

  fetch = async (input, init) => {
    const response = await fetch(input, init);
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (!isStream || response.body === null) return response;
    const [theirs, ours] = response.body.tee();
    this.#bodies.push(read(ours));
    return new Response(theirs, response);
  };

  /** The valid chunks of each stream, in the order of the requests, once all have ended. */
  async streams() {
    return Promise.all(
      this.#bodies.map(async (reading) => {
        const { body, whole } = await reading;
        const chunks = await chunksOf(body);
        assert.ok(chunks.length > 0, 'a stream without chunks');
        assert.equal(chunks[0].type, 'start');
        if (whole) {
          assert.equal(framesOf(body).at(-1).data, '[DONE]');
          assert.match(chunks.at(-1).type, /^(finish|abort|error)$/);
        }
        return chunks;
      }),
    );
  }
}

/** The text of a stream, or as much of it as came. */
async function read(stream) {
  const decoder = new TextDecoder();
  let body = '';
  try {
    for await (const bytes of stream) body += decoder.decode(bytes, { stream: true });
  } catch (error) {
    // The reader went away, or the server did.
    assert.match(error.name, /^(AbortError|TypeError)$/);
    return { body, whole: false };
  }
  return { body, whole: true };
}
