/** A text to look for, how often it was found, and the way from one place to the next. */

import { useEffect, useId, useState } from "preact/hooks";
import { count } from "../format";

interface SearchBarProps {
  label: string;
  text: string;
  onText(text: string): void;
  places: readonly number[];
  onPlace(place: number): void;
  none: string;
  /** Says more about what was found. */
  aside?: string;
}

export function SearchBar({ label, text, onText, places, onPlace, none, aside }: SearchBarProps) {
  const id = useId();
  const [at, setAt] = useState(-1);
  useEffect(() => setAt(-1), [text]);
  const go = (step: number) => {
    if (places.length === 0) return;
    const next = at < 0 ? (step > 0 ? 0 : places.length - 1) : (at + step + places.length) % places.length;
    setAt(next);
    const place = places[next];
    if (place !== undefined) onPlace(place);
  };
  const press = (event: KeyboardEvent) => {
    if (event.key === "Enter") go(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && text !== "") onText("");
    else return;
    event.preventDefault();
  };
  return (
    <div class="search" role="search">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={text}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => onText(event.currentTarget.value)}
        onKeyDown={press}
      />
      <button
        type="button"
        aria-label={`${label}: previous`}
        disabled={places.length === 0}
        onClick={() => go(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        aria-label={`${label}: next`}
        disabled={places.length === 0}
        onClick={() => go(1)}
      >
        ↓
      </button>
      <output aria-live="polite">{said(text, at, places.length, none, aside)}</output>
    </div>
  );
}

function said(text: string, at: number, found: number, none: string, aside: string | undefined): string {
  if (text.trim() === "") return "";
  if (found === 0) return none;
  const place = at < 0 ? `${count(found)} found` : `${count(at + 1)} of ${count(found)}`;
  return aside === undefined ? place : `${place}, ${aside}`;
}
