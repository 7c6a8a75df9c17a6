/** How long to wait between attempts to reach the server again. */
const longestDelay = 8_000;
export const mostAttempts = 12;

export function delayBefore(attempt: number): number {
  return Math.min(400 * 2 ** attempt, longestDelay);
}

/** Resolves after the delay, or as soon as the browser says that it is online again. */
export function waitForConnection(delay: number): Promise<void> {
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      removeEventListener('online', finish);
      resolve();
    };
    const timer = setTimeout(finish, delay);
    addEventListener('online', finish);
  });
}
