/** Where CPU time and memory went: a flame graph for each profile, and its heaviest frames as a table. */

import { useMemo, useRef, useState } from "preact/hooks";
import { find, heaviest } from "../flame/find";
import { FlameGraph } from "../flame/graph";
import { type Flame, inverted, layout } from "../flame/layout";
import { colourOf, moduleOf, shortened } from "../flame/module";
import { count, plural, share } from "../format";
import { measured } from "../measure";
import { SortedTable } from "../parts/sorted_table";
import type { FlameView } from "../run_view";

/** What a tab is called: two profiles of one title are told apart by their source. */
export function tabName(flame: FlameView, flames: readonly FlameView[]): string {
  const alike = flames.filter(({ title }) => title === flame.title).length;
  return alike > 1 ? `${flame.title}, ${flame.source}` : flame.title;
}

/** More letters of a name than these say nothing more. */
const LONGEST = 240;

const clipped = (name: string, most = LONGEST) => (name.length > most ? `${name.slice(0, most)}…` : name);

export function Flames({ flames }: { flames: FlameView[] }) {
  const [at, setAt] = useState(0);
  const tabs = useRef<HTMLDivElement>(null);
  const shown = flames[at] ?? flames[0];
  const pick = (next: number) => {
    const to = (next + flames.length) % flames.length;
    setAt(to);
    tabs.current?.querySelectorAll<HTMLElement>("[role=tab]")[to]?.focus();
  };
  const press = (event: KeyboardEvent) => {
    const steps: Record<string, number> = {
      ArrowRight: at + 1,
      ArrowLeft: at - 1,
      Home: 0,
      End: flames.length - 1,
    };
    const next = steps[event.key];
    if (next === undefined) return;
    pick(next);
    event.preventDefault();
  };
  return (
    <div id="flames">
      <h3>
        <a class="anchor" href="#flames">
          Which code ran?
        </a>
      </h3>
      {shown === undefined ? (
        <p>Nothing to draw: no stack was sampled.</p>
      ) : (
        <>
          <div class="tabs" role="tablist" aria-label="Profiles" ref={tabs} onKeyDown={press}>
            {flames.map((flame, place) => (
              <button
                key={place}
                id={`flame-tab-${place}`}
                type="button"
                role="tab"
                aria-selected={flame === shown}
                aria-controls="flame-panel"
                tabIndex={flame === shown ? 0 : -1}
                onClick={() => setAt(place)}
              >
                {tabName(flame, flames)}
              </button>
            ))}
          </div>
          <div id="flame-panel" role="tabpanel" aria-labelledby={`flame-tab-${flames.indexOf(shown)}`}>
            <Profile key={at} view={shown} />
          </div>
        </>
      )}
    </div>
  );
}

/** One profile; `first` is searched for at first. */
export function Profile({ view, first: sought = "" }: { view: FlameView; first?: string }) {
  const [text, setText] = useState(sought);
  const [up, setUp] = useState(false);
  const flame = useMemo(() => layout(view), [view]);
  const drawn = useMemo(() => (up ? layout(inverted(flame)) : flame), [flame, up]);
  const heavy = useMemo(() => heaviest(flame), [flame]);
  const matched = useMemo(() => find(flame, text), [flame, text]);
  const rows =
    matched === null
      ? heavy
      : heavy.filter((row) => row.name.toLowerCase().includes(text.trim().toLowerCase()));
  const [first] = heavy;
  if (flame.sum <= 0) return <p>Nothing to draw: no stack was sampled in this state.</p>;
  const answer = `${view.title}: ${measured(flame.sum, view.unit)} in ${plural(view.samples, "sample")} by ${view.source}${
    first === undefined
      ? ""
      : `; ${share(first.own / flame.sum)} of it in ${clipped(shortened(first.name))} itself`
  }.`;
  return (
    <>
      <p>{answer}</p>
      <label class="check">
        <input type="checkbox" checked={up} onChange={() => setUp(!up)} />
        <span>bottom up: what was running at the top, its callers below</span>
      </label>
      <FlameGraph
        key={up ? "up" : "down"}
        flame={drawn}
        unit={view.unit}
        label={`Flame graph. ${answer} The table below tells the same.`}
        text={text}
        onText={setText}
      />
      <Modules flame={flame} />
      <SortedTable
        caption={`Heaviest frames${matched === null ? "" : ` that hold “${text.trim()}”`}`}
        first={10}
        sorted={{ by: "itself", down: true }}
        rows={rows.slice(0, 200)}
        columns={[
          {
            name: "frame",
            value: (row) => row.name,
            cell: (row) => <code title={clipped(row.name, 2000)}>{clipped(shortened(row.name))}</code>,
          },
          {
            name: "itself",
            number: true,
            value: (row) => row.own,
            cell: (row) => measured(row.own, view.unit),
          },
          { name: "itself,", unit: "%", number: true, cell: (row) => percent(row.own / flame.sum) },
          {
            name: "with its calls",
            number: true,
            value: (row) => row.total,
            cell: (row) => measured(row.total, view.unit),
          },
          { name: "with its calls,", unit: "%", number: true, cell: (row) => percent(row.total / flame.sum) },
        ]}
      />
    </>
  );
}

const percent = (value: number) => share(value).replace(/\s%/, "");

const NAMED = 6;

/** Which colour is whose, for the modules with the most time of their own. */
function Modules({ flame }: { flame: Flame }) {
  const modules = useMemo(() => {
    const own = new Map<string, number>();
    for (let node = 0; node < flame.frame.length; node += 1) {
      const name = moduleOf(flame.frames[flame.frame[node] ?? -1] ?? "");
      own.set(name, (own.get(name) ?? 0) + Math.max(0, flame.own[node] ?? 0));
    }
    return [...own].filter(([, weight]) => weight > 0).sort((a, b) => b[1] - a[1]);
  }, [flame]);
  return (
    <ul class="keys" aria-label="Modules by their own share">
      {modules.slice(0, NAMED).map(([name, own]) => (
        <li key={name}>
          <i class={`chip frame-${colourOf(name)}`} /> {clipped(name, 40)} <b>{share(own / flame.sum)}</b>
        </li>
      ))}
      {modules.length > NAMED && <li>and {count(modules.length - NAMED)} more</li>}
    </ul>
  );
}
