/** Light, dark or the system's choice; charts read their colours from the style sheet, so that it alone holds them. */

export type Theme = "system" | "light" | "dark";

const KEY = "loadstone-theme";
const listeners = new Set<() => void>();
let forced: "light" | null = null;

export function onTheme(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function announce(): void {
  for (const listener of listeners) listener();
}

export function storedTheme(): Theme {
  try {
    const stored = localStorage.getItem(KEY);
    return stored === "light" || stored === "dark" ? stored : "system";
  } catch {
    return "system"; // a page opened from a disk may have no storage
  }
}

export function applyTheme(theme: Theme): void {
  const shown = forced ?? theme;
  if (shown === "system") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", shown);
  announce();
}

export function chooseTheme(theme: Theme): void {
  try {
    localStorage.setItem(KEY, theme);
  } catch {
    // the choice then lasts as long as the page
  }
  applyTheme(theme);
}

/** Paper is light: charts are redrawn before printing and again after it. */
export function watchTheme(): void {
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", announce);
  addEventListener("beforeprint", () => {
    forced = "light";
    applyTheme(storedTheme());
  });
  addEventListener("afterprint", () => {
    forced = null;
    applyTheme(storedTheme());
  });
}

/** Width of a picture on paper, in pixels. */
export const PAPER_WIDTH = 660;

export function printing(): boolean {
  return forced !== null;
}

const NAMES = [
  "ink",
  "muted",
  "faint",
  "rule",
  "paper",
  "shade",
  "accent",
  "response",
  "service",
  "lag",
  "fail",
  "span-own",
  "span-database",
  "span-call",
  "span-message",
] as const;
export type Palette = Record<(typeof NAMES)[number], string>;

/** The colours of this moment, resolved; `within` is the element whose colours count. */
export function palette(within: HTMLElement): Palette {
  return colours(within, NAMES);
}

/** Custom properties of the style sheet as colours that a canvas takes. */
export function colours<Name extends string>(
  within: HTMLElement,
  names: readonly Name[],
): Record<Name, string> {
  const probe = document.createElement("span");
  within.append(probe);
  const found = {} as Record<Name, string>;
  for (const name of names) {
    probe.style.color = `var(--${name})`;
    found[name] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found;
}

/** The same colour, thinner: "rgb(1, 2, 3)" and 0.2 give "rgba(1, 2, 3, 0.2)". */
export function thin(colour: string, alpha: number): string {
  const parts = colour.match(/[\d.]+/g) ?? [];
  return `rgba(${parts.slice(0, 3).join(", ")}, ${alpha})`;
}
