/** A text to take away: shown whole, copied with one press, also where the clipboard is out of reach. */

import { useRef, useState } from "preact/hooks";

export function Copyable({ text, label }: { text: string; label: string }) {
  const source = useRef<HTMLPreElement>(null);
  const [said, copy] = useCopied();
  return (
    <div class="copyable">
      <pre ref={source} tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <button type="button" onClick={() => copy(text, source.current)} aria-label={`Copy ${label}`}>
        <span aria-live="polite">{said === "" ? "Copy" : said}</span>
      </button>
    </div>
  );
}

/** What came of the last copy, for a moment; and the way to copy a text that `shown` holds, where it stands on the page. */
export function useCopied(): [string, (text: string, shown?: HTMLElement | null) => void] {
  const [said, setSaid] = useState("");
  const copy = async (text: string, shown?: HTMLElement | null) => {
    setSaid((await copied(text, shown ?? null)) ? "Copied" : "Select and copy by hand");
    setTimeout(() => setSaid(""), 2500);
  };
  return [said, (text, shown) => void copy(text, shown)];
}

async function copied(text: string, element: HTMLElement | null): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    if (element === null) return false;
    getSelection()?.selectAllChildren(element);
    return document.execCommand("copy");
  }
}
