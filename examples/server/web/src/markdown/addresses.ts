/** Addresses come from a model, so only the harmless kinds become links. */
const safeProtocols = new Set(['http:', 'https:', 'mailto:']);

export function safeAddress(address: string): string | null {
  try {
    const url = new URL(address);
    return safeProtocols.has(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** The host to show beside a link, unless its text shows it already. */
export function hostBeside(address: string, text: string): string | null {
  const { hostname } = new URL(address);
  const host = hostname.replace(/^www\./, '');
  return host === '' || text.toLowerCase().includes(host) ? null : host;
}
