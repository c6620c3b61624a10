/** The line above a page: whose it is, what it shows, and the choice of colours. */

import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { type Theme, chooseTheme, storedTheme } from "../theme";

/** `skip`: the page has an answer that the keyboard may go to at once. */
export function PageHeader({ children, skip = true }: { children: ComponentChildren; skip?: boolean }) {
  return (
    <>
      {skip && (
        <a class="skip" href="#answer">
          Skip to the answer
        </a>
      )}
      <header>
        <p>{children}</p>
        <ThemeChoice />
      </header>
    </>
  );
}

const THEMES: Theme[] = ["system", "light", "dark"];

function ThemeChoice() {
  const [theme, setTheme] = useState(storedTheme);
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "system";
  const change = () => {
    setTheme(next);
    chooseTheme(next);
  };
  return (
    <button type="button" class="theme" onClick={change} aria-label={`Colours: ${theme}; change to ${next}`}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        <circle cx="8" cy="8" r="6.5" fill="none" stroke="currentColor" stroke-width="1.5" />
        <path d="M8 1.5a6.5 6.5 0 0 1 0 13z" fill="currentColor" />
      </svg>
      {theme}
    </button>
  );
}
