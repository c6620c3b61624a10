/** A text to take away: shown whole, copied with one press, also where the clipboard is out of reach. */

import { useRef, useState } from "preact/hooks";

export function Copyable({ text, label }: { text: string; label: string }) {
  const source = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState("");
  const copy = async () => {
    setSaid((await copied(text, source.current)) ? "Copied" : "Select and copy by hand");
    setTimeout(() => setSaid(""), 2500);
  };
  return (
    <div class="copyable">
      <pre ref={source} tabIndex={0} aria-label={label}>
        {text}
      </pre>
      <button type="button" onClick={copy} aria-label={`Copy ${label}`}>
        <span aria-live="polite">{said === "" ? "Copy" : said}</span>
      </button>
    </div>
  );
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
