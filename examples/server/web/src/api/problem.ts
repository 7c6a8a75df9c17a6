/** A request that did not succeed, as `application/problem+json` tells it or as the network left it. */
export class Problem extends Error {
  override readonly name = 'Problem';
  readonly status: number;
  readonly code: string;
  /** When the request may be tried again, if the server said so. */
  readonly retryAt: Date | null;

  constructor(options: { detail: string; status: number; code: string; retryAt?: Date | null }) {
    super(options.detail);
    this.status = options.status;
    this.code = options.code;
    this.retryAt = options.retryAt ?? null;
  }

  /** The part of the code before the colon, such as `rate_limit`. */
  get kind(): string {
    return this.code.split(':')[0] ?? this.code;
  }

  /** The server could not be reached at all. */
  static unreachable(): Problem {
    return new Problem({ detail: 'The server cannot be reached.', status: 0, code: 'unreachable:api' });
  }

  /** The answer itself failed after it had begun. */
  static brokenAnswer(sentence: string): Problem {
    return new Problem({ detail: sentence, status: 0, code: 'broken:stream' });
  }
}

const kindOfStatus: Record<number, string> = {
  400: 'bad_request',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not_found',
  409: 'conflict',
  413: 'too_large',
  415: 'unsupported_media_type',
  429: 'rate_limit',
  502: 'offline',
  503: 'offline',
  504: 'offline',
};

/** Reads a problem, and makes one up from the status when something in between answered with anything else. */
export function parseProblem(status: number, body: string, retryAfter: string | null, now: Date): Problem {
  const fields = parseFields(body);
  const seconds = numberOf(fields.retry_after) ?? numberOf(retryAfter);
  return new Problem({
    detail: textOf(fields.detail) ?? textOf(fields.title) ?? sentenceForStatus(status),
    status,
    code: textOf(fields.code) ?? `${kindOfStatus[status] ?? 'internal'}:api`,
    retryAt: seconds === null ? null : new Date(now.getTime() + seconds * 1000),
  });
}

export async function problemOf(response: Response): Promise<Problem> {
  const body = await response.text().catch(() => '');
  return parseProblem(response.status, body, response.headers.get('retry-after'), new Date());
}

/** What was thrown, as a problem: `fetch` throws a `TypeError` when there is no connection. */
export function asProblem(thrown: unknown): Problem {
  return thrown instanceof Problem ? thrown : Problem.unreachable();
}

function parseFields(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

function numberOf(value: unknown): number | null {
  if (value === null || value === undefined || value === '') return null;
  const number = Number(value);
  return Number.isFinite(number) && number >= 0 ? number : null;
}

function sentenceForStatus(status: number): string {
  if (kindOfStatus[status] === 'offline') return 'The server is not ready at the moment.';
  return `The server answered with status ${status}.`;
}
