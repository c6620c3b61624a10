/** Whether the screen is a phone's. */

import { useEffect, useMemo, useState } from "preact/hooks";

export function useNarrow(): boolean {
  const query = useMemo(() => matchMedia("(max-width: 40rem)"), []);
  const [narrow, setNarrow] = useState(query.matches);
  useEffect(() => {
    const change = () => setNarrow(query.matches);
    query.addEventListener("change", change);
    return () => query.removeEventListener("change", change);
  }, [query]);
  return narrow;
}
