/** How it was measured, so that a colleague can measure it again, and the numbers to take away. */

import type { ComponentChildren } from "preact";
import { count, duration, instant, size } from "../format";
import { Copyable } from "../parts/copy";
import { Section } from "../parts/section";
import type { RunView } from "../run_view";

export function MeasuredSection({ view, source }: { view: RunView; source: string }) {
  return (
    <Section id="measured" title="How it was measured">
      <h3>
        <a class="anchor" href="#repeat" id="repeat">
          The command that repeats it
        </a>
      </h3>
      <Copyable text={view.repeat} label="the command" />
      <dl class="record">
        {facts(view).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
      </dl>
      {view.spec !== null && (
        <>
          <h3>
            <a class="anchor" href="#spec" id="spec">
              The spec
            </a>
          </h3>
          <Copyable text={view.spec} label="the spec" />
        </>
      )}
      <h3>
        <a class="anchor" href="#data" id="data">
          The data
        </a>
      </h3>
      <p>
        Every number on this page, as JSON: <Download view={view} source={source} />
      </p>
    </Section>
  );
}

function facts({ manifest, summary }: RunView): [string, ComponentChildren][] {
  const { machine, service } = manifest;
  const generator = manifest.kind === "load" ? summary.generator : null;
  const pairs = (record: Record<string, string>) =>
    Object.entries(record)
      .map(([name, value]) => `${name} ${value}`)
      .join(", ");
  const found: [string, ComponentChildren][] = [
    ["run", <code>{manifest.run}</code>],
    ["started", instant(manifest.started_ns)],
    ["status", manifest.status],
    ["seed", String(manifest.seed)],
    [
      "machine",
      `${machine.class}, ${machine.cores} cores, ${size(machine.memory_bytes)}, kernel ${machine.kernel}`,
    ],
    ["versions", pairs(manifest.versions)],
  ];
  if (generator !== null) {
    found.push([
      "generator",
      `${generator.cores === 1 ? "1 core" : `${count(generator.cores)} cores`}, ${duration(generator.cpu_s)} CPU${generator.cpu_per_request_s === null ? "" : `, ${duration(generator.cpu_per_request_s)} a request`}, ${size(generator.rss_bytes)} of memory`,
    ]);
  }
  if (service !== null) {
    found.push(["service", <code>{service.url}</code>]);
    if (service.argv !== null) found.push(["started by", <code>{service.argv.join(" ")}</code>]);
    if (service.env_names.length > 0) found.push(["with variables", service.env_names.join(", ")]);
    if (service.commit !== null) {
      found.push([
        "revision",
        <>
          <code>{service.commit}</code>
          {service.dirty === true && " with uncommitted changes"}
        </>,
      ]);
    }
  }
  if (Object.keys(manifest.labels).length > 0) found.push(["labels", pairs(manifest.labels)]);
  for (const { name, cost } of manifest.collectors)
    found.push([`collector ${name}`, cost ?? "cost not measured"]);
  return found;
}

function Download({ view, source }: { view: RunView; source: string }) {
  const name = `loadstone-${view.manifest.run.replace(/[^\w.-]/g, "_")}.json`;
  const take = (event: MouseEvent) => {
    const link = event.currentTarget as HTMLAnchorElement;
    const url = URL.createObjectURL(new Blob([source], { type: "application/json" }));
    link.href = url;
    setTimeout(() => {
      URL.revokeObjectURL(url);
      link.href = "#data";
    }, 10_000);
  };
  return (
    <a href="#data" download={name} onClick={take}>
      {name}
    </a>
  );
}
