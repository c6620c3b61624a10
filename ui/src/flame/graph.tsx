/** The flame graph: a canvas that zooms, searches and answers to mouse and arrow keys, and says what it points at. */

import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { MISSING, share } from "../format";
import { measured } from "../measure";
import { useCopied } from "../parts/copy";
import { SearchBar } from "../parts/search_bar";
import { PAPER_WIDTH, colours, onTheme, printing } from "../theme";
import { FRAMES, INKS, LEVEL, paint } from "./canvas";
import { find } from "./find";
import { type Flame, beside, heaviestChild, nameOf, nodeAt } from "./layout";

const HIGHEST = 480;

/** A name is told up to here; it is copied whole. */
const clipped = (name: string) => (name.length > 400 ? `${name.slice(0, 400)}…` : name);

interface GraphProps {
  flame: Flame;
  unit: string;
  label: string;
  text: string;
  onText(text: string): void;
}

export function FlameGraph({ flame, unit, label, text, onText }: GraphProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const box = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(-1);
  const [pointed, setPointed] = useState<{ node: number; x: number; y: number } | null>(null);
  const [trail, setTrail] = useState<number[]>([]);
  const found = useMemo(() => find(flame, text), [flame, text]);
  const [said, copy] = useCopied();
  const zoom = trail.at(-1) ?? -1;
  const from = zoom < 0 ? 0 : (flame.left[zoom] ?? 0);
  const to = zoom < 0 ? flame.sum : from + (flame.total[zoom] ?? 0);
  const tall = flame.levels.length * LEVEL;
  const height = Math.min(tall, HIGHEST);

  const redraw = useRef(() => {});
  redraw.current = () => {
    const [element, frame] = [canvas.current, box.current];
    if (element === null || frame === null) return;
    const width = printing() ? PAPER_WIDTH : frame.clientWidth;
    element.style.width = `${width}px`;
    element.style.height = `${height}px`;
    const palette = colours(frame, [...INKS, ...FRAMES]);
    const node = pointed?.node ?? -1;
    paint(element, {
      ...{ flame, from, to, top: frame.scrollTop, width, height, found, chosen, pointed: node },
      colours: palette,
    });
  };
  useEffect(() => redraw.current());
  useEffect(() => {
    const frame = box.current;
    if (frame === null) return;
    const again = () => redraw.current();
    frame.addEventListener("scroll", again, { passive: true });
    const resize = new ResizeObserver(again);
    resize.observe(frame);
    const forget = onTheme(again);
    return () => {
      frame.removeEventListener("scroll", again);
      resize.disconnect();
      forget();
    };
  }, []);

  const under = (event: MouseEvent): number => {
    const element = canvas.current;
    const frame = box.current;
    if (element === null || frame === null) return -1;
    const edge = element.getBoundingClientRect();
    const level = Math.floor((event.clientY - edge.top + frame.scrollTop) / LEVEL);
    return nodeAt(flame, level, from + ((event.clientX - edge.left) / edge.width) * (to - from));
  };
  const move = (event: MouseEvent) => {
    const edge = box.current?.getBoundingClientRect();
    const node = under(event);
    setPointed(
      node < 0 || edge === undefined
        ? null
        : { node, x: event.clientX - edge.left, y: event.clientY - edge.top },
    );
  };
  const show = (node: number) => {
    const frame = box.current;
    if (node < 0 || frame === null) return;
    setChosen(node);
    const top = (flame.depth[node] ?? 0) * LEVEL;
    if (top < frame.scrollTop) frame.scrollTop = top;
    else if (top + LEVEL > frame.scrollTop + height) frame.scrollTop = top + LEVEL - height;
  };
  const into = (node: number) => {
    if (node < 0) return;
    show(node);
    if (node !== zoom) setTrail([...trail, node]);
  };
  const back = () => setTrail(trail.slice(0, -1));
  /** A match outside of what is shown cannot be pointed at: then all is shown again. */
  const goTo = (node: number) => {
    const left = flame.left[node] ?? 0;
    if (left < from || left >= to || (flame.depth[node] ?? 0) < (zoom < 0 ? 0 : (flame.depth[zoom] ?? 0)))
      setTrail([]);
    show(node);
  };

  const press = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const start = zoom < 0 ? heaviestChild(flame, -1) : zoom;
    const steps: Record<string, () => void> = {
      ArrowDown: () => show(chosen < 0 ? start : heaviestChild(flame, chosen)),
      ArrowUp: () => show(chosen < 0 ? start : (flame.parent[chosen] ?? -1)),
      ArrowRight: () => show(chosen < 0 ? start : beside(flame, chosen, 1)),
      ArrowLeft: () => show(chosen < 0 ? start : beside(flame, chosen, -1)),
      Home: () => show(start),
      Enter: () => into(chosen),
      Backspace: back,
      Escape: () => (trail.length > 0 ? back() : setChosen(-1)),
    };
    const step = steps[event.key];
    if (step === undefined) return;
    step();
    event.preventDefault();
  };

  const told = (node: number) => {
    const own = flame.own[node] ?? 0;
    const total = flame.total[node] ?? 0;
    const part = (value: number) =>
      `${measured(value, unit)}, ${flame.sum > 0 ? share(value / flame.sum) : MISSING}`;
    return { name: nameOf(flame, node), total: part(total), own: part(own) };
  };
  const line = chosen >= 0 ? told(chosen) : null;
  const tip = pointed === null ? null : told(pointed.node);
  const matched =
    found === null || flame.sum === 0 ? undefined : `${share(found.weight / flame.sum)} of all lies in them`;
  return (
    <div class="flame">
      <div class="tools">
        <SearchBar
          label="Find a frame"
          text={text}
          onText={onText}
          places={found?.nodes ?? []}
          onPlace={goTo}
          none="no frame holds this"
          {...(matched === undefined ? {} : { aside: matched })}
        />
        <span class="buttons">
          <button type="button" disabled={trail.length === 0} onClick={back}>
            Back
          </button>
          <button type="button" disabled={trail.length === 0} onClick={() => setTrail([])}>
            Whole graph
          </button>
          <button type="button" disabled={line === null} onClick={() => line !== null && copy(line.name)}>
            <span aria-live="polite">{said === "" ? "Copy the frame" : said}</span>
          </button>
        </span>
      </div>
      <p class="frame-line" aria-live="polite">
        {line === null ? (
          <span class="aside">
            Click a frame to look closer; arrow keys walk, Enter zooms, Escape goes back.
          </span>
        ) : (
          <>
            <code>{clipped(line.name)}</code>{" "}
            <span class="aside">
              with what it called {line.total}; itself {line.own}
            </span>
          </>
        )}
      </p>
      <div class="over">
        <div
          class="flame-box"
          ref={box}
          tabIndex={0}
          role="application"
          aria-roledescription="flame graph"
          aria-label={label}
          style={{ maxHeight: `${height}px` }}
          onKeyDown={press}
          onMouseMove={move}
          onMouseLeave={() => setPointed(null)}
          onClick={(event) => into(under(event))}
        >
          <div style={{ height: `${tall}px` }}>
            <canvas ref={canvas} aria-hidden="true" />
          </div>
        </div>
        {tip !== null && pointed !== null && (
          <div
            class="tip"
            aria-hidden="true"
            style={{
              top: `${pointed.y + 18}px`,
              ...(pointed.x > (box.current?.clientWidth ?? 0) / 2
                ? { right: `${(box.current?.clientWidth ?? 0) - pointed.x + 8}px` }
                : { left: `${pointed.x + 8}px` }),
            }}
          >
            <code>{clipped(tip.name)}</code>
            <span>with what it called {tip.total}</span>
            <span>itself {tip.own}</span>
          </div>
        )}
      </div>
    </div>
  );
}
