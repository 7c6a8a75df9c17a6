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
    const isNearEnd = () => element.scrollHeight - element.clientHeight - element.scrollTop <= nearEnd;

    const onScroll = () => {
      // Growth alone moves the end away without moving the view; only a reader who scrolls up stops the following.
      if (isNearEnd()) following.current = true;
      else if (element.scrollTop < lastTop) following.current = false;
      lastTop = element.scrollTop;
      setAtEnd(following.current);
    };
    const observer = new ResizeObserver(() => {
      if (following.current) {
        element.scrollTop = element.scrollHeight;
        return;
      }
      following.current = isNearEnd();
      setAtEnd(following.current);
    });
    // What the reader unfolds must not be moved away from under the pointer.
    const onClick = (event: MouseEvent) => {
      if (event.target instanceof Element && event.target.closest('summary') !== null)
        following.current = false;
    };

    element.addEventListener('scroll', onScroll, { passive: true });
    inside.addEventListener('click', onClick);
    observer.observe(inside);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', onScroll);
      inside.removeEventListener('click', onClick);
      observer.disconnect();
    };
  }, [scroller, content]);

  return { atEnd, goToEnd };
}
