/** The arguments of a tool call, as somebody edits them. */
export type Edited = { kind: 'valid'; value: Record<string, unknown> } | { kind: 'invalid'; why: string };

export function parseArguments(text: string): Edited {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) return { kind: 'valid', value };
    return { kind: 'invalid', why: 'The arguments must be an object: { … }' };
  } catch (thrown) {
    return { kind: 'invalid', why: thrown instanceof Error ? thrown.message : 'This is no JSON' };
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
