import { useEffect, useState } from 'react';

/** Kept outside the components, so that a duration is still known after the reader has looked at another chat. */
const measured = new Map<string, number>();

/**
 * A replayed answer runs through in an instant, and a duration measured then would be a lie: shorter ones are not shown
 * unless the server measured them.
 */
const shortestBelievable = 100;

/** How long something took while the page watched it, and for now long while it still goes on. */
export function useMeasured(key: string, active: boolean): number | null {
  const [elapsed, setElapsed] = useState<number | null>(null);
  useEffect(() => {
    if (!active) return;
    const start = performance.now();
    const timer = setInterval(() => setElapsed(performance.now() - start), 1_000);
    return () => {
      clearInterval(timer);
      const duration = performance.now() - start;
      if (duration >= shortestBelievable) measured.set(key, duration);
      setElapsed(null);
    };
  }, [key, active]);
  return active ? elapsed : (measured.get(key) ?? null);
}
