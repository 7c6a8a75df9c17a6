import { type RefObject, useCallback, useEffect, useRef, useState } from 'react';

/** This close to the end counts as being at the end. */
const nearEnd = 48;

interface FollowEnd {
  atEnd: boolean;
  goToEnd: () => void;
}

/** Keeps the end in view while it grows, for as long as the reader has not scrolled away from it. */
export function useFollowEnd(
  scroller: RefObject<HTMLElement | null>,
  content: RefObject<HTMLElement | null>,
): FollowEnd {
  const [atEnd, setAtEnd] = useState(true);
  const following = useRef(true);

  const goToEnd = useCallback(() => {
    following.current = true;
    setAtEnd(true);
    const element = scroller.current;
    if (element !== null) element.scrollTop = element.scrollHeight;
  }, [scroller]);

  useEffect(() => {
    const element = scroller.current;
    const inside = content.current;
    if (element === null || inside === null) return;
    let lastTop = element.scrollTop;

    const onScroll = () => {
      const distance = element.scrollHeight - element.clientHeight - element.scrollTop;
      // Growth alone moves the end away without moving the view; only a reader who scrolls up stops the following.
      if (distance <= nearEnd) following.current = true;
      else if (element.scrollTop < lastTop) following.current = false;
      lastTop = element.scrollTop;
      setAtEnd(following.current);
    };
    const observer = new ResizeObserver(() => {
      if (following.current) element.scrollTop = element.scrollHeight;
    });

    element.addEventListener('scroll', onScroll, { passive: true });
    observer.observe(inside);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      observer.disconnect();
    };
  }, [scroller, content]);

  return { atEnd, goToEnd };
}
