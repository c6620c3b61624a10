/** Outcomes and validity: each has a colour, a word and a shape, so that none is carried by colour alone. */

import type { Level, Outcome, Validity } from "../run_view";

export type Mark = "pass" | "fail" | "undecided" | "invalid" | "none" | "note";

export const OUTCOME_WORD: Record<Outcome, string> = {
  pass: "Pass",
  fail: "Fail",
  undecided: "Undecided",
  invalid: "Invalid",
  none: "Not judged",
};

export const VALIDITY: Record<Validity, { mark: Mark; word: string }> = {
  valid: { mark: "pass", word: "Valid" },
  doubtful: { mark: "undecided", word: "Doubtful" },
  invalid: { mark: "invalid", word: "Invalid" },
};

export const LEVEL: Record<Level, { mark: Mark; word: string }> = {
  note: { mark: "note", word: "Note" },
  doubt: { mark: "undecided", word: "Doubt" },
  void: { mark: "invalid", word: "Void" },
};

/** Circle with a tick, square with a cross, diamond halved, triangle with a bar, empty ring, ring with an i. */
export function Shape({ mark, size = 20 }: { mark: Mark; size?: number }) {
  return (
    <svg
      class={`shape is-${mark}`}
      width={size}
      height={size}
      viewBox="0 0 20 20"
      aria-hidden="true"
      focusable="false"
    >
      {DRAWN[mark]}
    </svg>
  );
}

const DRAWN: Record<Mark, preact.JSX.Element> = {
  pass: (
    <>
      <circle cx="10" cy="10" r="9" fill="currentColor" />
      <path d="M5.6 10.4l3 3 5.8-6.6" class="cut" />
    </>
  ),
  fail: (
    <>
      <rect x="1.5" y="1.5" width="17" height="17" rx="2.5" fill="currentColor" />
      <path d="M6.2 6.2l7.6 7.6m0-7.6l-7.6 7.6" class="cut" />
    </>
  ),
  undecided: (
    <>
      <path d="M10 1.6l8.4 8.4-8.4 8.4L1.6 10z" class="outline" />
      <path d="M10 1.6v16.8L1.6 10z" fill="currentColor" />
    </>
  ),
  invalid: (
    <>
      <path d="M10 1.6l9 16.4H1z" fill="currentColor" stroke="currentColor" stroke-linejoin="round" />
      <path d="M10 7.2v5.2m0 2v1.6" class="cut" />
    </>
  ),
  none: <circle cx="10" cy="10" r="8" class="outline" />,
  note: (
    <>
      <circle cx="10" cy="10" r="8.2" class="outline" />
      <path d="M10 9v5.4m0-8.6v1.6" class="outline" />
    </>
  ),
};

export function Verdict({ mark, word }: { mark: Mark; word: string }) {
  return (
    <span class={`verdict is-${mark}`}>
      <Shape mark={mark} size={16} />
      {word}
    </span>
  );
}
