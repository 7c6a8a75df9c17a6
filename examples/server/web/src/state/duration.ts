export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1_000) return `${Math.max(milliseconds / 1_000, 0.1).toFixed(1)} s`;
  const seconds = Math.round(milliseconds / 1_000);
  if (seconds < 60) return `${seconds} s`;
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Milliseconds from the server, out of `providerMetadata.scorpio.durationMs`. */
export function durationFrom(metadata: unknown): number | null {
  const duration = (metadata as { scorpio?: { durationMs?: unknown } } | undefined)?.scorpio?.durationMs;
  return typeof duration === 'number' && Number.isFinite(duration) ? duration : null;
}
