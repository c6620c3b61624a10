/** Only the rows in sight are in the document: 5,000 spans scroll as ten do. */

import { type RefObject } from "preact";
import { useEffect, useState } from "preact/hooks";

export interface Sight {
  first: number;
  last: number;
}

/** Rows kept above and below what is seen, so that a quick scroll shows no hole. */
const SPARE = 8;

export function sightOf(top: number, height: number, rowHeight: number, rows: number): Sight {
  const first = Math.max(0, Math.floor(top / rowHeight) - SPARE);
  const last = Math.min(rows - 1, Math.ceil((top + height) / rowHeight) + SPARE);
  return { first, last };
}

export function useSight(box: RefObject<HTMLElement | null>, rowHeight: number, rows: number): Sight {
  const [place, setPlace] = useState({ top: 0, height: 600 });
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const look = () =>
      setPlace((before) => {
        const [top, height] = [element.scrollTop, element.clientHeight];
        const moved = Math.abs(top - before.top) >= (SPARE / 2) * rowHeight || before.height !== height;
        return moved ? { top, height } : before;
      });
    look();
    element.addEventListener("scroll", look, { passive: true });
    const resize = new ResizeObserver(look);
    resize.observe(element);
    return () => {
      element.removeEventListener("scroll", look);
      resize.disconnect();
    };
  }, [rowHeight]);
  return sightOf(place.top, place.height, rowHeight, rows);
}

/** Scrolls the least that shows this row whole, `above` pixels of the box being covered by its header. */
export function showRow(element: HTMLElement, at: number, rowHeight: number, above: number): void {
  const top = at * rowHeight;
  const seen = element.clientHeight - above;
  if (top < element.scrollTop) element.scrollTop = top;
  else if (top + rowHeight > element.scrollTop + seen) element.scrollTop = top + rowHeight - seen;
}
