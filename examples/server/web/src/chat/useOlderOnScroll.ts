import { type RefObject, startTransition, useEffect, useState } from 'react';

const batch = 20;
/** Older messages are put in well before the reader comes to them. */
const margin = '2400px 0px 0px 0px';

/**
 * How many of the newest messages to render. Thousands of rendered answers would take seconds to open; the older ones
 * follow as the reader scrolls up to the marker above the first.
 */
export function useOlderOnScroll(
  total: number,
  scroller: RefObject<HTMLElement | null>,
  marker: RefObject<HTMLElement | null>,
): number {
  const [wanted, setWanted] = useState(batch);
  const shown = Math.min(wanted, total);

  useEffect(() => {
    if (shown >= total || marker.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        // As a transition the rendering gives way to each frame of the scrolling.
        startTransition(() => setWanted(shown + batch));
      },
      { root: scroller.current, rootMargin: margin },
    );
    observer.observe(marker.current);
    return () => observer.disconnect();
  }, [shown, total, scroller, marker]);

  return shown;
}
